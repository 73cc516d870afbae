"""What Compare shows: two runs of one subject in one metric, as rows of charts and as files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cortiscope.core.datasets import Subject
from cortiscope.core.evaluation import Comparison, Metric, R, Scored, vertex_metrics
from cortiscope.core.evaluation.comparison import LEVEL
from cortiscope.core.evaluation.report import images_of
from cortiscope.core.runs import Run
from cortiscope.core.runs.facets import distinct_words
from cortiscope.markup import signed
from cortiscope.panels.downloads import csv_text, numbering, place_columns, rounded
from cortiscope.panels.roi_responses import roi_places
from cortiscope.roi_chart import Mark, RoiRow
from cortiscope.subject.model_menu import backbone_title, model_title


@dataclass(frozen=True)
class Pair:
    """Models A and B of a subject.

    Parameters
    ----------
    scored : both on the images of their reports.
    """

    subject: Subject
    runs: tuple[Run, Run]
    metric: Metric
    scored: tuple[Scored, Scored]

    @property
    def values(self) -> tuple[np.ndarray, np.ndarray]:
        """(n_vertices,) of A and of B."""
        a, b = (np.asarray(own.values(self.metric)) for own in self.scored)
        return a, b

    @property
    def better(self) -> tuple[str, str]:
        """Which is better where the metric is larger in A, and which where it is larger in B."""
        return ("B", "A") if self.metric.lower_is_better else ("A", "B")

    @property
    def images(self) -> str:
        """How many images of what, and whose."""
        return f"{images_of_report(self)} of {self.subject.id}"

    @property
    def titles(self) -> tuple[str, str]:
        """Words for A and for B; what both share besides goes without saying."""
        a, b = self.runs
        long = model_title(a), model_title(b)
        short = f"{backbone_title(a)} · {a.layer}", f"{backbone_title(b)} · {b.layer}"
        same = long[0].removeprefix(short[0]) == long[1].removeprefix(short[1])
        if same and short[0] != short[1]:
            return short
        if long[0] != long[1]:
            return long
        apart = distinct_words([a, b])
        return f"{long[0]} ({apart[0]})", f"{long[1]} ({apart[1]})"


def images_of_report(pair: Pair) -> str:
    """Say how many images of what are behind A's report."""
    report = pair.runs[0].report
    return f"{report.n_images} {images_of(report, pair.subject)}"


def difference_limit(difference: np.ndarray, metric: Metric) -> float:
    """Return a round end of the scale that holds all but one vertex in a hundred."""
    steps = 16 / metric.scale_high
    defined = np.abs(difference[np.isfinite(difference)])
    end = float(np.ceil(np.quantile(defined, 0.99) * steps) / steps) if len(defined) else 0.0
    return max(2 / steps, end)


def pair_rows(pair: Pair) -> list[RoiRow]:
    """Return a row per ROI and hemisphere with the numbers of A and B, and the ceiling of r."""
    rows = []
    for roi, group, title, colour, h, vertices in roi_places(pair.subject):
        scores = [own.report.of(roi, h) for own in pair.scored]
        values = [pair.metric.of_group(own, roi, h.value) for own in pair.scored]
        marks = tuple(None if v is None else Mark(v.value, v.low, v.high) for v in values)
        # As by the last of the two that has a correlation there.
        known = [s.ceiling_r for s in scores if s.mean_r is not None]
        ceiling = known[-1] if known and pair.metric.name == "r" else None
        undefined = max(s.n_undefined for s in scores)
        note = f"{undefined} vertices without a correlation left out" if undefined else ""
        rows.append(RoiRow(roi, group, title, colour, h.value, len(vertices), marks, ceiling, note))
    return rows


def untested_rows(pair: Pair) -> list[RoiRow]:
    """Return A - B per ROI and hemisphere in a metric that is not tested."""
    rows = []
    for roi, group, title, colour, h, vertices in roi_places(pair.subject):
        a, b = (pair.metric.of_group(own, roi, h.value) for own in pair.scored)
        mark, note = None, ""
        if a is not None and b is not None:
            mark, note = Mark(a.value - b.value), f"A {signed(a.value)}, B {signed(b.value)}"
        rows.append(RoiRow(roi, group, title, colour, h.value, len(vertices), (mark,), None, note))
    return rows


_COLUMNS = (
    "roi", "hemisphere", "n_vertices", "n_undefined", "mean_r_a", "mean_r_b", "median_r_a",
    "median_r_b", "difference", "low_95", "high_95", "p", "p_adjusted", "distinguishable",
)  # fmt: skip


def differences_csv(
    pair: Pair, definition: str, comparison: Comparison, further: Sequence[Metric] = ()
) -> str:
    """Write a row per ROI and hemisphere: what was tested, then further metrics of A and B."""
    header = [*_COLUMNS, *(f"mean_{m.name}_{letter}" for m in further for letter in "ab")]
    listing = zip(comparison.places, comparison.differences, comparison.adjusted, strict=True)
    rows = []
    for place, d, q in listing:
        values = [m.of_group(own, *place) for m in further for own in pair.scored]
        rows.append(
            (*place, d.n, d.n_undefined, d.mean_a, d.mean_b, d.median_a, d.median_b, d.difference)
            + (d.low, d.high, d.p, q, q <= LEVEL)
            + tuple(None if v is None else v.value for v in values)
        )
    return csv_text(pair.subject, definition, header, rows)


def vertices_csv(pair: Pair, about: str) -> str:
    """Write every metric of A and B and their difference for every vertex or voxel."""
    header, places = place_columns(pair.subject)
    columns: dict[str, np.ndarray] = {}
    for m in vertex_metrics():
        if m.of_data or any(m.missing(own.report) for own in pair.scored):
            continue
        a, b = (np.asarray(own.values(m)) for own in pair.scored)
        name = m.table_column
        difference = "difference" if m is R else f"{name}_difference"
        columns |= {f"{name}_a": a, f"{name}_b": b, difference: a - b}
    numbers = zip(*map(rounded, columns.values()), strict=True)
    rows = ((*place, *own) for place, own in zip(places, numbers, strict=True))
    words = f"{about}; {numbering(pair.subject)}"
    return csv_text(pair.subject, words, [*header, *columns], rows)
