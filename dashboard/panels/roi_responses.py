"""Rows of ROI charts: from per-vertex values or scores to one row per ROI and hemisphere."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from cortiscope import services, state
from cortiscope.core.brain import HEMISPHERES, Hemisphere
from cortiscope.core.datasets import Subject
from cortiscope.core.datasets.describe import range_of_responses
from cortiscope.core.storage.csv_cells import plain_rows
from cortiscope.regions import redraw
from cortiscope.roi_chart import Mark, RoiPick, RoiRow
from cortiscope.roi_chart.palette import Shades
from cortiscope.subject.roi_style import roi_colour


class RoiPlace(NamedTuple):
    """A ROI of a hemisphere: ``vertices`` (n,) are positions over both, none where it is absent."""

    roi: str
    group: str
    title: str
    colour: Shades
    hemisphere: Hemisphere
    vertices: np.ndarray


def roi_places(subject: Subject) -> tuple[RoiPlace, ...]:
    """Return the ROIs of both hemispheres in order; one absent in both is left out.

    Voxels of unknown place have no ROIs.
    """
    return _places(subject.id, subject.state)


@lru_cache(maxsize=16)
def _places(subject_id: str, state: str) -> tuple[RoiPlace, ...]:
    subject = services.subject(subject_id)
    if not subject.space.is_placed:
        return ()
    found: list[RoiPlace] = []
    for roi in subject.parcellation.roi_names:
        vertices = {h: subject.roi_vertices(roi, h) for h in HEMISPHERES}
        if any(len(v) for v in vertices.values()):
            group = subject.parcellation.class_of(roi)
            look = (roi, group, *roi_colour(group))
            found += [RoiPlace(*look, h, vertices[h]) for h in HEMISPHERES]
    return tuple(found)


def mean_rows(subject: Subject, maps: Sequence[np.ndarray]) -> list[RoiRow]:
    """Average maps (n_vertices,) over each ROI's vertices; one mark per map."""
    places = roi_places(subject)
    means = [_means(one, *_pooled(subject.id, subject.state)).tolist() for one in maps]
    rows = []
    for k, (roi, group, title, colour, h, vertices) in enumerate(places):
        n = len(vertices)
        marks = tuple([_mark(own[k]) for own in means]) if n else (None,) * len(means)
        rows.append(RoiRow(roi, group, title, colour, h.value, n, marks, None, ""))
    return rows


def _mark(value: float) -> Mark | None:
    """Mark a mean; there is none where no vertex has a value."""
    return Mark(value) if value == value else None  # noqa: PLR0124 - NaN is not equal to itself


def mean_range(subject: Subject) -> tuple[float, float]:
    """Return the ends of a scale for ROI means, by the rule of ``services.response_range``.

    A mean over vertices lies nearer to 0 than they do; images compare, as it is one for all.
    """
    return _mean_range(subject.id, subject.state)


@lru_cache(maxsize=16)
def _mean_range(subject_id: str, state: str) -> tuple[float, float]:
    places, pooled = _places(subject_id, state), _pooled(subject_id, state)
    if not any(len(place.vertices) for place in places):
        return services.response_range(services.subject(subject_id))
    sample = services.sample_of_responses(services.subject(subject_id))
    return range_of_responses(np.array([_means(one, *pooled) for one in sample]))


@lru_cache(maxsize=16)
def _pooled(subject_id: str, state: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the vertices (n,) of all places one after another, and where each begins and ends."""
    own = [place.vertices for place in _places(subject_id, state)]
    return np.concatenate([np.empty(0, int), *own]), np.cumsum([0, *map(len, own)])


def _means(values: np.ndarray, vertices: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return the mean (n_places,) over each place's vertices, NaN left out; all in one pass."""
    own = values[vertices].astype(float)
    known = ~np.isnan(own)
    sums = np.diff(np.concatenate([[0.0], np.cumsum(np.where(known, own, 0.0))])[ends])
    counts = np.diff(np.concatenate([[0], np.cumsum(known)])[ends])
    return sums / np.where(counts, counts, np.nan)


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


def take_roi(picked: RoiPick, *, redraws: Sequence[str] = ()) -> None:
    """Turn a click on a chart into the selection, before the script runs again.

    Parameters
    ----------
    redraws : the regions that follow a ROI; without any the one in which the chart stands.
    """
    state.change(roi=state.RoiName(picked.roi, picked.hemisphere), vertex="")
    redraw(*redraws)
