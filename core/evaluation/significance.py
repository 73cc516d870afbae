"""Tests: one model against another, one model against chance; corrected over what is tested.

Pairs of models leave out the same images in turn, so what makes an image easy or hard for both
cancels; the answer holds for these subjects and vertices. A vertex is tested against chance by
shuffling images: under the null hypothesis the measured responses belong to no image in
particular. That holds for distinct images with one averaged response each, in random order; not
for single trials of repeated images.

References
----------
Nichols and Holmes 2002, Hum. Brain Mapp. 15:1 (maximum statistic). Phipson and Smyth 2010, Stat.
Appl. Genet. Mol. Biol. 9:39 (adding one, so that p is never 0).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cortiscope.core.errors import IncompatibleSpace, InvalidInput
from cortiscope.core.evaluation.correlation import pearson_r
from cortiscope.core.evaluation.resampling import jackknife_mean_r


@dataclass(frozen=True)
class PairedDifference:
    """Mean r of models A and B over one group of vertices, and their difference.

    Parameters
    ----------
    n : vertices of the group; 0 where there is none, and every value is None then.
    n_undefined : vertices without a correlation for A or B, left out for both.
    mean_a, mean_b : mean r over the remaining vertices.
    median_a, median_b : median r over the same, as a description.
    difference : ``mean_a - mean_b``.
    low, high : 95 % jackknife t interval of the difference; None with too few stimuli.
    p : two-sided p of no difference, by the same t; None with too few stimuli
        (``resampling.LEAST_STIMULI``).
    """

    n: int
    n_undefined: int = 0
    mean_a: float | None = None
    mean_b: float | None = None
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
    stimuli: np.ndarray | None = None,
) -> tuple[PairedDifference, ...]:
    """Compare two models' mean r per group of vertices by a paired jackknife over stimuli.

    Parameters
    ----------
    pred_a, pred_b, measured : (n_stimuli, n_vertices), the same held-out images in one order.
    groups : positions (n,) of each group's vertices; groups may overlap.
    stimuli : (n_stimuli,) labels, equal for copies of one picture; None where each is its own.

    Returns
    -------
    differences : one per group, in order.
    """
    if not pred_a.shape == pred_b.shape == measured.shape:
        raise IncompatibleSpace(
            f"Predictions {pred_a.shape} and {pred_b.shape} and responses {measured.shape} must "
            "all be (n_stimuli, n_vertices), for the same images."
        )
    r_a, r_b = pearson_r(pred_a, measured), pearson_r(pred_b, measured)
    defined = np.isfinite(r_a) & np.isfinite(r_b)
    kept = [np.asarray(g)[defined[g]] for g in groups]
    of_a, of_b = (jackknife_mean_r(p, measured, kept, stimuli=stimuli) for p in (pred_a, pred_b))
    between = of_a - of_b
    low, high = between.interval()
    numbers = (of_a.estimate, of_b.estimate, between.estimate, low, high, between.p())
    found = []
    for group, own, values in zip(groups, kept, zip(*numbers, strict=True), strict=True):
        n_undefined = len(group) - len(own)
        if len(own) == 0:
            found.append(PairedDifference(len(group), n_undefined))
            continue
        a, b, difference, *tested = (float(v) if np.isfinite(v) else None for v in values)
        medians = float(np.median(r_a[own])), float(np.median(r_b[own]))
        found.append(PairedDifference(len(group), n_undefined, a, b, *medians, difference, *tested))
    return tuple(found)


def adjusted_p(p: np.ndarray) -> np.ndarray:
    """Return Benjamini-Hochberg adjusted p values: the smallest q at which each is found.

    Parameters
    ----------
    p : (n_tests,) between 0 and 1; NaN is no test and stays NaN.

    Notes
    -----
    Holds for independent or positively dependent tests; ROIs that share images and vertices are
    positively dependent.

    References
    ----------
    Benjamini and Hochberg 1995, J. R. Stat. Soc. B 57:289. Benjamini and Yekutieli 2001, Ann.
    Stat. 29:1165 (positive dependence).
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


# Permuted sums that differ by rounding alone are ties.
_TIE = 1e-9


@dataclass(frozen=True)
class PermutationTest:
    """One-sided tests of r > 0 per vertex; NaN where r is undefined.

    Parameters
    ----------
    r : (n_vertices,) observed.
    p : (n_vertices,) for each vertex alone; at least ``1 / (n_permutations + 1)``.
    p_fdr : (n_vertices,) Benjamini-Hochberg adjusted: the smallest false discovery rate at which
        the vertex is found.
    p_max : (n_vertices,) against the largest r of all vertices: the chance of even one false
        finding among them.
    null_max : (n_permutations,) largest r over vertices of each permutation.
    """

    r: np.ndarray
    p: np.ndarray
    p_fdr: np.ndarray
    p_max: np.ndarray
    null_max: np.ndarray


def permutation_test(
    predicted: np.ndarray, measured: np.ndarray, *, n_permutations: int = 1000, seed: int = 0
) -> PermutationTest:
    """Test each vertex's r by shuffling images.

    Parameters
    ----------
    predicted, measured : (n_stimuli, n_vertices), the same held-out images in one order.
    n_permutations : the smallest p is ``1 / (n_permutations + 1)``; to find one vertex alone
        among n at rate q, it must lie below ``q / n``.

    Notes
    -----
    All vertices are shuffled alike, which keeps their dependence: the maximum statistic needs it.
    """
    if n_permutations < 1:
        raise InvalidInput(f"At least 1 permutation is needed; got {n_permutations}.")
    r = pearson_r(predicted, measured)
    tested = np.isfinite(r)
    at_least = np.zeros(len(r))
    max_at_least = np.zeros(len(r))
    null_max = np.full(n_permutations, np.nan)
    if tested.any():
        p, m = _unit_columns(predicted[:, tested]), _unit_columns(measured[:, tested])
        observed = r[tested] - _TIE
        rng = np.random.default_rng(seed)
        for k in range(n_permutations):
            shuffled = np.einsum("ij,ij->j", p[rng.permutation(len(p))], m)
            null_max[k] = shuffled.max()
            at_least[tested] += shuffled >= observed
            max_at_least[tested] += null_max[k] >= observed
    p_value, p_max = (
        np.where(tested, (1 + n) / (1 + n_permutations), np.nan) for n in (at_least, max_at_least)
    )
    return PermutationTest(r, p_value, adjusted_p(p_value), p_max, null_max)


def _unit_columns(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    values = values - values.mean(axis=0)
    return values / np.sqrt((values**2).sum(axis=0))
