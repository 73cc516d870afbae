"""Rows of ROI charts: from per-vertex values or scores to one row per ROI and hemisphere."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

import numpy as np

from cortiscope import state
from cortiscope.core.brain import HEMISPHERES, Hemisphere
from cortiscope.core.datasets import Subject
from cortiscope.core.runs import Run
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


def score_rows(subject: Subject, runs: Sequence[Run], metric: str = "r") -> list[RoiRow]:
    """Collect each run's score per ROI, with its interval and the ceiling.

    Parameters
    ----------
    metric : ``r`` (mean r with its interval) or ``normalised`` (percent of the ceiling).
    """
    rows = []
    for roi, group, title, colour, h, vertices in roi_places(subject):
        marks: list[Mark | None] = []
        ceiling = None
        undefined = 0
        for run in runs:
            score = run.report.of(roi, h)
            undefined = max(undefined, score.n_undefined)
            value = score.mean_r if metric == "r" else score.noise_normalized
            if value is None:
                marks.append(None)
            elif metric == "r":
                marks.append(Mark(value, score.low, score.high))
                ceiling = score.ceiling_r
            else:
                marks.append(Mark(value))
        note = f"{undefined} vertices without a correlation left out" if undefined else ""
        rows.append(
            RoiRow(roi, group, title, colour, h.value, len(vertices), tuple(marks), ceiling, note)
        )
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
    state.change(roi=f"{picked.roi}~{picked.hemisphere}", vertex="")
