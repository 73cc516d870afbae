"""How a stimulus is brought to a network's input: as published, or otherwise.

Published framings cut out a central square, so that a picture loses its edges; a stretch keeps
all of it and loses its proportions. Both scale the values as the network's publication says.
Networks that read are given all captions of a picture, whose features are averaged, or one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
from PIL import Image

from cortiscope.core.errors import InvalidInput, check_option, read_whole

if TYPE_CHECKING:
    import torch

FRAMING_KINDS = ("published", "stretch", "caption")
_SMALLEST, _LARGEST = 16, 4096


@dataclass(frozen=True)
class Framing:
    """A framing, as a value.

    Attributes
    ----------
    kind : "published" (for networks that read: the mean over a picture's captions); "stretch":
        the whole picture resized (bilinear, antialiased) to a square, without keeping its
        proportions; "caption": one of a picture's captions.
    size : side of that square in pixels; 0 for the other kinds.
    caption : which one, counted from 1; 0 for the other kinds.
    """

    kind: Literal["published", "stretch", "caption"] = "published"
    size: int = 0
    caption: int = field(default=0, metadata={"omit_default": True})

    def __post_init__(self) -> None:
        check_option("framing", self.kind, FRAMING_KINDS)
        # A number without meaning must not make two keys out of one thing.
        if self.kind != "stretch":
            object.__setattr__(self, "size", 0)
        if self.kind != "caption":
            object.__setattr__(self, "caption", 0)
        elif self.caption < 1:
            raise InvalidInput(f"Captions are counted from 1; there is no caption {self.caption}.")
        if self.kind == "stretch" and not _SMALLEST <= self.size <= _LARGEST:
            raise InvalidInput(
                f"Pictures can be stretched to {_SMALLEST} to {_LARGEST} px, not {self.size}."
            )

    @classmethod
    def parse(cls, text: str) -> Framing:
        """Read ``published``, ``stretch:N``, ``caption:N`` or ``caption:first``."""
        kind, _, size = text.partition(":")
        if kind == "published" and not size:
            return cls()
        number = 1 if kind == "caption" and size == "first" else read_whole(size)
        if kind == "stretch" and number is not None:
            return cls("stretch", number)
        if kind == "caption" and number is not None:
            return cls("caption", caption=number)
        raise InvalidInput(
            f"Unknown framing {text!r}. Allowed: published, stretch:N (as in stretch:224), and "
            "for networks that read captions caption:N or caption:first."
        )

    @property
    def text(self) -> str:
        """What ``parse`` reads."""
        number = self.size or self.caption
        return f"{self.kind}:{number}" if number else self.kind

    @property
    def label(self) -> str:
        """Words for captions; empty for the published framing."""
        return {
            "published": "",
            "stretch": f"pictures stretched to {self.size} px",
            "caption": f"caption {self.caption} of each picture",
        }[self.kind]


PUBLISHED = Framing()

_SCALES = {
    (0.0, 1.0): "values 0 to 1",
    (0.5, 0.5): "mean .5 and SD .5",
    (0.485, 0.229): "ImageNet's mean and SD",
    (0.48145466, 0.26862954): "CLIP's mean and SD",
}


def in_words(
    side: int,
    resized: int,
    interpolation: str,
    mean: Sequence[float],
    deviation: Sequence[float],
    cut: str = "center",
) -> str:
    """Describe resizing, cutting and scaling.

    Parameters
    ----------
    side : of the square that the network sees, in pixels.
    resized : length in pixels to which the picture is brought first.
    mean, deviation : of the three channels, by which values 0 to 1 are scaled.
    cut : "center" (shorter side resized), "squash" (both sides), "border" or "longest" (longer
        side, the rest filled up).
    """
    scale = _SCALES.get((mean[0], deviation[0])) or (
        f"mean {_numbers(mean)} and SD {_numbers(deviation)}"
    )
    if cut == "squash" and resized == side:
        return f"Squeezed to {side} x {side} px ({interpolation}), {scale}."
    first = {
        "center": f"Shorter side to {resized} px",
        "squash": f"Squeezed to {resized} x {resized} px",
    }.get(cut, f"Longer side to {resized} px, the rest filled up")
    return f"{first} ({interpolation}), central {side} px square, {scale}."


def _numbers(values: Sequence[float]) -> str:
    return "/".join(f"{value:.3g}" for value in values)


# The share of columns (or rows) at either end that mix with what lies beyond the picture.
_MIXED = 0.1


class Preprocesses(Protocol):
    """Brings pictures to a network's input, as every backbone of pictures does."""

    def preprocess(self, image: Image.Image) -> torch.Tensor:
        """Return (channels, height, width)."""


def seen_box(backbone: Preprocesses, size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of what a network sees of pictures of one size.

    Published framings differ (torchvision shrinks to 256 pixels and cuts out 224, so that an outer
    ring is never seen); rather than knowing them, pictures whose grey says where it lies are sent
    through the backbone's own preprocessing.

    Parameters
    ----------
    size : width and height of the picture in pixels, the unit of the answer.

    Raises
    ------
    InvalidInput
        The backbone reads captions.
    """
    width, height = size
    across = np.broadcast_to((np.arange(width) + 0.5) / width, (height, width))
    down = np.broadcast_to(((np.arange(height) + 0.5) / height)[:, None], (height, width))
    black, white, x, y = (
        backbone.preprocess(_grey(levels)).numpy().astype(np.float64)
        for levels in (np.zeros((height, width)), np.ones((height, width)), across, down)
    )
    # Whatever mean and SD the input is scaled by, its range says which grey a value was.
    left, right = _ends(((x - black) / (white - black)).mean(axis=(0, 1)), width)
    top, bottom = _ends(((y - black) / (white - black)).mean(axis=(0, 2)), height)
    return left, top, right, bottom


def _grey(levels: np.ndarray) -> Image.Image:
    return Image.fromarray((255 * levels).round().astype(np.uint8)).convert("RGB")


def _ends(places: np.ndarray, length: int) -> tuple[float, float]:
    """Return where input pixels (n,), given by their place from 0 to 1, begin and end."""
    n = len(places)
    inner = np.arange(int(n * _MIXED), n - int(n * _MIXED))
    slope, start = np.polyfit(inner + 0.5, places[inner] * length, 1)
    # A grey level is a 255th of the picture: what is nearer to its edge than that is the edge.
    near = length / 255
    low, high = float(start), float(start + slope * n)
    return 0.0 if low < near else low, float(length) if high > length - near else high
