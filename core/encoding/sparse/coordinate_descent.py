"""Coordinate descent for lasso and elastic net, on a Gram matrix that all vertices share.

One coordinate is updated for a whole block of vertices; a few coordinates are updated from each
other's small corner of the Gram matrix before the gradient is brought up to date by one product.
Sweeps are in float32, about a gradient that is renewed in float64 whenever the duality gap is
looked at. A vertex leaves when its gap is small. Correlated features need many sweeps: where too
few vertices are left to be worth them together, they are reported as unfinished.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

TOLERANCE = 1e-6
_COORDINATES = 16
_SWEEPS = 150
_CHECK_EVERY = 5
# What it costs to take a vertex out and finish it alone, in updates of one row of a block
# (measured: about 120 and 40 microseconds; the arithmetic itself costs much the same).
_UPDATES_PER_VERTEX = 3
_ONE_BY_ONE_ITERATIONS = 20_000


def descend(
    gram: torch.Tensor,
    cross: torch.Tensor,
    energy: torch.Tensor,
    l1: float,
    l2: float,
    *,
    start: torch.Tensor | None = None,
    tolerance: float = TOLERANCE,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Minimise ``w'Gw / 2 - q'w + l1 ||w||_1 + l2 ||w||^2 / 2`` for every vertex.

    Parameters
    ----------
    gram : (n_features, n_features) float64, G = X'X / n.
    cross : (n_features, n_vertices) float64, q = X'y / n.
    energy : (n_vertices,) ||y||^2 / n.
    l1 : penalty on absolute values.
    l2 : penalty on squares.
    start : (n_features, n_vertices) where to begin; 0 if None.
    tolerance : the gap at which a vertex is finished, as a share of its energy.

    Returns
    -------
    coef : (n_features, n_vertices) float64.
    gap : (n_vertices,) the duality gap reached, in units of ``energy``; above the tolerance for
        vertices that are unfinished.
    """
    import torch

    coef = torch.zeros_like(cross) if start is None else start.clone()
    gap = torch.zeros_like(energy)
    blocks = _blocks(gram, l2)
    todo = torch.arange(len(energy), device=energy.device)
    w = coef.float()
    gradient = (cross if start is None else torch.addmm(cross, gram, coef, alpha=-1)).float()
    before, sweep = gap, 0
    while True:
        n_sweeps = 1 if sweep == 0 else _CHECK_EVERY
        for block in n_sweeps * blocks:
            block.update(w, gradient, l1)
        sweep += n_sweeps
        exact = w.double()
        renewed = torch.addmm(cross[:, todo], gram, exact, alpha=-1)
        reached = duality_gap(exact, renewed, cross[:, todo], energy[todo], l1, l2)
        coef[:, todo], gap[todo] = exact, reached
        goal = tolerance * energy[todo]
        late = reached > goal
        n_late = int(late.sum())
        if not n_late or sweep >= _SWEEPS:
            return coef, gap
        if sweep > 1:
            fall = (before[late] / reached[late]).log() / n_sweeps
            wanted = float(((reached[late] / goal[late]).log() / fall.clamp_min(1e-3)).median())
            if n_late * _UPDATES_PER_VERTEX < wanted * len(gram):
                return coef, gap
        gradient.copy_(renewed)
        before = reached
        if n_late < 0.8 * len(todo):
            todo, before = todo[late], reached[late]
            w, gradient = w[:, late], gradient[:, late]


@dataclass(frozen=True)
class _Block:
    """A few coordinates: ``columns[j]`` is their corner's column j below its diagonal."""

    rows: slice | torch.Tensor
    columns: tuple[torch.Tensor, ...]
    curvature: tuple[float, ...]
    shrink: tuple[float, ...]
    gram: torch.Tensor

    def update(self, w: torch.Tensor, gradient: torch.Tensor, l1: float) -> None:
        """Update each coordinate once, in place; ``gradient`` is q - G w."""
        import torch
        from torch.nn.functional import softshrink

        before, local = w[self.rows], gradient[self.rows]
        if isinstance(self.rows, slice):
            local = local.clone()
        rows, slopes, found = before.unbind(0), local.unbind(0), []
        for j, column in enumerate(self.columns):
            target = torch.add(slopes[j], rows[j], alpha=self.curvature[j])
            found.append(softshrink(target, l1).mul_(self.shrink[j]))
            if len(column):
                local[j + 1 :].addr_(column, rows[j] - found[j])
        after = torch.stack(found)
        gradient.addmm_(self.gram, before - after)
        w[self.rows] = after


def _blocks(gram: torch.Tensor, l2: float) -> list[_Block]:
    """Cut the coordinates into blocks; a feature that does not vary is in none and keeps its 0."""
    diagonal = gram.diagonal()
    eps = float(np.finfo(np.float32).eps) ** 2
    varies = diagonal > diagonal.max().clamp_min(1e-300) * eps
    found = []
    for index in varies.nonzero()[:, 0].split(_COORDINATES):
        whole = len(index) == int(index[-1] - index[0]) + 1
        rows = slice(int(index[0]), int(index[-1]) + 1) if whole else index
        corner = gram[index][:, index].float()
        curvature = diagonal[index]
        found.append(
            _Block(
                rows,
                tuple(corner[j + 1 :, j].contiguous() for j in range(len(index))),
                tuple(curvature.tolist()),
                tuple((1 / (curvature + l2)).tolist()),
                gram[:, index].float(),
            )
        )
    return found


def duality_gap(
    w: torch.Tensor,
    gradient: torch.Tensor,
    cross: torch.Tensor,
    energy: torch.Tensor,
    l1: float,
    l2: float,
) -> torch.Tensor:
    """Primal less dual objective (n_vertices,): how far, at most, ``w`` is from optimal.

    The dual point is the residual, scaled until no feature's correlation with it exceeds the
    penalty (scikit-learn's choice); ``l2`` enters as rows appended to X.
    """
    import torch

    fitted = (w * cross).sum(0)
    residual = (energy - fitted - (w * gradient).sum(0)).clamp_min(0)
    steepest = (gradient - l2 * w if l2 else gradient).abs().amax(0)
    scale = torch.where(steepest > l1, l1 / steepest.clamp_min(1e-300), 1.0)
    penalty = l1 * w.abs().sum(0) + 0.5 * l2 * (1 + scale**2) * w.square().sum(0)
    return 0.5 * (1 + scale**2) * residual + penalty - scale * (energy - fitted)


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
    """Go on from ``start`` by scikit-learn's compiled coordinate descent, vertex by vertex.

    What is minimised is that of ``descend``. The solver is given a few made-up images with the same
    Gram matrix and the same products with the responses, so that the real ones are not read again.

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
        max_iter=_ONE_BY_ONE_ITERATIONS,
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
