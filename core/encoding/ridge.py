"""Ridge regression with one penalty per vertex, chosen by K-fold cross-validation.

Solves, per vertex, ``w* = argmin_w ||X w - y||^2 + alpha ||w||^2`` on centred data. No prediction
is ever formed while the penalty is chosen: with the fold's training Gram matrix ``X'X = V S V'``,
``c = V'X'y`` and the validation images in the same axes ``T = X_v V``, the fitted values' inner
product with ``y_v`` is ``sum(D_a c (T'y_v))`` and their squared norm ``||R D_a c||^2`` with
``R = qr(T)`` and ``D_a = 1 / (S + a)``; so each penalty costs a product of size
(n_features, n_features, n_vertices). Vertices are worked off in chunks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.errors import InvalidInput
from core.progress import Progress, silent

if TYPE_CHECKING:
    import torch

DEFAULT_ALPHAS: tuple[float, ...] = tuple(float(a) for a in np.logspace(0, 7, 15))
_CHUNK = 4096


@dataclass(frozen=True)
class RidgeSolution:
    """Coefficients of a ridge fit.

    Parameters
    ----------
    coef : (n_features, n_vertices) float32.
    intercept : (n_vertices,) float32.
    alpha : (n_vertices,) float32, the penalty of each vertex.
    validation_mse : (n_alphas, n_vertices) squared error of held-out images, mean within a fold
        and then over folds, in the order of increasing penalty; None for a single penalty.
    """

    coef: np.ndarray
    intercept: np.ndarray
    alpha: np.ndarray
    validation_mse: np.ndarray | None


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
    """
    import torch

    x, y = _checked(design, responses)
    if not alphas or min(alphas) <= 0:
        raise InvalidInput(f"Penalties must be positive; got {list(alphas)}.")
    # Decreasing: among equal errors argmin then takes the largest penalty.
    grid = np.sort(np.asarray(alphas, dtype=np.float64))[::-1].copy()
    n_vertices = y.shape[1]
    errors = np.zeros((len(grid), n_vertices), dtype=np.float64)
    if len(grid) > 1:
        folds = fold_rows(len(x), n_folds)
        for k, rows in enumerate(folds):
            fold = _Fold.prepare(x, rows, device)
            for start in range(0, n_vertices, _CHUNK):
                part = slice(start, min(start + _CHUNK, n_vertices))
                errors[:, part] += fold.squared_error(y[:, part], grid) / n_folds
                progress((k + start / n_vertices) / (n_folds + 1), "choosing penalties")
    alpha = grid[np.argmin(errors, axis=0)]

    full = _Spectrum.of(torch.as_tensor(x, device=device))
    coef = np.empty((x.shape[1], n_vertices), dtype=np.float32)
    intercept = np.empty(n_vertices, dtype=np.float32)
    for start in range(0, n_vertices, _CHUNK):
        part = slice(start, min(start + _CHUNK, n_vertices))
        coef[:, part], intercept[part] = full.solve(y[:, part], alpha[part])
        progress((n_folds + start / n_vertices) / (n_folds + 1), "fitting all vertices")
    progress(1.0, "fitted")
    validation = errors[::-1].astype(np.float32) if len(grid) > 1 else None
    return RidgeSolution(coef, intercept, alpha.astype(np.float32), validation)


def _checked(design: np.ndarray, responses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x = np.asarray(design, dtype=np.float32)
    if x.ndim != 2 or responses.ndim != 2 or len(x) != len(responses):
        raise InvalidInput(
            f"Design {x.shape} and responses {responses.shape} must have one row per image each."
        )
    return x, responses


@dataclass(frozen=True)
class _Spectrum:
    """The eigenvalues and axes of a centred design's Gram matrix."""

    rows: torch.Tensor  # (n, d) centred
    mean: torch.Tensor  # (d,)
    values: torch.Tensor  # (d,) float64
    axes: torch.Tensor  # (d, d)

    @classmethod
    def of(cls, x: torch.Tensor) -> _Spectrum:
        import torch

        mean = x.double().mean(0)
        centred = (x.double() - mean).float()
        # float64: an eigenvalue below the smallest penalty must not drown in rounding.
        values, axes = torch.linalg.eigh(centred.double().T @ centred.double())
        return cls(centred, mean.float(), values.clamp_min(0), axes.float())

    def projected(self, y: torch.Tensor) -> torch.Tensor:
        """Return V'X'y, (d, n_vertices)."""
        return self.axes.T @ (self.rows.T @ y)

    def solve(self, responses: np.ndarray, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        import torch

        y = _tensor(responses, self.rows.device)
        mean = y.mean(0)
        shrink = self.values[:, None] + torch.as_tensor(alpha, device=y.device)[None, :]
        coef = self.axes @ (self.projected(y - mean).double() / shrink).float()
        return coef.cpu().numpy(), (mean - self.mean @ coef).cpu().numpy()


@dataclass(frozen=True)
class _Fold:
    """One fold: the training spectrum, and the held-out images in its axes."""

    spectrum: _Spectrum
    train_rows: np.ndarray
    held_rows: np.ndarray
    held: torch.Tensor  # (n_held, d) in the training axes, centred by the training mean
    triangle: torch.Tensor  # (min(n_held, d), d), R of a QR of ``held``

    @classmethod
    def prepare(cls, x: np.ndarray, held_rows: np.ndarray, device: str) -> _Fold:
        import torch

        train_rows = np.setdiff1d(np.arange(len(x)), held_rows)
        spectrum = _Spectrum.of(torch.as_tensor(x[train_rows], device=device))
        held = torch.as_tensor(x[held_rows], device=device) - spectrum.mean
        held = held @ spectrum.axes
        return cls(spectrum, train_rows, held_rows, held, torch.linalg.qr(held, mode="r").R)

    def squared_error(self, responses: np.ndarray, grid: np.ndarray) -> np.ndarray:
        """Mean squared error on the held-out images, (n_alphas, n_vertices)."""
        import torch

        y = _tensor(responses, self.held.device)
        train, held = y[self.train_rows], y[self.held_rows]
        mean = train.mean(0)
        c = self.spectrum.projected(train - mean)
        held = held - mean
        b = self.held.T @ held
        energy = (held**2).sum(0)
        # D_a for all penalties, (n_alphas, d); the products below serve all of them at once.
        penalties = torch.as_tensor(grid, device=y.device)[:, None]
        shrink = (1 / (self.spectrum.values[None, :] + penalties)).float()
        cross = shrink @ (c * b)
        shrunk = (self.triangle[None] * shrink[:, None, :]).reshape(-1, len(c)) @ c
        norm = (shrunk**2).reshape(len(grid), -1, y.shape[1]).sum(1)
        errors = ((energy - 2 * cross + norm) / len(self.held_rows)).double().cpu().numpy()
        # Rounding leaves a vertex that is constant in training with errors of some 1e-7 of chance.
        errors[:, (train == train[0]).all(0).cpu().numpy()] = 0
        return errors


def _tensor(responses: np.ndarray, device: torch.device) -> torch.Tensor:
    import torch

    return torch.as_tensor(np.array(responses, dtype=np.float32), device=device)
