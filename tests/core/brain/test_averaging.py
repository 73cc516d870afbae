"""A fine map on a coarse mesh: nearest vertices against a k-d tree, means against a loop."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from cortiscope.core.brain import HEMISPHERES, ChallengeSpace
from cortiscope.core.brain.averaging import (
    nearest_groups,
    nearest_on_fsaverage5,
    nearest_vertices,
    nested_groups,
)
from cortiscope.core.brain.subdivision import subdivide_sphere
from tests.data import tiny_icosphere

LEFT, RIGHT = HEMISPHERES


@pytest.fixture
def icosphere() -> tuple[np.ndarray, int]:
    """(642, 3) vertices, the first 42 of which are the coarse ones."""
    points, faces = tiny_icosphere.points(), tiny_icosphere.FACES
    for _ in range(3):
        points, faces = subdivide_sphere(points, faces)
    return points, 42


@pytest.fixture
def subject(rng) -> ChallengeSpace:
    index = {
        LEFT: np.sort(rng.choice(163_842, 900, replace=False)),
        # The left hemisphere's numbers again and more: hemispheres must not be mixed.
        RIGHT: np.arange(0, 163_842, 131),
    }
    return ChallengeSpace(163_842, index)


@pytest.fixture(scope="module")
def nearest(surfaces) -> np.ndarray:
    pytest.importorskip("nilearn")
    return nearest_on_fsaverage5(surfaces)


def test_the_nearest_vertex_is_a_k_d_trees(icosphere):
    points, n = icosphere
    found = nearest_vertices(50 * points, points[:n])
    distances, indices = cKDTree(points[:n]).query(points, k=3)
    np.testing.assert_allclose(np.linalg.norm(points - points[found], axis=1), distances[:, 0])
    # Half way between vertices the lowest number wins.
    ties = distances < distances[:, :1] + 1e-6
    assert ties[:, 1].sum() > 50
    np.testing.assert_array_equal(found, np.where(ties, indices, n).min(axis=1))


def test_points_all_on_one_side_still_find_the_far_ones(rng):
    points = rng.normal(size=(300, 3))
    points[:, 2] -= 3
    among = rng.normal(size=(7, 3)) + [0, 0, 4]
    unit, few = (p / np.linalg.norm(p, axis=1, keepdims=True) for p in (points, among))
    np.testing.assert_array_equal(nearest_vertices(points, among), cKDTree(few).query(unit)[1])


def test_every_fsaverage5_vertex_is_nearest_to_itself_and_gathers_its_neighbours(nearest):
    np.testing.assert_array_equal(nearest[:10_242], np.arange(10_242))
    sizes = np.bincount(nearest, minlength=10_242)
    assert sizes.min() >= 13
    assert sizes.max() <= 19


def test_a_groups_mean_is_that_of_its_members_that_are_numbers(subject, nearest, rng):
    values = rng.normal(size=subject.n_vertices()).astype(np.float32)
    values[rng.random(len(values)) < 0.3] = np.nan
    groups = nearest_groups(subject, nearest)
    means, counts = groups.mean(values)
    expected: dict[tuple[str, int], list[float]] = {}
    for h in HEMISPHERES:
        for vertex, value in zip(subject.index[h], values[subject.slice_of(h)], strict=True):
            expected.setdefault((h, int(nearest[vertex])), []).append(float(value))
    keys = [(h, int(v)) for h in HEMISPHERES for v in groups.space.index[h]]
    assert keys == sorted(expected)
    for key, mean, count in zip(keys, means, counts, strict=True):
        real = [v for v in expected[key] if np.isfinite(v)]
        assert count == len(real)
        np.testing.assert_allclose(mean, np.mean(real) if real else np.nan, rtol=1e-5)
    assert np.isnan(means).any()
    assert groups.sizes.sum() == subject.n_vertices()


def test_angles_are_averaged_round_the_circle_the_short_way(subject, nearest, rng):
    groups = nearest_groups(subject, nearest)
    angles = rng.uniform(-180, 180, len(groups.sizes))
    values = np.empty(subject.n_vertices())
    values[groups.order] = np.repeat(angles, groups.sizes)
    spread = np.concatenate([np.linspace(-20, 20, n) for n in groups.sizes])
    values[groups.order] += spread
    values = (values + 180) % 360 - 180
    means, counts = groups.circular_mean(values, -180, 180)
    several = groups.sizes > 1
    assert np.abs((means - angles + 180) % 360 - 180)[several].max() < 1e-3
    np.testing.assert_array_equal(counts, groups.sizes)


def test_categories_are_counted_not_averaged(nearest):
    whole = ChallengeSpace(163_842, {LEFT: np.arange(163_842), RIGHT: np.array([5])})
    groups = nearest_groups(whole, nearest)
    values = np.full(163_843, np.nan)
    members = groups.members(4711)
    values[members[:9]] = [7, 7, 7, 0, 0, 2, 2, 2, np.nan]
    found, counts = groups.most_frequent(values)
    assert (found[4711], counts[4711]) == (2, 3)
    assert np.isnan(np.delete(found, 4711)).all()
    assert np.delete(counts, 4711).max() == 0


def test_the_nested_subset_keeps_values_as_they_are(subject, rng):
    values = rng.normal(size=subject.n_vertices()).astype(np.float32)
    groups = nested_groups(subject)
    means, counts = groups.mean(values)
    expected = [values[subject.slice_of(h)][subject.index[h] < 10_242] for h in HEMISPHERES]
    np.testing.assert_array_equal(means, np.concatenate(expected))
    assert (counts == 1).all()


def test_a_group_lists_its_members_the_same_vertex_first(subject, nearest):
    groups = nearest_groups(subject, nearest)
    n_left = len(groups.space.index[LEFT])
    position = int(np.searchsorted(groups.space.index[RIGHT], 131))
    assert groups.space.index[RIGHT][position] == 131
    members = groups.members(n_left + position)
    numbers = subject.index[RIGHT][members - subject.slice_of(RIGHT).start]
    assert numbers[0] == 131
    assert (nearest[numbers] == 131).all()


def test_a_roi_holds_the_groups_of_which_it_has_more_than_half(subject, nearest, rng):
    groups = nearest_groups(subject, nearest)
    roi = rng.choice(subject.n_vertices(), 400, replace=False)
    held = set(groups.holding(roi).tolist())
    for group in range(len(groups.sizes)):
        share = np.isin(groups.members(group), roi).mean()
        assert (group in held) == (share > 0.5)


def test_a_roi_too_small_for_half_a_group_is_not_lost(nearest):
    whole = ChallengeSpace(163_842, {LEFT: np.arange(163_842), RIGHT: np.array([5])})
    groups = nearest_groups(whole, nearest)
    members = np.flatnonzero(nearest == 4711)
    assert groups.holding(members[:2]).tolist() == [4711]
    assert groups.holding(np.empty(0, int)).tolist() == []
