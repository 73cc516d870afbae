"""Lasso and elastic net as regressors: a support per vertex, or one for all vertices.

Their grids are shares of the penalty at which no coefficient is left, for responses in a unit of
their own, so that a grid means the same for responses in any unit. The unit is one for all
vertices: averaged responses vary more where there is more signal, and these vertices have more say
in the one penalty that is chosen for all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cortiscope.core.encoding.grid_edges import grid_edges
from cortiscope.core.encoding.predictor import LinearPredictor, Predictor
from cortiscope.core.encoding.regressors import RegressorEntry
from cortiscope.core.encoding.sparse.elastic_net import SparseSolution, fit_elastic_net_cv
from cortiscope.core.encoding.sparse.multitask import MultitaskSolution, fit_multitask
from cortiscope.core.encoding.training import Responses, TrainingData, Work

_COLUMNS = 2048
SHARES: tuple[float, ...] = tuple(float(a) for a in np.logspace(-3.5, 0, 8))


@dataclass(frozen=True)
class InUnit:
    """Responses divided by a number, read in parts as they are.

    Parameters
    ----------
    responses : (n_stimuli, n_vertices).
    unit : root mean square over vertices of their SDs; 1 where all are constant.
    """

    responses: Responses
    unit: np.float32

    @property
    def shape(self) -> tuple[int, ...]:
        """(n_stimuli, n_vertices)."""
        return self.responses.shape

    def __getitem__(self, key: Any) -> np.ndarray:
        return np.asarray(self.responses[key]) / self.unit

    def __len__(self) -> int:
        return len(self.responses)


def in_own_unit(
    design: np.ndarray, responses: Responses, l1_ratio: float, *, joint: bool
) -> tuple[InUnit, float]:
    """Return responses in their unit and the least penalty that leaves them no coefficient.

    Parameters
    ----------
    design : (n_stimuli, n_features).
    responses : (n_stimuli, n_vertices); read once, a chunk of vertices at a time.
    joint : a feature is used by all vertices or by none (L2,1), instead of by each for itself.

    Notes
    -----
    ``max_j |x_j' y| / (n l1_ratio)`` on centred data, over vertices their largest or, joint,
    their norm; 1 where nothing varies.
    """
    x = np.asarray(design, dtype=np.float64)
    x = x - x.mean(axis=0)
    n_vertices, energy = responses.shape[1], 0.0
    reach = np.zeros(x.shape[1])
    for start in range(0, n_vertices, _COLUMNS):
        y = np.asarray(responses[:, start : start + _COLUMNS], dtype=np.float64)
        y = y[:, y.max(axis=0) > y.min(axis=0)]
        y -= y.mean(axis=0)
        energy += float((y**2).mean(axis=0).sum())
        squares = (x.T @ y / len(x)) ** 2
        if joint:
            reach += squares.sum(axis=1)
        else:
            reach = np.maximum(reach, squares.max(axis=1, initial=0))
    unit = np.float32(np.sqrt(energy / n_vertices) or 1)
    return InUnit(responses, unit), float(np.sqrt(reach.max()) / unit or 1) / l1_ratio


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
