"""Which part of a picture reaches a network's input: asked of its own preprocessing.

Published framings differ (torchvision shrinks to 256 pixels and cuts out 224, so that an outer ring
is never seen); rather than knowing them, pictures whose grey says where it lies are sent through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from cortiscope.core.backbones.base import Backbone

# The share of columns (or rows) at either end that mix with what lies beyond the picture.
_MIXED = 0.1


def seen_box(backbone: Backbone, size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of what a network sees of pictures of one size.

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
    """Return where input pixels (n,), told by their place from 0 to 1, begin and end."""
    n = len(places)
    inner = np.arange(int(n * _MIXED), n - int(n * _MIXED))
    slope, start = np.polyfit(inner + 0.5, places[inner] * length, 1)
    # A grey level is a 255th of the picture: what is nearer to its edge than that is the edge.
    near = length / 255
    low, high = float(start), float(start + slope * n)
    return 0.0 if low < near else low, float(length) if high > length - near else high
