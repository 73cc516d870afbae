"""Stacked regression: ridge in each feature space, then a convex mixture of them per vertex.

The mixture's weights come from predictions of images that were held out, so that a space that
merely overfits gets none. They are found by an active-set method that steps for all vertices
together: each solves for the weights of its own support, goes towards them as far as no weight
turns negative, and drops or adds a member.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cortiscope.core.encoding.grid_edges import grid_edges
from cortiscope.core.encoding.multiband.space_ridge import FoldedResponses, SpaceRidge
from cortiscope.core.encoding.predictor import LinearPredictor, Predictor
from cortiscope.core.encoding.regressors import RegressorEntry
from cortiscope.core.encoding.ridge.data import decreasing_penalties, vertex_chunks
from cortiscope.core.encoding.ridge.fold import Fold
from cortiscope.core.encoding.ridge.kfold import DEFAULT_ALPHAS, fold_rows
from cortiscope.core.encoding.ridge.regressors import KFoldSettings
from cortiscope.core.encoding.training import Responses, TrainingData, Work

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


@dataclass(frozen=True)
class StackedSolution:
    """Coefficients of the mixture.

    Parameters
    ----------
    coef : (n_features, n_vertices) float32, each space's own ridge times its weight.
    intercept : (n_vertices,) float32.
    weights : (n_spaces, n_vertices) float32, not negative, of sum 1.
    alphas : (n_spaces, n_vertices) float32, penalty of each space's ridge.
    gap : (n_vertices,) float32, how far the mixture's squared error may be above the least one,
        as a share of the response's energy.
    """

    coef: np.ndarray
    intercept: np.ndarray
    weights: np.ndarray
    alphas: np.ndarray
    gap: np.ndarray


def fit_stacked(
    design: np.ndarray,
    responses: Responses,
    spaces: Sequence[slice],
    *,
    alphas: tuple[float, ...] = DEFAULT_ALPHAS,
    n_folds: int = 5,
    groups: np.ndarray | None = None,
    others: Sequence[Responses] = (),
    work: Work | None = None,
) -> StackedSolution:
    """Fit ridge in each space and mix them with weights of least error on held-out images.

    With ``p_k`` the prediction of space k for images held out of its fit, the weights of a vertex
    minimise ``||y - sum_k w_k p_k||^2`` over ``w_k >= 0, sum_k w_k = 1``. What is mixed in the
    end are the spaces' fits on all images. A sum of 1 rather than at most 1: what more shrinkage
    would do, the penalties did, and a vertex with a signal always gets a prediction that varies,
    without which it would have no correlation and drop out of every summary.

    Parameters
    ----------
    design : (n_stimuli, n_features) float32.
    responses : (n_stimuli, n_vertices); may be memory-mapped, read once.
    spaces : columns of each feature space.
    alphas : positive penalties; each space and vertex has its own, by K-fold.
    groups : (n_stimuli,) which rows are of one image (``fold_rows``).
    others : (n_stimuli, n_vertices) each, what further models predict of images that were held out
        of their fits, by the same folds; read once, a chunk of vertices at a time. They are weighed
        too, their weights first, and not fitted: coefficients and intercepts are of the spaces
        alone.

    Notes
    -----
    Penalties and weights are chosen on the same folds. With one space it is ``fit_ridge_cv``; a
    constant vertex has equal weights.

    References
    ----------
    Breiman 1996, Machine Learning 24 (stacked regressions); Lin, Naselaris, Kay & Wehbe
    2024, NeuroImage 298 (stacked regressions for brain maps).
    """
    data = TrainingData(np.asarray(design, dtype=np.float32), responses, tuple(spaces))
    work = work or Work()
    grid = decreasing_penalties(alphas)
    rows = fold_rows(len(design), n_folds, groups)
    work.progress(0.0, "preparing folds")
    models = [
        _Stackable.of(ridge)
        for ridge in SpaceRidge.of_all(data.design, data.spaces, rows, grid, work.device)
    ]
    n_features, n_spaces, n_vertices = data.design.shape[1], len(models), data.n_vertices
    found = StackedSolution(
        np.empty((n_features, n_vertices), dtype=np.float32),
        np.empty(n_vertices, dtype=np.float32),
        np.empty((len(others) + n_spaces, n_vertices), dtype=np.float32),
        np.empty((n_spaces, n_vertices), dtype=np.float32),
        np.empty(n_vertices, dtype=np.float32),
    )
    # Out-of-fold predictions of one fold in all spaces, coefficients, and one space's search.
    floats = (
        (2 + n_spaces) * len(design)
        + 3 * n_features
        + 40 * max(model.ridge.x.shape[1] for model in models)
    )
    for columns in vertex_chunks(n_vertices, floats):
        work.progress(0.05 + 0.95 * columns.start / n_vertices, "stacking feature spaces")
        name = f"chunk-{columns.start:07d}"
        piece = work.checkpoint.load(name)
        if piece is None:
            ridge = models[0].ridge
            y = FoldedResponses.of(responses[:, columns], rows, ridge.x.device, ridge.x.dtype)
            piece = _stack(models, y, rows, n_features, [o[:, columns] for o in others])
            work.checkpoint.save(name, piece)
        for key, values in piece.items():
            getattr(found, key)[..., columns] = values
    work.progress(1.0, "fitted")
    return found


@dataclass(frozen=True)
class _Stackable:
    """A space's ridge and, per fold, its held-out images in the axes of the training ones."""

    ridge: SpaceRidge
    images: tuple[torch.Tensor, ...]

    @classmethod
    def of(cls, ridge: SpaceRidge) -> _Stackable:
        images = tuple((ridge.x[fold.rows] - fold.mean) @ fold.axes for fold in ridge.folds)
        return cls(ridge, images)


