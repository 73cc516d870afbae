"""An encoder's scores: which number is shown, over which vertices, and what it means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from cortiscope.core.datasets import Subject
from cortiscope.core.evaluation import LEAST_STIMULI, Evaluation, RoiScore, normalised_scores
from cortiscope.cortex_view import ColourScale
from cortiscope.panels.roi_responses import roi_places
from cortiscope.roi_chart import Axis, Mark, RoiRow


@dataclass(frozen=True)
class Metric:
    """One way to score a vertex.

    Parameters
    ----------
    meaning : one sentence fragment: what the number of a vertex is.
    roi_meaning : how a ROI's bar comes from its vertices.
    high : top of its scale, the same for all encoders and subjects, so that maps compare.
    bin_width : of its histogram.
    """

    name: str
    title: str
    unit: str
    meaning: str
    roi_meaning: str
    high: float
    bin_width: float

    @property
    def scale(self) -> ColourScale:
        """Sequential from 0."""
        return ColourScale("sequential", 0.0, self.high, self.unit, self.title)

    @property
    def axis_label(self) -> str:
        """What the ROI chart's bars are."""
        return {"": "mean r", "normalised": "score", "ceiling": "mean ceiling"}[self.name]

    def axis(self, rows: Sequence[RoiRow]) -> Axis:
        """Return the ROI chart's axis; it grows where a ceiling lies beyond it."""
        highest = max((row.ceiling or 0 for row in rows), default=0)
        high = max(self.high, float(np.ceil(highest * 10) / 10))
        return Axis(self.axis_label, self.unit if self.unit == "%" else "", 0.0, high)

    @property
    def histogram_low(self) -> float:
        """Correlations can be negative; the other two cannot."""
        return -0.2 if self.name == "" else 0.0


# What stands beside every mean r over vertices.
INTERVAL = "its 95 % interval over images (leave-one-image-out jackknife, t)"

METRICS = {
    m.name: m
    for m in (
        Metric(
            "",
            "r",
            "r",
            "Pearson r between predicted and measured responses",
            f"mean over its vertices, with {INTERVAL}",
            0.8,
            0.025,
        ),
        Metric(
            "normalised",
            "noise-normalised",
            "%",
            "r² over the noise ceiling, in percent; negative r counts 0, cut at 100; undefined "
            "where the ceiling is 0",
            "mean over its vertices whose ceiling is above 0; without an interval, because r² is "
            "biased: its chance level is not 0",
            100.0,
            2.5,
        ),
        Metric(
            "ceiling",
            "noise ceiling",
            "r",
            "square root of the noise ceiling: the r that a perfect model would reach, on average",
            "mean over its vertices; it comes from the repeats, not from the encoder",
            1.0,
            0.025,
        ),
    )
}


def vertex_values(report: Evaluation, metric: Metric) -> np.ndarray | None:
    """Return (n_vertices,) values of a metric, NaN where undefined; None without a ceiling.

    Vertices outside a restricted report are NaN in ``r`` and stay so in every metric.
    """
    r = np.asarray(report.r)
    if metric.name == "":
        return r
    if report.ceiling is None:
        return None
    ceiling = np.asarray(report.ceiling)
    values = np.sqrt(ceiling) if metric.name == "ceiling" else normalised_scores(r, ceiling)
    return np.where(np.isfinite(r), values, np.nan)


def report_rows(subject: Subject, report: Evaluation, metric: Metric) -> list[RoiRow]:
    """Return one bar per ROI and hemisphere, over the vertices that the report keeps."""
    rows = []
    for roi, group, title, colour, h, vertices in roi_places(subject):
        score = report.of(roi, h)
        mark = _mark(score, metric)
        ceiling = score.ceiling_r if metric.name == "" else None
        notes = []
        if score.n < len(vertices):
            notes.append(f"{score.n} of {len(vertices)} vertices are above the threshold")
        if score.n_undefined:
            notes.append(f"{score.n_undefined} constant vertices left out: no correlation")
        if metric.name == "normalised":
            notes += _normalised_notes(score)
        # A ROI below the threshold is not absent: its vertices are there, its value is not.
        n = score.n or len(vertices)
        rows.append(
            RoiRow(roi, group, title, colour, h.value, n, (mark,), ceiling, "; ".join(notes))
        )
    return rows


def _mark(score: RoiScore, metric: Metric) -> Mark | None:
    if metric.name == "normalised":
        return None if score.noise_normalized is None else Mark(score.noise_normalized)
    if metric.name == "ceiling":
        return None if score.ceiling_r is None else Mark(score.ceiling_r)
    return None if score.mean_r is None else Mark(score.mean_r, score.low, score.high)


def _normalised_notes(score: RoiScore) -> list[str]:
    notes = [] if score.chance is None else [f"chance {score.chance:.1f} %"]
    if score.n_zero_ceiling:
        notes.append(
            f"{score.n_zero_ceiling} vertices of ceiling 0 left out; by the challenge’s rule, "
            f"which gives them 100 for any positive r, {score.challenge_score:.1f} %"
        )
    return notes


def interval_text(score: RoiScore) -> str:
    """Write the interval of a place's mean r in brackets, or nothing where there is none."""
    return "" if score.low is None else f" [{_short(score.low)}, {_short(score.high)}]"


def interval_words(report: Evaluation) -> str:
    """Say how the report's intervals come about and what they cover, or why there are none."""
    n, what = report.n_images, "image"
    if report.n_stimuli not in (None, n):
        # Copies of one picture leave together: they are one stimulus.
        n, what = report.n_stimuli, "stimulus"
    if n < LEAST_STIMULI:
        return (
            f"No intervals and no p: {n} {'stimuli' if what == 'stimulus' else 'images'} are fewer "
            f"than the {LEAST_STIMULI} for which they were calibrated."
        )
    return (
        f"Intervals: 95 %, leave-one-{what}-out jackknife with Student’s t "
        f"({n - 1} degrees of freedom), of the mean r; they speak of further images "
        "like these, for these responses and this fitted encoder."
    )


def summary_html(subject: Subject, report: Evaluation) -> str:
    """List the numbers over all kept vertices, each with its definition."""
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
            f"{whole.mean_r:.3f}<small>{interval_text(whole)}</small>",
            "mean r",
            f"over {unit}{bracket}",
        ),
        (f"{whole.median_r:.3f}", "median r", f"half of the {unit} are predicted better"),
    ]
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


def _ceiling_facts(whole: RoiScore, unit: str, source: str) -> list[tuple[str, str, str]]:
    """List what the ceilings tell: the share reached, by which rule, and what chance gives."""
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
                f"{whole.bias_corrected:.1f}<small> %</small>".replace("-", "−"),
                "bias-corrected",
                "mean of r² less what chance adds, over the mean ceiling of the same: 0 on average "
                "for an encoder that knows nothing",
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


def images_of(report: Evaluation, subject: Subject) -> str:
    """Say what the images behind a report are."""
    if report.split == "test":
        return "held-out test images"
    if report.split == "report":
        return "training images kept for this report alone"
    why = subject.conventions.why_no_test_scores
    return f"validation images ({why})" if why else "validation images"


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
