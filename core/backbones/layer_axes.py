"""What the axes of a network's layers mean: measured, and held against what its library declares.

A network without storage for its weights is shown a picture twice as wide as high: an axis that
grows with the picture's width holds places, all others do not. Some networks take square pictures
only; of these, what the library declares about their tokens is known, and where the two equal axes
of a map lie. A layer that neither of the two explains has unknown axes.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import nn

from cortiscope.core.backbones.card import Axes, LayerInfo


@dataclass(frozen=True)
class Tokens:
    """The tokens of a transformer: ``n_prefix`` without a place, then rows x columns patches."""

    n_prefix: int
    grid: tuple[int, int]

    @property
    def n_patches(self) -> int:
        """Number of patches of a picture."""
        return self.grid[0] * self.grid[1]

    def prefix_among(self, n_tokens: int) -> int | None:
        """Return how many of so many tokens come before the patches; None for another number."""
        found = n_tokens - self.n_patches
        return found if found in (0, self.n_prefix) else None


@dataclass(frozen=True)
class Declared:
    """What a library says about the axes in its networks.

    Parameters
    ----------
    tokens : from a network and the side of its square input in pixels; None where it has none.
    resize : makes a copy of a network take pictures of (height, width) pixels, where the library
        knows how; others may take them as they are.
    """

    tokens: Callable[[nn.Module, int], Tokens | None] = lambda network, side: None
    resize: Callable[[nn.Module, tuple[int, int]], None] = lambda network, size: None


CONVOLUTIONS = Declared()
"""Of networks without tokens that take pictures of any size."""

# By definition these compute on (channels, height, width).
_ON_MAPS = (
    nn.Conv2d,
    nn.BatchNorm2d,
    nn.MaxPool2d,
    nn.AvgPool2d,
    nn.AdaptiveAvgPool2d,
    nn.AdaptiveMaxPool2d,
)


def without_storage(network: nn.Module) -> nn.Module:
    """Return a copy whose weights are on the meta device; the original's are not copied."""
    memo: dict[int, object] = {
        id(p): nn.Parameter(torch.empty_like(p, device="meta"), requires_grad=False)
        for p in network.parameters()
    }
    memo |= {id(b): torch.empty_like(b, device="meta") for b in network.buffers()}
    return copy.deepcopy(network, memo)


def axes_of(
    shape: tuple[int, ...], wide: tuple[int, ...] | None, module: nn.Module, tokens: Tokens | None
) -> Axes:
    """Return what the axes of a layer's response mean.

    Parameters
    ----------
    shape : of one square picture's response, as the network keeps it.
    wide : of the response to a picture twice as wide; None where the network took none.
    module : that gave it.
    """
    if len(shape) == 1:
        return Axes("features")
    if wide is not None and len(wide) != len(shape):
        return Axes("unknown", reason="the number of its axes depends on the picture's size")
    if len(shape) == 2:
        return _of_sequence(shape, wide, tokens)
    if len(shape) == 3:
        return _of_three(shape, wide, module, tokens)
    return Axes("unknown", reason=f"nothing says what its {len(shape)} axes {shape} mean")


def _of_sequence(
    shape: tuple[int, ...], wide: tuple[int, ...] | None, tokens: Tokens | None
) -> Axes:
    if tokens is None:
        return Axes("unknown", reason=f"the network declares no patches, and its axes are {shape}")
    n_prefix = tokens.prefix_among(shape[0])
    if n_prefix is None:
        return Axes(
            "unknown",
            reason=f"of its axes {shape} none is the network's {tokens.grid[0]} x "
            f"{tokens.grid[1]} patches with {tokens.n_prefix} or no tokens before them",
        )
    if wide is not None and wide != (shape[0] + tokens.n_patches, shape[1]):
        return Axes("unknown", reason=f"its axes {shape} do not follow the patches of the picture")
    if wide is None and tokens.prefix_among(shape[1]) is not None:
        return Axes("unknown", reason=f"either of its axes {shape} could be the patches")
    return Axes("tokens", n_prefix, tokens.grid)


def _of_three(
    shape: tuple[int, ...],
    wide: tuple[int, ...] | None,
    module: nn.Module,
    tokens: Tokens | None,
) -> Axes:
    first, second, third = shape
    n_prefix = tokens.prefix_among(second) if tokens else None
    # A width that grows, or, where none could be tried, one of two equal axes of a map.
    if wide is None:
        grows = [False, first == second != third, second == third != first]
        if n_prefix is not None:
            grows = [False, True, tokens is not None and tokens.prefix_among(third) is not None]
    else:
        grows = [a != b for a, b in zip(shape, wide, strict=True)]
    if isinstance(module, _ON_MAPS) or second == third == 1:
        return Axes("map")
    if grows == [False, False, True] and second == third:
        return Axes("map")
    if grows == [False, True, False] and (first == second) != (n_prefix is not None):
        if n_prefix is None:
            return Axes("map", channels_last=True)
        if tokens and (wide is None or wide[1] - second == tokens.n_patches):
            return Axes("heads", n_prefix, tokens.grid)
    return Axes("unknown", reason=f"nothing says which of its axes {shape} are places")


def most_before_patches(layers: Iterable[LayerInfo]) -> int:
    """Return how many tokens come before the patches in a network's layers; 0 without tokens."""
    return max((layer.axes.n_prefix for layer in layers), default=0)


def channels_first(axes: Axes, response: torch.Tensor) -> torch.Tensor:
    """Return a batch of maps as (n, channels, height, width), also where they are kept otherwise.

    Parameters
    ----------
    response : as the network keeps it.
    """
    return response.permute(0, 3, 1, 2) if axes.channels_last else response


def shape_given(axes: Axes, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of a response after ``channels_first``."""
    return (shape[2], *shape[:2]) if axes.channels_last else shape


def wide_shapes(
    network: nn.Module,
    shape: tuple[int, ...],
    run: Callable[[nn.Module, torch.Tensor, dict[str, tuple[int, ...]]], None],
    resize: Callable[[nn.Module, tuple[int, int]], None],
) -> dict[str, tuple[int, ...]]:
    """Return responses' shapes for a picture twice as wide as (3, side, side), without computing.

    Parameters
    ----------
    run : a pass that notes the layers' shapes in a dictionary. What it noted counts also where it
        fails later on: networks raise nearly anything of a picture that they do not take.
    """
    channels, side, _ = shape
    shapes: dict[str, tuple[int, ...]] = {}
    with contextlib.suppress(Exception), torch.device("meta"), torch.inference_mode():
        other = without_storage(network)
        resize(other, (side, 2 * side))
        run(other, torch.empty((2, channels, side, 2 * side)), shapes)
    return shapes
