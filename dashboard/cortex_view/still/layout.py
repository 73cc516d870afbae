"""Where each view stands, and from millimetres to pixels (``frontend/pure/cells``, ``sight``)."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np

from cortiscope.cortex_view.still.camera import Camera, Placed

_TITLE, _TITLE_NARROW = 38, 44
_FEET = {None: 20, "bar": 38, "square": 72}
_MARGIN = 0.04  # of the view's size, on each side


@dataclass(frozen=True)
class Cell:
    """One view's rectangle in CSS pixels; the brains lie between title and foot."""

    x: int
    y: int
    w: int
    h: int
    title: int
    foot: int

    @property
    def body(self) -> tuple[int, int, int, int]:
        """Left, top, width, height of the brains' part."""
        return self.x, self.y + self.title, self.w, max(20, self.h - self.title - self.foot)


def layout_cells(width: int, height: int, n: int, legend: str | None = None) -> list[Cell]:
    """Split width x height into n equal cells so that brains (about 2:1) become largest.

    ``legend`` is what each view prints below its brains: ``bar``, ``square`` or None.
    """
    foot = _FEET[legend]
    best_size, columns = -np.inf, 1
    for tried in range(1, n + 1):
        size = min(width / tried / 2, height / ceil(n / tried) - _TITLE - foot)
        if size > best_size + 1:
            best_size, columns = size, tried
    # Whole pixels, so that views of one camera are one picture.
    w, h = width // columns, height // ceil(n / columns)
    title = _TITLE_NARROW if w < 420 else _TITLE
    return [Cell((i % columns) * w, (i // columns) * h, w, h, title, foot) for i in range(n)]


@dataclass(frozen=True)
class Sight:
    """How millimetres lie on a cell: pixels per millimetre, and the brains' middle."""

    cell: Cell
    scale: float
    x: float
    y: float

    def to_screen(self, xyz: np.ndarray) -> np.ndarray:
        """Return (..., 2) CSS pixels of view millimetres (..., 3)."""
        return np.stack(
            [self.x + xyz[..., 0] * self.scale, self.y - xyz[..., 1] * self.scale], axis=-1
        )


def sight_of(cell: Cell, camera: Camera, placed: Placed) -> Sight:
    """Fit the brains into a cell with a margin, then zoom and move as the camera says."""
    left, top, w, h = cell.body
    room = 1 - 2 * _MARGIN
    fit = min(w * room / placed.width, h * room / placed.height)
    return Sight(
        cell, fit * camera.zoom, left + w / 2 + camera.pan[0] * w, top + h / 2 + camera.pan[1] * w
    )
