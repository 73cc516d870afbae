"""Coordinate descent for lasso and elastic net, on a Gram matrix that all vertices share.

One coordinate is updated for a whole block of vertices; a few coordinates are updated from each
other's small corner of the Gram matrix before the gradient is brought up to date by one product.
Now and then each vertex's non-zero coefficients are solved for at once, which is what correlated
features need. A vertex leaves its block when its duality gap is small.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

TOLERANCE = 1e-6
_COORDINATES = 16
_SWEEPS = 2000
# A vertex with more non-zero coefficients than this is left to the sweeps.
_LARGEST_SYSTEM = 256
_SYSTEM_BYTES = 2**26


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
    gap : (n_vertices,) the duality gap reached, in units of ``energy``.
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
        if sweep % 5 and sweep != 1:
            continue
        if sweep:
            # The product also keeps rounding from adding up over many updates.
            w = solve_supports(gram, w, correlation[:, todo], l1[todo], l2)
            gradient = correlation[:, todo] - gram @ w
        reached = duality_gap(w, gradient, correlation[:, todo], energy[todo], l1[todo], l2)
        done = reached <= tolerance * energy[todo]
        if sweep + 1 >= _SWEEPS - 5:
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


def solve_supports(
    gram: torch.Tensor,
    w: torch.Tensor,
    correlation: torch.Tensor,
    l1: torch.Tensor,
    l2: float,
) -> torch.Tensor:
    """Jump to the minimum over each vertex's non-zero coefficients, their signs held.

    On a support S with signs z the objective is quadratic, with its minimum at
    ``(G_SS + l2) w_S = q_S - l1 z``. Coefficients whose sign the jump would turn become 0; where
    the objective is not lower for it, a vertex stays as it was.

    Returns
    -------
    coef : (n_features, n_vertices).
    """
    import torch

    sizes = (w != 0).sum(0)
    columns = ((sizes > 0) & (sizes <= _LARGEST_SYSTEM)).nonzero()[:, 0]
    if not len(columns):
        return w
    moved = w.clone()
    k = int(sizes[columns].max())
    for group in columns.split(max(_SYSTEM_BYTES // (8 * k * k), 1)):
        old = w[:, group].T
        used, index = (old != 0).to(torch.int8).sort(dim=1, descending=True, stable=True)
        index, kept = index[:, :k], used[:, :k].bool()  # (n_group, k), padded to k
        system = gram[index[:, :, None], index[:, None, :]]
        system = system * (kept[:, :, None] & kept[:, None, :])
        # Collinear features leave the system singular; a trace of their size settles it.
        ridge = torch.where(kept, l2 + 1e-12 * gram.diagonal().max(), 1.0)
        system.diagonal(dim1=1, dim2=2).add_(ridge)
        signs = old.gather(1, index).sign()
        right = (correlation[:, group].T.gather(1, index) - l1[group, None] * signs) * kept
        solved = torch.linalg.solve(system, right)
        solved = torch.where(solved * signs > 0, solved, 0.0)
        moved[:, group] = torch.zeros_like(old).scatter_(1, index, solved).T
    better = _objective(gram, moved, correlation, l1, l2) < _objective(gram, w, correlation, l1, l2)
    return torch.where(better, moved, w)


def _objective(
    gram: torch.Tensor,
    w: torch.Tensor,
    correlation: torch.Tensor,
    l1: torch.Tensor,
    l2: float,
) -> torch.Tensor:
    """Return what is minimised, (n_vertices,), less its value without coefficients."""
    smooth = (w * (0.5 * (gram @ w) - correlation)).sum(0)
    return smooth + l1 * w.abs().sum(0) + 0.5 * l2 * (w**2).sum(0)
