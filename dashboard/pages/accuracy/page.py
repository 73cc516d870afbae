"""Accuracy: how well one model predicts held-out responses, vertex by vertex and ROI by ROI."""

from __future__ import annotations

from functools import partial
from html import escape

import numpy as np
import streamlit as st

from cortiscope import state
from cortiscope.charts.histogram import vertex_histogram
from cortiscope.core.datasets import Subject
from cortiscope.core.evaluation import (
    CEILING,
    NORMALISED,
    Evaluation,
    Metric,
    R,
    Scored,
    further_metrics,
    further_scores,
    vertex_metrics,
)
from cortiscope.core.runs import Run
from cortiscope.cortex_view import CortexMap
from cortiscope.errors import errors_on_page
from cortiscope.look import show_chart
from cortiscope.markup import Html, html, show_html, show_note, show_title, signed
from cortiscope.navigation import Page
from cortiscope.pages.accuracy.reliability import (
    mask_code,
    mask_words,
    offer_mask,
    pick_threshold,
    scored_above,
    survivors,
    unmasked,
)
from cortiscope.pages.accuracy.vertex_table import show_extremes
from cortiscope.panels.brain import show_brain, show_no_cortex
from cortiscope.panels.detail import show_wide_detail
from cortiscope.panels.downloads import (
    csv_button,
    csv_text,
    image_mark,
    numbering,
    place_columns,
    rounded,
)
from cortiscope.panels.methods import opening_lines, show_methods_and_code, show_simulation_note
from cortiscope.panels.metric_menu import pick_metric
from cortiscope.panels.positions import show_positions
from cortiscope.panels.roi_responses import rows_as_csv, take_roi
from cortiscope.panels.scores import (
    histogram_bins,
    images_of,
    metric_axis,
    metric_scale,
    report_rows,
    summary_html,
)
from cortiscope.panels.sidebar import pick_model, pick_subject
from cortiscope.panels.statistics import show_statistics
from cortiscope.panels.trust import with_reliability
from cortiscope.regions import region
from cortiscope.roi_chart import Series, roi_chart
from cortiscope.subject.locations import find_location, has_rois
from cortiscope.subject.model_menu import model_title

# What follows the vertex or ROI that is selected.
_PLACES = ("accuracy-brain", "accuracy-rois", "accuracy-detail", "statistics", "positions")


def render() -> None:
    """Draw the page."""
    subject = pick_subject()
    run = pick_model(subject)
    _scores(subject, run)
    show_statistics(subject, [run], redraws=_PLACES)
    show_positions(subject, run)
    show_simulation_note(subject, key="accuracy")


@region("accuracy")
def _scores(subject: Subject, run: Run) -> None:
    """Draw the choice of a metric and of vertices, and all that follows it."""
    brain = st.container()
    metric, threshold = _options(subject, run)
    scored = scored_above(run, threshold, metric)
    placed, rois = subject.space.is_placed, has_rois(subject)
    with brain, errors_on_page():
        if placed:
            _brain(subject, run, scored, metric, threshold)
        else:
            show_no_cortex(subject, "The scores of all voxels are shown as a distribution.")
    chart, panel = st.columns([7, 4], gap="medium")
    with chart, errors_on_page():
        if rois:
            _roi_bars(subject, run, scored, metric, threshold)
        else:
            _distribution(subject, scored, metric, threshold, height=370)
    with panel, errors_on_page():
        if rois:
            _distribution(subject, scored, metric, threshold, height=190)
        show_html(summary_html(subject, scored, metric))
        if run.grid_edges and (edges := run.grid_edges.warning(subject.space.unit)):
            show_note("<b>Penalties:</b> {edges}", edges=edges)
    if not rois:
        _detail(subject, run)
    with errors_on_page():
        show_extremes(subject, run, scored, metric, redraws=_PLACES)
        then = "marks the vertex on the cortex" if placed else "shows the voxel above"
        show_note(
            "A click on a row {then}. {chosen}",
            then=then,
            chosen=_extremes_words(run),
        )
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        _downloads(subject, run, scored, threshold)
    code = _code(subject, run, metric, threshold)
    show_methods_and_code(
        subject, run, code, key="accuracy", of_page=_of_page(subject, metric, threshold)
    )


def _extremes_words(run: Run) -> str:
    """Say by which images the extremes are chosen, and what that does to their scores."""
    if run.report.split == run.validation.split:
        return (
            "The extremes of many noisy estimates are partly luck: on new images the best would "
            "score lower and the worst higher."
        )
    return (
        f"Chosen by r on the {run.validation.n_images} validation images, whose extremes are "
        "partly luck; the r beside it is over images that had no part in the choice."
    )


