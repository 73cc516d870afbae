"""The metrics that every report holds: r, the noise-normalised score and the noise ceiling."""

from __future__ import annotations

import numpy as np

from cortiscope.core.evaluation.challenge import normalised_scores
from cortiscope.core.evaluation.metrics import Metric, Scored, Value
from cortiscope.core.evaluation.report import RoiScore

# What stands beside every mean r over vertices.
INTERVAL = "its 95 % interval over images (leave-one-image-out jackknife, t)"


def _where_r_is_defined(scored: Scored, values: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(scored.report.r), values, np.nan)


def _ceiling(scored: Scored) -> np.ndarray:
    return _where_r_is_defined(scored, np.sqrt(np.asarray(scored.report.ceiling)))


def _normalised(scored: Scored) -> np.ndarray:
    r, ceiling = np.asarray(scored.report.r), np.asarray(scored.report.ceiling)
    return _where_r_is_defined(scored, normalised_scores(r, ceiling))


def _mean_r(score: RoiScore) -> Value | None:
    return None if score.mean_r is None else Value(score.mean_r, score.low, score.high)


def _mean_ceiling(score: RoiScore) -> Value | None:
    return None if score.ceiling_r is None else Value(score.ceiling_r)


def _share_reached(score: RoiScore) -> Value | None:
    return None if score.noise_normalized is None else Value(score.noise_normalized)


def _normalised_remarks(score: RoiScore) -> list[str]:
    remarks = [] if score.chance is None else [f"chance {score.chance:.1f} %"]
    if score.n_zero_ceiling:
        remarks.append(
            f"{score.n_zero_ceiling} vertices of ceiling 0 left out; by the challenge’s rule, "
            f"which gives them 100 for any positive r, {score.challenge_score:.1f} %"
        )
    return remarks


R = Metric(
    name="r",
    title="r",
    definition="Pearson r between predicted and measured responses",
    per_vertex=lambda scored: np.asarray(scored.report.r),
    of_score=_mean_r,
    group_definition=f"mean over its vertices, with {INTERVAL}",
    group_title="mean r",
    unit="r",
    limits=(-1, 1),
    scale_high=0.8,
)

NORMALISED = Metric(
    name="normalised",
    title="noise-normalised",
    definition="r² over the noise ceiling, in percent; negative r counts 0, cut at 100; undefined "
    "where the ceiling is 0",
    per_vertex=_normalised,
    of_score=_share_reached,
    group_definition="mean over its vertices whose ceiling is above 0; without an interval, "
    "because r² is biased: its chance level is not 0",
    group_title="score",
    unit="%",
    limits=(0, 100),
    scale_high=100.0,
    column="noise_normalised",
    needs=("ceiling",),
    remarks=_normalised_remarks,
    chance=lambda score: score.chance,
    source="Gifford et al. 2023, arXiv 2301.03198, eq. 1",
)

CEILING = Metric(
    name="ceiling",
    title="noise ceiling",
    definition="square root of the noise ceiling: the r that a perfect model would reach, on "
    "average",
    per_vertex=_ceiling,
    of_score=_mean_ceiling,
    group_definition="mean over its vertices; it comes from the repeats, not from the model",
    group_title="mean ceiling",
    unit="r",
    limits=(0, 1),
    column="ceiling_r",
    needs=("ceiling",),
    of_data=True,
    source="Allen et al. 2022, Nat. Neurosci. 25:116",
)
