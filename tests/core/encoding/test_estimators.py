import ast
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import core
from cortiscope.core.encoding.estimators import (
    GCVRidge,
    KFoldElasticNet,
    KFoldMultitaskElasticNet,
    KFoldRidge,
    NearestNeighbours,
)
from cortiscope.core.encoding.ridge.kfold import fit_ridge_cv
from cortiscope.core.encoding.sparse.elastic_net import fit_elastic_net_cv

ESTIMATORS = [
    KFoldRidge(alphas=(0.1, 1.0)),
    GCVRidge(alphas=(0.1, 1.0)),
    KFoldElasticNet(alphas=(0.001, 0.1)),
    KFoldMultitaskElasticNet(alphas=(0.001, 0.1)),
    NearestNeighbours(),
]


@parametrize_with_checks(ESTIMATORS)
def test_the_estimators_keep_scikit_learns_contract(estimator, check):
    check(estimator)


def _data(rng):
    x = rng.normal(size=(40, 6)).astype(np.float32)
    return x, (x @ rng.normal(size=(6, 3)) + rng.normal(size=(40, 3)) + 4).astype(np.float32)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_one_vertex_and_many_predict_in_the_shape_of_y(rng, estimator):
    x, y = _data(rng)
    assert clone(estimator).fit(x, y).predict(x).shape == (40, 3)
    assert clone(estimator).fit(x, y[:, :1]).predict(x).shape == (40, 1)
    assert clone(estimator).fit(x, y[:, 0]).predict(x).shape == (40,)
    assert make_pipeline(StandardScaler(), estimator).fit(x, y).score(x, y) > 0.3


def test_coefficients_are_the_solvers_in_scikit_learns_shape(rng):
    x, y = _data(rng)
    ridge, solved = KFoldRidge().fit(x, y), fit_ridge_cv(x, y)
    np.testing.assert_array_equal(ridge.coef_, solved.coef.T)
    np.testing.assert_array_equal(ridge.alpha_, solved.alpha)
    net, sparse = KFoldElasticNet(l1_ratio=1.0).fit(x, y), fit_elastic_net_cv(x, y, l1_ratio=1.0)
    np.testing.assert_array_equal(net.coef_, sparse.coef.T)
    assert net.alpha_ == sparse.alpha


def test_an_image_in_float64_is_at_distance_0_from_itself(rng):
    x, y = _data(rng)
    x = x + rng.normal(size=x.shape) * 1e-3
    again = NearestNeighbours(weights="distance").fit(x, y).predict(x)
    np.testing.assert_array_equal(again, y)


def test_nothing_of_core_imports_the_estimators():
    for path in Path(core.__file__).parent.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
        names += [a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names]
        assert "cortiscope.core.encoding.estimators" not in names, path
