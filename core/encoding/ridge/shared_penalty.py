"""Ridge with one penalty for all vertices, as img2brain ran it: scikit-learn's RidgeCV.

The penalty is the one of highest R2 on held-out images: its mean over vertices within a fold, then
over folds. A vertex that is constant among a fold's held-out images says nothing and is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cortiscope.core.encoding.grid_edges import grid_edges
from cortiscope.core.encoding.predictor import LinearPredictor, Predictor
from cortiscope.core.encoding.regressors import RegressorEntry
from cortiscope.core.encoding.ridge.data import (
    Centred,
    checked_design,
    decreasing_penalties,
    row_space,
    vertex_chunks,
)
from cortiscope.core.encoding.ridge.fold import Fold
from cortiscope.core.encoding.ridge.kfold import fit_ridge_cv, fold_rows
from cortiscope.core.encoding.training import Responses, TrainingData, Work
from cortiscope.core.progress import Progress, part, silent

# img2brain's grid.
SHARED_ALPHAS: tuple[float, ...] = (1e-2, 1e-1, 1.0, 10.0, 100.0)


def choose_shared_penalty(
    design: np.ndarray,
    responses: Responses,
    *,
    alphas: tuple[float, ...] = SHARED_ALPHAS,
    n_folds: int = 3,
    groups: np.ndarray | None = None,
    device: str = "cpu",
    progress: Progress = silent,
) -> float:
    """Return the penalty of highest mean held-out R2; among equal ones the largest.

    Parameters
    ----------
    design : (n_stimuli, n_features).
    responses : (n_stimuli, n_vertices); may be memory-mapped, read once.
    groups : (n_stimuli,) which rows are of one image (``fold_rows``).
    """
    import torch

    grid = decreasing_penalties(alphas)
    if len(grid) == 1:
        return float(grid[0])
    x = torch.as_tensor(row_space(checked_design(design, responses))[0], device=device)
    x = x.double() - x.mean(0, dtype=torch.float64)
    gram = x.T @ x
    # float64 throughout: one penalty is chosen, and it should be scikit-learn's.
    folds = [
        Fold.prepare(x, gram, held, grid, torch.float64)
        for held in fold_rows(len(x), n_folds, groups)
    ]
    n_vertices = responses.shape[1]
    total = torch.zeros(n_folds, len(grid), dtype=torch.float64, device=x.device)
    counted = torch.zeros(n_folds, 1, dtype=torch.float64, device=x.device)
    for columns in vertex_chunks(n_vertices, 4 * len(x) + 40 * x.shape[1]):
        progress(columns.start / n_vertices, "choosing one penalty for all vertices")
        y = Centred.of(responses[:, columns], x.device, torch.float64)
        held = [y.values[fold.rows] for fold in folds]
        parts = [x[fold.rows].T @ values for fold, values in zip(folds, held, strict=True)]
        whole = torch.stack(parts).sum(0)
        for k, fold in enumerate(folds):
            variance = held[k].var(0, unbiased=False)
            varies = held[k].max(0).values > held[k].min(0).values
            error = fold.squared_error(whole, parts[k], held[k])
            total[k] += (1 - error[:, varies] / variance[varies]).sum(1)
            counted[k] += varies.sum()
    score = (total / counted.clamp_min(1)).mean(0)
    return float(grid[int(score.argmax())])


@dataclass(frozen=True)
class SharedPenaltySettings:
    """Penalties to choose one from by K-fold cross-validation."""

    alphas: tuple[float, ...] = SHARED_ALPHAS
    n_folds: int = 3


def _fit(data: TrainingData, settings: SharedPenaltySettings, work: Work) -> Predictor:
    alpha = choose_shared_penalty(
        data.design,
        data.responses,
        alphas=settings.alphas,
        n_folds=settings.n_folds,
        groups=data.groups,
        device=work.device,
        progress=part(work.progress, 0.0, 0.7),
    )
    solution = fit_ridge_cv(
        data.design,
        data.responses,
        alphas=(alpha,),
        device=work.device,
        progress=part(work.progress, 0.7, 1.0),
    )
    edges = grid_edges(solution.alpha, settings.alphas)
    return LinearPredictor(solution.coef, solution.intercept, solution.alpha, edges=edges)


ENTRIES = (
    RegressorEntry(
        name="ridge_shared",
        title="ridge, one penalty",
        summary="linear, with one penalty for all vertices chosen by 3-fold cross-validation",
        method="ridge regression with one penalty for all vertices, chosen by {n_folds}-fold "
        "cross-validation",
        settings=SharedPenaltySettings,
        separable=False,
        fit=_fit,
    ),
)
