"""Scores on held-out images: correlation, noise ceiling, noise-normalised score, intervals."""

from core.evaluation.bootstrap import bootstrap_r, percentile_interval
from core.evaluation.ceiling import ncsnr_from_repeats, noise_ceiling
from core.evaluation.challenge import challenge_scores
from core.evaluation.correlation import pearson_r
from core.evaluation.novelty import Novelty, novelty
from core.evaluation.report import Evaluation, RoiScore, evaluate
from core.evaluation.summary import ScoreSummary, summarize_scores

__all__ = [
    "Evaluation",
    "Novelty",
    "RoiScore",
    "ScoreSummary",
    "bootstrap_r",
    "challenge_scores",
    "evaluate",
    "ncsnr_from_repeats",
    "noise_ceiling",
    "novelty",
    "pearson_r",
    "percentile_interval",
    "summarize_scores",
]
