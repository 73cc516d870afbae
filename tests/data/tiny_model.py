"""The smallest encoding model of a tiny subject: its pixels, six components, ridge."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from cortiscope.core.backbones import resolve_weights
from cortiscope.core.datasets import Subject
from cortiscope.core.encoding import Reduction, RegressorSpec
from cortiscope.core.features import FeatureSpec, Pooling
from cortiscope.core.runs import EncodingSpec


def pixels_spec(subject: Subject, along: Iterable[Subject] = (), **changes: Any) -> EncodingSpec:
    """Configure it; ``changes`` take the place of its fields."""
    feature = FeatureSpec("pixels", resolve_weights("pixels"), "pixels", Pooling("grid", 4))
    values = {"reduction": Reduction("pca", 6), "encoder": RegressorSpec("ridge"), **changes}
    features = values.pop("features", (feature,))
    given = {k: values.pop(k) for k in ("data", "with_subjects") if k in values}
    return replace(EncodingSpec.of(subject, features, along=along, **values), **given)
