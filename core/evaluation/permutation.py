"""Whether a vertex is predicted better than chance: r against r of shuffled images.

Under the null hypothesis the measured responses belong to no image in particular, so their rows
may be exchanged. That holds for distinct images with one averaged response each, in random
order; not for single trials of repeated images.

References
----------
Nichols and Holmes 2002, Hum. Brain Mapp. 15:1 (maximum statistic). Phipson and Smyth 2010, Stat.
Appl. Genet. Mol. Biol. 9:39 (adding one, so that p is never 0).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cortiscope.core.errors import InvalidInput
from cortiscope.core.evaluation.comparison import adjusted_p
from cortiscope.core.evaluation.correlation import pearson_r

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