def _options(subject: Subject, run: Run) -> tuple[Metric, float]:
    """Draw what is shown and over which vertices."""
    left, middle, right = st.columns([4, 3, 4], gap="medium", vertical_alignment="center")
    with left:
        metric = pick_metric(
            vertex_metrics(), vertex_metrics(run.report), key="accuracy-metric", more=offer_mask
        )
    with middle:
        threshold = pick_threshold(subject)
    unknown = (
        ""
        if run.report.ceiling is not None
        else html(" <b>The noise ceiling is unknown</b>: {why}.", why=run.report.ceiling_source[9:])
    )
    with right:
        show_note("{kept}{unknown}", kept=survivors(subject, threshold), unknown=unknown)
    return metric, threshold


@region("accuracy-brain")
def _brain(subject: Subject, run: Run, scored: Scored, metric: Metric, threshold: float) -> None:
    report, values, only = scored.report, scored.values(metric), ""
    if (left := unmasked(subject, run)) is not None:
        values, only = np.where(left, values, np.nan), " · where better than chance, FDR .05"
    maps = [
        CortexMap(
            title=metric.title,
            subtitle=f"{model_title(run)} · {report.n_images} {images_of(report, subject)}"
            + _over(threshold)
            + only,
            values=values.astype(np.float32),
            scale=metric_scale(metric),
            role="score",
            simulated=subject.simulated,
        )
    ]
    if not metric.of_data:
        maps = with_reliability(maps, run, of_scores=True)
    show_brain(subject, maps, key="accuracy-brain", height=500, redraws=_PLACES)
    place = _vertex_words(subject, scored, metric)
    show_note(
        "Per vertex: {definition}. Grey: no data, {hidden}or constant responses.{place}",
        definition=metric.definition,
        hidden=("below the threshold, " if threshold > 0 else "")
        + ("not better than chance, " if only else ""),
        place=Html(place),
    )


def _vertex_words(subject: Subject, scored: Scored, metric: Metric) -> str:
    """Say what is known about the picked vertex."""
    report = scored.report
    location = find_location(subject, state.current().vertex_name)
    if location is None:
        return ""
    r = float(report.r[location.position])
    score = f"r {signed(r)}" if np.isfinite(r) else "no r shown"
    if metric.of_score is None:
        score += f", {metric.title} {signed(scored.values(metric)[location.position])}"
    ceiling = (
        ""
        if report.ceiling is None
        else f", ceiling {np.sqrt(report.ceiling[location.position]):.2f}"
    )
    ncsnr = "" if subject.ncsnr is None else f", ncsnr {subject.ncsnr[location.position]:.2f}"
    title = location.title[0].upper() + location.title[1:]
    return f" <b>{title}</b> ({escape(location.where)}): {score}{ceiling}{ncsnr}."


def _over(threshold: float) -> str:
    return f" · ncsnr ≥ {threshold:.2f}" if threshold > 0 else ""


def _definition(subject: Subject, report: Evaluation, metric: Metric, threshold: float) -> str:
    return (
        f"{metric.definition[0].upper()}{metric.definition[1:]}. Per ROI: "
        f"{metric.group_definition}{_chance(report, metric)}. "
        f"{report.n_images} {images_of(report, subject)} of {subject.id}{_over(threshold)}."
    )


def _chance(report: Evaluation, metric: Metric) -> str:
    chance = None if metric.chance is None else metric.chance(report.overall)
    return "" if chance is None else f" ({chance:.1f} % over everything if every true r were 0)"


@region("accuracy-detail")
def _detail(subject: Subject, run: Run) -> None:
    show_wide_detail(subject, run)


@region("accuracy-rois")
def _roi_bars(subject: Subject, run: Run, scored: Scored, metric: Metric, threshold: float) -> None:
    rows = report_rows(subject, scored, metric)
    definition = _definition(subject, scored.report, metric, threshold)
    stamped = f"{subject.stamp} {model_title(run)}. {definition}".strip()
    roi_chart(
        rows,
        [Series(metric.axis_title, mark="bar")],
        metric_axis(metric, rows),
        key="accuracy-rois",
        height=330,
        title=f"{metric.title[0].upper()}{metric.title[1:]} of each ROI"
        if metric.name != "r"
        else "Accuracy of each ROI",
        definition=definition,
        stamp=subject.stamp,
        focus=state.current().roi_name,
        on_pick=partial(take_roi, redraws=_PLACES),
        csv=rows_as_csv(rows, [metric.axis_title], stamped),
    )


