"""Least squares with weights that are not negative and sum to 1, many small ones at once.

An active-set method that steps for all vertices together: each solves for the weights of its own
support, goes towards them as far as no weight turns negative, and drops or adds a member.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

# Keeps the system of collinear members solvable; relative to their energy.
_JITTER = 1e-10
_TOLERANCE = 1e-10


def simplex_weights(
    gram: torch.Tensor, cross: torch.Tensor, energy: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Minimise ``||y - sum_k w_k p_k||^2`` with ``w_k >= 0`` and ``sum_k w_k = 1`` per vertex.

    Parameters
    ----------
    gram : (n_vertices, m, m) float64, inner products of the m predictions with one another.
    cross : (n_vertices, m) float64, theirs with the response.
    energy : (n_vertices,) float64, squared norm of the response; where it is 0, weights are equal.

    Returns
    -------
    weights : (n_vertices, m).
    gap : (n_vertices,), how far the squared error may be above its minimum, as a share of
        ``energy``: the Frank-Wolfe gap.
    """
    import torch

    m = cross.shape[1]
    unit = torch.maximum(gram.diagonal(dim1=1, dim2=2).mean(1), cross.abs().amax(1))
    defined = (energy > 0) & (unit > 0)
    unit = torch.where(defined, unit, 1.0)
    h = torch.where(defined[:, None, None], gram / unit[:, None, None], 0.0)
    g = torch.where(defined[:, None], cross / unit[:, None], 0.0)
    jitter = torch.where(defined, _JITTER, 1.0)
    stable = h + jitter[:, None, None] * torch.eye(m, dtype=h.dtype, device=h.device)
    start = (0.5 * stable.diagonal(dim1=1, dim2=2) - g).argmin(1)
    support = torch.nn.functional.one_hot(start, m).bool()
    z = support.to(h.dtype)
    for _ in range(20 * m):
        target = _on_support(stable, g, support)
        blocked = support & (target <= 0)
        ratio = torch.where(blocked, z / (z - target).clamp_min(1e-300), torch.inf)
        step, first = ratio.min(1)
        stopped = step < 1
        z = z + step.clamp_max(1.0)[:, None] * (target - z)
        drop = torch.nn.functional.one_hot(first, m).bool() & stopped[:, None]
        support = support & ~drop
        z = torch.where(support, z.clamp_min(0.0), 0.0)
        slope = (stable @ z[:, :, None])[:, :, 0] - g
        level = (slope * z).sum(1, keepdim=True)
        least, entering = torch.where(support, torch.inf, slope - level).min(1)
        entered = ~stopped & (least < -_TOLERANCE)
        support = support | (torch.nn.functional.one_hot(entering, m).bool() & entered[:, None])
        if not bool((entered | stopped).any()):
            break
    z = z / z.sum(1, keepdim=True)
    slope = (h @ z[:, :, None])[:, :, 0] - g
    gap = 2 * ((slope * z).sum(1) - slope.min(1).values).clamp_min(0) * unit
    return z, torch.where(defined, gap / torch.where(defined, energy, 1.0), 0.0)


def _on_support(h: torch.Tensor, g: torch.Tensor, support: torch.Tensor) -> torch.Tensor:
    """Solve for weights of sum 1 on each vertex's support (n, m), whatever their sign."""
    import torch

    n, m = g.shape
    keep = support.to(h.dtype)
    system = h.new_zeros(n, m + 1, m + 1)
    system[:, :m, :m] = h * keep[:, :, None] * keep[:, None, :] + torch.diag_embed(1 - keep)
    system[:, :m, m] = keep
    system[:, m, :m] = keep
    right = torch.cat([g * keep, g.new_ones(n, 1)], dim=1)
    return torch.linalg.solve(system, right)[:, :m]
