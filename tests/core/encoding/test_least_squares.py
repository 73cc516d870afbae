import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression

from cortiscope.core.encoding.ridge import least_squares
from cortiscope.core.encoding.ridge.least_squares import fit_least_squares
from cortiscope.core.errors import InvalidInput


def _data(rng, n=60, d=12, v=9):
    x = rng.normal(size=(n, d)).astype(np.float32) * np.linspace(0.3, 3, d, dtype=np.float32) + 2
    y = x @ rng.normal(size=(d, v)) + rng.normal(size=(n, v)) - 1
    return x, y.astype(np.float32)


def _least_norm(x, y, smallest):
    x, y = x.astype(np.float64), y.astype(np.float64)
    return np.linalg.lstsq(x - x.mean(0), y - y.mean(0), rcond=smallest)[0]


@pytest.mark.parametrize("n", [60, 13, 12, 8])
def test_it_equals_scikit_learn_also_when_underdetermined(rng, n):
    x, y = _data(rng, n)
    coef, intercept = fit_least_squares(x, y)
    theirs = LinearRegression().fit(x.astype(np.float64), y.astype(np.float64))
    scale = np.abs(theirs.coef_).max()
    np.testing.assert_allclose(coef.T, theirs.coef_, atol=1e-5 * scale)
    np.testing.assert_allclose(intercept, theirs.intercept_, atol=1e-4 * scale)


@pytest.mark.parametrize("n", [60, 8])
def test_collinear_and_constant_features_share_or_hold_no_coefficient(rng, n):
    x, y = _data(rng, n)
    x[:, 4] = x[:, 3]
    x[:, 6] = 1
    coef, _ = fit_least_squares(x, y)
    np.testing.assert_allclose(coef, _least_norm(x, y, 1e-6), atol=1e-4)
    np.testing.assert_allclose(coef[4], coef[3], atol=1e-5)
    np.testing.assert_allclose(coef[6], 0, atol=1e-6)


@pytest.mark.parametrize("apart", [1e-2, 1e-4])
def test_nearly_collinear_features_are_told_apart(rng, apart):
    x, y = _data(rng)
    x[:, 4] = x[:, 3] + apart * rng.normal(size=60)
    coef, _ = fit_least_squares(x, y)
    expected = _least_norm(x, y, 1e-12)
    np.testing.assert_allclose(coef, expected, atol=1e-4 * np.abs(expected).max())


def test_a_design_beyond_the_normal_equations_goes_by_its_own_singular_values(rng, monkeypatch):
    x, y = _data(rng)
    x -= x.mean(0)
    x[:, 4] *= 3e-6  # still above what rounding of the design brings about
    asked = []
    pinv = torch.linalg.pinv
    monkeypatch.setattr(torch.linalg, "pinv", lambda *a, **k: asked.append(1) or pinv(*a, **k))
    coef, _ = fit_least_squares(x, y)
    assert asked
    expected = _least_norm(x, y, 1e-12)
    np.testing.assert_allclose(coef, expected, rtol=1e-5, atol=1e-5)
    monkeypatch.setattr(least_squares, "_NORMAL_CONDITION", 1e9)
    asked.clear()
    fit_least_squares(x, y)
    assert not asked


def test_a_design_that_does_not_vary_predicts_the_mean(rng):
    _, y = _data(rng)
    coef, intercept = fit_least_squares(np.full((60, 3), 7, dtype=np.float32), y)
    assert np.all(coef == 0)
    np.testing.assert_allclose(intercept, y.mean(0), rtol=1e-5)


def test_a_constant_vertex_gets_coefficients_of_exactly_zero(rng):
    x, y = _data(rng)
    y[:, 3] = 0.1
    coef, intercept = fit_least_squares(x, y)
    assert np.all(coef[:, 3] == 0)
    assert intercept[3] == np.float32(0.1)


def test_a_response_far_from_zero_loses_no_more_than_its_own_rounding(rng):
    x, y = _data(rng)
    coef, intercept = fit_least_squares(x, y + 1000)
    expected = _least_norm(x, (y + 1000).astype(np.float32), 1e-12)
    np.testing.assert_allclose(coef, expected, atol=1e-5)
    np.testing.assert_allclose(x @ coef + intercept, x @ expected + intercept, atol=1e-3)


def test_rows_that_do_not_match_are_refused(rng):
    x, y = _data(rng)
    with pytest.raises(InvalidInput, match="one row per image"):
        fit_least_squares(x[:-1], y)
