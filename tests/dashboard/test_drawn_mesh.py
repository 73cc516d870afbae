"""A subject of full fsaverage on the mesh that was chosen: values, ROIs, picks and words."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from cortiscope.core.brain import HEMISPHERES, ChallengeSpace, Parcellation
from cortiscope.core.brain.averaging import nearest_groups, nested_groups
from cortiscope.cortex_view import ColourScale, CortexMap
from cortiscope.subject.mesh_projection import (
    FULL,
    MEAN,
    NESTED,
    OWN,
    MeshProjection,
    cortex_space,
    default_way,
)

LEFT, RIGHT = HEMISPHERES
SCALE = ColourScale("diverging", -2, 2, "z")


@pytest.fixture
def nearest() -> np.ndarray:
    """Vertex 10,242 + k is nearest to vertex k // 4: groups of five, some of one."""
    return np.concatenate([np.arange(10_242), np.arange(163_842 - 10_242) // 4 % 10_242])


@pytest.fixture
def space() -> ChallengeSpace:
    """Left: 0 with two more of its group, and three of group 7 without 7. Right: 7 alone."""
    left = np.array([0, 10_242, 10_243, 10_270, 10_271, 10_272])
    return ChallengeSpace(163_842, {LEFT: left, RIGHT: np.array([7, 10_290])})


@pytest.fixture
def mean(space, nearest) -> MeshProjection:
    return MeshProjection(MEAN, space, nearest_groups(space, nearest))


@pytest.fixture
def nested(space) -> MeshProjection:
    return MeshProjection(NESTED, space, nested_groups(space))


def _map(values) -> CortexMap:
    return CortexMap("a", np.array(values, dtype=np.float32), SCALE)


def test_the_mean_tells_of_how_many_vertices_it_is(mean):
    assert [mean.shown.index[h].tolist() for h in HEMISPHERES] == [[0, 7], [7, 12]]
    drawn = mean.drawn(_map([1, 2, np.nan, 4, 5, 9, -1, np.nan]))
    np.testing.assert_array_equal(drawn.values, [1.5, 6, -1, np.nan])
    np.testing.assert_array_equal(drawn.counts, [2, 3, 1, 0])


def test_categories_and_angles_are_not_averaged_like_numbers(mean):
    numbers = np.array([3, 3, 1, 5, 5, 0, 2, 4], dtype=np.float32)
    category = CortexMap("a", numbers, ColourScale("categorical", 0, 7))
    np.testing.assert_array_equal(mean.drawn(category).values, [3, 5, 2, 4])
    angles = np.array([170, -170, np.nan, 10, 20, 30, -90, 0], dtype=np.float32)
    circle = CortexMap("a", angles, ColourScale("cyclic", -180, 180, "deg"))
    drawn = mean.drawn(circle).values
    np.testing.assert_allclose(drawn % 360, [180, 20, 270, 0], atol=1e-3)


def test_the_nested_subset_shows_single_vertices_and_counts_none(nested):
    drawn = nested.drawn(_map([1, 2, 3, 4, 5, 9, -1, 8]))
    np.testing.assert_array_equal(drawn.values, [1, -1])
    assert drawn.counts is None


def test_on_its_own_mesh_a_map_stays_as_it_is(space):
    values = _map(range(8))
    assert MeshProjection(FULL, space).drawn(values) is values


def test_reliability_comes_along(mean):
    trust = np.array([0, 0.5, 1, 1, 1, 1, 0.25, 0.75], dtype=np.float32)
    shown = CortexMap("a", np.zeros(8, np.float32), SCALE, reliability=trust)
    np.testing.assert_allclose(mean.drawn(shown).reliability, [0.5, 1, 0.25, 0.75])


def test_a_click_means_a_vertex_that_the_subject_has(mean, nested):
    assert mean.of_subject("left", 0) == 0
    # The subject has no vertex 7 on the left: the first that is averaged there.
    assert mean.of_subject("left", 7) == 10_270
    assert mean.of_subject("right", 7) == 7
    assert mean.of_subject("left", 4711) == 4711
    assert nested.of_subject("right", 7) == 7


def test_a_selected_vertex_is_marked_where_it_is_averaged(mean, nested, space):
    assert mean.on_mesh("left", 10_271) == ("left", 7)
    assert mean.on_mesh("right", 10_290) == ("right", 12)
    assert mean.on_mesh("left", 123_456) is None
    assert nested.on_mesh("left", 10_271) is None
    assert nested.on_mesh("right", 7) == ("right", 7)
    assert MeshProjection(FULL, space).on_mesh("left", 123_456) == ("left", 123_456)


def test_every_vertex_of_the_subject_is_marked_where_its_value_went(mean, space, nearest):
    for h in HEMISPHERES:
        for vertex in space.index[h].tolist():
            assert mean.on_mesh(h.value, vertex) == (h.value, nearest[vertex])


def test_a_brushed_region_is_all_that_is_averaged_there_and_comes_back_as_it_was(mean, nested):
    for shown, own in (([0, 2], [0, 1, 2, 6]), ([1, 3], [3, 4, 5, 7]), ([], [])):
        shown = np.array(shown, dtype=int)
        np.testing.assert_array_equal(mean.own_positions(shown), own)
        np.testing.assert_array_equal(mean.shown_positions(mean.own_positions(shown)), shown)
    assert mean.shown_positions(np.array([3])).tolist() == [1]
    assert nested.own_positions(np.array([0, 1])).tolist() == [0, 6]


def test_a_roi_is_drawn_where_it_has_more_than_half(mean, space):
    labels = {LEFT: np.array([1, 1, 0, 1, 0, 0]), RIGHT: np.array([0, 2])}
    subject = SimpleNamespace(parcellation=Parcellation({"floc-faces": labels}))
    rois = {(r.name, r.hemisphere): r.members.tolist() for r in cortex_space(subject, mean).rois}
    assert rois == {("OFA", "left"): [0], ("FFA-1", "right"): [12]}
    own = cortex_space(subject, MeshProjection(FULL, space))
    rois = {(r.name, r.hemisphere): r.members.tolist() for r in own.rois}
    assert rois == {("OFA", "left"): [0, 10_242, 10_270], ("FFA-1", "right"): [10_290]}


def test_only_a_subject_on_fsaverage_has_a_choice(space):
    small = ChallengeSpace(10_242, {LEFT: np.array([3]), RIGHT: np.array([4])})
    assert default_way(small, full_is_here=True) == OWN
    assert default_way(space, full_is_here=True) == FULL
    assert default_way(space, full_is_here=False) == MEAN


def test_the_sentence_names_the_mesh_the_rule_and_the_numbers(mean, nested, space):
    assert "fsaverage5" in mean.at_length()
    assert (
        "each of 4 vertices shows the mean over the nearest of the subject’s 8" in mean.at_length()
    )
    assert "every 16th vertex of fsaverage (163,842), 2 of the subject’s 8" in nested.at_length()
    full = MeshProjection(FULL, space)
    assert full.in_short() == "Drawn on fsaverage, 163,842 vertices per hemisphere."
    assert full.at_length() == ""
    assert "averaged over the nearest" in mean.in_short()
    assert "every 16th" in nested.in_short()