def _stack(
    models: Sequence[_Stackable],
    y: FoldedResponses,
    rows: Sequence[slice],
    n_features: int,
    others: Sequence[np.ndarray],
) -> dict[str, np.ndarray]:
    """Fit one chunk of vertices."""
    import torch

    device, dtype = y.centred.values.device, y.centred.values.dtype
    n_vertices, n_spaces = y.centred.values.shape[1], len(models)
    n_members = len(others) + n_spaces
    parts, whole, places = [], [], []
    for model in models:
        own, total = y.moments(model.ridge.x, rows)
        parts.append(own)
        whole.append(total)
        places.append(model.ridge.chosen(y, own, total)[1])
    gram = torch.zeros(n_vertices, n_members, n_members, dtype=torch.float64, device=device)
    cross = torch.zeros(n_vertices, n_members, dtype=torch.float64, device=device)
    energy = torch.zeros(n_vertices, dtype=torch.float64, device=device)
    for f, held in enumerate(y.held):
        n_train = models[0].ridge.folds[f].n_train
        y_mean = -held.sum(0) / n_train  # all rows together sum to 0
        target = held - y_mean
        # In the units of the centred responses, less the mean of those that were fitted.
        given = [
            ((torch.as_tensor(other[rows[f]], device=device) - y.centred.mean) / y.centred.scale)
            - y_mean
            for other in others
        ]
        predicted = [value.to(dtype) for value in given]
        predicted += [
            _held_out(model, f, whole[k] - parts[k][f], y_mean, places[k])
            for k, model in enumerate(models)
        ]
        energy += (target**2).sum(0, dtype=torch.float64)
        for j, one in enumerate(predicted):
            cross[:, j] += (one * target).sum(0, dtype=torch.float64)
            for k in range(j + 1):
                inner = (one * predicted[k]).sum(0, dtype=torch.float64)
                gram[:, j, k] += inner
                if k < j:
                    gram[:, k, j] += inner
    weights, gap = simplex_weights(gram, cross, energy)
    coef = torch.zeros(n_features, n_vertices, dtype=dtype, device=device)
    shares = weights[:, len(others) :]
    intercept = y.centred.mean * shares.sum(1) if others else y.centred.mean.clone()
    alphas = np.empty((n_spaces, n_vertices), dtype=np.float32)
    for k, model in enumerate(models):
        w = shares[:, k].to(dtype) * model.ridge.coefficients(whole[k], places[k])
        w *= y.centred.scale.to(dtype)
        coef[model.ridge.columns] = w
        intercept -= model.ridge.mean @ w.double()
        alphas[k] = model.ridge.grid[places[k].cpu().numpy()]
    return {
        "coef": coef.float().cpu().numpy(),
        "intercept": intercept.float().cpu().numpy(),
        "weights": weights.T.float().cpu().numpy(),
        "alphas": alphas,
        "gap": gap.float().cpu().numpy(),
    }


def _held_out(
    model: _Stackable,
    f: int,
    moments: torch.Tensor,
    y_mean: torch.Tensor,
    place: torch.Tensor,
) -> torch.Tensor:
    """Predict the held-out images of a fold from the others, less the others' mean response."""
    import torch

    fold: Fold = model.ridge.folds[f]
    c = fold.axes.T @ (moments - fold.n_train * torch.outer(fold.mean, y_mean))
    return model.images[f] @ (fold.curves.exact[place].T * c)


def _fit(data: TrainingData, settings: KFoldSettings, work: Work) -> Predictor:
    solution = fit_stacked(
        data.design,
        data.responses,
        data.spaces,
        alphas=settings.alphas,
        n_folds=settings.n_folds,
        groups=data.groups,
        work=work,
    )
    notes = {"stack_weights": solution.weights, "stack_alphas": solution.alphas}
    edges = grid_edges(solution.alphas, settings.alphas)
    return LinearPredictor(solution.coef, solution.intercept, None, notes, edges)


ENTRIES = (
    RegressorEntry(
        name="stacked",
        title="stacked ridge",
        summary="linear: ridge in each feature space, mixed per vertex by held-out images",
        method="ridge regression in each feature space, with one penalty per vertex chosen by "
        "{n_folds}-fold cross-validation, stacked per vertex with non-negative weights of sum 1 "
        "that minimise the squared error of the held-out predictions",
        settings=KFoldSettings,
        separable=True,
        fit=_fit,
    ),
)
