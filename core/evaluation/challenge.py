"""Noise-normalised squared correlation in percent: the Algonauts 2023 rule, and what it hides.

The challenge gives a vertex of ceiling 0 the full 100 for any positive r. Its official number needs
that rule; maps, ROIs and headlines do not and leave such vertices out (``normalised_scores``).
Neither number is 0 for a model that knows nothing, as r squared is not: ``chance_scores`` gives
what it is then, and ``corrected_r2`` takes it away. ``summarize_scores`` pools vertices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc

from cortiscope.core.errors import IncompatibleSpace, InvalidInput

# The challenge divides by this instead of by a ceiling of zero.
_ZERO_CEILING = 1e-14


def challenge_scores(r: np.ndarray, ceiling: np.ndarray) -> np.ndarray:
    """Score each vertex as the challenge did; the official number is the mean over vertices.

    Negative r counts 0, r is squared, a ceiling of 0 is replaced by 1e-14, the ratio is given in
    percent and cut at 100. An undefined r (constant vertex) counts 0.

    Parameters
    ----------
    r : (n_vertices,) Pearson r.
    ceiling : (n_vertices,) fractions, 0 to 1.

    Returns
    -------
    scores : (n_vertices,) float64, 0 to 100.
    """
    r = np.nan_to_num(np.asarray(r, dtype=np.float64), nan=0.0)
    ceiling = np.asarray(ceiling, dtype=np.float64)
    if r.shape != ceiling.shape:
        raise IncompatibleSpace(f"{r.shape[-1]} correlations, {ceiling.shape[-1]} ceilings.")
    if np.any(ceiling > 1) or np.any(ceiling < 0):
        raise InvalidInput(f"Ceilings are fractions from 0 to 1; got up to {ceiling.max():.3g}.")
    explained = np.maximum(r, 0) ** 2
    return np.minimum(100 * explained / np.where(ceiling == 0, _ZERO_CEILING, ceiling), 100)


def normalised_scores(r: np.ndarray, ceiling: np.ndarray) -> np.ndarray:
    """Score each vertex as the challenge does, but NaN where the ceiling is 0.

    Parameters and unit are those of ``challenge_scores``; an undefined r counts 0 here too.
    """
    return np.where(np.asarray(ceiling) > 0, challenge_scores(r, ceiling), np.nan)


def chance_scores(ceiling: np.ndarray, n_images: int | np.ndarray) -> np.ndarray:
    """Return each vertex's expected score where the true r is 0, in percent.

    Parameters
    ----------
    ceiling : (n_vertices,) fractions, 0 to 1.
    n_images : behind r, of all vertices or (n_vertices,) of each.

    Returns
    -------
    scores : (n_vertices,) float64; NaN where the ceiling is 0, or of fewer than 3 images.

    Notes
    -----
    Of n independent pairs of normal values, r squared is Beta(1/2, n/2 - 1) distributed, and r is
    as often negative (and counts 0) as positive: half the mean of min(r squared / ceiling, 1).
    """
    ceiling, n = np.broadcast_arrays(np.asarray(ceiling, float), np.asarray(n_images, float))
    known = (ceiling > 0) & (n >= 3)
    c, b = np.where(known, ceiling, 1.0), np.where(known, n / 2 - 1, 1.0)
    below = betainc(1.5, b, c) / (2 * b + 1) / c
    return np.where(known, 50 * (below + 1 - betainc(0.5, b, c)), np.nan)


def independent_images(ceiling: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return how many images of their own say as much about r as these do, copies among them.

    Copies of a picture have one prediction, and as much of their responses in common as the
    ceiling says.

    Parameters
    ----------
    ceiling : (n_vertices,) fractions, 0 to 1.
    sizes : (n_stimuli,) images of each stimulus.

    Returns
    -------
    n_images : (n_vertices,); the number of images where each is a stimulus of its own.

    References
    ----------
    Kish 1965, Survey Sampling (design effect of clusters).
    """
    n = np.sum(sizes)
    return np.asarray(n / (1 + (np.sum(np.square(sizes)) / n - 1) * np.asarray(ceiling, float)))


def corrected_r2(r: np.ndarray, n_images: int | np.ndarray) -> np.ndarray:
    """Return r squared less what chance adds: ``1 - (1 - r^2) (n - 1) / (n - 2)``.

    It is 0 on average where the true r is 0, so single vertices may be below 0; the sign of r is
    lost. NaN where r is undefined, or of fewer than 3 images.

    References
    ----------
    Ezekiel 1930, Methods of Correlation Analysis (adjusted r squared of one predictor).
    """
    r, n = np.broadcast_arrays(np.asarray(r, float), np.asarray(n_images, float))
    enough = n >= 3
    return np.where(enough, 1 - (1 - r**2) * (n - 1) / np.where(enough, n - 2, 1), np.nan)


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


@dataclass(frozen=True)
class PublishedScore:
    """What a system has reached, on which data and by which rule.

    Parameters
    ----------
    layout : of the dataset; ``split`` : of its images.
    statistic : of a report's score over all vertices: ``challenge_score`` (percent) or
        ``median_r``.
    remark : what it is to be read with.
    """

    system: str
    layout: str
    split: str
    statistic: str
    value: float
    remark: str
    source: str


_OF_EIGHT = "mean over the vertices of eight subjects"
PUBLISHED = (
    PublishedScore(
        *("Memory Encoding Model", "algonauts2023", "test", "challenge_score", 70.85),
        f"winner; {_OF_EIGHT}; it also knew earlier pictures and answers",
        "Yang, Gee and Shi 2023, arXiv:2308.01175",
    ),
    PublishedScore(
        *("Adeli, Minni and Kriegeskorte", "algonauts2023", "test", "challenge_score", 63.52),
        f"second; {_OF_EIGHT}",
        "Adeli et al. 2023, bioRxiv 2023.08.02.551743",
    ),
    PublishedScore(
        *("UARK-SUNY-Albany", "algonauts2023", "test", "challenge_score", 61.57),
        f"third; {_OF_EIGHT}",
        "algonautsproject.com, 10 August 2023",
    ),
    PublishedScore(
        *("AlexNet baseline", "algonauts2023", "test", "challenge_score", 40.97),
        f"a participant's run of the challenge's notebook; {_OF_EIGHT}",
        "public scorer of the Algonauts 2023 challenge",
    ),
    PublishedScore(
        *("Chimisso", "algonauts2023", "test", "challenge_score", 39.99),
        f"51st of 100; {_OF_EIGHT}",
        "public scorer of the Algonauts 2023 challenge",
    ),
    PublishedScore(
        *("img2brain, untrained AlexNet", "img2brain", "test", "median_r", 0.2417),
        "median r of its best regressor; the network had no weights",
        "img2brain's table of models",
    ),
)
"""Published scores that people set their own beside, the highest of each data first."""


def comparable_scores(layout: str, split: str, statistic: str) -> tuple[PublishedScore, ...]:
    """Return those of the same data, images and rule; of anything else a number says nothing."""
    asked = (layout, split, statistic)
    return tuple(own for own in PUBLISHED if (own.layout, own.split, own.statistic) == asked)
