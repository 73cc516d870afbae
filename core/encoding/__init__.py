"""From features to responses: splits, readout (scaling and PCA) and regressors.

Everything fitted here sees training images only.
"""

from cortiscope.core.encoding.predictor import LinearPredictor, Predictor
from cortiscope.core.encoding.reduction.fitted import FittedReduction, fit_readout
from cortiscope.core.encoding.reduction.spec import Reduction
from cortiscope.core.encoding.regressors import (
    ENCODERS,
    EncoderSpec,
    encoder_names,
    fit_encoder,
    method_text,
)
from cortiscope.core.encoding.splits import validation_split
from cortiscope.core.encoding.training import TrainingData, VertexTable, Work

__all__ = [
    "ENCODERS",
    "EncoderSpec",
    "LinearPredictor",
    "Predictor",
    "FittedReduction",
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
