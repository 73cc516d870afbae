"""Voxels of unknown position: fitted like vertices; what needs the cortex says so before it works.

The reference is the same subject with its vertices where they are.
"""

from dataclasses import replace

import numpy as np
import pytest

from cortiscope.core.brain import VOXELS, Parcellation, VoxelSpace
from cortiscope.core.datasets import open_subject
from cortiscope.core.encoding import RegressorSpec
from cortiscope.core.encoding.scopes import vertex_table
from cortiscope.core.errors import IncompatibleSpace, NoPositions
from cortiscope.core.evaluation import evaluate
from cortiscope.core.evaluation.report import ALL_VERTICES
from cortiscope.core.features import FeatureStore
from cortiscope.core.pipeline.cross_subject import shared_vertices
from cortiscope.core.pipeline.fit import fit
from cortiscope.core.pipeline.predict import predict_images
from cortiscope.core.runs import RunStore, SubjectData
from tests.data.tiny_model import pixels_spec
from tests.data.tiny_world import write_subject


@pytest.fixture
def placed(tmp_path):
    return open_subject(write_subject(tmp_path / "s1"))


def without_positions(subject):
    """The same responses in one piece, with nothing known about where they are."""

    def joined(split):
        return replace(split, responses={VOXELS: split.response_rows(slice(None))}, truth=None)

    return replace(
        subject,
        id="nowhere",
        space=VoxelSpace(subject.space.n_vertices()),
        parcellation=Parcellation({}, {}),
        train=joined(subject.train),
        test=joined(subject.test),
    )


def fitted(subject, home, **changes):
    spec = pixels_spec(subject, **changes)
    return fit(subject, spec, features=FeatureStore(home / "f"), runs=RunStore(home / "r"))


@pytest.mark.parametrize("encoder", ["ridge", "multitask_lasso", "tree", "stacked", "head_linear"])
def test_voxels_are_fitted_scored_and_predicted_as_the_same_vertices_are(placed, tmp_path, encoder):
    nowhere = without_positions(placed)
    encoder = RegressorSpec(encoder)
    run, reference = (fitted(s, tmp_path, encoder=encoder) for s in (nowhere, placed))
    np.testing.assert_array_equal(run.report.r, reference.report.r)
    assert run.report.overall == reference.report.overall
    assert run.n_vertices == {"voxels": 12}
    fresh = predict_images(run, placed.test.images)
    assert list(fresh) == [VOXELS]
    known = predict_images(reference, placed.test.images)
    np.testing.assert_array_equal(fresh[VOXELS], np.concatenate(list(known.values()), axis=1))


def test_a_report_over_voxels_is_one_line(placed, tmp_path):
    nowhere = without_positions(placed)
    run = fitted(nowhere, tmp_path)
    assert [(s.roi, s.hemisphere, s.n) for s in run.report.rois] == [(ALL_VERTICES, "both", 12)]
    rows, keep = np.arange(len(nowhere.test)), np.arange(12) % 3 == 0
    predicted = run.predict_rows("test", rows)
    kept = evaluate(nowhere, predicted, split="test", rows=rows, label="test", keep=keep)
    assert [(s.roi, s.n) for s in kept.rois] == [(ALL_VERTICES, 4)]


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"scope": "hemisphere"}, "The scope 'hemisphere'"),
        ({"scope": "roi"}, "The scope 'roi'"),
        ({"scope": "roi_class"}, "The scope 'roi_class'"),
        ({"encoder": RegressorSpec("head_positional")}, "The regressor head_positional"),
        ({"with_subjects": (SubjectData("s1", "0" * 16),)}, "Fitting several subjects"),
    ],
)
def test_a_fit_that_needs_the_cortex_is_refused_before_any_work(placed, tmp_path, changes, what):
    nowhere = without_positions(placed)
    with pytest.raises(NoPositions, match=what) as refused:
        fitted(nowhere, tmp_path, **changes)
    assert "12 voxels of unknown position" in refused.value.message
    assert "scope 'both'" in refused.value.hint
    assert not (tmp_path / "f").exists()


def test_whatever_asks_for_places_is_told_that_there_are_none(placed):
    nowhere = without_positions(placed)
    for ask in (
        nowhere.cortex,
        lambda: vertex_table(nowhere),
        lambda: shared_vertices(nowhere, [placed]),
        lambda: shared_vertices(placed, [nowhere]),
    ):
        with pytest.raises(NoPositions, match="nowhere"):
            ask()
    assert placed.cortex() is placed.space


def test_responses_in_other_parts_than_the_space_has_are_refused(placed):
    with pytest.raises(IncompatibleSpace, match="left, right; its space has voxels"):
        replace(placed, space=VoxelSpace(12))
    train = placed.train
    swapped = dict(reversed(list(train.responses.items())))
    with pytest.raises(IncompatibleSpace, match="right, left"):
        replace(placed, train=replace(train, responses=swapped))
