"""Where vertices lie on the way from a ROI to a code: its box, the grid, the expanded grid."""

from __future__ import annotations

import numpy as np

from cortiscope.charts.style import PREDICTED, QUIET
from cortiscope.svg_chart import Axis, Chart, Dots, draw, line, mark

_MOST_OTHERS = 1500
_MARGIN = 1.06
_AXES = ("left to right", "back to front", "down to up")


def longest_sides(low: np.ndarray, high: np.ndarray) -> tuple[int, int]:
    """Return the two axes of a box (3,) that are drawn, across and up: its longest, in order."""
    first, second = sorted(np.argsort(low - high, kind="stable")[:2].tolist())
    return first, second


def boxed_positions(
    points: np.ndarray,
    box: tuple[np.ndarray, np.ndarray],
    *,
    seen: tuple[int, int],
    unit: str,
    numbers: np.ndarray,
    marked: int | None = None,
    others: tuple[np.ndarray, np.ndarray] | None = None,
    reach: float | None = None,
    stamp: str = "",
) -> Chart:
    """Draw vertices and the outline of a box, as they lie along two axes.

    Parameters
    ----------
    points : (n, 3).
    box : low and high corner, (3,) each.
    seen : which two of the three axes.
    unit : of all of them.
    numbers : (n,) of the vertices, for the tooltip.
    marked : which of them is selected, or None.
    others : (m, 3) and (m,) all vertices around them with their numbers, of which some are drawn.
    reach : both axes go so far about the box's middle; None: as far as there are vertices.
    """
    middle = (box[0] + box[1]) / 2
    if reach is None:
        every = points if others is None else np.concatenate([points, others[0]])
        middle = (every.min(axis=0) + every.max(axis=0)) / 2
        reach = float((every.max(axis=0) - every.min(axis=0))[list(seen)].max() / 2)
    # One length on both axes, so that the picture is not distorted by more than its place is.
    half = _MARGIN * reach or 1.0
    x, y = (Axis(f"{_AXES[k]} ({unit})", middle[k] - half, middle[k] + half, 4) for k in seen)
    marks: list[str | Dots] = []
    if others is not None:
        some, named = (values[:: max(1, len(values) // _MOST_OTHERS)] for values in others)
        away = some[:, seen[0]], some[:, seen[1]]
        marks.append(Dots(away[0], away[1], named, "vertex ", "around it", QUIET, size=2))
    across, up = (np.array([box[0][k], box[1][k]]) for k in seen)
    marks.append(line(x, y, across[[0, 1, 1, 0, 0]], up[[0, 0, 1, 1, 0]], QUIET, width=1.5))
    says = f"{{x}} {unit} across, {{y}} {unit} up"
    own = points[:, seen[0]], points[:, seen[1]]
    marks.append(Dots(own[0], own[1], numbers, "vertex ", says, PREDICTED, size=4))
    if marked is not None:
        at = float(own[0][marked]), float(own[1][marked])
        marks.append(mark(x, y, at, PREDICTED, f"vertex {numbers[marked]}, selected"))
    words = (
        f"{len(points):,} vertices, {_AXES[seen[0]]} from {own[0].min():.0f} to "
        f"{own[0].max():.0f} {unit}, {_AXES[seen[1]]} from {own[1].min():.0f} to "
        f"{own[1].max():.0f} {unit}; their box is {across[1] - across[0]:.0f} by "
        f"{up[1] - up[0]:.0f} {unit}."
    )
    return draw(x, y, marks, words=words, stamp=stamp)
