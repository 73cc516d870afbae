"""Lasso and elastic net as encoders: a support per vertex, or one for all vertices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cortiscope.core.encoding.entry import RegressorEntry
from cortiscope.core.encoding.grid_edges import grid_edges
from cortiscope.core.encoding.predictor import LinearPredictor, Predictor
from cortiscope.core.encoding.sparse.elastic_net import SparseSolution, fit_elastic_net_cv
from cortiscope.core.encoding.sparse.multitask import MultitaskSolution, fit_multitask
from cortiscope.core.encoding.sparse.penalty_scale import in_own_unit
from cortiscope.core.encoding.training import TrainingData, Work

SHARES: tuple[float, ...] = tuple(float(a) for a in np.logspace(-3.5, 0, 8))


@dataclass(frozen=True)
class SparseSettings:
    """Penalties to choose from by K-fold cross-validation.

    Parameters
    ----------
    shares : of the least penalty that leaves no coefficient, for responses in units of their SD
        over all vertices.
    alphas : absolute penalties instead, for responses as they are, as img2brain's.
    """

    shares: tuple[float, ...] = SHARES
    alphas: tuple[float, ...] = ()
    n_folds: int = 5


@dataclass(frozen=True)
class MultitaskSettings:
    """Penalties to choose from by K-fold cross-validation, as in ``SparseSettings``."""

    shares: tuple[float, ...] = SHARES
    alphas: tuple[float, ...] = ()
    n_folds: int = 3


_Settings = SparseSettings | MultitaskSettings


def _fit_with(
    solve: Callable[..., SparseSolution | MultitaskSolution], l1_ratio: float
) -> Callable[[TrainingData, _Settings, Work], Predictor]:
    def fit(data: TrainingData, settings: _Settings, work: Work) -> Predictor:
        responses, grid, unit = data.responses, settings.alphas, np.float32(1)
        if not grid:
            joint = solve is fit_multitask
            scaled, most = in_own_unit(data.design, data.responses, l1_ratio, joint=joint)
            responses, unit = scaled, scaled.unit
            grid = tuple(share * most for share in settings.shares)
        solution = solve(
            data.design,
            responses,
            alphas=grid,
            l1_ratio=l1_ratio,
            n_folds=settings.n_folds,
            groups=data.groups,
            device=work.device,
            progress=work.progress,
            checkpoint=work.checkpoint,
        )
        coef, intercept = solution.coef * unit, solution.intercept * unit
        alphas = np.full(len(intercept), solution.alpha, dtype=np.float32)
        return LinearPredictor(coef, intercept, alphas, edges=grid_edges(alphas, grid))

    return fit


def _entry(
    name: str,
    summary: str,
    method: str,
    settings: type[_Settings],
    fit: Callable[[TrainingData, _Settings, Work], Predictor],
) -> RegressorEntry:
    return RegressorEntry(
        name=name,
        title=name.replace("_", " "),
        summary=summary,
        method=method,
        settings=settings,
        separable=False,
        fit=fit,
    )


ENTRIES = (
    _entry(
        "lasso",
        "linear and sparse; one penalty for all vertices, by 5-fold cross-validation",
        "lasso with one penalty for all vertices, chosen by {n_folds}-fold cross-validation {grid}",
        SparseSettings,
        _fit_with(fit_elastic_net_cv, 1.0),
    ),
    _entry(
        "elastic_net",
        "linear, half sparse, half ridge; one penalty for all vertices, by 5-fold",
        "elastic net (l1 ratio 0.5) with one penalty for all vertices, chosen by "
        "{n_folds}-fold cross-validation {grid}",
        SparseSettings,
        _fit_with(fit_elastic_net_cv, 0.5),
    ),
    _entry(
        "multitask_lasso",
        "linear; a feature is used by all vertices or by none (L2,1 penalty)",
        "multitask lasso (L2,1 penalty: features selected jointly for all vertices), its "
        "penalty chosen by {n_folds}-fold cross-validation {grid}",
        MultitaskSettings,
        _fit_with(fit_multitask, 1.0),
    ),
    _entry(
        "multitask_elastic_net",
        "linear, half multitask lasso, half ridge",
        "multitask elastic net (L2,1 penalty, l1 ratio 0.5: features selected jointly for "
        "all vertices), its penalty chosen by {n_folds}-fold cross-validation {grid}",
        MultitaskSettings,
        _fit_with(fit_multitask, 0.5),
    ),
)
