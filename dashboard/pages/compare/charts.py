"""Compare's charts of A and B: each ROI, their difference there, and distributions without ROIs."""

from __future__ import annotations

from functools import partial

import numpy as np

from cortiscope import state
from cortiscope.charts.histogram import Distribution, overlaid_histogram, round_bins
from cortiscope.core.evaluation import (
    INTERVAL,
    Comparison,
    Metric,
    R,
)
from cortiscope.look import show_chart
from cortiscope.markup import show_note, show_title
from cortiscope.pages.compare.pair import (
    Pair,
    differences_csv,
    images_of_report,
    pair_rows,
    untested_rows,
)
from cortiscope.pages.compare.paired import (
    difference_rows,
)
from cortiscope.panels.downloads import image_mark
from cortiscope.panels.roi_responses import rows_as_csv, take_roi
from cortiscope.regions import region
from cortiscope.roi_chart import MODEL_COLOURS, Axis, RoiRow, Series, roi_chart
from cortiscope.subject.model_menu import model_title

# What follows the vertex or ROI that is selected.
PLACES = ("compare-brain", "compare-rois", "compare-differences", "statistics")


@region("compare-rois")
def show_both(pair: Pair) -> None:
    """Draw the metric of each ROI, A beside B."""
    subject, metric = pair.subject, pair.metric
    rows = pair_rows(pair)
    title_a, title_b = map(model_title, pair.runs)
    definition = (
        f"A: {title_a}. B: {title_b}. {metric.axis_title[0].upper()}{metric.axis_title[1:]} over "
        f"the ROI’s vertices{f', each with {INTERVAL}' if metric is R else ''}; {pair.images}."
    )
    roi_chart(
        rows,
        [Series("A", role="a"), Series("B", role="b", mark="ring")],
        Axis(metric.axis_title, "%" if metric.unit == "%" else "", *_range_of(rows, metric)),
        key="compare-rois",
        height=310,
        title="Accuracy of each ROI" if metric is R else f"{metric.title} of each ROI",
        definition=definition,
        stamp=subject.stamp,
        focus=state.current().roi_name,
        on_pick=partial(take_roi, redraws=PLACES),
        csv=rows_as_csv(rows, ["A", "B"], f"{subject.stamp} {definition}".strip()),
    )


def show_distributions(pair: Pair) -> None:
    """Draw how the metric is distributed over vertices or voxels, A over B."""
    subject, metric = pair.subject, pair.metric
    low, high, width = round_bins(np.concatenate(pair.values))
    shown = [
        Distribution(f"{letter}: {title}", own, colour)
        for letter, title, own, colour in zip(
            "AB", pair.titles, pair.values, MODEL_COLOURS, strict=False
        )
    ]
    unit = subject.space.unit
    show_title("{title} of A and of B over {unit}", title=metric.title, unit=unit)
    figure = overlaid_histogram(
        shown,
        low=low,
        high=high,
        width=width,
        label=metric.title,
        unit=unit,
        stamp=subject.stamp,
    )
    show_chart(figure, key=f"compare-histogram{image_mark(subject)}", height=330)
    what = f"{metric.definition[0].upper()}{metric.definition[1:]}"
    show_note("{what}; {images}.", what=what, images=pair.images)


@region("compare-differences")
def show_differences(pair: Pair, comparison: Comparison) -> None:
    """Draw A minus B in each ROI; of the mean r with what was tested."""
    subject, metric = pair.subject, pair.metric
    if metric is R:
        rows, title = difference_rows(subject, comparison), "A − B in each ROI"
        definition = (
            "Mean r of A minus mean r of B, with its 95 % interval over images (paired "
            f"leave-one-image-out jackknife, t); {images_of_report(pair)}. "
            f"The tooltip says which differ at q < .05 (Benjamini-Hochberg over "
            f"{comparison.counts()[2]} tests)."
        )
    else:
        rows, title = untested_rows(pair), f"A − B in {metric.axis_title} of each ROI"
        definition = (
            f"{metric.axis_title[0].upper()}{metric.axis_title[1:]} of A minus that of B; "
            f"{images_of_report(pair)}. It is not tested: intervals and p are of the mean r."
        )
    roi_chart(
        rows,
        [Series("A − B")],
        Axis(
            f"difference of {metric.title}",
            "%" if metric.unit == "%" else "",
            *_range_of(rows, metric),
        ),
        key="compare-differences",
        height=260,
        title=title,
        definition=definition,
        stamp=subject.stamp,
        focus=state.current().roi_name,
        on_pick=partial(take_roi, redraws=PLACES),
        csv=differences_csv(pair, definition, comparison)
        if metric is R
        else rows_as_csv(rows, ["A - B"], f"{subject.stamp} {definition}".strip()),
    )


def _range_of(rows: list[RoiRow], metric: Metric) -> tuple[float, float]:
    """Return round ends that hold every interval and ceiling, 0 included."""
    steps = 8 / metric.scale_high
    ends = [0.0, 1 / steps]
    for row in rows:
        ends += [] if row.ceiling is None else [row.ceiling]
        for mark in row.marks:
            if mark is not None:
                ends += [e for e in (mark.value, mark.low, mark.high) if e is not None]
    low, high = np.floor(min(ends) * steps), np.ceil(max(ends) * steps + 0.1)
    return float(low / steps), float(high / steps)
