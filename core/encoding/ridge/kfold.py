"""Ridge regression with one penalty per vertex, chosen by K-fold cross-validation.

Solves, per vertex, ``w* = argmin_w ||X w - y||^2 + alpha ||w||^2`` on centred data. The folds'
Gram matrices come from the whole one by taking the held-out rows out of it, and the responses are
read once, a chunk of vertices at a time: penalty and coefficients of a chunk are final before the
next one is touched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cortiscope.core.encoding.checkpoint import Checkpoint, NoCheckpoint, VertexPieces
from cortiscope.core.encoding.copies import group_starts
from cortiscope.core.encoding.ridge.data import (
    Centred,
    RidgeSolution,
    checked_design,
    constant_outside,
    decreasing_penalties,
    row_space,
    vertex_chunks,
)
from cortiscope.core.encoding.ridge.fold import Fold
from cortiscope.core.encoding.ridge.spectrum import Spectrum
from cortiscope.core.encoding.training import Responses
from cortiscope.core.errors import InvalidInput
from cortiscope.core.progress import Progress, silent

if TYPE_CHECKING:
    import torch

__all__ = ["DEFAULT_ALPHAS", "RidgeSolution", "fit_ridge_cv", "fold_rows"]

DEFAULT_ALPHAS: tuple[float, ...] = tuple(float(a) for a in np.logspace(0, 7, 15))
# Working arrays of a chunk beside the folds' X'y, in columns of n_features floats.
_COLUMNS = 12


def fold_rows(n_rows: int, n_folds: int, groups: np.ndarray | None = None) -> list[slice]:
    """Cut the rows into contiguous folds, as scikit-learn's unshuffled KFold does.

    Parameters
    ----------
    groups : (n_rows,) labels, equal for rows of one image, which follow one another
        (``core.encoding.copies``); None where each row is an image of its own.

    Returns
    -------
    folds : one slice per fold, with as equal numbers of images as can be; no image is in two.
    """
    starts = np.arange(n_rows) if groups is None else group_starts(groups)
    if n_folds < 2:
        raise InvalidInput(f"Cross-validation takes 2 folds or more; got {n_folds}.")
    if n_folds > len(starts) // 2:
        raise InvalidInput(
            f"{n_folds} folds need at least {2 * n_folds} images; got {len(starts)}."
        )
    edges = [int(part[0]) for part in np.array_split(starts, n_folds)]
    return [slice(a, b) for a, b in zip(edges, [*edges[1:], n_rows], strict=True)]


def fit_ridge_cv(
    design: np.ndarray,
    responses: Responses,
    *,
    alphas: tuple[float, ...] = DEFAULT_ALPHAS,
    n_folds: int = 5,
    groups: np.ndarray | None = None,
    device: str = "cpu",
    progress: Progress = silent,
    checkpoint: Checkpoint | None = None,
) -> RidgeSolution:
    """Fit ridge with, for each vertex, the penalty of least mean squared error on held-out folds.

    Parameters
    ----------
    design : (n_stimuli, n_features) float32.
    responses : (n_stimuli, n_vertices), read once, a chunk of vertices at a time.
    alphas : positive penalties to choose from.
    groups : (n_stimuli,) which rows are of one image (``fold_rows``).
    checkpoint : where finished chunks of vertices are left and found again.

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
    n_stimuli, n_features = original.shape
    n_vertices = int(responses.shape[1])
    rows = fold_rows(n_stimuli, n_folds, groups) if len(grid) > 1 else []
    coef = np.empty((n_features, n_vertices), dtype=np.float32)
    intercept = np.empty(n_vertices, dtype=np.float32)
    alpha = np.empty(n_vertices, dtype=np.float32)
    validation = np.empty((len(grid) if rows else 0, n_vertices), dtype=np.float32)
    pieces = VertexPieces(
        {"coef": coef, "intercept": intercept, "alpha": alpha, "validation_mse": validation},
        checkpoint or NoCheckpoint(),
    )
    solution = RidgeSolution(coef, intercept, alpha, validation if rows else None)
    # A function of the shapes alone, so that a restart on another device finds its chunks.
    floats = 2 * n_stimuli + (len(rows) + _COLUMNS) * min(n_stimuli, n_features)
    missing = pieces.missing(vertex_chunks(n_vertices, floats))
    if not missing:
        progress(1.0, "fitted")
        return solution

    reduced, axes = row_space(original)
    x = torch.tensor(reduced, dtype=torch.float64, device=device)
    x -= x.mean(0)
    gram = x.T @ x
    full = Spectrum.of(gram)
    dtype = torch.float64 if full.needs_float64(grid[-1]) else torch.float32
    x = x.to(dtype)
    folds: list[Fold] = []
    for held in rows:
        progress(0.1 * len(folds) / n_folds, "preparing folds")
        folds.append(Fold.prepare(x, gram, held, grid, dtype))
    back = full.axes
    if axes is not None:
        back = torch.as_tensor(axes, device=device) @ back
    back, forth = back.to(dtype), full.axes.T.to(dtype)
    shrink = full.shrinkage(grid).to(dtype)
    design_mean = torch.as_tensor(original.mean(axis=0, dtype=np.float64), device=device)

    for part in missing:
        progress(0.1 + 0.9 * part.start / n_vertices, "choosing penalties and fitting")
        y = Centred.of(responses[:, part], x.device, dtype, scaled=bool(folds))
        errors, whole = _fold_errors(x, y, folds, len(grid))
        chosen = errors.argmin(0)
        w = (back @ (shrink[chosen].T * (forth @ whole))).double() * y.scale
        pieces.put(
            part,
            coef=w.float().cpu().numpy(),
            intercept=(y.mean - design_mean @ w).float().cpu().numpy(),
            alpha=grid[chosen.cpu().numpy()],
            validation_mse=(errors * y.scale**2).flip(0).float().cpu().numpy()[: len(validation)],
        )
    progress(1.0, "fitted")
    return solution


def _fold_errors(
    x: torch.Tensor, y: Centred, folds: list[Fold], n_alphas: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return errors (n_alphas, n_vertices), mean over folds, and X'y (n_features, n_vertices)."""
    import torch

    values = y.values
    errors = torch.zeros(n_alphas, values.shape[1], dtype=torch.float64, device=x.device)
    if not folds:
        return errors, x.T @ values
    parts = [x[fold.rows].T @ values[fold.rows] for fold in folds]
    whole = parts[0].clone()
    for part in parts[1:]:
        whole += part
    for fold, part in zip(folds, parts, strict=True):
        mse = fold.squared_error(whole, part, values[fold.rows])
        # A vertex that is constant in training is predicted by its mean whatever the penalty;
        # rounding would otherwise choose one.
        mse = torch.where(constant_outside(values, fold.rows), mse[:1], mse)
        errors += mse / len(folds)
    return errors, whole
