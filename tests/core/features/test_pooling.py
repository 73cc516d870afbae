import numpy as np
import pytest
import torch

from core.config import fingerprint
from core.errors import InvalidInput, UnknownName
from core.features import Pooling, pooled_shape
from core.features.pooling import pool

SHAPES = [(3, 16, 16), (3, 13, 13), (4, 5, 5), (7,), (50, 6), (49, 6), (3, 6)]


@pytest.mark.parametrize(
    "pooling", [Pooling(), Pooling("grid", 3), Pooling("mean"), Pooling("none")]
)
@pytest.mark.parametrize("shape", SHAPES)
def test_pooled_shape_is_what_pooling_gives(shape, pooling):
    assert tuple(pool(torch.rand(2, *shape), pooling).shape[1:]) == pooled_shape(shape, pooling)


def test_grid_averages_and_leaves_smaller_maps_and_vectors_alone():
    maps = torch.arange(2 * 4 * 4.0).reshape(1, 2, 4, 4)
    expected = np.asarray(maps).reshape(1, 2, 2, 2, 2, 2).mean((3, 5))
    np.testing.assert_allclose(pool(maps, Pooling("grid", 2)), expected)
    assert pool(maps, Pooling("grid", 8)) is maps
    vectors = torch.rand(3, 5)
    assert pool(vectors, Pooling("mean")) is vectors


def test_tokens_are_pooled_as_the_map_that_they_are_without_the_class_token():
    patches = torch.arange(16.0).reshape(1, 16, 1)
    tokens = torch.cat([torch.full((1, 1, 1), 1000.0), patches], dim=1)
    expected = patches.reshape(1, 1, 2, 2, 2, 2).mean((3, 5))
    torch.testing.assert_close(pool(tokens, Pooling("grid", 2)), expected)
    torch.testing.assert_close(pool(tokens, Pooling("mean")), torch.tensor([[7.5]]))


def test_size_counts_for_grids_only():
    assert fingerprint(Pooling("mean", 3)) == fingerprint(Pooling("mean", 8))
    assert fingerprint(Pooling("grid", 3)) != fingerprint(Pooling("grid", 8))
    with pytest.raises(UnknownName):
        Pooling("max")
    with pytest.raises(InvalidInput):
        Pooling("grid", 0)
