"""Compare: two to six models on the same held-out images, and where a difference is certain."""

from __future__ import annotations

from collections.abc import Sequence

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
from cortiscope.errors import errors_on_page
from cortiscope.markup import as_text, show_html, show_note, show_title
from cortiscope.navigation import Page
from cortiscope.pages.compare.brushing import brush_words, brushed, show_scatter
from cortiscope.pages.compare.charts import PLACES, show_both, show_differences, show_distributions
from cortiscope.pages.compare.layer_table import LayerColumn, layer_columns, layer_rows, show_layers
from cortiscope.pages.compare.pair import (
    Compared,
    Pair,
    differences_csv,
    images_of_report,
    unlike,
    vertices_csv,
)
from cortiscope.pages.compare.paired import (
    compare,
    compare_elsewhere,
    largest_html,
    overall_html,
    verdict,
)
from cortiscope.pages.compare.pictures import show_pictures
from cortiscope.pages.compare.published import show_scores
from cortiscope.pages.compare.several import (
    chosen_pair,
    labels,
    overall_table,
    pick_pair,
    seeds_words,
)
from cortiscope.pages.compare.together import kinds_together, show_brains
from cortiscope.panels.brain import show_no_cortex
from cortiscope.panels.downloads import csv_button, csv_text
from cortiscope.panels.methods import opening_lines, show_simulation_note
from cortiscope.panels.metric_menu import pick_metric
from cortiscope.panels.scores import scored_run
from cortiscope.panels.sidebar import pick_models, pick_subject
from cortiscope.panels.statistics import show_statistics
from cortiscope.regions import region
from cortiscope.subject.locations import has_rois, unit_of
from cortiscope.subject.model_menu import model_title

# Beyond this many responses per model reading and comparing them takes more than two seconds.
_MANY_RESPONSES = 8_000_000


def render() -> None:
    """Draw the page."""
    subject = pick_subject()
    models = pick_models(subject)
    if len(models) < 2:
        st.info(
            "There is one encoding model only. Fit another one in the sidebar to compare it with."
        )
        return
    _compare(subject, models)
    show_statistics(subject, models, redraws=PLACES, pair=lambda: _in_r(subject, models).runs)
    show_simulation_note(subject, key="compare")


def _in_r(subject: Subject, runs: Sequence[Run]) -> Pair:
    """Return the two that are tested, by r."""
    scored = tuple(scored_run(run, R) for run in runs)
    return chosen_pair(Compared(subject, tuple(runs), R, scored))


@region("compare")
def _compare(subject: Subject, runs: Sequence[Run]) -> None:
    """Draw the choice of a map and of a pair, the brush, and all that follows them."""
    if state.current().compared != tuple(run.id for run in runs):
        st.rerun()  # a cell of the heatmap chose another model: the whole page follows
    positions = brushed(subject)
    brains = st.container()
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        models = _models(subject, runs)
        pair = chosen_pair(models)
        if len(runs) > 2:
            pick_pair(models, pair)
    with brains, errors_on_page():
        if subject.space.is_placed:
            show_brains(models, pair, positions)
        else:
            show_no_cortex(subject, f"{labels(models)} are compared over all voxels.")
    sentence = st.container(key="compare-verdict")
    if causes := unlike(*pair.runs):
        first, second = pair.letters
        st.warning(as_text(causes.replace("A and B", f"{first} and {second}", 1)))
    columns = layer_columns(subject, runs)
    # Six marks a ROI need the page's width; the heatmap then stands beside the numbers.
    wide = st.container()
    charts, panel = st.columns([7, 4], gap="medium")
    differences = None
    with wide if len(runs) > 2 else charts, errors_on_page():
        names = [labels(models), *([pair.less] if has_rois(subject) else []), "pictures", "scores"]
        each, *middle, pictures, scores = st.tabs(names, key="compare-rois-tab", on_change="rerun")
        differences = next(iter(middle), None)
        if each.open:
            with each, st.container(key="compare-each"):
                (show_both if has_rois(subject) else show_distributions)(models)
        if pictures.open:
            with pictures:
                show_pictures(pair)
        if scores.open:
            with scores:
                show_scores(models)
    with panel, errors_on_page():
        _layers_or_vertices(models, pair, columns, positions)
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
        _numbers(models, pair, comparison)
        _downloads(models, pair, comparison, columns)
    _methods_and_code(pair)


