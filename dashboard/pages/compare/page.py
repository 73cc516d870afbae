"""Compare: two models on the same held-out images, and where the difference is certain."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cortiscope import state
from cortiscope.core.datasets import Subject
from cortiscope.core.evaluation import (
    Comparison,
    R,
    further_metrics,
    same_images,
    vertex_metrics,
)
from cortiscope.core.pipeline.methods import comparison_methods_text, methods_text, references
from cortiscope.core.runs import Run
from cortiscope.cortex_view import ColourScale, CortexMap
from cortiscope.errors import errors_on_page
from cortiscope.markup import as_text, show_html, show_note, show_title
from cortiscope.navigation import Page
from cortiscope.pages.compare.brushing import brush_words, brushed, show_scatter
from cortiscope.pages.compare.charts import PLACES, show_both, show_differences, show_distributions
from cortiscope.pages.compare.layer_table import LayerColumn, layer_columns, layer_rows, show_layers
from cortiscope.pages.compare.pair import (
    Pair,
    difference_limit,
    differences_csv,
    images_of_report,
    vertices_csv,
)
from cortiscope.pages.compare.paired import (
    compare,
    largest_html,
    overall_html,
    verdict,
)
from cortiscope.panels.brain import show_brain, show_no_cortex
from cortiscope.panels.downloads import csv_button, csv_text
from cortiscope.panels.maps import pick_metric
from cortiscope.panels.methods import opening_lines, show_simulation_note
from cortiscope.panels.scores import metric_scale, scored_run
from cortiscope.panels.sidebar import pick_models, pick_subject
from cortiscope.panels.statistics import show_statistics
from cortiscope.regions import draw_again, region
from cortiscope.subject.locations import has_rois, unit_of
from cortiscope.subject.model_menu import model_title, unlike

# Beyond this many responses per model reading and comparing them takes more than ten seconds.
_MANY_RESPONSES = 60_000_000


def render() -> None:
    """Draw the page."""
    subject = pick_subject()
    models = pick_models(subject)
    if len(models) < 2:
        st.info(
            "There is one encoding model only. Fit another one in the sidebar to compare it with."
        )
        return
    a, b = models[:2]
    _compare(subject, a, b)
    show_statistics(subject, [a, b], redraws=PLACES)
    show_simulation_note(subject, key="compare")


@region("compare")
def _compare(subject: Subject, a: Run, b: Run) -> None:
    """Draw the choice of a metric, the brush, and all that follows them."""
    now = state.current()
    if now.compared[:2] != (a.id, b.id):
        st.rerun()  # a cell of the heatmap chose another model: the whole page follows
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
                    show_both(pair)
        else:
            show_distributions(pair)
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
                show_differences(pair, comparison)
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
        redraws=PLACES,
    )
    show_note(
        "Per vertex: {definition}; {images}. A and B share one scale; their difference has its "
        "own, symmetric about 0.",
        definition=metric.definition,
        images=pair.images,
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
    row = st.container(horizontal=True, gap="small")
    texts = {
        "A": methods_text(subject, a),
        "B": methods_text(subject, b),
        "A − B": comparison_methods_text(subject, a),
    }
    with row.popover("Methods", key="compare-methods"):
        for what, text in texts.items():
            st.write(f"**{as_text(what)}.** {as_text(text)}")
        st.caption(as_text(references(" ".join(texts.values()))))
    with row.popover("Show the code", key="compare-code"):
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
