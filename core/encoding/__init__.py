"""From features to responses: splits, readout (scaling and PCA) and regressors.

Everything fitted here sees training images only.
"""

from cortiscope.core.encoding.predictor import LinearPredictor, Predictor
from cortiscope.core.encoding.reduction.fitted import FittedReduction, fit_reduction
from cortiscope.core.encoding.reduction.spec import Reduction
from cortiscope.core.encoding.regressors import (
    REGRESSORS,
    RegressorSpec,
    fit_regressor,
    method_text,
    regressor_names,
)
from cortiscope.core.encoding.splits import validation_split
from cortiscope.core.encoding.training import TrainingData, VertexTable, Work

__all__ = [
    "REGRESSORS",
    "RegressorSpec",
    "LinearPredictor",
    "Predictor",
    "FittedReduction",
    "Reduction",
    "TrainingData",
    "VertexTable",
    "Work",
    "regressor_names",
    "fit_regressor",
    "fit_reduction",
    "method_text",
    "validation_split",
]
