"""The solvers as scikit-learn estimators, for notebooks, pipelines and searches.

Nothing of the project imports this file: its regressors call the solvers themselves. ``y`` has one
column or many, one for each vertex. Fits are in float32, sums that need it in float64.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from cortiscope.core.encoding.neighbours import NeighboursSettings, fit_neighbours
from cortiscope.core.encoding.ridge.closed_form import fit_ridge_closed_form
from cortiscope.core.encoding.ridge.kfold import DEFAULT_ALPHAS, RidgeSolution, fit_ridge_cv
from cortiscope.core.encoding.sparse.elastic_net import (
    SPARSE_ALPHAS,
    SparseSolution,
    fit_elastic_net_cv,
)
from cortiscope.core.encoding.sparse.multitask import MultitaskSolution, fit_multitask
from cortiscope.core.encoding.training import TrainingData

_Solution = RidgeSolution | SparseSolution | MultitaskSolution


class _VertexRegressor(MultiOutputMixin, RegressorMixin, BaseEstimator):
    """Reads X and y as scikit-learn's own regressors do."""

    def _checked(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
        X, y = validate_data(
            self, X, y, multi_output=True, y_numeric=True, dtype=np.float32, ensure_min_samples=2
        )
        self._one_column = y.ndim == 1
        return X, y.reshape(len(y), -1).astype(np.float32)


class _Linear(_VertexRegressor):
    """Keeps coefficients (n_vertices, n_features), or (n_features,) for a y of one dimension."""

    def fit(self, X: Any, y: Any) -> _Linear:
        """Fit to X (n_stimuli, n_features) and y (n_stimuli,) or (n_stimuli, n_vertices)."""
        design, responses = self._checked(X, y)
        solution = self._solve(design, responses)
        one = self._one_column
        self.coef_ = solution.coef[:, 0] if one else solution.coef.T
        self.intercept_ = solution.intercept[0] if one else solution.intercept
        alpha = np.asarray(solution.alpha)
        self.alpha_ = alpha[0] if one and alpha.ndim else alpha[()]
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Predict (n_stimuli,) or (n_stimuli, n_vertices), as y was."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=(np.float64, np.float32), reset=False)
        return np.asarray(X @ self.coef_.T + self.intercept_)

    def _solve(self, design: np.ndarray, responses: np.ndarray) -> _Solution:
        raise NotImplementedError


class KFoldRidge(_Linear):
    """Ridge with a penalty per vertex, chosen by K-fold cross-validation.

    Parameters
    ----------
    alphas : positive penalties to choose from.
    n_folds : contiguous folds.
    device : a torch device.

    Attributes
    ----------
    alpha_ : (n_vertices,) the penalties chosen.
    """

    def __init__(self, alphas: Any = DEFAULT_ALPHAS, n_folds: int = 5, device: str = "cpu") -> None:
        self.alphas = alphas
        self.n_folds = n_folds
        self.device = device

    def _solve(self, design: np.ndarray, responses: np.ndarray) -> _Solution:
        return fit_ridge_cv(
            design,
            responses,
            alphas=tuple(self.alphas),
            n_folds=self.n_folds,
            device=self.device,
        )


class GCVRidge(_Linear):
    """Ridge with a penalty per vertex, chosen without folds.

    Parameters
    ----------
    alphas : positive penalties to choose from.
    criterion : ``gcv`` (generalised cross-validation) or ``loo`` (leave-one-out).
    device : a torch device.

    Attributes
    ----------
    alpha_ : (n_vertices,) the penalties chosen.
    """

    def __init__(
        self, alphas: Any = DEFAULT_ALPHAS, criterion: str = "gcv", device: str = "cpu"
    ) -> None:
        self.alphas = alphas
        self.criterion = criterion
        self.device = device

    def _solve(self, design: np.ndarray, responses: np.ndarray) -> _Solution:
        return fit_ridge_closed_form(
            design,
            responses,
            alphas=tuple(self.alphas),
            criterion=self.criterion,
            device=self.device,
        )


class KFoldElasticNet(_Linear):
    """Elastic net with a support per vertex and one penalty, chosen by K-fold cross-validation.

    Parameters
    ----------
    alphas : positive penalties to choose from.
    l1_ratio : 1 is the lasso.
    n_folds : contiguous folds.
    device : a torch device.

    Attributes
    ----------
    alpha_ : the penalty chosen.
    """

    _solver: Callable[..., _Solution] = staticmethod(fit_elastic_net_cv)

    def __init__(
        self,
        alphas: Any = SPARSE_ALPHAS,
        l1_ratio: float = 0.5,
        n_folds: int = 5,
        device: str = "cpu",
    ) -> None:
        self.alphas = alphas
        self.l1_ratio = l1_ratio
        self.n_folds = n_folds
        self.device = device

    def _solve(self, design: np.ndarray, responses: np.ndarray) -> _Solution:
        return self._solver(
            design,
            responses,
            alphas=tuple(self.alphas),
            l1_ratio=self.l1_ratio,
            n_folds=self.n_folds,
            device=self.device,
        )


class KFoldMultitaskElasticNet(KFoldElasticNet):
    """Elastic net with one support for all vertices (L2,1), by K-fold cross-validation.

    Parameters and attributes are those of ``KFoldElasticNet``; three folds are usual.
    """

    _solver = staticmethod(fit_multitask)

    def __init__(
        self,
        alphas: Any = SPARSE_ALPHAS,
        l1_ratio: float = 0.5,
        n_folds: int = 3,
        device: str = "cpu",
    ) -> None:
        super().__init__(alphas, l1_ratio, n_folds, device)


class NearestNeighbours(_VertexRegressor):
    """Mean response to the nearest fit images.

    Parameters
    ----------
    k : number of neighbours.
    weights : ``uniform`` or ``distance``.
    """

    def __init__(self, k: int = 5, weights: str = "uniform") -> None:
        self.k = k
        self.weights = weights

    def fit(self, X: Any, y: Any) -> NearestNeighbours:
        """Keep X (n_stimuli, n_features) and y (n_stimuli,) or (n_stimuli, n_vertices)."""
        data = TrainingData(*self._checked(X, y))
        self.predictor_ = fit_neighbours(data, NeighboursSettings(self.k, self.weights))
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Predict (n_stimuli,) or (n_stimuli, n_vertices), as y was."""
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float32, reset=False)
        predicted = self.predictor_.predict(X).astype(np.float64)
        return predicted[:, 0] if self._one_column else predicted
