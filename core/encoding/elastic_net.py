"""Lasso and elastic net for all vertices at once, from ``X'X`` and ``X'y``.

Vertices that a block of them cannot finish quickly, as with correlated features, are finished one
by one by scikit-learn's compiled coordinate descent on the same Gram matrix.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.encoding.coordinate_descent import TOLERANCE, descend
from core.encoding.ridge import fold_rows
from core.encoding.ridge_data import Centred, checked_design, vertex_chunks
from core.errors import InvalidInput
from core.progress import Progress, part, silent

if TYPE_CHECKING:
    import torch

_ITERATIONS = 20_000

# img2brain's grid.
SPARSE_ALPHAS: tuple[float, ...] = (1e-3, 1e-2, 1e-1, 1.0)


@dataclass(frozen=True)
class SparseSolution:
    """Coefficients of a lasso or elastic net.

    Parameters
    ----------
    coef : (n_features, n_vertices) float32.
    intercept : (n_vertices,) float32.
    alpha : the penalty, shared by all vertices.
    gap : (n_vertices,) float32, duality gap as a share of the centred response's mean square;
        0 for a constant vertex.
    """

    coef: np.ndarray
    intercept: np.ndarray
    alpha: float
    gap: np.ndarray


def fit_elastic_net(
    design: np.ndarray,
    responses: np.ndarray,
    *,
    alpha: float,
    l1_ratio: float = 0.5,
    tolerance: float = TOLERANCE,
    device: str = "cpu",
    progress: Progress = silent,
) -> SparseSolution:
    """Fit an elastic net per vertex; ``l1_ratio`` 1 is the lasso.

    Solves, on centred data, with n the number of images::

        argmin_w  ||y - X w||^2 / (2 n) + alpha l1_ratio ||w||_1
                  + alpha (1 - l1_ratio) / 2 ||w||^2

    Parameters
    ----------
    design : (n_stimuli, n_features).
    responses : (n_stimuli, n_vertices); may be memory-mapped, read once.
    alpha : positive.
    l1_ratio : above 0 (without an l1 part it is ridge), at most 1.
    tolerance : the duality gap at which a vertex is finished, as a share of its mean square.

    Notes
    -----
    The objective of scikit-learn's ElasticNet and Lasso. Their MultiTask namesakes, which choose
    one support for all vertices, are other models.

    References
    ----------
    Friedman, Hastie & Tibshirani 2010, J. Stat. Softw. 33 (coordinate descent on a Gram matrix).
    """
    import torch

    if alpha <= 0 or not 0 < l1_ratio <= 1:
        raise InvalidInput(
            f"alpha must be positive and l1_ratio in (0, 1]; got {alpha} and {l1_ratio}."
        )
    x = torch.as_tensor(checked_design(design, responses), device=device)
    x_mean = x.mean(0, dtype=torch.float64)
    centred = x.double() - x_mean
    gram = centred.T @ centred / len(x)
    x = centred.float()
    n_features, n_vertices = x.shape[1], responses.shape[1]
    coef = np.empty((n_features, n_vertices), dtype=np.float32)
    intercept = np.empty(n_vertices, dtype=np.float32)
    gap = np.empty(n_vertices, dtype=np.float32)
    for columns in vertex_chunks(n_vertices, 2 * len(x) + 16 * n_features):
        progress(columns.start / n_vertices, "fitting all vertices")
        y = Centred.of(responses[:, columns], x.device, torch.float32)
        correlation = (x.T @ y.values).double() / len(x)
        energy = (y.values**2).mean(0, dtype=torch.float64)
        # Responses were divided by the scale, so the penalty on absolute values is as well.
        w, gaps = descend(
            gram,
            correlation,
            energy,
            alpha * l1_ratio / y.scale,
            alpha * (1 - l1_ratio),
            tolerance=tolerance,
        )
        late = (gaps > tolerance * energy).nonzero()[:, 0]
        w *= y.scale
        gaps /= energy.clamp_min(1e-300)
        if len(late):
            values = y.values[:, late].double() * y.scale[late]
            w[:, late], gaps[late] = _finish(
                gram, centred, values, w[:, late], alpha, l1_ratio, tolerance
            )
        coef[:, columns] = w.float().cpu().numpy()
        intercept[columns] = (y.mean - x_mean @ w).float().cpu().numpy()
        gap[columns] = gaps.float().cpu().numpy()
    progress(1.0, "fitted")
    return SparseSolution(coef, intercept, alpha, gap)


def _finish(
    gram: torch.Tensor,
    x: torch.Tensor,
    y: torch.Tensor,
    start: torch.Tensor,
    alpha: float,
    l1_ratio: float,
    tolerance: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Go on from ``start`` with scikit-learn; return coefficients and relative gaps."""
    import torch
    from sklearn.linear_model import ElasticNet

    model = ElasticNet(
        alpha=alpha,
        l1_ratio=l1_ratio,
        fit_intercept=False,
        precompute=(gram * len(x)).cpu().numpy(),
        tol=tolerance,
        max_iter=_ITERATIONS,
        warm_start=True,
    )
    model.coef_ = np.ascontiguousarray(start.T.cpu().numpy())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the gap is returned and says it per vertex
        model.fit(x.cpu().numpy(), y.cpu().numpy())
    coef = torch.as_tensor(np.atleast_2d(model.coef_).T.copy(), device=x.device)
    # scikit-learn's own dual gap is in its objective's units, per image.
    gap = torch.as_tensor(np.atleast_1d(model.dual_gap_), device=x.device)
    return coef, gap / (y**2).mean(0)


def fit_elastic_net_cv(
    design: np.ndarray,
    responses: np.ndarray,
    *,
    alphas: tuple[float, ...] = SPARSE_ALPHAS,
    l1_ratio: float = 0.5,
    n_folds: int = 5,
    device: str = "cpu",
    progress: Progress = silent,
) -> SparseSolution:
    """Fit with the penalty of least mean squared error over contiguous folds and all vertices.

    One penalty for all vertices, as img2brain chose it; among equal errors the largest wins.
    """
    if not alphas or min(alphas) <= 0:
        raise InvalidInput(f"Penalties must be positive; got {list(alphas)}.")
    grid = sorted(alphas, reverse=True)
    errors = np.zeros(len(grid))
    folds = fold_rows(len(design), n_folds) if len(grid) > 1 else []
    steps = len(folds) * len(grid) + 1
    for f, rows in enumerate(folds):
        train = np.ones(len(design), dtype=bool)
        train[rows] = False
        kept = np.asarray(responses[train], dtype=np.float32)
        for k, alpha in enumerate(grid):
            step = f * len(grid) + k
            fit = fit_elastic_net(
                design[train],
                kept,
                alpha=alpha,
                l1_ratio=l1_ratio,
                device=device,
                progress=part(progress, step / steps, (step + 1) / steps),
            )
            wrong = np.asarray(design[rows]) @ fit.coef + fit.intercept - responses[rows]
            errors[k] += float(np.mean(np.square(wrong, dtype=np.float64)))
    best = grid[int(np.argmin(errors))]
    return fit_elastic_net(
        design,
        responses,
        alpha=best,
        l1_ratio=l1_ratio,
        device=device,
        progress=part(progress, (steps - 1) / steps, 1.0),
    )
