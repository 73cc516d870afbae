"""Lasso and elastic net as encoders: a support per vertex, one penalty for all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.encoding.elastic_net import SPARSE_ALPHAS, fit_elastic_net_cv
from core.encoding.entry import EncoderEntry
from core.encoding.predictor import LinearPredictor, Predictor
from core.encoding.training import TrainingData, Work


@dataclass(frozen=True)
class SparseSettings:
    """Penalties to choose from by K-fold cross-validation."""

    alphas: tuple[float, ...] = SPARSE_ALPHAS
    n_folds: int = 5


def _fit_with(l1_ratio: float) -> Callable[[TrainingData, SparseSettings, Work], Predictor]:
    def fit(data: TrainingData, settings: SparseSettings, work: Work) -> Predictor:
        solution = fit_elastic_net_cv(
            data.design,
            np.asarray(data.responses[:, :]),
            alphas=settings.alphas,
            l1_ratio=l1_ratio,
            n_folds=settings.n_folds,
            device=work.device,
            progress=work.progress,
        )
        alpha = np.full(data.n_vertices, solution.alpha, dtype=np.float32)
        return LinearPredictor(solution.coef, solution.intercept, alpha)

    return fit


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
)
