"""Compare: two models on the same held-out images, and where the difference is certain."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from cortiscope import state
from cortiscope.charts.histogram import Distribution, overlaid_histogram, round_bins
from cortiscope.core.datasets import Subject
from cortiscope.core.evaluation import (
    INTERVAL,
    Comparison,
    Metric,
    R,
    further_metrics,
    same_images,
    vertex_metrics,
)
from cortiscope.core.pipeline.methods import comparison_methods_text, methods_text, references
from cortiscope.core.runs import Run
from cortiscope.cortex_view import ColourScale, CortexMap
from cortiscope.errors import errors_on_page
from cortiscope.look import show_chart, theme
from cortiscope.markup import as_text, show_html, show_note, show_title
from cortiscope.navigation import Page
from cortiscope.pages.compare.brushing import brush_words, brushed, show_scatter
from cortiscope.pages.compare.layer_table import LayerColumn, layer_columns, layer_rows, show_layers
from cortiscope.pages.compare.pair import (
    Pair,
    difference_limit,
    differences_csv,
    images_of_report,
    pair_rows,
    untested_rows,
    vertices_csv,
)
from cortiscope.pages.compare.paired import (
    compare,
    difference_rows,
    largest_html,
    overall_html,
    verdict,
)
from cortiscope.panels.brain import show_brain, show_no_cortex
from cortiscope.panels.downloads import csv_button, csv_text, image_mark
from cortiscope.panels.maps import pick_metric
from cortiscope.panels.methods import opening_lines, show_simulation_note
from cortiscope.panels.roi_responses import rows_as_csv, take_roi
from cortiscope.panels.scores import metric_scale, scored_run
from cortiscope.panels.sidebar import pick_pair, pick_subject
from cortiscope.panels.statistics import show_statistics
from cortiscope.regions import draw_again, region
from cortiscope.roi_chart import MODEL_COLOURS, Axis, RoiRow, Series, roi_chart
from cortiscope.subject.locations import has_rois, unit_of
from cortiscope.subject.model_menu import model_title, unlike

# Beyond this many responses per model reading and comparing them takes more than ten seconds.
_MANY_RESPONSES = 60_000_000

# What follows the vertex or ROI that is selected.
_PLACES = ("compare-brain", "compare-rois", "compare-differences", "statistics")


def render() -> None:
    """Draw the page."""
    subject = pick_subject()
    a, b = pick_pair(subject)
    if b is None:
        st.info(
            "There is one encoding model only. Fit another one in the sidebar to compare it with."
        )
        return
    _compare(subject, a, b)
    show_statistics(subject, [a, b], redraws=_PLACES)
    show_simulation_note(subject, key="compare")


@region("compare")
def _compare(subject: Subject, a: Run, b: Run) -> None:
    """Draw the choice of a metric, the brush, and all that follows them."""
    positions = brushed(subject)
    placed, rois = subject.space.is_placed, has_rois(subject)
    brains = st.container()
    pair = _pair(subject, a, b)
    with brains, errors_on_page():
        if placed:
            _brains(pair, positions)
        else:
            show_no_cortex(subject, "A and B are compared over all voxels.")
    sentence = st.container()
    if causes := unlike(a, b):
        st.warning(as_text(causes))
    columns = layer_columns(subject, a, b)
    charts, panel = st.columns([7, 4], gap="medium")
    differences = None
    with charts, errors_on_page():
        if rois:
            both, differences = st.tabs(
                ["A and B", "A − B"], key="compare-rois-tab", on_change="rerun"
            )
            if both.open:
                with both:
                    _both(pair)
        else:
            _distributions(pair)
    with panel, errors_on_page():
        _layers_or_vertices(pair, columns, positions)
    # Beside the heatmap, which is twice as tall as a chart.
    whole = charts.container()
    # It reads all responses: everything else is on screen before they start.
    comparison = None
    with sentence, errors_on_page():
        comparison = _compared(pair)
    if differences is not None and differences.open:
        with differences, errors_on_page():
            if comparison is not None:
                _differences(pair, comparison)
            else:
                st.caption("The differences have not been tested; the sentence above says why.")
    with whole, errors_on_page():
        where = "the whole cortex" if placed else f"all {subject.space.unit}"
        show_title("Over {where}", where=where)
        show_html(overall_html(pair, comparison))
        if comparison is not None and rois:
            show_title("Where they differ most")
            show_html(largest_html(comparison))
        _downloads(pair, comparison, columns)
    _methods_and_code(pair)


def _compared(pair: Pair) -> Comparison | None:
    """Test the differences, or say why they cannot be tested."""
    a, b = pair.runs
    if not same_images(a, b):
        st.warning(
            "A and B were scored on different images, so their difference cannot be tested. Fit "
            "one of them again with the other’s seed."
        )
        return None
    n_images, n_vertices = a.report.n_images, len(a.report.r)
    asked = f"compare-test-{a.id}-{b.id}"
    if n_images * n_vertices > _MANY_RESPONSES and not st.session_state.get(asked):
        if st.button("Test the differences", key="compare-test"):
            st.session_state[asked] = True
            draw_again()
        st.caption(
            f"{n_images:,} images for {n_vertices:,} "
            f"{pair.subject.space.unit} may take half a minute."
        )
        return None
    comparison = compare(a.id, b.id)
    by = "" if pair.metric is R else "By mean r, which is what is tested: "
    show_html('<p class="cs-verdict">{verdict}</p>', verdict=by + verdict(comparison))
    if a.report.split == a.validation.split:
        st.caption(
            "These are validation images: where a layer or a model was chosen by them, p and "
            "intervals do not account for it, and the difference flatters what was chosen."
        )
    return comparison


def _layers_or_vertices(
    pair: Pair, columns: list[LayerColumn], positions: np.ndarray | None
) -> None:
    """Draw one of two charts; the other is not computed before it is asked for."""
    subject = pair.subject
    layers, vertices = st.tabs(
        ["layers", as_text(f"{unit_of(subject)} by {unit_of(subject)}")],
        key="compare-panel-tab",
        on_change="rerun",
    )
    if layers.open:
        with layers:
            what = "for which ROI" if has_rois(subject) else "predicts best"
            show_title("Which layer {what}?", what=what)
            show_layers(subject, *pair.runs, columns)
    else:
        with vertices:
            show_html(brush_words(pair, positions))
            show_scatter(pair)


def _pair(subject: Subject, a: Run, b: Run) -> Pair:
    """Draw the menu of metrics and return what is compared."""
    known = [m for m in vertex_metrics(a.report) if not m.of_data and not m.missing(b.report)]
    metric = pick_metric(vertex_metrics(), known, key="compare-metric")
    return Pair(subject, (a, b), metric, (scored_run(a, metric), scored_run(b, metric)))


@region("compare-brain")
def _brains(pair: Pair, positions: np.ndarray | None) -> None:
    subject, metric = pair.subject, pair.metric
    values = pair.values
    # Its own scale, from all vertices: a brush must not recolour what it leaves.
    limit = difference_limit(values[0] - values[1], metric)
    shown = np.ones(subject.space.n_vertices(), bool)
    if positions is not None:
        shown[:] = False
        shown[positions] = True
    of_a, of_b = (np.where(shown, own, np.nan) for own in values)
    scale = metric_scale(metric)
    words = f"difference of {metric.title}"
    difference = ColourScale("diverging", -limit, limit, metric.unit, words)
    title_a, title_b = pair.titles
    warm, cool = pair.better
    maps = [
        ("A", of_a, scale, "score", title_a),
        ("B", of_b, scale, "score", title_b),
        (
            "A − B",
            of_a - of_b,
            difference,
            "difference",
            f"warm: {warm} predicts better, cool: {cool}",
        ),
    ]
    show_brain(
        subject,
        [
            CortexMap(title, values.astype(np.float32), own, subtitle, role, subject.simulated)
            for title, values, own, role, subtitle in maps
        ],
        key="compare-brain",
        height=400,
        lit=positions,
        redraws=_PLACES,
    )
    show_note(
        "Per vertex: {definition}; {images}. A and B share one scale; their difference has its "
        "own, symmetric about 0.",
        definition=metric.definition,
        images=pair.images,
    )


@region("compare-rois")
def _both(pair: Pair) -> None:
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
        on_pick=partial(take_roi, redraws=_PLACES),
        csv=rows_as_csv(rows, ["A", "B"], f"{subject.stamp} {definition}".strip()),
    )


def _distributions(pair: Pair) -> None:
    subject, metric = pair.subject, pair.metric
    low, high, width = round_bins(np.concatenate(pair.values))
    shade = theme()
    shown = [
        Distribution(f"{letter}: {title}", own, getattr(colour, shade))
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
        theme=theme(),
    )
    show_chart(figure, key=f"compare-histogram{image_mark(subject)}", height=330)
    what = f"{metric.definition[0].upper()}{metric.definition[1:]}"
    show_note("{what}; {images}.", what=what, images=pair.images)


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


@region("compare-differences")
def _differences(pair: Pair, comparison: Comparison) -> None:
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
        on_pick=partial(take_roi, redraws=_PLACES),
        csv=differences_csv(pair, definition, comparison)
        if metric is R
        else rows_as_csv(rows, ["A - B"], f"{subject.stamp} {definition}".strip()),
    )


def _downloads(pair: Pair, comparison: Comparison | None, columns: list[LayerColumn]) -> None:
    subject, (a, b) = pair.subject, pair.runs
    about = f"A: {model_title(a)}; B: {model_title(b)}; {images_of_report(pair)}"

    def layers() -> str:
        header = ["roi", "n_vertices", *(c.key for c in columns)]
        together = ", hemispheres together" if subject.space.is_placed else ""
        words = f"mean r on {a.validation.n_images} validation images{together}"
        return csv_text(subject, words, header, layer_rows(subject, columns))

    with st.container(horizontal=True, gap="small"):
        if comparison is not None and comparison.places:
            csv_button(
                subject,
                "differences",
                "compare-rois",
                lambda: differences_csv(
                    *(pair, f"{about}; paired jackknife, t", comparison),
                    further_metrics(a.report),
                ),
            )
        unit = subject.space.unit
        csv_button(subject, unit, f"compare-{unit}", lambda: vertices_csv(pair, about))
        csv_button(subject, "layers", "compare-layers", layers)


def _methods_and_code(pair: Pair) -> None:
    subject, (a, b) = pair.subject, pair.runs
    left, right, _ = st.columns([1, 1, 4])
    texts = {
        "A": methods_text(subject, a),
        "B": methods_text(subject, b),
        "A − B": comparison_methods_text(subject, a),
    }
    with left.popover("Methods", key="compare-methods", width="stretch"):
        for what, text in texts.items():
            st.write(f"**{as_text(what)}.** {as_text(text)}")
        st.caption(as_text(references(" ".join(texts.values()))))
    with right.popover("Show the code", key="compare-code", width="stretch"):
        st.code(_code(pair), language="python")


def _code(pair: Pair) -> str:
    a, b = pair.runs
    return opening_lines(pair.subject, a) + (
        f"other = cs.load_run({b.id!r})\n\n"
        "comparison = cs.compare(model, other)  # paired over images\n"
        "table = comparison.table()  # ROI by ROI, with adjusted p\n"
        f"difference = cs.vertex_values(model, {pair.metric.name!r})\n"
        f"difference = difference - cs.vertex_values(other, {pair.metric.name!r})\n"
    )


PAGE = Page("Compare", "compare", render)
