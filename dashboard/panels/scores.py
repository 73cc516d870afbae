"""A model's scores: which number is shown, over which vertices, and what it means."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
import streamlit as st

from cortiscope import services
from cortiscope.core.datasets import Subject
from cortiscope.core.evaluation import (
    INTERVAL,
    Evaluation,
    Metric,
    RoiScore,
    Scored,
)
from cortiscope.core.evaluation.report import images_of, interval_words
from cortiscope.core.runs import Run
from cortiscope.cortex_view import ColourScale
from cortiscope.markup import signed
from cortiscope.panels.roi_responses import roi_places
from cortiscope.roi_chart import Axis, Mark, RoiRow


def scored_run(
    run: Run,
    *metrics: Metric,
    report: Evaluation | None = None,
    keep: np.ndarray | None = None,
    kept_by: str = "",
) -> Scored:
    """Return a run on the images of its report, with the values of some metrics remembered.

    Parameters
    ----------
    report, keep : over some vertices only; see ``Scored``.
    kept_by : how these were chosen, in words that name the choice.
    """
    subject = services.subject(run.subject)
    scored = Scored.of_model(
        *(run, subject),
        report=report,
        responses=lambda: services.reported_responses(run),
        keep=keep,
    )
    for metric in metrics:
        if metric.of_score is None:
            key = (run.id, subject.state, metric.name, kept_by)
            scored.remember(metric, _values(key, scored, metric))
    return scored


@st.cache_data(show_spinner="Computing it for every vertex …", max_entries=128)
def _values(key: tuple[str, ...], _scored: Scored, _metric: Metric) -> np.ndarray:
    """Compute (n_vertices,) values; only the key is compared with earlier calls."""
    return _scored.values(_metric)


def metric_scale(metric: Metric) -> ColourScale:
    """Return the scale of a metric's maps: sequential from 0."""
    return ColourScale("sequential", 0.0, metric.scale_high, metric.unit, metric.title)


def metric_axis(metric: Metric, rows: Sequence[RoiRow]) -> Axis:
    """Return the ROI chart's axis; it grows where a ceiling or a value lies beyond it."""
    values = [mark.value for row in rows for mark in row.marks if mark is not None]
    highest = max((row.ceiling or 0 for row in rows), default=0)
    low = float(np.floor(min([0.0, *values]) * 10) / 10)
    high = max(metric.scale_high, float(np.ceil(highest * 10) / 10))
    return Axis(metric.axis_title, metric.unit if metric.unit == "%" else "", low, high)


def histogram_bins(metric: Metric) -> tuple[float, float, float]:
    """Return low end, high end and width of the bins of a metric's histogram."""
    high = metric.limits[1] if np.isfinite(metric.limits[1]) else metric.scale_high
    return (-0.2 * high if metric.limits[0] < 0 else 0.0), float(high), high / 40


def report_rows(subject: Subject, scored: Scored, metric: Metric) -> list[RoiRow]:
    """Return one bar per ROI and hemisphere, over the vertices that the report keeps."""
    rows = []
    for roi, group, title, colour, h, vertices in roi_places(subject):
        score, value = scored.report.of(roi, h), metric.of_group(scored, roi, h.value)
        mark = None if value is None else Mark(value.value, value.low, value.high)
        ceiling = score.ceiling_r if metric.name == "r" else None
        notes = []
        if score.n < len(vertices):
            notes.append(f"{score.n} of {len(vertices)} vertices are above the threshold")
        if score.n_undefined:
            notes.append(f"{score.n_undefined} constant vertices left out: no correlation")
        if metric.remarks is not None:
            notes += metric.remarks(score)
        # A ROI below the threshold is not absent: its vertices are there, its value is not.
        n = score.n or len(vertices)
        rows.append(
            RoiRow(roi, group, title, colour, h.value, n, (mark,), ceiling, "; ".join(notes))
        )
    return rows


def interval_text(score: RoiScore) -> str:
    """Write the interval of a place's mean r in brackets, or nothing where there is none."""
    return "" if score.low is None else f" [{_short(score.low)}, {_short(score.high)}]"


