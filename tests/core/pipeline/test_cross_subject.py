"""Several subjects fitted together: what is shared, and that nothing held out is fitted."""

import json

import numpy as np
import pytest

from cortiscope.core.brain import HEMISPHERES
from cortiscope.core.datasets import open_subject
from cortiscope.core.encoding import RegressorSpec
from cortiscope.core.errors import InvalidInput
from cortiscope.core.features import FeatureStore
from cortiscope.core.pipeline.cross_subject import allowed_rows, pooled_responses, shared_vertices
from cortiscope.core.pipeline.fit import fit
from cortiscope.core.runs import RunStore
from tests.data.tiny_model import pixels_spec
from tests.data.tiny_world import N_LEFT, write_subject


def _other_vertices(folder, short, numbers):
    """Give a subject other fsaverage vertices (as many as it has)."""
    path = folder / f"roi_masks/{short}.all-vertices_fsaverage_space.npy"
    mask = np.zeros_like(np.load(path))
    mask[numbers] = 1
    np.save(path, mask)


@pytest.fixture
def two(tmp_path):
    """s1 and s2: s2's left vertices are s1's shifted by two places, the right ones are s1's."""
    first = write_subject(tmp_path / "data/s1")
    second = write_subject(tmp_path / "data/s2", n_train=15, n_test=4, seed=1)
    _other_vertices(second, "lh", [104, 106, 108, 110, 112, 300, 302])
    return first, second


def _spec(subject, others=(), **changes):
    return pixels_spec(subject, others, **changes)


def _fit(home, first, second, **changes):
    target, other = open_subject(first), open_subject(second)
    run = fit(
        target,
        _spec(target, [other], **changes),
        features=FeatureStore(home / "features"),
        runs=RunStore(home / "runs"),
        others={other.id: other},
        surfaces=home / "surfaces",
    )
    return target, other, run


def test_vertices_are_matched_by_their_fsaverage_number(two):
    target, other = (open_subject(f) for f in two)
    groups = {g.members: g for g in shared_vertices(target, [other])}
    assert groups[(0,)].vertices.tolist() == [0, 1]  # fsaverage 100 and 102 are s1's alone
    shared = groups[(0, 1)]
    assert shared.vertices.tolist() == list(range(2, 12))
    assert shared.positions[1].tolist() == [0, 1, 2, 3, 4, *range(N_LEFT, 12)]


def test_a_vertex_is_fitted_on_all_who_have_it(two, tmp_path):
    target, other, run = _fit(tmp_path, *two)
    rows = allowed_rows(target, np.array(run.array("fit_rows")), [other])
    assert run.record["n_fit_by_subject"] == {"s1": len(rows[0]), "s2": len(rows[1])}
    # Vertices that only s1 has: as if s2's responses were not there.
    path = two[1] / "training_split/training_fmri/lh_training_fmri.npy"
    values = np.load(path)
    np.save(path, values + np.linspace(0, 1, len(values), dtype=np.float32)[:, None])
    _, _, changed = _fit(tmp_path, *two)
    assert changed.id != run.id
    before, after = run.fitted.coef, changed.fitted.coef
    np.testing.assert_array_equal(before[:, :2], after[:, :2])
    assert (np.abs(before[:, 2:7] - after[:, 2:7]).max(0) > 1e-6).any()
    np.testing.assert_array_equal(before[:, 7:], after[:, 7:])  # right responses are as they were


def test_no_test_image_of_one_is_a_training_image_of_another(two):
    """By content and by NSD number, in both directions; nor is a validation image of the target."""
    first, second = two
    images = [sorted((f / "training_split/training_images").iterdir()) for f in two]
    tests = [sorted((f / "test_split/test_images").iterdir()) for f in two]
    images[1][4].write_bytes(tests[0][2].read_bytes())  # s1's test image among s2's training images
    images[0][3].write_bytes(tests[1][1].read_bytes())  # s2's test image among s1's training images
    renamed = images[1][6].with_name(
        images[1][6].name.split("_")[0] + "_" + tests[0][5].name.split("_")[1]
    )
    images[1][6].rename(renamed)  # the same NSD number, other bytes
    target, other = open_subject(first), open_subject(second)
    fit_rows = np.setdiff1d(np.arange(20), [7, 9])  # 7 and 9 are validation images
    own, theirs = allowed_rows(target, fit_rows, [other])
    # The folders name the same NSD images in the same order, so s2's 7 and 9 are s1's, and 3 and 4
    # of both are one image each, whichever bytes are right.
    assert own.tolist() == [k for k in fit_rows if k not in (3, 4)]
    assert theirs.tolist() == [k for k in range(15) if k not in (3, 4, 6, 7, 9)]


