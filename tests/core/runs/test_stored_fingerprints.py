"""Fingerprints as they stand in folder names of stored runs: whatever is renamed, they stay."""

import pytest

from cortiscope.core.backbones import WeightsSpec
from cortiscope.core.encoding import Reduction, RegressorSpec
from cortiscope.core.features import FeatureSpec
from cortiscope.core.runs.spec import EncodingSpec, SubjectData

PIXELS = FeatureSpec("pixels", WeightsSpec("fixed"), "pixels")
EARLY = FeatureSpec("small_cnn", WeightsSpec("untrained", 3), "block1")
LATE = FeatureSpec(
    "small_cnn", WeightsSpec("pretrained", sha256="0123456789abcdef"), "block4", dtype="float16"
)
OWN = FeatureSpec("small_cnn", WeightsSpec("file", path="/x/y.pt", sha256="ab" * 32), "block2")

FEATURES = ((PIXELS,), (EARLY,), (LATE,), (OWN,), (EARLY, LATE), (PIXELS, EARLY, LATE))
REDUCTIONS = (
    Reduction(),
    Reduction.parse("none"),
    Reduction.parse("ipca:50:80"),
    Reduction.parse("rp:20:sparse", seed=4),
    Reduction.parse("pca:7", scaling="standard"),
)
SPACES = ("one", "layer", "backbone")
SCOPES = ("both", "hemisphere", "roi", "roi_class")
ALONG = (SubjectData("sim02", "e" * 16),)

# Computed before the first of these classes was renamed.
STORED = {
    "ridge": "abde382dbda17962",
    "ridge_gcv": "b153f17e67c35a53",
    "ols": "efe19587dc495fc5",
    "ridge_shared": "511f70d383a0761a",
    "banded": "f4014626a73c4b72",
    "stacked": "161aa7766c0aa13b",
    "best_space": "4f4479cd0c05603c",
    "lasso": "f92629585d8579a9",
    "elastic_net": "90d780d8fc5689c5",
    "multitask_lasso": "13d6904952f23e5c",
    "multitask_elastic_net": "6ce3a460ed2eabb4",
    "neighbours": "894a2283b5be540a",
    "tree": "c683115e39b058ee",
    "head_linear": "87e3977d757f4913",
    "head_dropout": "1290289d4aad747a",
    "head_residual": "19de83eda55f3332",
    "head_conv1d": "74e6982af9041aa7",
    "head_positional": "980970a2f858e01f",
}


def _spec(position: int, regressor: str) -> EncodingSpec:
    """Vary every part of a specification, each by its own period."""
    return EncodingSpec(
        "sim01",
        "d" * 16,
        FEATURES[position % 6],
        REDUCTIONS[position % 5],
        RegressorSpec(regressor),
        spaces=SPACES[position % 3],
        scope=SCOPES[position % 4],
        with_subjects=ALONG if position % 3 == 1 else (),
        seed=position,
    )


@pytest.mark.parametrize(("position", "regressor"), list(enumerate(STORED)))
def test_stored_runs_keep_their_fingerprint(position, regressor):
    assert _spec(position, regressor).fingerprint == STORED[regressor]


def test_settings_and_later_fields_keep_theirs():
    regressor = RegressorSpec("ridge").with_settings(alphas=(1.0, 10.0), n_folds=3)
    spec = EncodingSpec("sim01", "d" * 16, (EARLY,), encoder=regressor, report_fraction=0.1)
    assert spec.fingerprint == "893e75263e383491"
    assert spec.run_id == "sim01-small_cnn-untrained-block1-ridge-893e75263e"
