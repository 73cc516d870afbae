"""A run written before records were read as typed values opens, and says and predicts the same.

``tests/data/former_run.zip`` is a run folder as the code of commit 56ad8c9 wrote it, of the tiny
world; ``expected.json`` beside its record holds what that code said of it.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from cortiscope.core.backbones import WeightsSpec
from cortiscope.core.features import FeatureSpec, Pooling
from cortiscope.core.runs import RunStore
from cortiscope.core.runs.facets import facets

FORMER = Path(__file__).parents[2] / "data" / "former_run.zip"


@pytest.fixture(scope="module")
def former(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    shutil.unpack_archive(FORMER, root)
    (name,) = (path.name for path in root.iterdir())
    return RunStore(root).open(name), json.loads((root / name / "expected.json").read_text())


def test_it_says_the_same_of_itself(former):
    run, expected = former
    run.verify()
    assert (run.id, run.title, run.layer) == tuple(expected[k] for k in ("id", "title", "layer"))
    assert (run.method, run.facts.n_fit) == (expected["method"], expected["n_fit"])
    assert list(run.stand_ins) == expected["stand_ins"]
    for aspect in ("pooling", "settings", "validation images"):
        assert facets(run)[aspect] == expected["facets"][aspect]
    assert run.rows_of("fit").tolist() == expected["fit_rows"]


def test_its_configuration_is_the_one_that_was_fitted(former):
    run, _ = former
    weights = WeightsSpec("fixed")
    assert run.spec.features == (
        FeatureSpec("pixels", weights, "pixels", Pooling("grid", 2)),
        FeatureSpec("pixels", weights, "pixels", Pooling("grid", 3), "float16"),
    )
    assert (run.spec.encoder.name, run.spec.encoder.settings.n_folds) == ("ridge", 3)
    assert (run.spec.seed, run.spec.spaces, run.facts.spaces) == (3, "layer", ((0,), (1,)))
    assert run.spec.run_id == run.id


def test_its_scores_are_the_same_to_the_digit_and_so_are_its_predictions(former):
    run, expected = former
    r = np.array(expected["r"], dtype=float)  # None is NaN
    np.testing.assert_array_equal(run.report.r, r.astype(np.float32))
    assert run.report.overall.mean_r == expected["mean_r"]
    # One product in float32, whose order of sums is the machine's own.
    predicted = run.predict_rows("test", slice(0, 2))
    np.testing.assert_allclose(predicted, expected["predicted"], rtol=1e-5, atol=1e-6)
