import numpy as np
import pytest

from cortiscope.core.encoding.reduction.feature_table import FeatureTable
from cortiscope.core.errors import InvalidInput


def _rows(table):
    return np.concatenate([chunk for _, chunk in table.row_chunks()])


def _columns(table):
    return np.concatenate([block for _, block in table.column_blocks()], axis=1)


@pytest.fixture
def mapped(tmp_path, rng):
    np.save(tmp_path / "x.npy", rng.normal(size=(7, 23)).astype(np.float16))
    return np.load(tmp_path / "x.npy", mmap_mode="r")


@pytest.mark.parametrize("rows", [None, [5, 0, 3], np.arange(7) % 2 == 0])
@pytest.mark.parametrize("part_bytes", [1, 60, 100, 10**6])
def test_parts_put_together_are_the_chosen_rows(mapped, rows, part_bytes):
    wanted = np.asarray(mapped)[slice(None) if rows is None else rows].astype(np.float32)
    for features in (mapped, mapped.reshape(7, -1), np.array(mapped)):
        table = FeatureTable(features, rows, part_bytes=part_bytes)
        assert table.shape == wanted.shape
        np.testing.assert_array_equal(_rows(table), wanted)
        np.testing.assert_array_equal(_columns(table), wanted)
        assert _columns(table).dtype == np.float32


def test_parts_say_where_they_are_and_stay_within_their_size(mapped):
    table = FeatureTable(mapped, part_bytes=4 * 23 * 2)
    assert [(s.start, s.stop) for s, _ in table.row_chunks()] == [(0, 2), (2, 4), (4, 6), (6, 7)]
    small = FeatureTable(mapped, part_bytes=4 * 7 * 2)
    assert [s.start for s, _ in small.column_blocks()] == list(range(0, 23, 2))
    for columns, block in small.column_blocks():
        assert block.nbytes <= 4 * 7 * 2
        np.testing.assert_array_equal(block, np.asarray(mapped)[:, columns])


def test_parts_are_copies(rng):
    x = rng.normal(size=(4, 5)).astype(np.float32)
    before = x.copy()
    for _, part in [*FeatureTable(x).row_chunks(), *FeatureTable(x).column_blocks()]:
        part[:] = 0
    FeatureTable(x).read_rows(slice(0, 2))[:] = 0
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("rows", [[7], [-1], [0.5], [[1]], [], np.ones(6, bool), np.zeros(7, bool)])
def test_rows_that_are_not_there_are_refused(mapped, rows):
    with pytest.raises(InvalidInput):
        FeatureTable(mapped, rows)


def test_features_that_are_no_table_are_refused():
    for shape in [(3,), (2, 3, 4), (0, 3), (3, 0)]:
        with pytest.raises(InvalidInput):
            FeatureTable(np.zeros(shape))
