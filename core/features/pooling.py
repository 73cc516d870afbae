"""How a layer's response to one image is made smaller before it is kept: one rule for all layers.

Layers are compared under one reduction: pooling one layer over the whole picture and not another
would compare pooling, not depth. Which axes are places is what the layer's network says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cortiscope.core.backbones import LayerInfo
from cortiscope.core.errors import InvalidInput, check_option, check_whole, read_whole

if TYPE_CHECKING:
    import torch

POOLING_KINDS = ("grid", "mean", "none")


_LARGEST_GRID = 1024


@dataclass(frozen=True)
class Pooling:
    """Averaging over places.

    Attributes
    ----------
    kind : "grid" averages maps onto at most size x size places (smaller maps stay as they are);
        "mean" over all places; "none" keeps full resolution. Vectors are never changed.
    size : of the grid; 0 for the other kinds.
    """

    kind: Literal["grid", "mean", "none"] = "grid"
    size: int = 8

    def __post_init__(self) -> None:
        check_option("pooling", self.kind, POOLING_KINDS)
        if self.kind != "grid":
            # A size without meaning must not make two keys out of one thing.
            object.__setattr__(self, "size", 0)
        else:
            check_whole("The side of the pooling grid", self.size, 1, _LARGEST_GRID)

    @classmethod
    def parse(cls, text: str) -> Pooling:
        """Read ``none``, ``mean`` or ``grid:N``."""
        kind, _, size = text.partition(":")
        if kind == "none" and not size:
            return cls("none")
        if kind == "mean" and not size:
            return cls("mean")
        if kind == "grid" and (number := read_whole(size)) is not None:
            return cls("grid", number)
        raise InvalidInput(f"Unknown pooling {text!r}. Allowed: none, mean, grid:N (as in grid:8).")

    @property
    def label(self) -> str:
        """Short text for captions."""
        return {
            "grid": f"averaged on an {self.size} x {self.size} grid",
            "mean": "averaged over the picture",
            "none": "full resolution",
        }[self.kind]


def pooled_shape(layer: LayerInfo, pooling: Pooling) -> tuple[int, ...]:
    """Return the shape of one image's pooled response.

    Raises
    ------
    InvalidInput
        What the layer's axes mean is unknown: places cannot be distinguished from features.
    """
    axes, shape = layer.axes, layer.shape
    if pooling.kind == "none" or axes.kind == "features":
        return shape
    if axes.kind == "unknown":
        raise InvalidInput(
            f"{layer.name} cannot be averaged over places ({pooling.label}): {axes.reason}.",
            "Take it without pooling (--pool none), or choose another layer.",
        )
    channels, places = shape[0], shape[1:]
    if axes.kind != "map":
        channels, places = shape[-1] * (shape[0] if axes.kind == "heads" else 1), axes.grid
    if pooling.kind == "mean":
        return (channels,)
    return (channels, *(min(length, pooling.size) for length in places))


def pool(responses: torch.Tensor, layer: LayerInfo, pooling: Pooling) -> torch.Tensor:
    """Pool a batch.

    Parameters
    ----------
    responses : (n, *layer.shape). Tokens are pooled as the map of patches that they are, without
        those before the patches; the channels of several heads follow one another.

    Returns
    -------
    (n, *pooled_shape(layer, pooling)).
    """
    from torch.nn import functional

    pooled_shape(layer, pooling)
    axes = layer.axes
    if pooling.kind == "none" or axes.kind == "features":
        return responses
    if axes.kind != "map":
        patches = responses[..., axes.n_prefix :, :].transpose(-1, -2)  # (n, [heads,] width, ...)
        responses = patches.reshape(len(responses), -1, *axes.grid)
    if pooling.kind == "mean":
        return responses.flatten(2).mean(2)
    height, width = responses.shape[2:]
    target = (min(height, pooling.size), min(width, pooling.size))
    if target == (height, width):
        return responses
    return functional.adaptive_avg_pool2d(responses, target)
