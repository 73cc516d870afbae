"""Representational similarity: whether a model and an area call the same images alike.

A representational dissimilarity matrix (RDM) holds 1 - Pearson r of the patterns of every two
images. RDMs are compared by ranks, over the pairs above the diagonal.

References
----------
Kriegeskorte, Mur and Bandettini 2008, Front. Syst. Neurosci. 2:4 (RDMs). Nili et al. 2014, PLoS
Comput. Biol. 10:e1003553 (noise ceiling). Schuett et al. 2023, eLife 12:e82566 (rho-a; bootstrap
without pairs of an image with itself).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cortiscope.core.errors import IncompatibleSpace, InvalidInput, check_option
from cortiscope.core.evaluation.bootstrap import image_counts
from cortiscope.core.evaluation.identification import pattern_correlations

METHODS = ("spearman", "rho-a")


def compute_rdm(patterns: np.ndarray) -> np.ndarray:
    """Return how unlike the patterns of every two images are.

    Parameters
    ----------
    patterns : (n_stimuli, n_features or n_vertices).

    Returns
    -------
    rdm : (n_stimuli, n_stimuli), 1 - Pearson r, 0 to 2, diagonal 0; NaN in row and column of an
        image whose pattern is constant.
    """
    r = pattern_correlations(patterns, patterns)
    rdm = 1 - (r + r.T) / 2  # exactly symmetric
    np.fill_diagonal(rdm, np.where(np.isfinite(np.diagonal(r)), 0.0, np.nan))
    return rdm


def compare_rdms(a: np.ndarray, b: np.ndarray, *, method: str = "spearman") -> float:
    """Correlate the ranks of two RDMs.

    Parameters
    ----------
    a, b : (n_stimuli, n_stimuli), the same images in one order.
    method : ``spearman``, or ``rho-a``: the value expected if ties were broken at random, which
        does not favour models that predict ties (categories).

    Returns
    -------
    rho : -1 to 1; NaN with fewer than 2 defined pairs, and for ``spearman`` if either is constant.
    """
    return float(_compare(a, b, np.ones((1, len(a))), method)[0])


def bootstrap_rdms(
    a: np.ndarray,
    b: np.ndarray,
    *,
    method: str = "spearman",
    n_draws: int = 1000,
    seed: int = 0,
) -> np.ndarray:
    """Compare two RDMs on images drawn with replacement.

    Parameters
    ----------
    a, b : (n_stimuli, n_stimuli).

    Returns
    -------
    rho : (n_draws,). Pairs of two copies of one image are left out: their dissimilarity of 0 in
        both RDMs would make these look alike.
    """
    return _compare(a, b, image_counts(len(a), n_draws, seed), method)


def _compare(a: np.ndarray, b: np.ndarray, counts: np.ndarray, method: str) -> np.ndarray:
    """Return (n_draws,) rank correlations, each image taken ``counts`` (n_draws, n_stimuli) times.

    Copies of a pair share its rank, so ranks follow from weighted counts of the distinct values:
    no draw is sorted.
    """
    check_option("RDM comparison", method, METHODS)
    if a.shape != b.shape or a.ndim != 2 or a.shape[0] != a.shape[1]:
        raise IncompatibleSpace(
            f"RDMs {a.shape} and {b.shape} must both be (n_stimuli, n_stimuli), of the same images."
        )
    rows, columns = np.triu_indices(len(a), 1)
    defined = np.isfinite(a[rows, columns]) & np.isfinite(b[rows, columns])
    rows, columns = rows[defined], columns[defined]
    codes = [np.unique(m[rows, columns], return_inverse=True)[1] for m in (a, b)]
    rho = np.full(len(counts), np.nan)
    for k, own in enumerate(counts):
        weights = own[rows].astype(np.float64) * own[columns]
        total = weights.sum()
        if total < 2:
            continue
        x, y = (_centred_ranks(code, weights) for code in codes)
        cross = (weights * x * y).sum()
        if method == "rho-a":
            scale = (total**3 - total) / 12
        else:
            scale = np.sqrt((weights * x * x).sum() * (weights * y * y).sum())
        if scale > 0:
            rho[k] = np.clip(cross / scale, -1, 1)
    return rho


def _centred_ranks(code: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return mid-ranks less their mean, of values numbered in order, each there weights times."""
    held = np.bincount(code, weights=weights)
    middle = np.cumsum(held) - (held - 1) / 2
    return middle[code] - (weights.sum() + 1) / 2


def rdm_noise_ceiling(
    rdms: Sequence[np.ndarray], *, method: str = "spearman"
) -> tuple[float, float]:
    """Return how well the best model could do on these subjects' RDMs, from below and above.

    Parameters
    ----------
    rdms : one (n_stimuli, n_stimuli) per subject, the same images in one order.

    Returns
    -------
    lower, upper : mean over subjects of the comparison with the mean of the others' ranks, and
        with the mean of all ranks, the subject included.

    Notes
    -----
    Pairs undefined in any subject are left out. A single subject has no such ceiling.
    """
    if len(rdms) < 2:
        raise InvalidInput(f"An RDM noise ceiling needs at least 2 subjects; got {len(rdms)}.")
    if len({m.shape for m in rdms}) > 1:
        raise IncompatibleSpace("The subjects' RDMs must be of the same images.")
    stack = np.stack([np.asarray(m, dtype=np.float64) for m in rdms])
    rows, columns = np.triu_indices(stack.shape[1], 1)
    pairs = stack[:, rows, columns]
    defined = np.isfinite(pairs).all(axis=0)
    ranks = np.full(stack.shape, np.nan)
    for rank, own in zip(ranks, pairs, strict=True):
        code = np.unique(own[defined], return_inverse=True)[1]
        rank[rows[defined], columns[defined]] = _centred_ranks(code, np.ones(len(code)))
    total = ranks.sum(axis=0)
    lower = [compare_rdms(r, total - r, method=method) for r in ranks]
    upper = [compare_rdms(r, total, method=method) for r in ranks]
    return float(np.mean(lower)), float(np.mean(upper))
