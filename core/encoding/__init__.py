"""From features to responses: splits, reduction (scaling and PCA) and regressors.

Everything fitted here sees training images only.
"""

from cortiscope.core.encoding import forest, neighbours, tree, vote
from cortiscope.core.encoding.fields import regressors as fields
from cortiscope.core.encoding.fields import stacked as stacked_fields
from cortiscope.core.encoding.multiband import banded, best_space, stacking
from cortiscope.core.encoding.neural import regressors as neural
from cortiscope.core.encoding.predictor import LinearPredictor, Predictor
from cortiscope.core.encoding.reduction.fitted import FittedReduction, fit_places, fit_reduction
from cortiscope.core.encoding.reduction.spec import Reduction
from cortiscope.core.encoding.regressors import (
    REGRESSORS,
    RegressorEntry,
    RegressorSpec,
    fit_regressor,
    method_text,
    register_regressor,
    regressor_names,
)
from cortiscope.core.encoding.ridge import regressors as ridge
from cortiscope.core.encoding.ridge import shared_penalty
from cortiscope.core.encoding.sparse import regressors as sparse
from cortiscope.core.encoding.splits import validation_split
from cortiscope.core.encoding.training import PictureGrid, TrainingData, VertexTable, Work

# The regressors of the project, in menu order: a file with ``ENTRIES`` is named here.
for _family in (
    ridge,
    shared_penalty,
    banded,
    stacking,
    best_space,
    fields,
    stacked_fields,
    sparse,
    neighbours,
    tree,
    forest,
    neural,
    vote,
):
    for _entry in _family.ENTRIES:
        register_regressor(_entry)

__all__ = [
    "REGRESSORS",
    "FittedReduction",
    "LinearPredictor",
    "PictureGrid",
    "Predictor",
    "Reduction",
    "RegressorEntry",
    "RegressorSpec",
    "TrainingData",
    "VertexTable",
    "Work",
    "fit_places",
    "fit_reduction",
    "fit_regressor",
    "method_text",
    "register_regressor",
    "regressor_names",
    "validation_split",
]