def _numbers(models: Compared, pair: Pair, comparison: Comparison | None) -> None:
    """List what each model reaches over everything, and where the pair differs most."""
    subject = models.subject
    where = "the whole cortex" if subject.space.is_placed else f"all {subject.space.unit}"
    show_title("Over {where}", where=where)
    if len(models.runs) > 2:
        show_html("{table}", table=overall_table(models, pair, _against_reference(models, pair)))
    else:
        show_html(overall_html(pair, comparison))
    if words := seeds_words(models):
        show_note("{words}", words=words)
    if comparison is not None and has_rois(subject):
        show_title("Where {a} and {b} differ most", a=pair.letters[0], b=pair.letters[1])
        show_html(largest_html(comparison, pair.letters))


def _against_reference(models: Compared, pair: Pair) -> dict[str, Comparison]:
    """Return the reference against each model with which it can be paired, by its letter."""
    reference = pair.runs[0]
    n_images, n_vertices = reference.report.n_images, len(reference.report.r)
    if n_images * n_vertices * len(models.runs) > _MANY_RESPONSES:
        return {}
    return {
        letter: compare(reference.id, run.id)
        for letter, run in zip(models.letters, models.runs, strict=False)
        if run.id != reference.id and same_images(reference, run)
    }


def _compared(pair: Pair) -> Comparison | None:
    """Test the differences, or say why they cannot be tested."""
    a, b = pair.runs
    if not same_images(a, b):
        first, second = pair.letters
        st.warning(
            as_text(
                f"{first} and {second} were scored on different images, so their difference "
                "cannot be tested. Fit one of them again with the other’s seed."
            )
        )
        return None
    large = a.report.n_images * len(a.report.r) > _MANY_RESPONSES
    comparison = compare_elsewhere(pair) if large else compare(a.id, b.id)
    if comparison is None:
        return None
    by = "" if pair.metric is R else "By mean r, which is what is tested: "
    show_html('<p class="cs-verdict">{verdict}</p>', verdict=by + verdict(comparison, pair.letters))
    if a.report.split == a.validation.split:
        st.caption(
            "These are validation images: where a layer or a model was chosen by them, p and "
            "intervals do not account for it, and the difference flatters what was chosen."
        )
    return comparison


def _layers_or_vertices(
    models: Compared, pair: Pair, columns: list[LayerColumn], positions: np.ndarray | None
) -> None:
    """Draw one of two charts; the other is not computed before it is asked for."""
    subject = models.subject
    layers, vertices = st.tabs(
        ["layers", as_text(f"{unit_of(subject)} by {unit_of(subject)}")],
        key="compare-panel-tab",
        on_change="rerun",
    )
    if layers.open:
        with layers:
            what = "for which ROI" if has_rois(subject) else "predicts best"
            show_title("Which layer {what}?", what=what)
            show_layers(subject, models.runs, columns)
    else:
        with vertices:
            show_html(brush_words(pair, positions))
            show_scatter(pair)


def _models(subject: Subject, runs: Sequence[Run]) -> Compared:
    """Draw the menu of maps and return what is compared."""
    known = [
        m
        for m in vertex_metrics(runs[0].report)
        if not m.of_data and not any(m.missing(run.report) for run in runs)
    ]
    plain = Compared(subject, tuple(runs), R, tuple(scored_run(run, R) for run in runs))
    metric = pick_metric(
        vertex_metrics(), known, key="compare-metric", further=kinds_together(plain)
    )
    return Compared(subject, tuple(runs), metric, tuple(scored_run(run, metric) for run in runs))


def _downloads(
    models: Compared, pair: Pair, comparison: Comparison | None, columns: list[LayerColumn]
) -> None:
    subject, a = models.subject, pair.runs[0]
    named = zip(models.letters, map(model_title, models.runs), strict=False)
    listed = "; ".join(f"{letter}: {title}" for letter, title in named)
    about = f"{listed}; {images_of_report(pair)}"

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
        csv_button(subject, unit, f"compare-{unit}", lambda: vertices_csv(models, about))
        csv_button(subject, "layers", "compare-layers", layers)


def _methods_and_code(pair: Pair) -> None:
    subject, (a, b) = pair.subject, pair.runs
    row = st.container(horizontal=True, gap="small")
    texts = {
        pair.letters[0]: methods_text(subject, a),
        pair.letters[1]: methods_text(subject, b),
        pair.less: comparison_methods_text(subject, a),
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
