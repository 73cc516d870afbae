"""What lets ridge scale must not change what it finds."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from core.encoding import ridge_data, ridge_fold
from core.encoding.ridge import fit_ridge_cv
from core.encoding.ridge_spectrum import PenaltyCurves

_ALPHAS = tuple(np.logspace(-1, 5, 25))


def _data(rng, n=70, d=30, v=11):
    x = rng.normal(size=(n, d)).astype(np.float32) * np.linspace(0.1, 3, d, dtype=np.float32) + 2
    y = x @ rng.normal(size=(d, v)) * np.linspace(0.05, 1, v) + 5 * rng.normal(size=(n, v)) - 1
    return x, y.astype(np.float32)


def _exact(x, y, monkeypatch):
    monkeypatch.setattr(PenaltyCurves, "worthwhile", property(lambda curves: False))
    return fit_ridge_cv(x, y, alphas=_ALPHAS)


def test_a_basis_of_few_curves_finds_what_all_curves_find(rng, monkeypatch):
    x, y = _data(rng)
    few = fit_ridge_cv(x, y, alphas=_ALPHAS)
    every = _exact(x, y, monkeypatch)
    np.testing.assert_array_equal(few.alpha, every.alpha)
    np.testing.assert_allclose(few.validation_mse, every.validation_mse, rtol=1e-4)


def test_where_the_basis_is_too_coarse_vertices_are_computed_exactly(rng, monkeypatch):
    x, y = _data(rng)
    coarse = PenaltyCurves.of.__func__
    monkeypatch.setattr(
        PenaltyCurves,
        "of",
        classmethod(lambda cls, s, grid, dtype: coarse(cls, s, grid, dtype, tolerance=0.3)),
    )
    caught = fit_ridge_cv(x, y, alphas=_ALPHAS)
    monkeypatch.setattr(ridge_fold, "_TOLERANCE", np.inf)
    uncaught = fit_ridge_cv(x, y, alphas=_ALPHAS)
    every = _exact(x, y, monkeypatch)
    np.testing.assert_allclose(caught.validation_mse, every.validation_mse, rtol=1e-4)
    assert np.abs(uncaught.validation_mse / every.validation_mse - 1).max() > 1e-2


def test_memory_mapped_responses_in_small_chunks_give_the_same(rng, tmp_path, monkeypatch):
    x, y = _data(rng, v=50)
    whole = fit_ridge_cv(x, y)
    np.save(tmp_path / "y.npy", y)
    monkeypatch.setattr(ridge_data, "_LARGEST_CHUNK", 16)
    told = []
    ours = fit_ridge_cv(
        x,
        np.load(tmp_path / "y.npy", mmap_mode="r"),
        progress=lambda share, message: told.append(share),
    )
    np.testing.assert_allclose(ours.coef, whole.coef, atol=1e-5)
    np.testing.assert_array_equal(ours.alpha, whole.alpha)
    assert told == sorted(told)
    assert len(told) >= 4 + 1  # chunks and the end
    assert told[-1] == 1


def test_more_features_than_images_equals_scikit_learn(rng):
    x, y = _data(rng, n=20, d=90)
    ours = fit_ridge_cv(x, y, alphas=(0.5,))
    theirs = Ridge(alpha=0.5).fit(x.astype(np.float64), y)
    np.testing.assert_allclose(ours.coef.T, theirs.coef_, atol=1e-4)
    np.testing.assert_allclose(ours.intercept, theirs.intercept_, atol=1e-3)


def test_next_to_no_penalty_on_nearly_collinear_features_equals_scikit_learn(rng):
    x, y = _data(rng)
    x[:, 4] = x[:, 3]
    x[:, 6] = x[:, 5] + 1e-4 * rng.normal(size=len(x))
    ours = fit_ridge_cv(x, y, alphas=(1e-6,))
    theirs = Ridge(alpha=1e-6, solver="svd").fit(x.astype(np.float64), y.astype(np.float64))
    np.testing.assert_allclose(ours.coef.T, theirs.coef_, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("size", [1e-18, 1e18])
def test_the_unit_of_a_response_does_not_matter(rng, size):
    x, y = _data(rng)
    plain, scaled = fit_ridge_cv(x, y), fit_ridge_cv(x, (y * size).astype(np.float32))
    np.testing.assert_array_equal(plain.alpha, scaled.alpha)
    np.testing.assert_allclose(scaled.coef / size, plain.coef, rtol=1e-3, atol=1e-6)


def test_a_vertex_that_varies_in_one_fold_only_and_one_alone_stay_defined(rng):
    x, y = _data(rng)
    y[:, 2] = 0.1
    y[3, 2] = 4
    ours = fit_ridge_cv(x, y[:, 2:3])
    assert ours.coef.shape == (30, 1)
    assert np.isfinite(ours.coef).all()
    y[3, 2] = 0.1
    assert np.all(fit_ridge_cv(x, y[:, 2:3]).coef == 0)


def test_constant_vertices_of_any_value_get_coefficients_of_exactly_zero(rng):
    x, _ = _data(rng)
    y = np.tile(rng.normal(size=40).astype(np.float32) * 1000, (70, 1))
    ours = fit_ridge_cv(x, y)
    assert np.all(ours.coef == 0)
    np.testing.assert_allclose(ours.intercept, y[0])


def test_axes_without_variance_hold_no_coefficients_however_small_the_penalty(rng):
    x, y = _data(rng)
    x[:, 4] = x[:, 3]
    x[:, 6] = 1
    ours = fit_ridge_cv(x, y, alphas=(1e-14,))
    centred = x.astype(np.float64) - x.mean(0, dtype=np.float64)
    least_norm = np.linalg.lstsq(centred, y - y.mean(0), rcond=1e-9)[0]
    np.testing.assert_allclose(ours.coef, least_norm, rtol=1e-3, atol=1e-3)
