"""The smallest encoding model of a tiny subject: its pixels, six components, ridge."""

from __future__ import annotations

from typing import Any

from core.backbones import resolve_weights
from core.datasets import Subject
from core.encoding import EncoderSpec, Reduction
from core.features import FeatureSpec, Pooling
from core.runs import EncodingSpec


def pixels_spec(subject: Subject, **changes: Any) -> EncodingSpec:
    """Configure it; ``changes`` take the place of its fields."""
    feature = FeatureSpec("pixels", resolve_weights("pixels"), "pixels", Pooling("grid", 4))
    values = {
        "subject": subject.id,
        "data": subject.fingerprint,
        "features": (feature,),
        "reduction": Reduction("pca", 6),
        "encoder": EncoderSpec("ridge"),
    }
    return EncodingSpec(**{**values, **changes})
