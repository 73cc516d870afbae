"""What a chart of values per ROI shows: rows, series and an axis, checked where they are made.

Nothing here knows Streamlit or how the chart is drawn.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

HEMISPHERES = ("left", "right")
MARKS = ("dot", "ring", "bar")
_HEX = re.compile(r"#[0-9a-fA-F]{6}")

# One colour, or one for a light and one for a dark page.
Colour = str | tuple[str, str]


@dataclass(frozen=True)
class Mark:
    """One value and its interval.

    Parameters
    ----------
    value : in the axis's unit, finite.
    low, high : ends of the 95 % interval; both or neither.
    """

    value: float
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if self.low is None and self.high is None and math.isfinite(self.value):
            return  # a hundred of these at each change of image
        if (self.low is None) != (self.high is None):
            raise ValueError("An interval needs low and high, or neither.")
        for name in ("value", "low", "high"):
            given = getattr(self, name)
            if given is not None and not math.isfinite(given):
                raise ValueError(f"{name} must be finite, got {given}. Leave out what is unknown.")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"Interval ends are swapped: low {self.low} > high {self.high}.")


@dataclass(frozen=True)
class Series:
    """One kind of value that every ROI may have.

    Parameters
    ----------
    name : as printed in the key, e.g. ``measured``.
    role : ``measured`` (drawn in ink), ``predicted`` (accent), or a letter ``a`` ... ``f`` for
        models next to each other.
    mark : ``dot``, ``ring`` or ``bar``.
    colour : overrides the role's colour; a single bar series without one takes each ROI's hue.
    """

    name: str
    role: str = "measured"
    mark: str = "dot"
    colour: Colour | None = None

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("A series needs a name.")
        if self.mark not in MARKS:
            raise ValueError(f"Unknown mark {self.mark!r}. Allowed: {', '.join(MARKS)}.")
        if self.colour is not None:
            check_colour(self.colour)


@dataclass(frozen=True)
class Axis:
    """The value axis, shared by every ROI.

    Parameters
    ----------
    label : quantity, e.g. ``mean response``.
    unit : e.g. ``z``; empty for a correlation.
    low, high : range drawn. Values beyond it are drawn at its end with an arrow.
    zero_line : draw a line at 0.
    """

    label: str
    unit: str
    low: float
    high: float
    zero_line: bool = True

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError(f"The axis needs low < high, got {self.low} and {self.high}.")


@dataclass(frozen=True)
class RoiRow:
    """One ROI in one hemisphere.

    Parameters
    ----------
    roi : name, e.g. ``FFA-1``.
    group, group_title : class of ROIs, e.g. ``floc-faces``, ``faces``.
    colour : the class's hue.
    hemisphere : ``left`` or ``right``.
    n_vertices : vertices the value speaks of; 0 means the ROI is absent.
    marks : one per series; None where there is no value.
    ceiling : noise ceiling in the axis's unit; None where unknown.
    note : a caveat, shown in the tooltip.
    """

    roi: str
    group: str
    group_title: str
    colour: Colour
    hemisphere: str
    n_vertices: int
    marks: tuple[Mark | None, ...]
    ceiling: float | None = None
    note: str = ""

    def __post_init__(self) -> None:
        where = f"{self.roi} ({self.hemisphere})"
        if not self.roi:
            raise ValueError("A row needs the name of its ROI.")
        if self.hemisphere not in HEMISPHERES:
            raise ValueError(f"Unknown hemisphere {self.hemisphere!r}. Allowed: left, right.")
        if self.n_vertices < 0:
            raise ValueError(f"{where}: n_vertices must be 0 or more, got {self.n_vertices}.")
        check_colour(self.colour)
        if self.n_vertices == 0 and any(mark is not None for mark in self.marks):
            raise ValueError(f"{where} is absent (0 vertices), so it can have no value.")
        if self.ceiling is not None and not math.isfinite(self.ceiling):
            raise ValueError(f"{where}: an unknown ceiling is None, not {self.ceiling}.")


@dataclass(frozen=True)
class RoiPick:
    """A ROI somebody clicked.

    Parameters
    ----------
    roi, hemisphere : which one.
    count : grows with each pick, so that picking the same ROI again is news.
    """

    roi: str
    hemisphere: str
    count: int


def check_rows(rows: Sequence[RoiRow], series: Sequence[Series]) -> None:
    """Raise ValueError unless rows and series fit together."""
    if not series:
        raise ValueError("A chart needs at least one series.")
    seen: set[tuple[str, str]] = set()
    looks: dict[str, tuple[object, ...]] = {}
    closed: set[str] = set()
    previous = None
    for row in rows:
        where = (row.roi, row.hemisphere)
        if where in seen:
            raise ValueError(f"{row.roi} ({row.hemisphere}) is given twice.")
        seen.add(where)
        if len(row.marks) != len(series):
            raise ValueError(
                f"{row.roi} ({row.hemisphere}) has {len(row.marks)} marks for {len(series)} series."
            )
        look = (row.group, row.group_title, row.colour)
        if looks.setdefault(row.roi, look) != look:
            raise ValueError(f"{row.roi} has another group or colour in its other hemisphere.")
        if row.group != previous:
            # A group that comes back would be drawn, and labelled, twice.
            if row.group in closed:
                raise ValueError(f"The rows of group {row.group!r} do not stand together.")
            if previous is not None:
                closed.add(previous)
            previous = row.group


def check_colour(colour: Colour) -> None:
    """Raise ValueError unless the colour is ``#rrggbb`` or a pair of them."""
    if not _is_colour((colour,) if isinstance(colour, str) else tuple(colour)):
        raise ValueError(f"A colour is '#rrggbb' or a (light, dark) pair, got {colour!r}.")


# A page has some ten, and a chart asks of each of its rows.
@lru_cache(maxsize=256)
def _is_colour(pair: tuple[str, ...]) -> bool:
    return len(pair) in (1, 2) and all(_HEX.fullmatch(value) for value in pair)
