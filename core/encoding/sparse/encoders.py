"""Lasso and elastic net as encoders: a support per vertex, or one for all vertices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.encoding.entry import EncoderEntry
from core.encoding.predictor import LinearPredictor, Predictor
from core.encoding.sparse.elastic_net import SPARSE_ALPHAS, fit_elastic_net_cv
from core.encoding.sparse.multitask import fit_multitask
from core.encoding.training import TrainingData, Work


@dataclass(frozen=True)
class SparseSettings:
    """Penalties to choose from by K-fold cross-validation."""

    alphas: tuple[float, ...] = SPARSE_ALPHAS
    n_folds: int = 5


@dataclass(frozen=True)
class MultitaskSettings:
    """Penalties to choose from by K-fold cross-validation; img2brain's grid and folds."""

    alphas: tuple[float, ...] = SPARSE_ALPHAS
    n_folds: int = 3


def _fit_with(l1_ratio: float) -> Callable[[TrainingData, SparseSettings, Work], Predictor]:
    def fit(data: TrainingData, settings: SparseSettings, work: Work) -> Predictor:
        solution = fit_elastic_net_cv(
            data.design,
            data.responses,
            alphas=settings.alphas,
            l1_ratio=l1_ratio,
            n_folds=settings.n_folds,
            device=work.device,
            progress=work.progress,
            checkpoint=work.checkpoint,
        )
        return _linear(solution.coef, solution.intercept, solution.alpha)

    return fit


def _fit_jointly_with(
    l1_ratio: float,
) -> Callable[[TrainingData, MultitaskSettings, Work], Predictor]:
    def fit(data: TrainingData, settings: MultitaskSettings, work: Work) -> Predictor:
        solution = fit_multitask(
            data.design,
            data.responses,
            alphas=settings.alphas,
            l1_ratio=l1_ratio,
            n_folds=settings.n_folds,
            device=work.device,
            progress=work.progress,
            checkpoint=work.checkpoint,
        )
        return _linear(solution.coef, solution.intercept, solution.alpha)

    return fit


def _linear(coef: np.ndarray, intercept: np.ndarray, alpha: float) -> LinearPredictor:
    return LinearPredictor(coef, intercept, np.full(len(intercept), alpha, dtype=np.float32))


ENTRIES = (
    EncoderEntry(
        name="lasso",
        title="lasso",
        summary="linear and sparse; one penalty for all vertices, by 5-fold cross-validation",
        method="lasso with one penalty for all vertices, chosen by {n_folds}-fold cross-validation",
        settings=SparseSettings,
        separable=False,
        fit=_fit_with(1.0),
    ),
    EncoderEntry(
        name="elastic_net",
        title="elastic net",
        summary="linear, half sparse, half ridge; one penalty for all vertices, by 5-fold",
        method="elastic net (l1 ratio 0.5) with one penalty for all vertices, chosen by "
        "{n_folds}-fold cross-validation",
        settings=SparseSettings,
        separable=False,
        fit=_fit_with(0.5),
    ),
    EncoderEntry(
        name="multitask_lasso",
        title="multitask lasso",
        summary="linear; a feature is used by all vertices or by none (L2,1 penalty)",
        method="multitask lasso (L2,1 penalty: features selected jointly for all vertices), its "
        "penalty chosen by {n_folds}-fold cross-validation",
        settings=MultitaskSettings,
        separable=False,
        fit=_fit_jointly_with(1.0),
    ),
    EncoderEntry(
        name="multitask_elastic_net",
        title="multitask elastic net",
        summary="linear, half multitask lasso, half ridge",
        method="multitask elastic net (L2,1 penalty, l1 ratio 0.5: features selected jointly for "
        "all vertices), its penalty chosen by {n_folds}-fold cross-validation",
        settings=MultitaskSettings,
        separable=False,
        fit=_fit_jointly_with(0.5),
    ),
)
