"""From features to responses: splits, readout (scaling and PCA) and regressors.

Everything fitted here sees training images only.
"""

from core.encoding.encoders import ENCODERS, EncoderSpec, FittedEncoder, encoder_names, fit_encoder
from core.encoding.readout import Readout, Reduction, fit_readout
from core.encoding.splits import validation_split

__all__ = [
    "ENCODERS",
    "EncoderSpec",
    "FittedEncoder",
    "Readout",
    "Reduction",
    "encoder_names",
    "fit_encoder",
    "fit_readout",
    "validation_split",
]
