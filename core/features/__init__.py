"""Features: pooled layer responses, extracted once and cached. Imports no torch by itself.

``core.features.extract`` holds the extraction; it needs torch.
"""

from cortiscope.core.features.pooling import Pooling, pooled_shape
from cortiscope.core.features.spec import FeatureSpec
from cortiscope.core.features.store import FeatureStore

__all__ = ["FeatureSpec", "FeatureStore", "Pooling", "pooled_shape"]
