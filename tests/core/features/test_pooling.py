import numpy as np
import pytest
import torch

from cortiscope.core.backbones import Axes, LayerInfo
from cortiscope.core.config import fingerprint
from cortiscope.core.errors import InvalidInput, UnknownName
from cortiscope.core.features import Pooling, pooled_shape
from cortiscope.core.features.pooling import pool

MAP, TOKENS = Axes("map"), Axes("tokens", 3, (2, 2))


def layer(axes, *shape):
    return LayerInfo("there", shape, 0.5, axes)


LAYERS = [
    layer(MAP, 3, 16, 16),
    layer(MAP, 3, 13, 12),
    layer(MAP, 4, 5, 5),
    layer(Axes("features"), 7),
    layer(Axes("tokens", 1, (7, 7)), 50, 6),
    layer(Axes("tokens", 5, (4, 4)), 21, 6),
    layer(Axes("heads", 1, (4, 4)), 2, 17, 3),
]


@pytest.mark.parametrize(
    "pooling", [Pooling(), Pooling("grid", 3), Pooling("mean"), Pooling("none")]
)
@pytest.mark.parametrize("there", LAYERS, ids=lambda x: f"{x.axes.kind}-{x.shape}")
def test_pooled_shape_is_what_pooling_gives(there, pooling):
    found = pool(torch.rand(2, *there.shape), there, pooling)
    assert tuple(found.shape[1:]) == pooled_shape(there, pooling)


def test_grid_averages_and_leaves_smaller_maps_and_vectors_alone():
    maps = torch.arange(2 * 4 * 4.0).reshape(1, 2, 4, 4)
    expected = np.asarray(maps).reshape(1, 2, 2, 2, 2, 2).mean((3, 5))
    np.testing.assert_allclose(pool(maps, layer(MAP, 2, 4, 4), Pooling("grid", 2)), expected)
    assert pool(maps, layer(MAP, 2, 4, 4), Pooling("grid", 8)) is maps
    vectors = torch.rand(3, 5)
    assert pool(vectors, layer(Axes("features"), 5), Pooling("mean")) is vectors


def test_tokens_are_pooled_as_the_map_that_they_are_without_those_before_the_patches():
    # Seven tokens are no square, with or without one before them: only the network knows.
    patches = torch.arange(4.0).reshape(1, 4, 1)
    tokens = torch.cat([torch.full((1, 3, 1), 1000.0), patches], dim=1)
    there = layer(TOKENS, 7, 1)
    torch.testing.assert_close(pool(tokens, there, Pooling("grid", 5)), patches.reshape(1, 1, 2, 2))
    torch.testing.assert_close(pool(tokens, there, Pooling("mean")), torch.tensor([[1.5]]))


def test_heads_are_pooled_over_patches_and_never_over_their_values():
    rng = torch.Generator().manual_seed(0)
    heads = torch.rand(2, 3, 17, 5, generator=rng)  # (n, heads, tokens, width)
    there = layer(Axes("heads", 1, (4, 4)), 3, 17, 5)
    found = pool(heads, there, Pooling("mean"))
    torch.testing.assert_close(found, heads[:, :, 1:].mean(2).reshape(2, 15))


def test_a_layer_of_unknown_axes_is_refused_with_the_reason_and_given_whole_without_pooling():
    there = layer(Axes("unknown", reason="nothing says which are places"), 16, 16)
    with pytest.raises(InvalidInput, match=r"there cannot be .*nothing says which are places"):
        pooled_shape(there, Pooling("mean"))
    assert pooled_shape(there, Pooling("none")) == (16, 16)


def test_size_counts_for_grids_only():
    assert fingerprint(Pooling("mean", 3)) == fingerprint(Pooling("mean", 8))
    assert fingerprint(Pooling("grid", 3)) != fingerprint(Pooling("grid", 8))
    with pytest.raises(UnknownName):
        Pooling("max")
    with pytest.raises(InvalidInput):
        Pooling("grid", 0)
