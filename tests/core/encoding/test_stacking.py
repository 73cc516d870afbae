import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.linear_model import Ridge

from cortiscope.core.encoding.multiband import stacking
from cortiscope.core.encoding.multiband.banded import fit_banded_fixed
from cortiscope.core.encoding.multiband.stacking import fit_stacked
from cortiscope.core.encoding.ridge.kfold import fit_ridge_cv
from tests.core.encoding.spaces_data import SPACES, check_resumed, make, permuted


def _predict(solution, x):
    return x.astype(np.float64) @ solution.coef + solution.intercept


@pytest.mark.parametrize("n", [57, 17])
def test_weights_and_coefficients_equal_forming_every_held_out_prediction(rng, n):
    x, y = make(rng, n=n, v=6)
    alphas = (1.0, 10.0, 100.0)
    ours = fit_stacked(x, y, SPACES, alphas=alphas, n_folds=4)
    folds = np.array_split(np.arange(n), 4)
    for v in range(6):
        target, held, whole = np.empty(n), np.empty((n, 3)), []
        for k, space in enumerate(SPACES):
            alpha = float(fit_ridge_cv(x[:, space], y[:, [v]], alphas=alphas, n_folds=4).alpha[0])
            assert ours.alphas[k, v] == alpha
            z = x[:, space].astype(np.float64)
            for rows in folds:
                train = np.setdiff1d(np.arange(n), rows)
                model = Ridge(alpha=alpha).fit(z[train], y[train, v])
                target[rows] = y[rows, v] - y[train, v].mean()
                held[rows, k] = model.predict(z[rows]) - y[train, v].mean()
            whole.append(Ridge(alpha=alpha).fit(z, y[:, v]))
        theirs = minimize(
            lambda w, p=held, t=target: ((t - p @ w) ** 2).sum() / (t**2).sum(),
            np.full(3, 1 / 3),
            bounds=[(0, None)] * 3,
            constraints={"type": "eq", "fun": lambda w: 1 - w.sum()},
            method="SLSQP",
            options={"ftol": 1e-14, "maxiter": 500},
        ).x
        np.testing.assert_allclose(ours.weights[:, v], theirs, atol=2e-3)
        expected = y[:, v].mean() + sum(
            w * (model.predict(x[:, space]) - y[:, v].mean())
            for w, model, space in zip(ours.weights[:, v], whole, SPACES, strict=True)
        )
        np.testing.assert_allclose(_predict(ours, x)[:, v], expected, atol=1e-3)
    assert ours.gap.max() < 1e-8
    assert len(np.unique(ours.alphas)) > 1


def test_permuting_the_spaces_permutes_the_weights_and_leaves_the_predictions(rng):
    x, y = make(rng)
    order = [1, 2, 0]
    x2, spaces2, columns = permuted(x, order)
    a, b = fit_stacked(x, y, SPACES), fit_stacked(x2, y, spaces2)
    np.testing.assert_allclose(b.weights, a.weights[order], atol=1e-4)
    np.testing.assert_allclose(b.coef, a.coef[columns], atol=1e-4)
    np.testing.assert_array_equal(b.alphas, a.alphas[order])


def test_a_vertex_driven_by_one_space_puts_its_weight_there(rng):
    drivers = [0, 1, 2, 2, 1, 0, 1, 2, 0]
    x, y = make(rng, n=300, noise=0.3, drivers=drivers)
    weights = fit_stacked(x, y, SPACES).weights
    assert (weights[drivers, np.arange(9)] > 0.9).all()


def test_a_space_of_noise_gets_next_to_no_weight_and_hardly_hurts(rng):
    signal = rng.normal(size=(400, 10))
    noise = rng.normal(size=(400, 150)) * 1.5
    y = signal @ rng.normal(size=(10, 20)) + 4 * rng.normal(size=(400, 20))
    x, y = np.concatenate([signal, noise], 1).astype(np.float32), y.astype(np.float32)
    stacked = fit_stacked(x[:200], y[:200], (slice(0, 10), slice(10, 160)))
    alone, plain = fit_ridge_cv(x[:200, :10], y[:200]), fit_ridge_cv(x[:200], y[:200])

    def held_out(solution, design):
        p = design[200:] @ solution.coef + solution.intercept
        return np.mean([np.corrcoef(p[:, v], y[200:, v])[0, 1] for v in range(20)])

    best = held_out(alone, x[:, :10])
    assert best - held_out(stacked, x) < 0.02 < 0.06 < best - held_out(plain, x)
    assert stacked.weights[0].mean() > 5 * stacked.weights[1].mean()


def test_with_one_space_it_is_ridge(rng):
    x, y = make(rng)
    ours, plain = fit_stacked(x, y, (slice(0, 23),)), fit_ridge_cv(x, y)
    np.testing.assert_allclose(ours.coef, plain.coef, atol=1e-6)
    np.testing.assert_array_equal(ours.alphas[0], plain.alpha)
    assert np.all(ours.weights == 1)


def test_equal_spaces_predict_as_one_and_a_constant_vertex_gets_zeros(rng):
    x, y = make(rng)
    y[:, 2] = 3.25
    z = x[:, :7]
    twice = fit_stacked(np.concatenate([z, z], 1), y, (slice(0, 7), slice(7, 14)))
    once = fit_stacked(z, y, (slice(0, 7),))
    np.testing.assert_allclose(twice.coef[:7] + twice.coef[7:], once.coef, atol=1e-4)
    assert np.all(twice.coef[:, 2] == 0)
    assert twice.intercept[2] == 3.25
    np.testing.assert_allclose(twice.weights[:, 2], 0.5)
    assert np.isfinite(twice.coef).all()


def test_a_vertex_of_noise_still_has_a_prediction_that_varies(rng):
    x, _ = make(rng, n=60)
    y = rng.normal(size=(60, 40)).astype(np.float32)
    assert (_predict(fit_stacked(x, y, SPACES), x).std(0) > 0).all()


def test_next_to_no_penalty_on_nearly_collinear_columns_is_as_exact(rng):
    x, y = make(rng, n=200)
    x[:, 5] = x[:, 4] + 1e-4 * rng.normal(size=200)
    ours = fit_stacked(x[:, :7], y, (SPACES[0],), alphas=(1e-7,))
    exact = fit_banded_fixed(x[:, :7], y, (SPACES[0],), np.array([1e-7]))
    np.testing.assert_allclose(ours.coef, exact.coef, rtol=1e-3)


def test_an_interrupted_fit_goes_on_and_ends_as_an_uninterrupted_one(rng, monkeypatch):
    names = ("coef", "intercept", "weights", "alphas", "gap")
    check_resumed(fit_stacked, *make(rng), stacking, names, monkeypatch)
