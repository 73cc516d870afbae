"""Which categories the picture had that was seen: read off the posterior over other pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cortiscope.core.evaluation.decoding import TEMPERATURES, log_posterior
from cortiscope.core.evaluation.resampling import image_counts, percentile_intervals


@dataclass(frozen=True)
class CategoryDecoding:
    """What patterns say of the categories of the pictures that were seen.

    Parameters
    ----------
    probability : (n_images, n_categories), the picture that was seen not among the candidates.
    confusion : (n_categories, n_categories) mean probability of each (columns) over the images of
        each (rows); NaN without images.
    """

    scores: tuple[CategoryScore, ...]
    probability: np.ndarray
    confusion: np.ndarray
    temperature: float


def category_prior(members: np.ndarray) -> np.ndarray:
    """Return a prior (n_candidates,) under which every category is as probable as any other.

    A category is drawn, then one of its pictures, so a picture of several categories may be drawn
    by each.

    Parameters
    ----------
    members : (n_candidates, n_categories) bool. A picture of none is one of a category of these.
    """
    weights = np.column_stack([members, ~members.any(axis=1)]).astype(np.float64)
    sizes = weights.sum(axis=0)
    shared: np.ndarray = (weights[:, sizes > 0] / sizes[sizes > 0]).sum(axis=1)
    return shared / shared.sum()


def category_probabilities(
    distances: np.ndarray, own: np.ndarray, members: np.ndarray, temperature: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return how probable each category is for each pattern, and how probable it was before.

    The picture that was seen is left out: what counts is how other pictures of its categories are
    predicted. A pattern is as probably of a category as the posterior of that category's pictures.

    Returns
    -------
    posterior, prior : (n_patterns, n_categories). The prior is the category's share of the
        candidates, which without the picture seen is smaller for a pattern of that category: to
        compare patterns, take ``category_evidence`` of both.
    """
    others = np.array(distances)
    np.put_along_axis(others, own[:, None], np.inf, axis=1)
    possible = np.isfinite(others).astype(np.float64)
    prior = possible @ members / possible.sum(axis=1, keepdims=True)
    return np.clip(np.exp(log_posterior(others, temperature)) @ members, 0, 1), prior


def category_evidence(posterior: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Return the logarithm of the Bayes factor for each category, 0 where a pattern says nothing.

    Parameters
    ----------
    posterior, prior : as ``category_probabilities`` returns them; kept off 0 and 1.
    """
    after, before = (np.clip(p, 1e-6, 1 - 1e-6) for p in (posterior, prior))
    factor = np.log(after) - np.log1p(-after) - np.log(before) + np.log1p(-before)
    return np.round(factor, 9)  # rounding errors are no evidence


def choose_category_temperature(sets: Sequence[np.ndarray], members: Sequence[np.ndarray]) -> float:
    """Return the temperature under which the categories of training images are most probable.

    Parameters
    ----------
    sets : as for ``choose_temperature``.
    members : per set, (n, n_categories) bool.
    """
    choices = np.geomspace(*TEMPERATURES, 71)
    losses = np.zeros(len(choices))
    for distances, has in zip(sets, members, strict=True):
        for k, temperature in enumerate(choices):
            p, _ = category_probabilities(distances, np.arange(len(has)), has, float(temperature))
            # As if every category had been seen and missed half a time among the candidates.
            p = (p * len(has) + 0.5) / (len(has) + 1)
            losses[k] -= float(np.where(has, np.log(p), np.log1p(-p)).sum())
    return float(choices[losses.argmin()])


@dataclass(frozen=True)
class CategoryScore:
    """How well a category is told from the others by patterns.

    Parameters
    ----------
    n : patterns of the category, and ``n_others`` without it.
    auc : probability that a pattern of the category has more evidence for it than another one
        has, .5 by guessing; None where all patterns are on one side.
    low, high : 95 % bootstrap interval over images.
    """

    name: str
    n: int
    n_others: int
    auc: float | None = None
    low: float | None = None
    high: float | None = None


def category_scores(
    names: Sequence[str],
    evidence: np.ndarray,
    members: np.ndarray,
    *,
    n_draws: int = 1000,
    seed: int = 0,
) -> tuple[CategoryScore, ...]:
    """Score the evidence for categories by the area under each one's ROC curve.

    Parameters
    ----------
    evidence, members : (n_images, n_categories).
    """
    counts = image_counts(len(members), n_draws, seed).astype(np.float64)
    found = []
    for name, p, has in zip(names, evidence.T, members.T, strict=True):
        n = int(has.sum())
        if not 0 < n < len(has):
            found.append(CategoryScore(name, n, len(has) - n))
            continue
        difference = p[has][:, None] - p[~has]
        wins = (difference > 0) + 0.5 * (difference == 0)
        drawn, others = counts[:, has], counts[:, ~has]
        with np.errstate(invalid="ignore"):
            draws = ((drawn @ wins) * others).sum(axis=1)
            draws /= drawn.sum(axis=1) * others.sum(axis=1)
        low, high = percentile_intervals(draws[:, None])
        ends = float(low[0]), float(high[0])
        found.append(CategoryScore(name, n, len(has) - n, float(wins.mean()), *ends))
    return tuple(found)
