"""Whether one encoder predicts better than another: paired over images, corrected over ROIs.

Both encoders are scored on the same resampled images, so what makes an image easy or hard for
both cancels. As with every image bootstrap, the answer speaks of these subjects and vertices.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import IncompatibleSpace, InvalidInput
from core.evaluation.bootstrap import image_counts, percentile_interval, resampled_r
from core.evaluation.correlation import pearson_r

# Draws from one seed, and draws held at once, which bounds the memory for a whole NSD subject to
# a few hundred megabytes.
_DRAWS_PER_SEED, _DRAWS_AT_ONCE = 250, 1000


@dataclass(frozen=True)
class PairedDifference:
    """Median r of encoders A and B over one group of vertices, and their difference.

    Parameters
    ----------
    n : vertices of the group; 0 where there is none, and every value is None then.
    n_undefined : vertices without a correlation for A or B, left out for both.
    median_a, median_b : median r over the remaining vertices.
    difference : ``median_a - median_b`` (not the median of the vertices' differences).
    low, high : 95 % percentile interval of the difference.
    p : two-sided bootstrap p of no difference; never 0 (see ``bootstrap_p``).
    """

    n: int
    n_undefined: int = 0
    median_a: float | None = None
    median_b: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None


def paired_difference(
    pred_a: np.ndarray,
    pred_b: np.ndarray,
    measured: np.ndarray,
    groups: Sequence[np.ndarray],
    *,
    n_draws: int = 2000,
    seed: int = 0,
) -> tuple[PairedDifference, ...]:
    """Compare two encoders' median r per group of vertices by a paired bootstrap over images.

    Parameters
    ----------
    pred_a, pred_b, measured : (n_stimuli, n_vertices), the same held-out images in one order.
    groups : positions (n,) of each group's vertices; groups may overlap.
    n_draws : bootstrap draws. The smallest possible p is ``2 / (n_draws + 1)``: it must lie below
        ``q / n_groups`` for a single difference to be found after correction.

    Returns
    -------
    differences : one per group, in order.

    References
    ----------
    Efron and Tibshirani 1993, An Introduction to the Bootstrap, ch. 13 (percentile interval).
    """
    if not pred_a.shape == pred_b.shape == measured.shape:
        raise IncompatibleSpace(
            f"Predictions {pred_a.shape} and {pred_b.shape} and responses {measured.shape} must "
            "all be (n_stimuli, n_vertices), for the same images."
        )
    r_a, r_b = pearson_r(pred_a, measured), pearson_r(pred_b, measured)
    defined = np.isfinite(r_a) & np.isfinite(r_b)
    kept = [np.asarray(g)[defined[g]] for g in groups]
    draws = _difference_draws(pred_a, pred_b, measured, kept, n_draws, seed)
    found = []
    for group, own, column in zip(groups, kept, draws.T, strict=True):
        n_undefined = len(group) - len(own)
        if len(own) == 0:
            found.append(PairedDifference(len(group), n_undefined))
            continue
        a, b = float(np.median(r_a[own])), float(np.median(r_b[own]))
        low, high = percentile_interval(column)
        found.append(
            PairedDifference(len(group), n_undefined, a, b, a - b, low, high, p=bootstrap_p(column))
        )
    return tuple(found)


def _difference_draws(
    pred_a: np.ndarray,
    pred_b: np.ndarray,
    measured: np.ndarray,
    groups: Sequence[np.ndarray],
    n_draws: int,
    seed: int,
) -> np.ndarray:
    """Return (n_draws, n_groups) differences of medians; NaN for an empty group."""
    draws = np.full((n_draws, len(groups)), np.nan)
    counts = _counts(len(measured), n_draws, seed)
    for start in range(0, n_draws, _DRAWS_AT_ONCE):
        part = slice(start, start + _DRAWS_AT_ONCE)
        a, b = resampled_r([pred_a, pred_b], measured, counts[part])
        for k, group in enumerate(groups):
            if len(group):
                draws[part, k] = _medians(a[:, group]) - _medians(b[:, group])
    return draws


def _counts(n_stimuli: int, n_draws: int, seed: int) -> np.ndarray:
    """Draw the images (n_draws, n_stimuli), the same for A and for B."""
    starts = range(0, n_draws, _DRAWS_PER_SEED)
    seeds = np.random.SeedSequence(seed).generate_state(len(starts))
    return np.concatenate(
        [
            image_counts(n_stimuli, min(_DRAWS_PER_SEED, n_draws - start), int(own))
            for start, own in zip(starts, seeds, strict=True)
        ]
    )


def _medians(draws: np.ndarray) -> np.ndarray:
    if np.isfinite(draws).all():  # several times faster than the NaN-aware median
        return np.median(draws, axis=1)
    with warnings.catch_warnings():
        # A draw in which every vertex is constant has no median; it drops out.
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanmedian(draws, axis=1)


def bootstrap_p(draws: np.ndarray) -> float:
    """Return a two-sided p for "the statistic is 0", from its bootstrap draws.

    Twice the smaller share of draws on either side of 0, the observed one counted in, so that it
    is never 0: the level at which the percentile interval just reaches 0. Draws at exactly 0
    count for both sides, so two identical encoders have p = 1.

    Parameters
    ----------
    draws : (n_draws,); undefined draws are left out.

    References
    ----------
    Davison and Hinkley 1997, Bootstrap Methods and their Application, ch. 4 (adding one) and 5
    (tests by inverting an interval).
    """
    defined = draws[np.isfinite(draws)]
    smaller = min(int((defined <= 0).sum()), int((defined >= 0).sum()))
    return min(1.0, 2 * (1 + smaller) / (1 + len(defined)))


def adjusted_p(p: np.ndarray) -> np.ndarray:
    """Return Benjamini-Hochberg adjusted p values: the smallest q at which each is found.

    Parameters
    ----------
    p : (n_tests,) between 0 and 1; NaN is no test and stays NaN.
    """
    p = np.asarray(p, dtype=np.float64)
    tested = np.isfinite(p)
    if np.any((p[tested] < 0) | (p[tested] > 1)):
        raise InvalidInput("p values lie between 0 and 1.")
    n = int(tested.sum())
    order = np.argsort(p[tested])
    scaled = p[tested][order] * n / np.arange(1, n + 1)
    # A larger p is never found before a smaller one.
    monotone = np.minimum.accumulate(scaled[::-1])[::-1]
    adjusted = np.empty(n)
    adjusted[order] = np.minimum(monotone, 1)
    out = np.full(p.shape, np.nan)
    out[tested] = adjusted
    return out


def benjamini_hochberg(p: np.ndarray, q: float = 0.05) -> np.ndarray:
    """Say which of several tests are found while the false discovery rate stays below q.

    Parameters
    ----------
    p : (n_tests,); NaN is no test and is never found.
    q : expected share of false ones among those found.

    Returns
    -------
    found : (n_tests,) bool.

    Notes
    -----
    Holds for independent or positively dependent tests; ROIs that share images and vertices are
    positively dependent.

    References
    ----------
    Benjamini and Hochberg 1995, J. R. Stat. Soc. B 57:289. Benjamini and Yekutieli 2001, Ann.
    Stat. 29:1165 (positive dependence).
    """
    return adjusted_p(p) <= q  # NaN compares as False
