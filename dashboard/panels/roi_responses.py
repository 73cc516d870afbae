"""Rows of ROI charts: from per-vertex values or scores to one row per ROI and hemisphere."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

import numpy as np

from cortiscope import state
from cortiscope.core.brain import HEMISPHERES, Hemisphere
from cortiscope.core.datasets import Subject
from cortiscope.core.storage.csv_cells import plain_rows
from cortiscope.roi_chart import Mark, RoiPick, RoiRow
from cortiscope.roi_chart.palette import Shades
from cortiscope.subject.roi_style import roi_colour


def roi_places(subject: Subject) -> Iterator[tuple[str, str, str, Shades, Hemisphere, np.ndarray]]:
    """Yield roi, class, title, colour, hemisphere, positions; a ROI absent in both is left out.

    Voxels of unknown place have no ROIs: nothing is yielded.
    """
    if not subject.space.is_placed:
        return
    for roi in subject.parcellation.roi_names:
        vertices = {h: subject.roi_vertices(roi, h) for h in HEMISPHERES}
        if not any(len(v) for v in vertices.values()):
            continue
        group = subject.parcellation.class_of(roi)
        title, colour = roi_colour(group)
        for h in HEMISPHERES:
            yield roi, group, title, colour, h, vertices[h]


def mean_rows(subject: Subject, maps: Sequence[np.ndarray]) -> list[RoiRow]:
    """Average maps (n_vertices,) over each ROI's vertices; one mark per map."""
    rows = []
    for roi, group, title, colour, h, vertices in roi_places(subject):
        marks = tuple(Mark(float(np.nanmean(m[vertices]))) if len(vertices) else None for m in maps)
        rows.append(RoiRow(roi, group, title, colour, h.value, len(vertices), marks, None, ""))
    return rows


def rows_as_csv(rows: Sequence[RoiRow], names: Sequence[str], heading: str) -> str:
    """Write rows as CSV; the heading (definition, stamp) leads as a comment line."""
    text = io.StringIO()
    text.write(f"# {' '.join(heading.split())}\n")
    writer = csv.writer(text)
    columns = [c for n in names for c in (n, f"{n} low", f"{n} high")]
    writer.writerow(["roi", "class", "hemisphere", "n_vertices", *columns, "ceiling"])
    for row in rows:
        values: list[object] = []
        for mark in row.marks:
            values += ["", "", ""] if mark is None else [mark.value, mark.low, mark.high]
        ceiling = "" if row.ceiling is None else row.ceiling
        cells = [row.roi, row.group, row.hemisphere, row.n_vertices, *values, ceiling]
        writer.writerows(plain_rows([cells]))
    return text.getvalue()


def take_roi(picked: RoiPick) -> None:
    """Turn a click on a chart into the selection, before the script runs again."""
    state.change(roi=state.RoiName(picked.roi, picked.hemisphere), vertex="")
