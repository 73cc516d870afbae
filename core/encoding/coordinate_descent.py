"""Coordinate descent for lasso and elastic net, on a Gram matrix that all vertices share.

One coordinate is updated for a whole block of vertices; a few coordinates are updated from each
other's small corner of the Gram matrix before the gradient is brought up to date by one product.
A vertex leaves its block when its duality gap is small. Correlated features need many sweeps over
few coordinates, at which a block gains nothing: vertices unfinished after some sweeps are told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

TOLERANCE = 1e-6
_COORDINATES = 16
_SWEEPS = 25


def descend(
    gram: torch.Tensor,
    correlation: torch.Tensor,
    energy: torch.Tensor,
    l1: torch.Tensor,
    l2: float,
    *,
    tolerance: float = TOLERANCE,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Minimise ``w'Gw / 2 - q'w + l1 ||w||_1 + l2 ||w||^2 / 2`` for every vertex.

    Parameters
    ----------
    gram : (n_features, n_features) float64, G = X'X / n.
    correlation : (n_features, n_vertices) float64, q = X'y / n.
    energy : (n_vertices,) ||y||^2 / n.
    l1 : (n_vertices,) penalties on absolute values.
    l2 : penalty on squares.

    Returns
    -------
    coef : (n_features, n_vertices) float64.
    gap : (n_vertices,) the duality gap reached, in units of ``energy``; above the tolerance for
        vertices that need more sweeps.
    """
    import torch

    coef = torch.zeros_like(correlation)
    gap = torch.zeros_like(energy)
    # A feature that does not vary keeps a coefficient of 0.
    eps = float(np.finfo(np.float32).eps) ** 2
    moving = (gram.diagonal() > gram.diagonal().max() * eps).nonzero()[:, 0]
    todo = torch.arange(len(energy), device=energy.device)
    w, gradient = coef.clone(), correlation.clone()
    for sweep in range(_SWEEPS):
        _sweep(gram, w, gradient, l1[todo], l2, moving)
        last = sweep == _SWEEPS - 1
        if sweep % 5 and not last:
            continue
        reached = duality_gap(w, gradient, correlation[:, todo], energy[todo], l1[todo], l2)
        done = reached <= tolerance * energy[todo]
        if last:
            done[:] = True
        coef[:, todo[done]], gap[todo[done]] = w[:, done], reached[done]
        if done.all():
            break
        todo, w, gradient = todo[~done], w[:, ~done], gradient[:, ~done]
    return coef, gap


def _sweep(
    gram: torch.Tensor,
    w: torch.Tensor,
    gradient: torch.Tensor,
    l1: torch.Tensor,
    l2: float,
    moving: torch.Tensor,
) -> None:
    """Update every coordinate once, in place; ``gradient`` is q - G w, (n_features, n_vertices)."""
    for block in moving.split(_COORDINATES):
        corner = gram[block][:, block]
        local, before = gradient[block], w[block]
        after = before.clone()
        for j in range(len(block)):
            curvature = corner[j, j]
            target = local[j] + curvature * after[j]
            shrunk = target.sign() * (target.abs() - l1).clamp_min(0) / (curvature + l2)
            step = shrunk - after[j]
            after[j] = shrunk
            if j + 1 < len(block):
                local[j:] -= corner[j:, j, None] * step
        change = after - before
        changed = (change != 0).any(1)
        if changed.any():  # coordinates at rest for all vertices cost no product
            gradient.addmm_(gram[:, block[changed]], change[changed], alpha=-1)
            w[block] = after


def duality_gap(
    w: torch.Tensor,
    gradient: torch.Tensor,
    correlation: torch.Tensor,
    energy: torch.Tensor,
    l1: torch.Tensor,
    l2: float,
) -> torch.Tensor:
    """Primal less dual objective (n_vertices,): how far, at most, ``w`` is from optimal.

    The dual point is the residual, scaled until no feature's correlation with it exceeds the
    penalty (scikit-learn's choice); ``l2`` enters as rows appended to X.
    """
    import torch

    fitted = (w * correlation).sum(0)
    residual = (energy - fitted - (w * gradient).sum(0)).clamp_min(0)
    steepest = (gradient - l2 * w).abs().max(0).values
    scale = torch.where(steepest > l1, l1 / steepest.clamp_min(1e-300), 1.0)
    penalty = l1 * w.abs().sum(0) + 0.5 * l2 * (1 + scale**2) * (w**2).sum(0)
    return 0.5 * (1 + scale**2) * residual + penalty - scale * (energy - fitted)
