"""Ridge and least squares as regressors."""

from __future__ import annotations

from dataclasses import dataclass

from cortiscope.core.encoding.copies import averaged
from cortiscope.core.encoding.grid_edges import grid_edges
from cortiscope.core.encoding.predictor import LinearPredictor, Predictor
from cortiscope.core.encoding.regressors import NoSettings, RegressorEntry
from cortiscope.core.encoding.ridge.closed_form import fit_ridge_closed_form
from cortiscope.core.encoding.ridge.kfold import DEFAULT_ALPHAS, fit_ridge_cv
from cortiscope.core.encoding.ridge.least_squares import fit_least_squares
from cortiscope.core.encoding.training import TrainingData, Work


@dataclass(frozen=True)
class PenaltySettings:
    """Penalties to choose from without folds."""

    alphas: tuple[float, ...] = DEFAULT_ALPHAS


@dataclass(frozen=True)
class KFoldSettings:
    """Penalties to choose from by K-fold cross-validation."""

    alphas: tuple[float, ...] = DEFAULT_ALPHAS
    n_folds: int = 5


def _fit_ridge(data: TrainingData, settings: KFoldSettings, work: Work) -> Predictor:
    solution = fit_ridge_cv(
        data.design,
        data.responses,
        alphas=settings.alphas,
        n_folds=settings.n_folds,
        groups=data.groups,
        device=work.device,
        progress=work.progress,
        checkpoint=work.checkpoint,
    )
    edges = grid_edges(solution.alpha, settings.alphas)
    return LinearPredictor(solution.coef, solution.intercept, solution.alpha, edges=edges)


def _fit_ridge_gcv(data: TrainingData, settings: PenaltySettings, work: Work) -> Predictor:
    # It leaves out single rows: a row's copies would reveal what is left out.
    images = averaged(data)
    solution = fit_ridge_closed_form(
        images.design,
        images.responses,
        alphas=settings.alphas,
        device=work.device,
        progress=work.progress,
        checkpoint=work.checkpoint,
    )
    edges = grid_edges(solution.alpha, settings.alphas)
    return LinearPredictor(solution.coef, solution.intercept, solution.alpha, edges=edges)


def _fit_ols(data: TrainingData, settings: NoSettings, work: Work) -> Predictor:
    coef, intercept = fit_least_squares(
        data.design,
        data.responses,
        device=work.device,
        progress=work.progress,
        checkpoint=work.checkpoint,
    )
    return LinearPredictor(coef, intercept)


ENTRIES = (
    RegressorEntry(
        name="ridge",
        title="ridge",
        summary="linear, with a penalty per vertex chosen by 5-fold cross-validation",
        method="ridge regression with one penalty per vertex, chosen by {n_folds}-fold "
        "cross-validation",
        settings=KFoldSettings,
        separable=True,
        fit=_fit_ridge,
    ),
    RegressorEntry(
        name="ridge_gcv",
        title="ridge (GCV)",
        summary="linear, with a penalty per vertex by generalised cross-validation: fastest",
        method="ridge regression with one penalty per vertex, chosen by generalised "
        "cross-validation",
        settings=PenaltySettings,
        separable=True,
        fit=_fit_ridge_gcv,
    ),
    RegressorEntry(
        name="ols",
        title="least squares",
        summary="linear, without a penalty: overfits when images are few",
        method="ordinary least squares",
        settings=NoSettings,
        separable=True,
        fit=_fit_ols,
    ),
)
