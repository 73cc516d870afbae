"""The numbers of a group of vertices: median and mean r, challenge score, how many of what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.errors import IncompatibleSpace
from core.evaluation.challenge import challenge_scores


@dataclass(frozen=True)
class ScoreSummary:
    """Scores pooled over vertices.

    Parameters
    ----------
    n_vertices : vertices of the group.
    n_undefined : those without a correlation: left out of median and mean, 0 in the challenge's
        score.
    median_r, mean_r : over the defined vertices; None where there is none.
    challenge_score : the Algonauts 2023 number, 0 to 100: mean over all vertices of the
        noise-normalised squared correlation in percent; None without ceilings.
    n_zero_ceiling : vertices whose ceiling is 0; the challenge gives them 100 for any positive r.
        None without ceilings.
    challenge_score_above_zero_ceiling : the same mean without those vertices.
    """

    n_vertices: int
    n_undefined: int
    median_r: float | None
    mean_r: float | None
    challenge_score: float | None = None
    n_zero_ceiling: int | None = None
    challenge_score_above_zero_ceiling: float | None = None


def summarize_scores(r: np.ndarray, ceiling: np.ndarray | None = None) -> ScoreSummary:
    """Pool vertices into one summary.

    Parameters
    ----------
    r : (n_vertices,) Pearson r, NaN where undefined.
    ceiling : (n_vertices,) noise ceilings, fractions 0 to 1.

    References
    ----------
    Gifford et al. 2023, arXiv 2301.03198, eq. 1 (challenge score; the mean over vertices).
    """
    r = np.asarray(r, dtype=np.float64)
    defined = r[np.isfinite(r)]
    n, n_undefined = r.size, r.size - defined.size
    median = float(np.median(defined)) if defined.size else None
    mean = float(defined.mean()) if defined.size else None
    if ceiling is None:
        return ScoreSummary(n, n_undefined, median, mean)
    ceiling = np.asarray(ceiling, dtype=np.float64)
    if ceiling.shape != r.shape:
        raise IncompatibleSpace(f"{r.size} correlations, {ceiling.size} ceilings.")
    scores, reliable = challenge_scores(r, ceiling), ceiling > 0
    return ScoreSummary(
        n,
        n_undefined,
        median,
        mean,
        float(scores.mean()) if n else None,
        int(n - reliable.sum()),
        float(scores[reliable].mean()) if reliable.any() else None,
    )
