"""The chart as compact JSON: columns, no repeated names, four significant digits.

It is sent on every change of image, so 31 ROIs in two hemispheres with two series stay below
8 kB.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cortiscope.roi_chart.model import HEMISPHERES, Axis, Colour, Mark, RoiRow, Series, check_rows
from cortiscope.roi_chart.palette import MODEL_COLOURS

_LETTERS = "abcdef"


def encode_payload(
    rows: Sequence[RoiRow],
    series: Sequence[Series],
    axis: Axis,
    *,
    height: int,
    title: str,
    definition: str,
    stamp: str = "",
    focus: tuple[str, str] | None = None,
    csv: str | None = None,
) -> dict[str, Any]:
    """Return the component's data; see ``roi_chart`` for the parameters.

    Cells run ROI by ROI, left then right: cell ``2 i`` is the left hemisphere of ROI ``i``.
    """
    check_rows(rows, series)
    rois = list({row.roi: row for row in rows}.values())
    cells = {(row.roi, row.hemisphere): row for row in rows}
    order = [cells.get((roi.roi, hemisphere)) for roi in rois for hemisphere in HEMISPHERES]
    places = [(roi.roi, hemisphere) for roi in rois for hemisphere in HEMISPHERES]
    if focus is not None and focus not in cells:
        # The ROI in focus may not exist in the subject now shown: that is no error.
        focus = None
    groups = list({roi.group: roi.group_title for roi in rois}.items())
    group_numbers = {group: i for i, (group, _) in enumerate(groups)}
    colours: dict[tuple[str, str], int] = {}

    def colour_number(colour: Colour | None) -> int | None:
        if colour is None:
            return None
        pair = (colour, colour) if isinstance(colour, str) else (colour[0], colour[-1])
        return colours.setdefault(pair, len(colours))

    return {
        "title": title,
        "definition": definition,
        "stamp": stamp,
        "height": height,
        "axis": [axis.label, axis.unit, *map(_round, (axis.low, axis.high)), axis.zero_line],
        "series": [[s.name, s.role, s.mark, colour_number(_series_colour(s))] for s in series],
        "groups": [title for _, title in groups],
        "rois": [[r.roi, group_numbers[r.group], colour_number(r.colour)] for r in rois],
        "n": [None if row is None else row.n_vertices for row in order],
        "values": [
            [None if row is None else _mark(row.marks[i]) for row in order]
            for i in range(len(series))
        ],
        "ceilings": [None if row is None else _round(row.ceiling) for row in order],
        "notes": {str(i): row.note for i, row in enumerate(order) if row is not None and row.note},
        "colours": [list(pair) for pair in colours],
        "focus": None if focus is None else places.index(focus),
        "csv": csv,
    }


def _series_colour(series: Series) -> Colour | None:
    if series.colour is None and series.role in _LETTERS:
        return MODEL_COLOURS[_LETTERS.index(series.role)]
    return series.colour


def _mark(mark: Mark | None) -> float | list[float | None] | None:
    if mark is None:
        return None
    if mark.low is None:
        return _round(mark.value)
    return [_round(mark.value), _round(mark.low), _round(mark.high)]


def _round(value: float | None) -> float | None:
    # float(): NumPy scalars would not become JSON.
    return None if value is None else float(f"{float(value):.4g}")
