"""The numbers of a group of vertices: mean and median r, noise-normalised r2, how many of what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cortiscope.core.errors import IncompatibleSpace
from cortiscope.core.evaluation.challenge import (
    challenge_scores,
    chance_scores,
    corrected_r2,
    normalised_scores,
)


@dataclass(frozen=True)
class ScoreSummary:
    """Scores pooled over vertices; what needs ceilings is None without them.

    Parameters
    ----------
    n_vertices : vertices of the group.
    n_undefined : those without a correlation: left out of median and mean, 0 in the scores.
    median_r, mean_r : over the defined vertices; None where there is none.
    challenge_score : the Algonauts 2023 number, 0 to 100: mean over all vertices of the
        noise-normalised squared correlation in percent.
    n_zero_ceiling : vertices whose ceiling is 0; the challenge gives them 100 for any positive r.
    noise_normalized : the same mean without those vertices; None where no other is left.
    chance : what ``noise_normalized`` would be on average if the true r were 0 everywhere.
    bias_corrected : r squared less what chance adds, over the ceiling, each averaged over the same
        vertices, in percent: 0 on average where the true r is 0 everywhere.
    """

    n_vertices: int
    n_undefined: int
    median_r: float | None = None
    mean_r: float | None = None
    challenge_score: float | None = None
    n_zero_ceiling: int | None = None
    noise_normalized: float | None = None
    chance: float | None = None
    bias_corrected: float | None = None


def summarize_scores(
    r: np.ndarray,
    ceiling: np.ndarray | None = None,
    n_images: int | np.ndarray | None = None,
) -> ScoreSummary:
    """Pool vertices into one summary.

    Parameters
    ----------
    r : (n_vertices,) Pearson r, NaN where undefined.
    ceiling : (n_vertices,) noise ceilings, fractions 0 to 1.
    n_images : behind r, of all vertices or (n_vertices,) of each; without it ``chance`` and
        ``bias_corrected`` are None.

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
    reliable = ceiling > 0
    normalised, chance, corrected = None, None, None
    if reliable.any():
        normalised = float(normalised_scores(r, ceiling)[reliable].mean())
        if n_images is not None and np.all(np.asarray(n_images) >= 3):
            chance = float(chance_scores(ceiling, n_images)[reliable].mean())
            explained = np.nan_to_num(corrected_r2(r, n_images))
            corrected = float(100 * explained[reliable].sum() / ceiling[reliable].sum())
    return ScoreSummary(
        n_vertices=n,
        n_undefined=n_undefined,
        median_r=median,
        mean_r=mean,
        challenge_score=float(challenge_scores(r, ceiling).mean()) if n else None,
        n_zero_ceiling=int(n - reliable.sum()),
        noise_normalized=normalised,
        chance=chance,
        bias_corrected=corrected,
    )
