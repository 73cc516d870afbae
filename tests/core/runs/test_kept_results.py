"""Statistics are kept beside the run as they were computed, and not believed when they changed."""

import json

import numpy as np
import pytest

from cortiscope.core import notebook as cs
from cortiscope.core.evaluation import Scored, get_metric
from cortiscope.core.runs import kept_results
from cortiscope.core.runs.kept_results import kept_or_computed, read_kept
from tests.data.tiny_world import write_subject

METRIC = get_metric("permutation")


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    root = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CORTISCOPE_HOME", str(root / "home"))
        patch.setattr("cortiscope.core.notebook.subjects._OPENED", {})
        subject = cs.open_subject(write_subject(root / "s1", n_test=14))
        run = cs.fit(subject, "pixels", "pixels", pooling="grid:4", reduction="pca:6")
        yield Scored.of_model(run, subject)


def test_it_comes_back_as_it_was_and_the_run_is_the_same(scored):
    record = (scored.model.folder / "run.json").read_bytes()
    assert read_kept(METRIC, [scored]) is None
    first = kept_or_computed(METRIC, [scored])
    again = read_kept(METRIC, [scored])
    assert again.said == first.said
    for name in METRIC.maps:
        np.testing.assert_array_equal(again.maps[name], first.maps[name])
    assert (scored.model.folder / "run.json").read_bytes() == record
    scored.model.verify()


@pytest.mark.parametrize("damage", ["number", "map", "torn", "code"])
def test_what_is_damaged_or_of_other_code_is_computed_again(scored, damage, monkeypatch):
    first = kept_or_computed(METRIC, [scored])
    folder = scored.model.folder / "kept"
    if damage == "number":
        kept = json.loads((folder / "permutation.json").read_text())
        kept["said"]["all"]["n_found"] += 1
        (folder / "permutation.json").write_text(json.dumps(kept))
    elif damage == "map":
        data = bytearray((folder / "permutation.p.npy").read_bytes())
        data[-3] ^= 1
        (folder / "permutation.p.npy").write_bytes(data)
    elif damage == "torn":
        (folder / "permutation.json").write_text('{"of": "')
    else:
        monkeypatch.setattr(kept_results, "_code", lambda: "other")
    assert read_kept(METRIC, [scored]) is None
    assert kept_or_computed(METRIC, [scored]).said == first.said
    assert read_kept(METRIC, [scored]) is not None


def test_nothing_is_kept_of_metrics_of_ones_own_or_where_nothing_may_be_written(scored):
    rsa = get_metric("rsa")
    kept_or_computed(rsa, [scored], keep=False)
    assert read_kept(rsa, [scored]) is None
    kept_or_computed(get_metric("r2"), [scored])
    assert not (scored.model.folder / "kept" / "r2.json").exists()
