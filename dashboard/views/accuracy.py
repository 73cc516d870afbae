"""Accuracy: how well one encoder predicts held-out responses, vertex by vertex and ROI by ROI."""

from __future__ import annotations

from html import escape

import numpy as np
import streamlit as st

from core.datasets import Subject
from core.evaluation import Evaluation
from core.runs import Run
from dashboard import state
from dashboard.charts.histogram import vertex_histogram
from dashboard.charts.theme import show_chart
from dashboard.cortex_view import CortexMap
from dashboard.encoder_menu import encoder_title
from dashboard.errors import errors_on_page
from dashboard.panels.brain import focus_roi, selected_vertex, show_brain
from dashboard.panels.downloads import csv_button, csv_text, rounded, vertex_places
from dashboard.panels.methods import methods_and_code, opening_lines, simulation_note
from dashboard.panels.reliability import pick_threshold, report_above, survivors
from dashboard.panels.roi_responses import rows_as_csv, take_roi
from dashboard.panels.scores import (
    METRICS,
    Metric,
    images_of,
    report_rows,
    summary_html,
    vertex_values,
)
from dashboard.panels.sidebar import pick_encoder, pick_subject
from dashboard.panels.vertex_table import show_extremes
from dashboard.roi_chart import Series, roi_chart


def render() -> None:
    """Draw the page."""
    subject = pick_subject()
    run = pick_encoder(subject)
    brain = st.container()
    metric, threshold = _options(subject, run)
    report = report_above(run, threshold)
    with brain, errors_on_page():
        _brain(subject, run, report, metric, threshold)
    chart, panel = st.columns([7, 4], gap="medium")
    with chart, errors_on_page():
        _roi_bars(subject, run, report, metric, threshold)
    with panel, errors_on_page():
        _distribution(subject, report, metric, threshold)
    with errors_on_page():
        show_extremes(subject, report)
        st.html(
            '<p class="cs-note">A click on a row marks the vertex on the cortex. The extremes of '
            "many noisy estimates are partly luck: on new images the best would score lower and "
            "the worst higher.</p>"
        )
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        _downloads(subject, run, report, threshold)
    methods_and_code(subject, run, _code(subject, run, threshold), key="accuracy")
    simulation_note(subject, key="accuracy")


def _options(subject: Subject, run: Run) -> tuple[Metric, float]:
    """Draw what is shown and over which vertices."""
    known = [k for k in METRICS if k == "" or run.report.ceiling is not None]
    left, middle, right = st.columns([4, 3, 4], gap="medium", vertical_alignment="center")
    asked = state.current().metric
    if asked not in METRICS:
        st.warning(f"The address asks for metric “{asked}”; there are normalised and ceiling.")
    chosen = left.segmented_control(
        "metric",
        known,
        default=asked if asked in known else "",
        format_func=lambda k: METRICS[k].title,
        label_visibility="collapsed",
        required=True,
        key="accuracy-metric",
    )
    state.change(metric=chosen or "")
    with middle:
        threshold = pick_threshold(subject)
    unknown = (
        ""
        if run.report.ceiling is not None
        else f" <b>The noise ceiling is unknown</b>: {escape(run.report.ceiling_source[9:])}."
    )
    right.html(f'<p class="cs-note">{escape(survivors(subject, threshold))}{unknown}</p>')
    return METRICS[chosen or ""], threshold


def _brain(
    subject: Subject, run: Run, report: Evaluation, metric: Metric, threshold: float
) -> None:
    values = vertex_values(report, metric)
    if values is None:
        st.info("This needs a noise ceiling, and this subject’s is unknown.")
        return
    show_brain(
        subject,
        [
            CortexMap(
                title=metric.title,
                subtitle=f"{encoder_title(run)} · {report.n_images} {images_of(report)}"
                + _over(threshold),
                values=values.astype(np.float32),
                scale=metric.scale,
                role="score",
                simulated=subject.simulated,
            )
        ],
        key="accuracy-brain",
        height=500,
    )
    place = _vertex_words(subject, report)
    st.html(
        f'<p class="cs-note">Per vertex: {escape(metric.meaning)}. Grey: no data, '
        f"{'below the threshold, ' if threshold > 0 else ''}or constant responses.{place}</p>"
    )


def _vertex_words(subject: Subject, report: Evaluation) -> str:
    """Say what is known about the picked vertex."""
    picked = selected_vertex(state.current().vertex)
    if picked is None:
        return ""
    places = vertex_places(subject)
    for k, (side, number, rois) in enumerate(places):
        if (side, number) == picked:
            r = float(report.r[k])
            score = f"r {r:.2f}" if np.isfinite(r) else "no r shown"
            ceiling = (
                "" if report.ceiling is None else f", ceiling {np.sqrt(report.ceiling[k]):.2f}"
            )
            ncsnr = "" if subject.ncsnr is None else f", ncsnr {subject.ncsnr[k]:.2f}"
            where = escape(rois) or "in no ROI"
            return f" <b>Vertex {number} {side}</b> ({where}): {score}{ceiling}{ncsnr}."
    return ""


