"""Ridge with a penalty per vertex chosen without folds: one decomposition serves everything.

Generalised cross-validation needs no product beyond ``V'X'y``; leave-one-out forms the fitted
values once per penalty. Both describe leaving out single images, so images that resemble each
other (frames of one film) need K-fold instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cortiscope.core.encoding.checkpoint import Checkpoint, NoCheckpoint, VertexPieces
from cortiscope.core.encoding.ridge.data import (
    Centred,
    RidgeSolution,
    checked_design,
    decreasing_penalties,
    row_space,
    squared_sum,
    vertex_chunks,
)
from cortiscope.core.encoding.ridge.kfold import DEFAULT_ALPHAS
from cortiscope.core.encoding.ridge.spectrum import Spectrum
from cortiscope.core.encoding.training import Responses
from cortiscope.core.errors import check_option
from cortiscope.core.progress import Progress, silent

if TYPE_CHECKING:
    import torch

CRITERIA = ("gcv", "loo")
_SMALLEST = 1e-10
_LEAST_LEFT = 0.03


def fit_ridge_closed_form(
    design: np.ndarray,
    responses: Responses,
    *,
    alphas: tuple[float, ...] = DEFAULT_ALPHAS,
    criterion: str = "gcv",
    device: str = "cpu",
    progress: Progress = silent,
    checkpoint: Checkpoint | None = None,
) -> RidgeSolution:
    """Fit ridge with, for each vertex, the penalty of least closed-form error.

    With the hat matrix ``H_a = 1/n + X (X'X + a)^-1 X'`` of centred X and residuals
    ``e = y - H_a y``::

        gcv(a) = mean(e_i^2) / (1 - trace(H_a) / n)^2
        loo(a) = mean((e_i / (1 - H_a[i, i]))^2)

    Parameters
    ----------
    design : (n_stimuli, n_features) float32.
    responses : (n_stimuli, n_vertices), read once, a chunk of vertices at a time.
    alphas : positive penalties to choose from.
    criterion : ``gcv`` or ``loo``.
    checkpoint : where finished chunks of vertices are left and found again.

    Notes
    -----
    Among equal errors the largest penalty wins. A penalty that leaves no degree of freedom
    (more features than images and next to no penalty) is never chosen if another leaves some.

    References
    ----------
    Golub, Heath & Wahba 1979, Technometrics 21 (GCV); Allen 1974, Technometrics 16 (PRESS).
    """
    import torch

    check_option("criterion", criterion, CRITERIA)
    original = checked_design(design, responses)
    grid = decreasing_penalties(alphas)
    n_stimuli, n_features = original.shape
    n_vertices = int(responses.shape[1])
    coef = np.empty((n_features, n_vertices), dtype=np.float32)
    intercept = np.empty(n_vertices, dtype=np.float32)
    alpha = np.empty(n_vertices, dtype=np.float32)
    errors = np.empty((len(grid), n_vertices), dtype=np.float32)
    pieces = VertexPieces(
        {"coef": coef, "intercept": intercept, "alpha": alpha, "validation_mse": errors},
        checkpoint or NoCheckpoint(),
    )
    solution = RidgeSolution(coef, intercept, alpha, errors if len(grid) > 1 else None)
    floats = 2 * n_stimuli + 8 * min(n_stimuli, n_features)
    missing = pieces.missing(vertex_chunks(n_vertices, floats))
    if not missing:
        progress(1.0, "fitted")
        return solution

    reduced, axes = row_space(original)
    x = torch.tensor(reduced, dtype=torch.float64, device=device)
    x -= x.mean(0)
    spectrum = Spectrum.of(x.T @ x)
    shrink = spectrum.shrinkage(grid)
    scores = x @ spectrum.axes  # (n_stimuli, n_features), the images in the axes
    # 1 - H[i, i], (n_alphas, n_stimuli).
    left = 1 - 1 / len(x) - shrink @ (scores**2).T
    # GCV takes a difference, of which little is left where the fit is nearly perfect.
    nearly_perfect = criterion == "gcv" and bool(left.mean(1).amin() < _LEAST_LEFT)
    exact = nearly_perfect or spectrum.needs_float64(grid[-1])
    dtype = torch.float64 if exact else torch.float32
    back = spectrum.axes
    if axes is not None:
        back = torch.as_tensor(axes, device=device) @ back
    back, images = back.to(dtype), scores.to(dtype)
    design_mean = torch.as_tensor(original.mean(axis=0, dtype=np.float64), device=device)
    shrink_chosen = shrink.to(dtype)
    for part in missing:
        progress(part.start / n_vertices, "choosing penalties and fitting")
        y = Centred.of(responses[:, part], x.device, dtype)
        c = images.T @ y.values
        if criterion == "gcv":
            score = _generalised(c, y.values, spectrum.values, shrink, left.mean(1))
        else:
            score = _leave_one_out(c, y.values, images, shrink, left)
        chosen = score.argmin(0)
        w = (back @ (shrink_chosen[chosen].T * c)).double() * y.scale
        pieces.put(
            part,
            coef=w.float().cpu().numpy(),
            intercept=(y.mean - design_mean @ w).float().cpu().numpy(),
            alpha=grid[chosen.cpu().numpy()],
            validation_mse=(score * y.scale**2).flip(0).float().cpu().numpy(),
        )
    progress(1.0, "fitted")
    return solution


def _generalised(
    c: torch.Tensor,
    y: torch.Tensor,
    values: torch.Tensor,
    shrink: torch.Tensor,
    left: torch.Tensor,
) -> torch.Tensor:
    """GCV (n_alphas, n_vertices) from c = V'X'y, without residuals.

    ``sum(e^2) = sum(y^2) - sum(D (2 - s D) c^2)``.
    """
    explained = (shrink * (2 - values * shrink)) @ c.double() ** 2
    rest = (squared_sum(y) - explained).clamp_min(0)
    return _where_defined(rest / len(y) / left.clamp_min(_SMALLEST)[:, None] ** 2, left[:, None])


def _leave_one_out(
    c: torch.Tensor,
    y: torch.Tensor,
    images: torch.Tensor,
    shrink: torch.Tensor,
    left: torch.Tensor,
) -> torch.Tensor:
    """Mean squared leave-one-out error, (n_alphas, n_vertices)."""
    import torch

    score = torch.empty(len(shrink), y.shape[1], dtype=torch.float64, device=y.device)
    weights = (1 / left.clamp_min(_SMALLEST)).to(y.dtype)
    for k, curve in enumerate(shrink.to(y.dtype)):
        error = torch.addmm(y, images, curve[:, None] * c, alpha=-1) * weights[k, :, None]
        score[k] = squared_sum(error) / len(y)
    return _where_defined(score, left.amin(1)[:, None])


def _where_defined(score: torch.Tensor, left: torch.Tensor) -> torch.Tensor:
    """Rank penalties that leave no degree of freedom last, except for a constant vertex."""
    import torch

    lost = (left <= 1e-7) & (score.max(0).values > 0)
    return torch.where(lost, torch.inf, score)
