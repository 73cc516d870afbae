"""Files of Compare: vertices, ROIs and layers as CSV."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cortiscope.core.evaluation import Comparison, Metric, R, vertex_metrics
from cortiscope.core.evaluation.comparison import LEVEL
from cortiscope.pages.compare.pair import Pair
from cortiscope.panels.downloads import csv_text, numbering, place_columns, rounded

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
