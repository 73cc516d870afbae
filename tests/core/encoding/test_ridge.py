import numpy as np
import pytest
from sklearn.linear_model import Ridge

from cortiscope.core.encoding.ridge.kfold import fit_ridge_cv, fold_rows
from cortiscope.core.errors import InvalidInput


def _data(rng, n=60, d=12, v=9, noise=1.0):
    x = rng.normal(size=(n, d)).astype(np.float32) * np.linspace(0.3, 3, d, dtype=np.float32) + 2
    w = rng.normal(size=(d, v))
    y = x @ w * np.linspace(0.05, 1, v) + noise * rng.normal(size=(n, v)) - 1
    return x, y.astype(np.float32)


def test_single_penalty_equals_scikit_learn(rng):
    x, y = _data(rng)
    ours = fit_ridge_cv(x, y, alphas=(7.0,))
    theirs = Ridge(alpha=7.0).fit(x.astype(np.float64), y)
    np.testing.assert_allclose(ours.coef.T, theirs.coef_, atol=2e-4)
    np.testing.assert_allclose(ours.intercept, theirs.intercept_, atol=1e-3)


def test_chosen_penalties_and_coefficients_equal_himalayas(rng):
    from himalaya.ridge import RidgeCV
    from sklearn.model_selection import KFold

    x, y = _data(rng, n=90, v=40, noise=3.0)
    alphas = tuple(np.logspace(-1, 4, 11))
    ours = fit_ridge_cv(x, y, alphas=alphas, n_folds=5)
    theirs = RidgeCV(alphas=alphas, cv=KFold(5), fit_intercept=True).fit(x, y)
    np.testing.assert_allclose(ours.alpha, theirs.best_alphas_, rtol=1e-4)
    np.testing.assert_allclose(ours.coef, theirs.coef_, atol=2e-3)
    assert len(np.unique(ours.alpha)) > 2  # else the comparison would say little


def test_validation_error_equals_forming_the_predictions(rng):
    x, y = _data(rng, n=40, v=5)
    ours = fit_ridge_cv(x, y, alphas=(1.0, 50.0), n_folds=4)
    expected = np.zeros((2, 5))
    for rows in fold_rows(40, 4):
        train = np.delete(np.arange(40), rows)
        for k, alpha in enumerate((1.0, 50.0)):
            p = Ridge(alpha=alpha).fit(x[train], y[train]).predict(x[rows])
            expected[k] += ((y[rows] - p) ** 2).mean(0) / 4
    np.testing.assert_allclose(ours.validation_mse, expected, rtol=1e-4)


def test_constant_vertex_gets_zero_coefficients_and_others_are_untouched(rng):
    x, y = _data(rng)
    alone = fit_ridge_cv(x, y)
    y_dead = y.copy()
    y_dead[:, 3] = 2.5
    ours = fit_ridge_cv(x, y_dead)
    assert np.all(ours.coef[:, 3] == 0)
    assert ours.intercept[3] == pytest.approx(2.5)
    np.testing.assert_allclose(np.delete(ours.coef, 3, 1), np.delete(alone.coef, 3, 1), atol=1e-6)


def test_collinear_and_constant_features_and_fewer_images_than_features_stay_finite(rng):
    x, y = _data(rng, n=20, d=30)
    x[:, 5] = x[:, 4]
    x[:, 6] = 1
    ours = fit_ridge_cv(x, y, n_folds=4)
    assert np.isfinite(ours.coef).all()
    theirs = Ridge(alpha=float(ours.alpha[0])).fit(x.astype(np.float64), y[:, :1])
    np.testing.assert_allclose(ours.coef[:, 0], np.ravel(theirs.coef_), atol=1e-3)


def test_permuting_vertices_permutes_the_result(rng):
    x, y = _data(rng)
    order = rng.permutation(y.shape[1])
    straight, shuffled = fit_ridge_cv(x, y), fit_ridge_cv(x, y[:, order])
    np.testing.assert_allclose(straight.coef[:, order], shuffled.coef, atol=1e-5)
    np.testing.assert_array_equal(straight.alpha[order], shuffled.alpha)


@pytest.mark.parametrize("bad", [(0.0, 1.0), (-1.0,), ()])
def test_penalties_that_are_not_positive_are_refused(rng, bad):
    x, y = _data(rng)
    with pytest.raises(InvalidInput, match="positive"):
        fit_ridge_cv(x, y, alphas=bad)


def test_too_many_folds_are_refused(rng):
    with pytest.raises(InvalidInput, match="folds"):
        fold_rows(5, 4)
