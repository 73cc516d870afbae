"""Ridge regression with one penalty per vertex, chosen by K-fold cross-validation.

Solves, per vertex, ``w* = argmin_w ||X w - y||^2 + alpha ||w||^2`` on centred data. The folds'
Gram matrices come from the whole one by taking the held-out rows out of it, and the responses are
read once, a chunk of vertices at a time: penalty and coefficients of a chunk are final before the
next one is touched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from core.encoding.ridge_data import (
    Centred,
    RidgeSolution,
    checked_design,
    decreasing_penalties,
    row_space,
    vertex_chunks,
)
from core.encoding.ridge_fold import Fold
from core.encoding.ridge_spectrum import Spectrum
from core.errors import InvalidInput
from core.progress import Progress, silent

if TYPE_CHECKING:
    import torch

__all__ = ["DEFAULT_ALPHAS", "RidgeSolution", "fit_ridge_cv", "fold_rows"]

DEFAULT_ALPHAS: tuple[float, ...] = tuple(float(a) for a in np.logspace(0, 7, 15))
# Working arrays of a chunk, in columns of n_features floats: the folds' X'y and the basis images.
_COLUMNS = 40


def fold_rows(n_stimuli: int, n_folds: int) -> list[np.ndarray]:
    """Cut the rows into contiguous folds, as scikit-learn's unshuffled KFold does."""
    if not 2 <= n_folds <= n_stimuli // 2:
        raise InvalidInput(f"{n_folds} folds need at least {2 * n_folds} images; got {n_stimuli}.")
    return [np.asarray(rows) for rows in np.array_split(np.arange(n_stimuli), n_folds)]


def fit_ridge_cv(
    design: np.ndarray,
    responses: np.ndarray,
    *,
    alphas: tuple[float, ...] = DEFAULT_ALPHAS,
    n_folds: int = 5,
    device: str = "cpu",
    progress: Progress = silent,
) -> RidgeSolution:
    """Fit ridge with, for each vertex, the penalty of least mean squared error on held-out folds.

    Parameters
    ----------
    design : (n_stimuli, n_features) float32.
    responses : (n_stimuli, n_vertices); may be memory-mapped.
    alphas : positive penalties to choose from.

    Notes
    -----
    Among equal errors the largest penalty wins, so a constant vertex gets coefficients of zero.
    The choice is himalaya's default (mean over folds of the mean squared error).

    References
    ----------
    Dupre la Tour et al. 2022, NeuroImage 264 (a penalty per vertex by cross-validation).
    """
    import torch

    original = checked_design(design, responses)
    grid = decreasing_penalties(alphas)
    n_vertices = responses.shape[1]
    reduced, axes = row_space(original)
    x = torch.as_tensor(reduced, device=device)
    x_mean = x.mean(0, dtype=torch.float64)
    x = x.double() - x_mean
    gram = x.T @ x
    full = Spectrum.of(gram)
    dtype = torch.float64 if full.needs_float64(grid[-1]) else torch.float32
    x = x.to(dtype)

    folds: list[Fold] = []
    if len(grid) > 1:
        for rows in fold_rows(len(x), n_folds):
            progress(0.1 * len(folds) / n_folds, "preparing folds")
            part = slice(int(rows[0]), int(rows[-1]) + 1)
            folds.append(Fold.prepare(x, gram, part, grid, dtype))
    full_axes = full.axes.to(dtype)
    rotation = None if axes is None else torch.as_tensor(axes, dtype=dtype, device=device)

    coef = np.empty((original.shape[1], n_vertices), dtype=np.float32)
    intercept = np.empty(n_vertices, dtype=np.float32)
    alpha = np.empty(n_vertices, dtype=np.float32)
    validation = np.zeros((len(grid), n_vertices), dtype=np.float32) if folds else None
    design_mean = torch.as_tensor(original, device=device).mean(0, dtype=torch.float64)
    for part in vertex_chunks(n_vertices, 2 * len(x) + _COLUMNS * x.shape[1]):
        progress(0.1 + 0.9 * part.start / n_vertices, "choosing penalties and fitting")
        y = Centred.of(responses[:, part], x.device, dtype)
        errors, whole = _fold_errors(x, y, folds, len(grid))
        chosen = errors.argmin(0)
        penalty = torch.as_tensor(grid, device=x.device)[chosen]
        shrink = full.shrinkage(grid)[chosen].T.to(dtype)
        w = full_axes @ (shrink * (full_axes.T @ whole))
        w = (w if rotation is None else rotation @ w).double() * y.scale
        coef[:, part] = w.float().cpu().numpy()
        intercept[part] = (y.mean - design_mean @ w).float().cpu().numpy()
        alpha[part] = penalty.float().cpu().numpy()
        if validation is not None:
            validation[:, part] = (errors * y.scale**2).flip(0).float().cpu().numpy()
    progress(1.0, "fitted")
    return RidgeSolution(coef, intercept, alpha, validation)


def _fold_errors(
    x: torch.Tensor, y: Centred, folds: list[Fold], n_alphas: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return errors (n_alphas, n_vertices), mean over folds, and X'y (n_features, n_vertices)."""
    import torch

    errors = torch.zeros(n_alphas, y.values.shape[1], dtype=torch.float64, device=x.device)
    if not folds:
        return errors, x.T @ y.values
    held = [y.values[fold.rows] for fold in folds]
    parts = [x[fold.rows].T @ values for fold, values in zip(folds, held, strict=True)]
    whole = torch.stack(parts).sum(0)
    low = torch.stack([values.min(0).values for values in held])
    high = torch.stack([values.max(0).values for values in held])
    for k, fold in enumerate(folds):
        mse = fold.squared_error(whole, parts[k], held[k])
        # A vertex that is constant in training is predicted by its mean whatever the penalty;
        # rounding would otherwise choose one.
        others = [j for j in range(len(folds)) if j != k]
        constant = low[others].min(0).values == high[others].max(0).values
        errors += torch.where(constant, mse[:1], mse) / len(folds)
    return errors, whole
