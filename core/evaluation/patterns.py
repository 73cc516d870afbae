"""Patterns over vertices: which image was seen (identification), which images are alike (RSA).

Identification: the measured pattern of an image is compared with the patterns predicted for the
candidates of a set; it is identified if its own prediction correlates best. Representational
similarity: a representational dissimilarity matrix (RDM) holds 1 - Pearson r of the patterns of
every two images; RDMs are compared by ranks, over the pairs above the diagonal.

References
----------
Kay, Naselaris, Prenger and Gallant 2008, Nature 452:352 (identification). Kriegeskorte, Mur and
Bandettini 2008, Front. Syst. Neurosci. 2:4 (RDMs). Nili et al. 2014, PLoS Comput. Biol.
10:e1003553 (noise ceiling). Schuett et al. 2023, eLife 12:e82566 (rho-a; bootstrap without pairs
of an image with itself).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from cortiscope.core.errors import IncompatibleSpace, InvalidInput, check_option
from cortiscope.core.evaluation.resampling import image_counts


@dataclass(frozen=True)
class Identification:
    """How well measured patterns pick their own images.

    Parameters
    ----------
    rank : (n_stimuli,) place of the own prediction among all candidates, 1 = identified. Ties
        count against it, so a model that predicts one pattern for all identifies nothing; an
        undefined correlation (constant pattern) is last.
    correlation : (n_stimuli,) r of the measured pattern with its own prediction.
    n_vertices : vertices of the patterns.
    """

    rank: np.ndarray
    correlation: np.ndarray
    n_vertices: int

    @property
    def accuracy(self) -> float:
        """Share identified among all images, 0 to 1."""
        return float((self.rank == 1).mean())

    def accuracy_of(self, set_sizes: np.ndarray) -> np.ndarray:
        """Return the expected share identified among sets of each size, 0 to 1.

        Parameters
        ----------
        set_sizes : (n_sizes,) candidates, the right one included: 1 to n_stimuli.

        """
        n = len(self.rank)
        return identified_in_sets(self.rank, n, set_sizes).mean(axis=0)


def identified_in_sets(rank: np.ndarray, n_candidates: int, set_sizes: np.ndarray) -> np.ndarray:
    """Return the probability that each image is identified in a random set of each size.

    Parameters
    ----------
    rank : (n_images,) place of the right one among all its candidates, 1 = identified.
    n_candidates : of each image, the right one included.
    set_sizes : (n_sizes,) candidates in a set, the right one included: 1 to n_candidates.

    Returns
    -------
    probability : (n_images, n_sizes).

    Notes
    -----
    Exact, without drawing sets: with k of the N - 1 other candidates ahead, a random set of
    s - 1 of them holds none of these with probability C(N - 1 - k, s - 1) / C(N - 1, s - 1).
    """
    n, sizes = n_candidates, np.asarray(set_sizes)
    if np.any((sizes < 1) | (sizes > n)):
        raise InvalidInput(f"Set sizes go from 1 to the {n} candidates that there are.")
    behind = (n - rank)[:, None]
    drawn = (sizes - 1)[None, :]
    possible = behind >= drawn
    left = np.where(possible, behind - drawn, 0)
    log_p = gammaln(behind + 1) - gammaln(left + 1) - gammaln(n) + gammaln(n - drawn)
    return np.where(possible, np.exp(np.minimum(log_p, 0)), 0.0)


def chance(set_sizes: np.ndarray) -> np.ndarray:
    """Return the share identified by guessing, ``1 / set size``."""
    return 1.0 / np.asarray(set_sizes, dtype=np.float64)


def pattern_correlations(
    measured: np.ndarray, predicted: np.ndarray, vertices: np.ndarray | None = None
) -> np.ndarray:
    """Correlate each measured with each predicted pattern over vertices.

    Parameters
    ----------
    measured : (n_measured, n_vertices).
    predicted : (n_candidates, n_vertices).
    vertices : positions or mask of the vertices to use, chosen without these images (by ncsnr or
        by scores on training images); all by default.

    Returns
    -------
    r : (n_measured, n_candidates), -1 to 1; NaN where a pattern is constant over vertices.

    Notes
    -----
    Patterns are taken as they are. Vertices of different mean give all patterns a common part;
    responses z-scored per vertex have none.
    """
    if measured.ndim != 2 or predicted.ndim != 2 or measured.shape[1] != predicted.shape[1]:
        raise IncompatibleSpace(
            f"Measured {measured.shape} and predicted {predicted.shape} patterns must both be "
            "(n_stimuli, n_vertices), of the same vertices."
        )
    if vertices is not None:
        measured, predicted = measured[:, vertices], predicted[:, vertices]
    if measured.shape[1] < 2:
        raise InvalidInput(f"A pattern needs at least 2 vertices; got {measured.shape[1]}.")
    return np.clip(_unit_rows(measured) @ _unit_rows(predicted).T, -1, 1)


def _unit_rows(patterns: np.ndarray) -> np.ndarray:
    """Centre rows and scale them to length 1; constant rows become NaN."""
    values = np.asarray(patterns, dtype=np.float64)
    constant = (values == values[:, :1]).all(axis=1)
    values = values - values.mean(axis=1, keepdims=True)
    length = np.sqrt((values**2).sum(axis=1, keepdims=True))
    length[constant[:, None] | (length == 0)] = np.nan
    return values / length


def identify(
    measured: np.ndarray, predicted: np.ndarray, vertices: np.ndarray | None = None
) -> Identification:
    """Identify each measured image among all predicted ones.

    Parameters
    ----------
    measured, predicted : (n_stimuli, n_vertices), the same held-out images in one order.
    vertices : see ``pattern_correlations``.
    """
    if measured.shape != predicted.shape:
        raise IncompatibleSpace(
            f"Measured {measured.shape} and predicted {predicted.shape} must be of the same "
            "images and vertices."
        )
    r = pattern_correlations(measured, predicted, vertices)
    own = np.diagonal(r).copy()
    ahead_or_tied = (r >= own[:, None]).sum(axis=1)  # the own one is among them
    rank = np.where(np.isfinite(own), ahead_or_tied, len(r))
    n_vertices = measured.shape[1] if vertices is None else measured[:1, vertices].shape[1]
    return Identification(rank, own, n_vertices)


METHODS = ("spearman", "rho-a")


def map_images(measured: np.ndarray, predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lay the images of two RDMs out in two dimensions each, the second turned onto the first.

    Parameters
    ----------
    measured, predicted : (n_stimuli, n_stimuli), the same images in one order.

    Returns
    -------
    points : (n_stimuli, 2) of each; a constant pattern lies in the middle.

    References
    ----------
    Torgerson 1952, Psychometrika 17:401 (classical scaling). Schoenemann 1966, Psychometrika 31:1
    (the rotation or reflection of least squares).
    """
    a, b = _scaled(measured), _scaled(predicted)
    u, _, v = np.linalg.svd(b.T @ a)
    return a, b @ (u @ v)


def _scaled(rdm: np.ndarray) -> np.ndarray:
    """Return (n_stimuli, 2) points whose distances are as in an RDM, as far as two axes go."""
    defined = np.isfinite(np.diagonal(rdm))
    squares = rdm[np.ix_(defined, defined)] ** 2
    centred = squares - squares.mean(axis=0) - squares.mean(axis=1)[:, None] + squares.mean()
    values, vectors = np.linalg.eigh(-centred / 2)
    points = np.zeros((len(rdm), 2))
    own = vectors[:, ::-1][:, :2] * np.sqrt(np.maximum(values[::-1][:2], 0))
    points[defined, : own.shape[1]] = own
    return points


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