def _over(threshold: float) -> str:
    return f" · ncsnr ≥ {threshold:.2f}" if threshold > 0 else ""


def _definition(subject: Subject, report: Evaluation, metric: Metric, threshold: float) -> str:
    return (
        f"{metric.meaning[0].upper()}{metric.meaning[1:]}. Per ROI: {metric.roi_meaning}. "
        f"{report.n_images} {images_of(report)} of {subject.id}{_over(threshold)}."
    )


def _roi_bars(
    subject: Subject, run: Run, report: Evaluation, metric: Metric, threshold: float
) -> None:
    rows = report_rows(subject, report, metric)
    definition = _definition(subject, report, metric, threshold)
    stamped = f"{subject.stamp} {encoder_title(run)}. {definition}".strip()
    roi_chart(
        rows,
        [Series(metric.axis_label, mark="bar")],
        metric.axis(rows),
        key="accuracy-rois",
        height=330,
        title=f"{metric.title[0].upper()}{metric.title[1:]} of each ROI"
        if metric.name
        else "Accuracy of each ROI",
        definition=definition,
        stamp=subject.stamp,
        focus=focus_roi(state.current().roi),
        on_pick=take_roi,
        csv=rows_as_csv(rows, [metric.axis_label], stamped),
    )


def _distribution(subject: Subject, report: Evaluation, metric: Metric, threshold: float) -> None:
    st.html(f'<p class="cs-title">{metric.title} over vertices{escape(_over(threshold))}</p>')
    values = vertex_values(report, metric)
    if values is not None:
        figure = vertex_histogram(
            values,
            low=metric.histogram_low,
            high=metric.high if metric.name else 1.0,
            width=metric.bin_width,
            label=f"{metric.title} ({metric.unit})" if metric.unit == "%" else metric.title,
            stamp=subject.stamp,
        )
        mark = "-SIMULATED" if subject.simulated else ""
        show_chart(figure, key=f"accuracy-histogram{mark}", height=190)
    st.html(summary_html(subject, report))


def _downloads(subject: Subject, run: Run, report: Evaluation, threshold: float) -> None:
    about = f"{encoder_title(run)}; {report.n_images} {images_of(report)}{_over(threshold)}"

    def vertices() -> str:
        header = ["hemisphere", "vertex", "rois", "r", "ceiling_r", "noise_normalised", "ncsnr"]
        blank = np.full(len(report.r), np.nan)
        columns = [vertex_values(report, METRICS[k]) for k in ("", "ceiling", "normalised")]
        columns.append(None if subject.ncsnr is None else np.asarray(subject.ncsnr))
        numbers = zip(*(rounded(blank if c is None else c) for c in columns), strict=True)
        rows = ((*place, *own) for place, own in zip(vertex_places(subject), numbers, strict=True))
        return csv_text(subject, f"{about}; vertex: fsaverage5 number, from 0", header, rows)

    def rois() -> str:
        header = ["roi", "hemisphere", "n_vertices", "n_undefined", "median_r", "low_95"]
        header += ["high_95", "mean_r", "ceiling_r", "noise_normalised_percent"]
        rows = (
            (s.roi, s.hemisphere, s.n, s.n_undefined, s.median_r, s.low)
            + (s.high, s.mean_r, s.ceiling_r, s.noise_normalized)
            for s in report.rois
        )
        return csv_text(subject, f"{about}; intervals: bootstrap over images", header, rows)

    csv_button(subject, "ROIs (CSV)", "accuracy-rois", rois)
    csv_button(subject, "vertices (CSV)", "accuracy-vertices", vertices)


def _code(subject: Subject, run: Run, threshold: float) -> str:
    lines = opening_lines(subject, run) + (
        "report = run.report\n"
        "whole = report.overall\n"
        "print(whole.median_r, whole.mean_r, whole.noise_normalized, whole.n, report.split)\n"
        "for score in report.rois:\n"
        "    print(score.roi, score.hemisphere, score.n, score.median_r, score.low, score.high)\n"
    )
    if threshold <= 0:
        return lines
    return lines + (
        "\nimport numpy as np\n"
        f"keep = subject.ncsnr >= {threshold:.2f}  # chosen from repeats, never from r\n"
        "print(np.nanmedian(report.r[keep]), keep.sum())\n"
    )
