"""Compare's charts: each ROI, the difference of two there, and distributions without ROIs."""

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
    Compared,
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
PLACES = (
    "compare-brain",
    "compare-rois",
    "compare-differences",
    "compare-pictures",
    "statistics",
)


@region("compare-rois")
def show_both(models: Compared) -> None:
    """Draw the metric of each ROI, the models beside each other."""
    subject, metric = models.subject, models.metric
    rows = pair_rows(models)
    named = zip(models.letters, map(model_title, models.runs), strict=False)
    listed = " ".join(f"{letter}: {title}." for letter, title in named)
    definition = (
        f"{listed} {metric.axis_title[0].upper()}{metric.axis_title[1:]} over "
        f"the ROI’s vertices{f', each with {INTERVAL}' if metric is R else ''}; {models.images}."
    )
    letters = models.letters[: len(models.runs)]
    roi_chart(
        rows,
        [
            Series(letter, role=letter.lower(), mark=("dot", "ring")[k % 2])
            for k, letter in enumerate(letters)
        ],
        Axis(metric.axis_title, "%" if metric.unit == "%" else "", *_range_of(rows, metric)),
        key="compare-rois",
        height=310,
        title="Accuracy of each ROI" if metric is R else f"{metric.title} of each ROI",
        definition=definition,
        stamp=subject.stamp,
        focus=state.current().roi_name,
        on_pick=partial(take_roi, redraws=PLACES),
        csv=rows_as_csv(rows, letters, f"{subject.stamp} {definition}".strip()),
    )


def show_distributions(pair: Compared) -> None:
    """Draw how the metric is distributed over vertices or voxels, one model over the other."""
    subject, metric = pair.subject, pair.metric
    low, high, width = round_bins(np.concatenate(pair.values))
    shown = [
        Distribution(f"{letter}: {title}", own, colour)
        for letter, title, own, colour in zip(
            pair.letters, pair.titles, pair.values, MODEL_COLOURS, strict=False
        )
    ]
    unit = subject.space.unit
    letters = pair.letters[: len(pair.runs)]
    named = f"{', of '.join(letters[:-1])} and of {letters[-1]}"
    show_title("{title} of {named} over {unit}", title=metric.title, named=named, unit=unit)
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
    """Draw the first less the second in each ROI; of the mean r with what was tested."""
    subject, metric, (a, b) = pair.subject, pair.metric, pair.letters
    if metric is R:
        rows, title = difference_rows(pair, comparison), f"{pair.less} in each ROI"
        definition = (
            f"Mean r of {a} minus mean r of {b}, with its 95 % interval over images (paired "
            f"leave-one-image-out jackknife, t); {images_of_report(pair)}. "
            f"The tooltip says which differ at q < .05 (Benjamini-Hochberg over "
            f"{comparison.counts()[2]} tests)."
        )
    else:
        rows, title = untested_rows(pair), f"{pair.less} in {metric.axis_title} of each ROI"
        definition = (
            f"{metric.axis_title[0].upper()}{metric.axis_title[1:]} of {a} minus that of {b}; "
            f"{images_of_report(pair)}. It is not tested: intervals and p are of the mean r."
        )
    roi_chart(
        rows,
        [Series(pair.less)],
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
        else rows_as_csv(rows, [f"{a} - {b}"], f"{subject.stamp} {definition}".strip()),
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
