"""How a layer's response to one image is made smaller before it is kept: one rule for all layers.

Layers are compared under one readout: pooling one layer over the whole picture and not another
would compare pooling, not depth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from core.errors import InvalidInput, check_option

if TYPE_CHECKING:
    import torch

POOLING_KINDS = ("grid", "mean", "none")


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
        elif self.size < 1:
            raise InvalidInput(f"The pooling grid must be at least 1 x 1, not {self.size}.")

    @classmethod
    def parse(cls, text: str) -> Pooling:
        """Read ``none``, ``mean`` or ``grid:N``."""
        kind, _, size = text.partition(":")
        if kind == "none" and not size:
            return cls("none")
        if kind == "mean" and not size:
            return cls("mean")
        if kind == "grid" and size.isdigit() and int(size) > 0:
            return cls("grid", int(size))
        raise InvalidInput(f"Unknown pooling {text!r}. Allowed: none, mean, grid:N (as in grid:8).")

    @property
    def label(self) -> str:
        """Short text for captions."""
        return {
            "grid": f"averaged on an {self.size} x {self.size} grid",
            "mean": "averaged over the picture",
            "none": "full resolution",
        }[self.kind]


def pooled_shape(shape: tuple[int, ...], pooling: Pooling) -> tuple[int, ...]:
    """Return the shape of one image's pooled response, given the layer's own shape."""
    if pooling.kind == "none" or len(shape) < 2:
        return shape
    if len(shape) == 2:
        side = _token_grid(shape[0])
        if pooling.kind == "mean" or not side:
            return (shape[1],)
        shape = (shape[1], side, side)
    channels, places = shape[0], shape[1:]
    if pooling.kind == "mean":
        return (channels,)
    return (channels, *(min(length, pooling.size) for length in places))


def pool(responses: torch.Tensor, pooling: Pooling) -> torch.Tensor:
    """Pool a batch.

    Parameters
    ----------
    responses : (n, channels, height, width), (n, tokens, width) or (n, features). Tokens that
        are a square of patches, with or without a class token before them, are pooled as the
        map that they are, without the class token; tokens without places give their mean.

    Returns
    -------
    (n, *pooled_shape(...)).
    """
    from torch.nn import functional

    if pooling.kind == "none" or responses.ndim < 3:
        return responses
    if responses.ndim == 3:
        n, n_tokens, width = responses.shape
        side = _token_grid(n_tokens)
        if not side:
            return responses.mean(1)
        patches = responses[:, n_tokens - side * side :]
        responses = patches.transpose(1, 2).reshape(n, width, side, side)
    if pooling.kind == "mean":
        return responses.flatten(2).mean(2)
    height, width = responses.shape[2:]
    target = (min(height, pooling.size), min(width, pooling.size))
    if target == (height, width):
        return responses
    return functional.adaptive_avg_pool2d(responses, target)


def _token_grid(n_tokens: int) -> int:
    """Return the side of the square of patches among the tokens, 0 where there is none."""
    for n_patches in (n_tokens, n_tokens - 1):
        side = math.isqrt(max(n_patches, 0))
        if side > 1 and side * side == n_patches:
            return side
    return 0
