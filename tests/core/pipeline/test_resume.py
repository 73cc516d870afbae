"""A fit that is stopped goes on where it was; a kill leaves nothing half."""

import numpy as np
import pytest

from cortiscope.core.datasets import open_subject
from cortiscope.core.encoding import RegressorSpec
from cortiscope.core.features import FeatureStore
from cortiscope.core.pipeline.fit import fit
from cortiscope.core.runs import FolderCheckpoint, RunStore
from tests.data.tiny_model import pixels_spec
from tests.data.tiny_world import write_subject


def _fit(home, folder, scope="roi", progress=lambda share, message: None):
    subject = open_subject(folder)
    spec = pixels_spec(subject, encoder=RegressorSpec("lasso"), scope=scope)
    return fit(
        subject,
        spec,
        features=FeatureStore(home / "features"),
        runs=RunStore(home / "runs"),
        progress=progress,
    )


def test_a_cancelled_fit_continues_and_ends_in_the_same_run(tmp_path):
    folder = write_subject(tmp_path / "s1")
    whole = _fit(tmp_path / "whole", folder)

    def cancel(share, message):
        if share > 0.8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _fit(tmp_path / "stopped", folder, progress=cancel)
    store = RunStore(tmp_path / "stopped/runs")
    assert store.ids() == ()
    pieces = sorted((store.root / ".drafts").rglob("fitted.npz"))  # whole ROI models
    assert pieces
    heard = []
    again = _fit(tmp_path / "stopped", folder, progress=lambda s, m: heard.append(m))
    assert sum(m.startswith("found") for m in heard) == len(pieces)
    for name in ("coef", "intercept", "report_r"):
        np.testing.assert_array_equal(again.array(name), whole.array(name))
    assert not list((store.root / ".drafts").rglob("*.npz"))  # nothing is left lying about


def test_a_piece_that_was_cut_short_is_computed_again(tmp_path, rng):
    kept = FolderCheckpoint(tmp_path / "draft").part("lh.FFA-1/x")
    values = {"coef": rng.normal(size=(3, 2)), "structure": np.frombuffer(b"{}", np.uint8)}
    assert kept.load("chunk 0") is None
    kept.save("chunk 0", values)
    np.testing.assert_array_equal(kept.load("chunk 0")["coef"], values["coef"])
    (file,) = (tmp_path / "draft").rglob("*.npz")
    file.write_bytes(file.read_bytes()[:-40])
    assert kept.load("chunk 0") is None