def summary_html(subject: Subject, scored: Scored, metric: Metric) -> str:
    """List the numbers over all kept vertices, each with its definition.

    Parameters
    ----------
    metric : shown; it has a line of its own where the report has none for it.
    """
    report = scored.report
    whole, unit = report.overall, subject.space.unit
    n = whole.n - whole.n_undefined
    if whole.n and (whole.median_r is None or whole.mean_r is None):
        return (
            f'<p class="cs-note">No r: predictions or responses of all {whole.n:,} {unit} are '
            "constant.</p>"
        )
    if whole.median_r is None or whole.mean_r is None:
        return f'<p class="cs-note">None of the {unit} is left: nothing to summarise.</p>'
    bracket = "" if whole.low is None else f"; in brackets {INTERVAL}"
    facts = [
        (
            f"{signed(whole.mean_r, 3)}<small>{interval_text(whole)}</small>",
            "mean r",
            f"over {unit}{bracket}",
        ),
        (f"{signed(whole.median_r, 3)}", "median r", f"half of the {unit} are predicted better"),
    ]
    if metric.of_score is None:
        value = metric.of_group(scored, whole.roi, whole.hemisphere)
        number = "undefined" if value is None else metric_number(value.value, metric)
        facts.append((number, metric.axis_title, f"over {unit}"))
    if whole.ceiling_r is not None:
        facts += _ceiling_facts(whole, unit, report.ceiling_source)
    else:
        facts.append(
            ("unknown", "noise ceiling", escape(report.ceiling_source.removeprefix("unknown: ")))
        )
    rows = "".join(f"<dt>{v}</dt><dd><b>{t}</b> {escape(d)}</dd>" for v, t, d in facts)
    left_out = f", {whole.n_undefined} constant ones left out" if whole.n_undefined else ""
    without = f"{interval_words(report)} " if whole.low is None else ""
    return (
        f'<dl class="cs-facts">{rows}</dl><p class="cs-note">Over {n:,} {unit}{of_both(subject)}'
        f"{left_out}; {report.n_images} {escape(images_of(report, subject))}. "
        f"{escape(without)}{escape(subject.stamp)}</p>"
    )


def metric_number(value: float, metric: Metric) -> str:
    """Write one number of a metric, for a list of facts."""
    percent = metric.unit == "%"
    return signed(value, 1 if percent else 3) + ("<small> %</small>" if percent else "")


def _ceiling_facts(whole: RoiScore, unit: str, source: str) -> list[tuple[str, str, str]]:
    """List what follows from the ceilings: the share reached, its rule, and what chance gives."""
    facts = []
    if whole.noise_normalized is not None:
        left_out = f" of ceiling above 0 ({whole.n_zero_ceiling:,} left out)"
        chance = "" if whole.chance is None else f"; chance {whole.chance:.1f} %"
        facts.append(
            (
                f"{whole.noise_normalized:.1f}<small> %</small>",
                "noise-normalised",
                f"mean over {unit}{left_out if whole.n_zero_ceiling else ''} of r² / ceiling, "
                f"negative r as 0, cut at 100 %{chance}",
            )
        )
    if whole.bias_corrected is not None:
        facts.append(
            (
                f"{signed(whole.bias_corrected, 1)}<small> %</small>",
                "bias-corrected",
                "mean of r² less what chance adds, over the mean ceiling of the same: 0 on average "
                "for a model without information",
            )
        )
    if whole.n_zero_ceiling and whole.challenge_score is not None:
        facts.append(
            (
                f"{whole.challenge_score:.1f}<small> %</small>",
                "Algonauts 2023 score",
                f"over all {unit}: a ceiling of 0 counts 100 for any positive r",
            )
        )
    words = (
        f"mean over {unit} of its square root: the mean r a perfect model would reach; from "
        f"{source}"
    )
    return [*facts, (f"{whole.ceiling_r:.3f}", "noise ceiling", words)]


def of_both(subject: Subject) -> str:
    """Return " of both hemispheres" where there are any."""
    return " of both hemispheres" if subject.space.is_placed else ""


def _short(value: float | None) -> str:
    return "" if value is None else signed(value)
