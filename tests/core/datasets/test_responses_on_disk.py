"""Responses read in parts: the same numbers as one array in memory."""

import numpy as np
import pytest

from cortiscope.core.datasets.responses import ResponseRows, StackedResponses


@pytest.fixture
def world(rng, tmp_path):
    whole = rng.normal(size=(9, 12)).astype(np.float32)
    np.save(tmp_path / "lh.npy", whole[:, :7])
    np.save(tmp_path / "rh.npy", whole[:, 7:])
    parts = [np.load(tmp_path / f"{h}.npy", mmap_mode="r") for h in ("lh", "rh")]
    return whole, parts


ROWS = np.array([8, 0, 3, 4])
KEYS = [
    (slice(None), slice(None)),
    (slice(None), slice(5, 9)),
    (slice(1, 3), slice(0, 7)),
    (np.array([2, 0]), slice(6, 12)),
    (slice(None), np.array([11, 0, 7, 6])),
    (np.array([True, False, True, True]), slice(2, 3)),
    (slice(None), slice(0, 12, 5)),
]


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_parts_are_those_of_the_array_in_memory(world, key):
    whole, parts = world
    lazy = ResponseRows(parts, ROWS)
    assert lazy.shape == (4, 12)
    np.testing.assert_array_equal(lazy[key], whole[ROWS][key])
    assert lazy[key].dtype == np.float32


def test_chosen_columns_of_chosen_columns(world):
    whole, parts = world
    chosen = ResponseRows(parts, ROWS).columns(np.array([9, 2, 5])).columns(np.array([2, 0]))
    np.testing.assert_array_equal(chosen[:, :], whole[ROWS][:, [5, 9]])
    np.testing.assert_array_equal(chosen[np.array([3])], whole[[4]][:, [5, 9]])


def test_stacked_subjects_keep_their_rows_in_order(world):
    whole, parts = world
    first = ResponseRows(parts, ROWS).columns(np.array([1, 8]))
    second = ResponseRows(parts, np.array([5, 6])).columns(np.array([3, 10]))
    stacked = StackedResponses([first, second])
    expected = np.concatenate([whole[ROWS][:, [1, 8]], whole[[5, 6]][:, [3, 10]]])
    assert (stacked.shape, len(stacked)) == ((6, 2), 6)
    np.testing.assert_array_equal(stacked[:, 0:2], expected)
    shuffled = np.array([5, 0, 4, 2])
    np.testing.assert_array_equal(stacked[shuffled, 1:], expected[shuffled][:, 1:])
    np.testing.assert_array_equal(stacked.columns(np.array([1]))[:, :], expected[:, [1]])
