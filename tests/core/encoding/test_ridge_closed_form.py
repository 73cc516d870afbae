import numpy as np
import pytest
from sklearn.linear_model import RidgeCV

from cortiscope.core.encoding.ridge.closed_form import CRITERIA, fit_ridge_closed_form
from cortiscope.core.errors import InvalidInput, UnknownName

_ALPHAS = tuple(np.logspace(-1, 4, 11))


def _data(rng, n=60, d=12, v=30):
    x = rng.normal(size=(n, d)).astype(np.float32) * np.linspace(0.3, 3, d, dtype=np.float32) + 2
    y = x @ rng.normal(size=(d, v)) * np.linspace(0.05, 1, v) + 3 * rng.normal(size=(n, v)) - 1
    return x, y.astype(np.float32)


@pytest.mark.parametrize(("n", "d"), [(60, 12), (20, 33)])
def test_leave_one_out_equals_scikit_learns(rng, n, d):
    x, y = _data(rng, n, d)
    ours = fit_ridge_closed_form(x, y, alphas=_ALPHAS, criterion="loo")
    theirs = RidgeCV(_ALPHAS, alpha_per_target=True, store_cv_results=True)
    theirs.fit(x.astype(np.float64), y.astype(np.float64))
    np.testing.assert_allclose(ours.alpha, theirs.alpha_, rtol=1e-5)
    np.testing.assert_allclose(ours.coef.T, theirs.coef_, atol=1e-4)
    np.testing.assert_allclose(ours.intercept, theirs.intercept_, atol=1e-3)
    np.testing.assert_allclose(ours.validation_mse, theirs.cv_results_.mean(0).T, rtol=1e-3)
    assert len(np.unique(ours.alpha)) > 2  # else the comparison would say little


@pytest.mark.parametrize(("n", "d"), [(60, 12), (20, 33)])
def test_gcv_equals_its_definition_by_the_hat_matrix(rng, n, d):
    x, y = _data(rng, n, d)
    ours = fit_ridge_closed_form(x, y, alphas=_ALPHAS)
    centred = x.astype(np.float64) - x.mean(0, dtype=np.float64)
    expected = []
    for a in _ALPHAS:
        hat = centred @ np.linalg.solve(centred.T @ centred + a * np.eye(d), centred.T) + 1 / n
        expected.append(((y - hat @ y) ** 2).mean(0) / (1 - np.trace(hat) / n) ** 2)
    np.testing.assert_allclose(ours.validation_mse, expected, rtol=1e-4)
    np.testing.assert_allclose(ours.alpha, np.asarray(_ALPHAS)[np.argmin(expected, 0)], rtol=1e-5)


@pytest.mark.parametrize("criterion", CRITERIA)
def test_degenerate_features_and_vertices_stay_finite(rng, criterion):
    x, y = _data(rng, n=20, d=25)
    x[:, 5] = x[:, 4]
    x[:, 6] = 1
    y[:, 3] = 0.1
    ours = fit_ridge_closed_form(x, y, alphas=(1e-9, 1.0, 10.0), criterion=criterion)
    assert np.isfinite(ours.coef).all()
    assert np.all(ours.coef[:, 3] == 0)
    assert ours.intercept[3] == pytest.approx(0.1)
    assert np.all(ours.coef[6] == 0)
    one = fit_ridge_closed_form(x, y[:, 7:8], alphas=(1e-9, 1.0, 10.0), criterion=criterion)
    np.testing.assert_allclose(one.coef[:, 0], ours.coef[:, 7], atol=1e-5)


@pytest.mark.parametrize("criterion", CRITERIA)
def test_permuting_vertices_permutes_the_result(rng, criterion):
    x, y = _data(rng)
    order = rng.permutation(y.shape[1])
    straight = fit_ridge_closed_form(x, y, criterion=criterion)
    shuffled = fit_ridge_closed_form(x, y[:, order], criterion=criterion)
    np.testing.assert_array_equal(straight.alpha[order], shuffled.alpha)
    np.testing.assert_allclose(straight.coef[:, order], shuffled.coef, atol=1e-5)


def test_unknown_criteria_and_penalties_of_zero_are_refused(rng):
    x, y = _data(rng)
    with pytest.raises(UnknownName, match="gcv"):
        fit_ridge_closed_form(x, y, criterion="gvc")
    with pytest.raises(InvalidInput, match="positive"):
        fit_ridge_closed_form(x, y, alphas=(0.0,))