def _distribution(
    subject: Subject, scored: Scored, metric: Metric, threshold: float, *, height: int
) -> None:
    unit = subject.space.unit
    show_title("{title} over {unit}{over}", title=metric.title, unit=unit, over=_over(threshold))
    low, high, width = histogram_bins(metric)
    figure = vertex_histogram(
        scored.values(metric),
        low=low,
        high=high,
        width=width,
        label=f"{metric.title} ({metric.unit})" if metric.unit == "%" else metric.title,
        stamp=subject.stamp,
        unit=unit,
    )
    show_chart(figure, key=f"accuracy-histogram{image_mark(subject)}", height=height)


def _downloads(subject: Subject, run: Run, scored: Scored, threshold: float) -> None:
    about = f"{model_title(run)}; {scored.report.n_images} {images_of(scored.report, subject)}"
    about += _over(threshold)
    if has_rois(subject):
        csv_button(subject, "ROIs (CSV)", "accuracy-rois", lambda: rois_csv(subject, scored, about))
    unit = subject.space.unit
    csv_button(
        subject, f"{unit} (CSV)", f"accuracy-{unit}", lambda: vertices_csv(subject, scored, about)
    )


def vertices_csv(subject: Subject, scored: Scored, about: str) -> str:
    """Write every metric of every vertex or voxel."""
    report = scored.report
    header, places = place_columns(subject)
    blank = np.full(len(report.r), np.nan)
    columns = {
        m.table_column: blank if m.missing(report) else scored.values(m)
        for m in (R, CEILING, NORMALISED)
    }
    columns["ncsnr"] = blank if subject.ncsnr is None else np.asarray(subject.ncsnr)
    columns |= {m.table_column: scored.values(m) for m in further_metrics(report)}
    numbers = zip(*map(rounded, columns.values()), strict=True)
    rows = ((*place, *own) for place, own in zip(places, numbers, strict=True))
    words = f"{about}; {numbering(subject)}{_further_words(report)}"
    return csv_text(subject, words, [*header, *columns], rows)


def rois_csv(subject: Subject, scored: Scored, about: str) -> str:
    """Write every metric of every ROI and hemisphere."""
    report, further = scored.report, further_scores(scored)
    header = ["roi", "hemisphere", "n_vertices", "n_undefined", "mean_r", "mean_r_low_95"]
    header += ["mean_r_high_95", "median_r", "mean_ceiling_r", "noise_normalised_percent"]
    header += ["chance_percent", "bias_corrected_percent", "n_zero_ceiling"]
    header += ["algonauts_2023_percent", *(f"mean_{name}" for name in further)]
    rows = (
        (s.roi, s.hemisphere, s.n, s.n_undefined, s.mean_r, s.low, s.high, s.median_r)
        + (s.ceiling_r, s.noise_normalized, s.chance, s.bias_corrected, s.n_zero_ceiling)
        + (s.challenge_score, *own)
        for s, *own in zip(report.rois, *further.values(), strict=True)
    )
    words = f"{about}; {report.statistic}{_further_words(report)}"
    return csv_text(subject, words, header, rows)


def _further_words(report: Evaluation) -> str:
    return "".join(f"; {m.name}: {m.definition}" for m in further_metrics(report))


def _of_page(subject: Subject, metric: Metric, threshold: float) -> str:
    """Say what this page's numbers are, and over what."""
    words = []
    if metric.of_score is None:
        source = f" ({metric.source})" if metric.source else ""
        words.append(
            f"{metric.title}: {metric.definition}; per ROI {metric.group_definition}{source}."
        )
    if threshold > 0:
        words.append(
            f"Only {subject.space.unit} whose ncsnr, as the folder gives it, is at least "
            f"{threshold:.2f} are shown and summarised here."
        )
    return " ".join([*words, *mask_words(subject)])


def _code(subject: Subject, run: Run, metric: Metric, threshold: float) -> str:
    lines = opening_lines(subject, run) + (
        "print(model.report)  # over everything, with its interval\n"
        "table = model.report.table()  # ROI by ROI, every metric\n"
        f"values = cs.vertex_values(model, {metric.name!r})  # (n_vertices,)\n"
    )
    if threshold > 0:
        lines += (
            f"\nkeep = subject.ncsnr >= {threshold:.2f}  # chosen from repeats, never from r\n"
            "values = values[keep]\n"
        )
    return lines + mask_code(subject, run)


PAGE = Page("Accuracy", "accuracy", render)
