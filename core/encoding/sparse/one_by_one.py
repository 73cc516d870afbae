"""Finish a lasso or elastic net vertex by vertex, by scikit-learn's compiled coordinate descent.

It is given a few made-up images with the same Gram matrix and the same products with the
responses, so the real ones are not read again.
"""

from __future__ import annotations

import warnings

import numpy as np

_ITERATIONS = 20_000


def finish_one_by_one(
    gram: np.ndarray,
    cross: np.ndarray,
    energy: np.ndarray,
    start: np.ndarray,
    *,
    alpha: float,
    l1_ratio: float,
    tolerance: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Go on from ``start``; see ``coordinate_descent.descend`` for what is minimised.

    Parameters
    ----------
    gram : (n_features, n_features); cross : (n_features, n_vertices); energy : (n_vertices,).
    start : (n_features, n_vertices).

    Returns
    -------
    coef : (n_features, n_vertices).
    gap : (n_vertices,) in units of ``energy``.
    """
    from sklearn.linear_model import ElasticNet

    design, responses = equivalent_images(gram, cross, energy)
    model = ElasticNet(
        alpha=alpha,
        l1_ratio=l1_ratio,
        fit_intercept=False,
        precompute=design.T @ design,
        tol=tolerance,
        max_iter=_ITERATIONS,
        warm_start=True,
    )
    model.coef_ = np.ascontiguousarray(start.T)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the gap is returned and says it per vertex
        model.fit(design, responses)
    # scikit-learn's dual gap is in its objective's units, per image.
    return np.atleast_2d(model.coef_).T, np.atleast_1d(model.dual_gap_)


def equivalent_images(
    gram: np.ndarray, cross: np.ndarray, energy: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Make n_features + 1 images with these moments: X'X / n, X'Y / n and mean squares of Y.

    With ``G = V L V'`` they are ``X = sqrt(n) L^(1/2) V'`` and ``Y = sqrt(n) L^(-1/2) V'q``; the
    last image has no features and the rest of the responses' energy.
    """
    values, vectors = np.linalg.eigh(gram)
    n = len(gram) + 1
    kept = values > max(values[-1], 0) * len(gram) * np.finfo(np.float64).eps
    roots = np.sqrt(np.where(kept, values, 0))
    design = np.zeros((n, len(gram)), order="F")
    design[:-1] = np.sqrt(n) * roots[:, None] * vectors.T
    responses = np.zeros((n, cross.shape[1]))
    inverse = np.where(kept, 1 / np.where(kept, roots, 1), 0)
    responses[:-1] = inverse[:, None] * (vectors.T @ cross)
    responses[-1] = np.sqrt((energy - (responses[:-1] ** 2).sum(0)).clip(0))
    return design, responses * np.sqrt(n)
