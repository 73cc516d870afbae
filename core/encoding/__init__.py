"""From features to responses: splits, readout (scaling and PCA) and regressors.

Everything fitted here sees training images only.
"""

from core.encoding.encoders import (
    ENCODERS,
    EncoderSpec,
    encoder_names,
    fit_encoder,
    method_text,
)
from core.encoding.predictor import LinearPredictor, Predictor
from core.encoding.readout.readout import Readout, fit_readout
from core.encoding.readout.reduction import Reduction
from core.encoding.splits import validation_split
from core.encoding.training import TrainingData, VertexTable, Work

__all__ = [
    "ENCODERS",
    "EncoderSpec",
    "LinearPredictor",
    "Predictor",
    "Readout",
    "Reduction",
    "TrainingData",
    "VertexTable",
    "Work",
    "encoder_names",
    "fit_encoder",
    "fit_readout",
    "method_text",
    "validation_split",
]
