"""What lets ridge scale must not change what it finds."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge

from cortiscope.core.encoding.ridge import data as ridge_data
from cortiscope.core.encoding.ridge import fold
from cortiscope.core.encoding.ridge.fold import HeldNorms
from cortiscope.core.encoding.ridge.kfold import fit_ridge_cv
from cortiscope.core.encoding.ridge.spectrum import PenaltyCurves, Spectrum

_ALPHAS = tuple(np.logspace(-1, 5, 25))


def _data(rng, n=70, d=30, v=11):
    x = rng.normal(size=(n, d)).astype(np.float32) * np.linspace(0.1, 3, d, dtype=np.float32) + 2
    y = x @ rng.normal(size=(d, v)) * np.linspace(0.05, 1, v) + 5 * rng.normal(size=(n, v)) - 1
    return x, y.astype(np.float32)


def _exact(x, y, monkeypatch):
    monkeypatch.setattr(fold, "_TOLERANCE", -1.0)
    return fit_ridge_cv(x, y, alphas=_ALPHAS)


@pytest.mark.parametrize("narrowest", [1000, 9, 4])
@pytest.mark.parametrize("n", [70, 33])
def test_a_basis_of_few_curves_finds_what_all_curves_find(rng, monkeypatch, narrowest, n):
    monkeypatch.setattr(fold, "_NARROWEST_BLOCK", narrowest)
    x, y = _data(rng, n)
    few = fit_ridge_cv(x, y, alphas=_ALPHAS)
    every = _exact(x, y, monkeypatch)
    np.testing.assert_array_equal(few.alpha, every.alpha)
    np.testing.assert_allclose(few.validation_mse, every.validation_mse, rtol=1e-4)


@pytest.mark.parametrize("narrowest", [1000, 4])
def test_where_the_basis_is_too_coarse_vertices_are_computed_exactly(rng, monkeypatch, narrowest):
    monkeypatch.setattr(fold, "_NARROWEST_BLOCK", narrowest)
    x, y = _data(rng)
    of = PenaltyCurves.of.__func__
    coarse = classmethod(lambda *args, **options: of(*args, **options, tolerance=0.3))
    monkeypatch.setattr(PenaltyCurves, "of", coarse)
    caught = fit_ridge_cv(x, y, alphas=_ALPHAS)
    monkeypatch.setattr(fold, "_TOLERANCE", np.inf)
    uncaught = fit_ridge_cv(x, y, alphas=_ALPHAS)
    every = _exact(x, y, monkeypatch)
    np.testing.assert_allclose(caught.validation_mse, every.validation_mse, rtol=1e-4)
    assert np.abs(uncaught.validation_mse / every.validation_mse - 1).max() > 1e-2


@pytest.mark.parametrize(("n_rows", "n_blocks"), [(40, 1), (40, 5), (17, 5)])
def test_what_the_basis_leaves_out_of_a_norm_stays_below_its_bound(rng, n_rows, n_blocks):
    triangle = torch.triu(torch.as_tensor(rng.normal(size=(n_rows, 40)) * np.linspace(0.01, 2, 40)))
    triangle = triangle[: min(n_rows, 40)]
    spectrum = Spectrum(torch.logspace(-2, 4, 40, dtype=torch.float64), torch.eye(40))
    grid = np.logspace(4, -2, 9)
    curves = PenaltyCurves.of(spectrum, grid, torch.float64, 1e-2, n_blocks)
    norms = HeldNorms.of(triangle, curves)
    c = torch.as_tensor(rng.normal(size=(40, 8)))
    left_out = torch.stack([(triangle @ (r[:, None] * c)).norm(dim=0) for r in curves.residual])
    bound = (norms.slack @ c**2).sqrt()
    assert bool((left_out <= bound * 1.001 + 1e-12).all())
    assert float(left_out.max()) > 1e-3
    found = norms.of_all_penalties(c, torch.full((8,), torch.inf, dtype=torch.float64)).sqrt()
    exact = torch.stack([(triangle @ (d[:, None] * c)).norm(dim=0) for d in curves.exact])
    assert bool(((found - exact).abs() <= bound + 1e-12).all())


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
    theirs = Ridge(alpha=float(ours.alpha[0])).fit(x.astype(np.float64), y[:, 2])
    np.testing.assert_allclose(ours.coef[:, 0], theirs.coef_, rtol=1e-3, atol=1e-9)
    np.testing.assert_allclose(ours.intercept, theirs.intercept_, rtol=1e-5)
    y[3, 2] = 0.1
    assert np.all(fit_ridge_cv(x, y[:, 2:3]).coef == 0)


def test_vertices_that_are_constant_in_each_half_get_the_largest_penalty_of_two_folds(rng):
    x, _ = _data(rng)
    y = np.repeat(rng.normal(size=(2, 40)).astype(np.float32), 35, axis=0)
    ours = fit_ridge_cv(x, y, alphas=_ALPHAS, n_folds=2)
    assert np.all(ours.alpha == np.float32(max(_ALPHAS)))


def test_folds_of_one_image_are_not_made_and_of_two_equal_forming_the_predictions(rng):
    x, y = _data(rng, n=12, d=4)
    ours = fit_ridge_cv(x, y, alphas=(1.0, 30.0), n_folds=6)
    expected = np.zeros((2, 11))
    for k in range(0, 12, 2):
        train = np.setdiff1d(np.arange(12), [k, k + 1])
        for a, alpha in enumerate((1.0, 30.0)):
            p = Ridge(alpha=alpha).fit(x[train].astype(np.float64), y[train]).predict(x[k : k + 2])
            expected[a] += ((y[k : k + 2] - p) ** 2).mean(0) / 6
    np.testing.assert_allclose(ours.validation_mse, expected, rtol=1e-3)


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