def test_nothing_fitted_changes_with_what_anyone_holds_out(two, tmp_path):
    target, other, before = _fit(tmp_path / "a", *two)
    kept = allowed_rows(target, np.array(before.array("fit_rows")), [other])
    for folder, rows in zip(two, kept, strict=True):
        for short in ("lh", "rh"):
            for split in ("training", "test"):
                path = folder / f"{split}_split/{split}_fmri/{short}_{split}_fmri.npy"
                values = np.load(path)
                held = np.ones(len(values), dtype=bool)
                held[rows if split == "training" else []] = False
                values[held] += 5
                np.save(path, values)
    _, _, after = _fit(tmp_path / "b", *two)
    for name in ("coef", "intercept", "readout0_mean", "readout0_components"):
        np.testing.assert_array_equal(before.array(name), after.array(name))


@pytest.mark.parametrize("encoder", ["ridge", "lasso", "tree"])
def test_another_subjects_units_change_nothing(two, tmp_path, encoder):
    target, _, before = _fit(tmp_path / "a", *two, encoder=RegressorSpec(encoder))
    for short in ("lh", "rh"):
        path = two[1] / f"training_split/training_fmri/{short}_training_fmri.npy"
        np.save(path, np.load(path) * 20 + 100)
    _, _, after = _fit(tmp_path / "b", *two, encoder=RegressorSpec(encoder))
    assert before.record["subjects_standardised"]
    whole = slice(None)
    np.testing.assert_allclose(
        after.predict_rows("test", whole), before.predict_rows("test", whole), atol=2e-3
    )


def test_pooled_subjects_have_the_targets_mean_and_sd_at_each_vertex(two):
    target, other = (open_subject(f) for f in two)
    rows = [np.arange(3, 20), np.arange(2, 15)]
    group = next(g for g in shared_vertices(target, [other]) if g.members == (0, 1))
    own, theirs = np.split(pooled_responses([target, other], rows, group)[:, :], [17])
    np.testing.assert_array_equal(own, target.train.rows_on_disk(rows[0])[:, group.vertices])
    np.testing.assert_allclose(theirs.mean(0), own.mean(0), atol=1e-5)
    varies = theirs.std(0) > 0
    np.testing.assert_allclose(theirs.std(0)[varies], own.std(0)[varies], rtol=1e-5)
    some = pooled_responses([target, other], rows, group).columns(np.array([4, 1]))
    np.testing.assert_array_equal(some[[20, 3], :], np.vstack([own, theirs])[[20, 3]][:, [4, 1]])


def test_scopes_and_subjects_go_together(two, tmp_path):
    target, _, run = _fit(tmp_path, *two, encoder=RegressorSpec("lasso"), scope="roi")
    assert run.method == "lasso per roi cross-subject"
    assert run.predict_rows("test", slice(None)).shape == (6, target.space.n_vertices())
    json.dumps(run.record)
    assert {h.short for h in HEMISPHERES} == set(run.record["n_vertices"])


def test_a_subject_that_was_not_opened_is_told(two, tmp_path):
    target, other = (open_subject(f) for f in two)
    with pytest.raises(InvalidInput, match="fits s2 along"):
        fit(
            target,
            _spec(target, [other]),
            features=FeatureStore(tmp_path / "f"),
            runs=RunStore(tmp_path / "r"),
        )
    with pytest.raises(InvalidInput, match="along with itself"):
        _spec(target, [target])
