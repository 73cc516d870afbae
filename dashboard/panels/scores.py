"""An encoder's scores: which number is shown, over which vertices, and what it means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from core.datasets import Subject
from core.evaluation import Evaluation, RoiScore, challenge_scores
from dashboard.cortex_view import ColourScale
from dashboard.panels.roi_responses import roi_places
from dashboard.roi_chart import Axis, Mark, RoiRow


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
        return {"": "median r", "normalised": "score", "ceiling": "median ceiling"}[self.name]

    def axis(self, rows: Sequence[RoiRow]) -> Axis:
        """Return the ROI chart's axis; it grows where a ceiling lies beyond it."""
        highest = max((row.ceiling or 0 for row in rows), default=0)
        high = max(self.high, float(np.ceil(highest * 10) / 10))
        return Axis(self.axis_label, self.unit if self.unit == "%" else "", 0.0, high)

    @property
    def histogram_low(self) -> float:
        """Correlations can be negative; the other two cannot."""
        return -0.2 if self.name == "" else 0.0


METRICS = {
    m.name: m
    for m in (
        Metric(
            "",
            "r",
            "r",
            "Pearson r between predicted and measured responses",
            "median r over its vertices, with its 95 % bootstrap interval over images",
            0.8,
            0.025,
        ),
        Metric(
            "normalised",
            "noise-normalised",
            "%",
            "r² over the noise ceiling, in percent; negative r counts 0, cut at 100",
            "mean over its vertices (the Algonauts 2023 score); without an interval, because "
            "resampling images inflates r²",
            100.0,
            2.5,
        ),
        Metric(
            "ceiling",
            "noise ceiling",
            "r",
            "square root of the noise ceiling: the r that a perfect model would reach, on average",
            "median over its vertices; it comes from the repeats, not from the encoder",
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
    values = np.sqrt(ceiling) if metric.name == "ceiling" else challenge_scores(r, ceiling)
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
    return None if score.median_r is None else Mark(score.median_r, score.low, score.high)


def summary_html(subject: Subject, report: Evaluation) -> str:
    """List the numbers over all kept vertices, each with its definition."""
    whole, unit = report.overall, subject.space.unit
    n = whole.n - whole.n_undefined
    if whole.median_r is None or whole.mean_r is None:
        return f'<p class="cs-note">None of the {unit} is left: nothing to summarise.</p>'
    interval = "" if whole.low is None else f" [{_short(whole.low)}, {_short(whole.high)}]"
    facts = [
        (
            f"{whole.median_r:.3f}<small>{interval}</small>",
            "median r",
            f"half of the {unit} are predicted better; in brackets the 95 % bootstrap interval "
            "over images",
        ),
        (f"{whole.mean_r:.3f}", "mean r", f"over the same {unit}"),
    ]
    if whole.ceiling_r is not None and whole.noise_normalized is not None:
        facts += [
            (
                f"{whole.noise_normalized:.1f}<small> %</small>",
                "noise-normalised",
                f"mean over {unit} of r² / ceiling, negative r as 0, cut at 100 %",
            ),
            (
                f"{whole.ceiling_r:.3f}",
                "noise ceiling",
                f"median over {unit} of its square root: the r a perfect model would reach",
            ),
        ]
    else:
        facts.append(("unknown", "noise ceiling", escape(report.ceiling_source)))
    rows = "".join(f"<dt>{v}</dt><dd><b>{t}</b> {escape(d)}</dd>" for v, t, d in facts)
    left_out = f", {whole.n_undefined} constant ones left out" if whole.n_undefined else ""
    return (
        f'<dl class="cs-facts">{rows}</dl><p class="cs-note">Over {n:,} {unit}{of_both(subject)}'
        f"{left_out}; {report.n_images} {escape(images_of(report))}. "
        f"{escape(subject.stamp)}</p>"
    )


def of_both(subject: Subject) -> str:
    """Return " of both hemispheres" where there are any."""
    return " of both hemispheres" if subject.space.is_placed else ""


def images_of(report: Evaluation) -> str:
    """Say what the images behind a report are."""
    if report.split == "test":
        return "held-out test images"
    return "validation images (the test responses of this subject are withheld)"


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
