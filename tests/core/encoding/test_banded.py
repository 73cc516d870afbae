import numpy as np
import pytest
from sklearn.linear_model import Ridge

from cortiscope.core.encoding.multiband import banded_search
from cortiscope.core.encoding.multiband.banded import fit_banded, fit_banded_fixed
from cortiscope.core.encoding.multiband.banded_search import candidate_weights
from cortiscope.core.encoding.ridge.kfold import fit_ridge_cv
from cortiscope.core.encoding.training import Work
from cortiscope.core.errors import InvalidInput
from tests.core.encoding.spaces_data import SPACES, StopAfter, make, permuted


def _predict(solution, x):
    return x.astype(np.float64) @ solution.coef + solution.intercept


def test_with_one_space_it_is_ridge_with_a_penalty_per_vertex(rng):
    x, y = make(rng, noise=3.0)
    for rows in (slice(None), slice(0, 18)):  # more images than features, and fewer
        ours = fit_banded(x[rows], y[rows], (slice(0, 23),))
        plain = fit_ridge_cv(x[rows], y[rows])
        np.testing.assert_array_equal(ours.penalties[0], plain.alpha)
        np.testing.assert_allclose(ours.coef, plain.coef, atol=2e-6, rtol=2e-6)
        np.testing.assert_allclose(ours.intercept, plain.intercept, atol=5e-6, rtol=2e-6)
        np.testing.assert_allclose(ours.validation_mse, plain.validation_mse.min(0), rtol=1e-6)


def test_fixed_penalties_solve_the_normal_equations(rng):
    x, y = make(rng)
    penalties = rng.uniform(0.1, 200, size=(3, 9))
    ours = fit_banded_fixed(x, y, SPACES, penalties)
    centred = (x - x.mean(0, dtype=np.float64)).astype(np.float64)
    for v in range(9):
        penalty = np.diag(np.repeat(penalties[:, v], [7, 4, 12]))
        expected = np.linalg.solve(
            centred.T @ centred + penalty, centred.T @ (y[:, v] - y[:, v].mean(dtype=np.float64))
        )
        np.testing.assert_allclose(ours.coef[:, v], expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(_predict(ours, x).mean(0), y.mean(0), atol=1e-4)


def test_fixed_penalties_equal_himalayas_weighted_kernel_ridge(rng):
    from himalaya.kernel_ridge import solve_weighted_kernel_ridge_conjugate_gradient

    x, y = make(rng, n=40)
    penalties = rng.uniform(1, 50, size=(3, 9))
    ours = fit_banded_fixed(x, y, SPACES, penalties)
    centred, target = x - x.mean(0, dtype=np.float64), y - y.mean(0, dtype=np.float64)
    kernels = np.stack([centred[:, s] @ centred[:, s].T for s in SPACES])
    dual = solve_weighted_kernel_ridge_conjugate_gradient(
        kernels, target, -np.log(penalties), alpha=1.0, max_iter=500, tol=1e-10
    )
    for k, space in enumerate(SPACES):
        theirs = centred[:, space].T @ dual / penalties[k]
        np.testing.assert_allclose(ours.coef[space], theirs, atol=2e-4)


def test_the_search_equals_himalayas_over_the_same_candidates(rng):
    from himalaya.ridge import solve_group_ridge_random_search
    from sklearn.model_selection import KFold

    x, y = make(rng, n=90, v=30, noise=2.0)
    shares = candidate_weights(3, 12, seed=3) / 3
    shares = np.clip(shares, 1e-6, None)  # himalaya cannot divide by 0
    shares /= shares.sum(1, keepdims=True)
    alphas = np.logspace(-1, 3, 9)
    deltas, coef, scores, _ = solve_group_ridge_random_search(
        [x[:, s].astype(np.float64) for s in SPACES],
        y.astype(np.float64),
        n_iter=shares,
        alphas=alphas,
        cv=KFold(5),
        fit_intercept=True,
        return_weights=True,
        progress_bar=False,
    )
    ours = fit_banded(x, y, SPACES, weights=shares, alphas=tuple(3 * alphas), n_folds=5)
    np.testing.assert_allclose(ours.validation_mse, -scores.max(0), rtol=1e-4)
    same = np.isclose(ours.penalties, np.exp(-deltas), rtol=1e-3).all(0)
    assert same.mean() > 0.9  # two candidates may be equally good to within rounding
    np.testing.assert_allclose(ours.coef[:, same], coef[:, same], atol=2e-3)
    assert len(np.unique(ours.weights[:, same], axis=1).T) > 3


def test_validation_error_equals_fitting_every_candidate_on_every_fold(rng):
    x, y = make(rng, n=41, v=4)
    weights, alphas = np.array([[1.0, 1, 1], [2, 0.9, 0.1], [0, 3, 0]]), (2.0, 40.0)
    ours = fit_banded(x, y, SPACES, weights=weights, alphas=alphas, n_folds=4)
    errors = np.zeros((3, 2, 4))
    for rows in np.array_split(np.arange(41), 4):
        train = np.setdiff1d(np.arange(41), rows)
        for c, row in enumerate(weights):
            z = x * np.sqrt(np.repeat(row, [7, 4, 12]))
            for a, alpha in enumerate(alphas):
                p = Ridge(alpha=alpha).fit(z[train], y[train]).predict(z[rows])
                errors[c, a] += ((p - y[rows]) ** 2).mean(0) / 4
    np.testing.assert_allclose(ours.validation_mse, errors.min((0, 1)), rtol=1e-4)
    best = errors.min(1).argmin(0)
    np.testing.assert_allclose(ours.weights, (weights / 3)[best].T, atol=1e-6)


def test_permuting_the_spaces_permutes_the_weights_and_leaves_the_predictions(rng):
    x, y = make(rng)
    order = [2, 0, 1]
    x2, spaces2, columns = permuted(x, order)
    weights = candidate_weights(3, 6, seed=1)
    a = fit_banded(x, y, SPACES, weights=weights)
    b = fit_banded(x2, y, spaces2, weights=weights[:, order])
    np.testing.assert_allclose(b.weights, a.weights[order], atol=1e-5)
    np.testing.assert_allclose(b.coef, a.coef[columns], atol=1e-4)
    np.testing.assert_allclose(_predict(b, x2), _predict(a, x), atol=1e-3)


def test_scaling_a_space_and_its_penalty_leaves_the_predictions(rng):
    x, y = make(rng)
    penalties = np.array([3.0, 20.0, 0.5])
    factor = np.ones(23, dtype=np.float32)
    factor[SPACES[1]] = 8
    a = fit_banded_fixed(x, y, SPACES, penalties)
    b = fit_banded_fixed(x * factor, y, SPACES, penalties * [1, 64, 1])
    np.testing.assert_allclose(_predict(b, x * factor), _predict(a, x), atol=1e-4)


def test_a_vertex_driven_by_one_space_puts_its_weight_there(rng):
    drivers = [0, 1, 2, 2, 1, 0, 1, 2, 0]
    x, y = make(rng, n=300, noise=0.3, drivers=drivers)
    weights = fit_banded(x, y, SPACES).weights
    assert (weights[drivers, np.arange(9)] > 0.8).all()
    np.testing.assert_allclose(weights.sum(0), 1, atol=1e-6)


def test_a_space_of_noise_hurts_plain_ridge_and_hardly_banded(rng):
    signal = rng.normal(size=(400, 10))
    noise = rng.normal(size=(400, 150)) * 1.5
    y = signal @ rng.normal(size=(10, 20)) + 4 * rng.normal(size=(400, 20))
    x, y = np.concatenate([signal, noise], 1).astype(np.float32), y.astype(np.float32)
    spaces, fit = (slice(0, 10), slice(10, 160)), slice(0, 200)

    def held_out(solution, design):
        p = design[200:] @ solution.coef + solution.intercept
        return np.mean([np.corrcoef(p[:, v], y[200:, v])[0, 1] for v in range(20)])

    alone = held_out(fit_ridge_cv(x[fit, :10], y[fit]), x[:, :10])
    plain = held_out(fit_ridge_cv(x[fit], y[fit]), x)
    banded = held_out(fit_banded(x[fit], y[fit], spaces, n_samples=8), x)
    assert alone - banded < 0.02 < 0.06 < alone - plain


def test_more_samples_never_raise_the_validation_error_and_equal_weights_are_among_them(rng):
    x, y = make(rng)
    np.testing.assert_array_equal(
        candidate_weights(3, 5, seed=2), candidate_weights(3, 9, seed=2)[:9]
    )
    few, more = (fit_banded(x, y, SPACES, n_samples=k).validation_mse for k in (2, 12))
    plain = fit_ridge_cv(x, y).validation_mse.min(0)
    assert (more <= few).all()
    assert (few <= plain * (1 + 1e-5)).all()
    assert (more < few).any()


def test_candidates_are_equal_weights_each_space_alone_and_a_seeded_sample():
    weights = candidate_weights(4, 200, seed=5)
    np.testing.assert_array_equal(weights[0], 1)
    np.testing.assert_array_equal(weights[1:5], 4 * np.eye(4))
    np.testing.assert_allclose(weights.sum(1), 4)
    few, spread = weights[5::2].max(1).mean(), weights[6::2].max(1).mean()
    assert few > 3.2 > 2.4 > spread  # concentration 0.1 and 1
    assert not np.array_equal(weights, candidate_weights(4, 200, seed=6))
    np.testing.assert_array_equal(candidate_weights(1, 50, seed=0), [[1]])


def test_a_constant_vertex_gets_zeros_and_equal_weights(rng):
    x, y = make(rng)
    y[:, 4] = 1e6 + 0.1
    ours = fit_banded(x, y, SPACES, n_samples=4)
    assert np.all(ours.coef[:, 4] == 0)
    assert ours.intercept[4] == pytest.approx(1e6 + 0.1)
    np.testing.assert_allclose(ours.weights[:, 4], 1 / 3)
    assert ours.validation_mse[4] == 0


def test_fewer_images_than_features_equals_the_normal_equations(rng):
    x, y = make(rng, n=16)
    ours = fit_banded(x, y, SPACES, n_samples=5, n_folds=4)
    wide = np.concatenate([x, rng.normal(size=(16, 40)).astype(np.float32)], 1)
    spaces = (*SPACES, slice(23, 63))  # the last is wider than there are images
    for design, cut in ((x, SPACES), (wide, spaces)):
        ours = fit_banded(design, y, cut, n_samples=5, n_folds=4, alphas=(0.5, 5.0, 50.0))
        again = fit_banded_fixed(design, y, cut, ours.penalties)
        centred = design - design.mean(0, dtype=np.float64)
        for v in range(9):
            root = np.repeat(
                np.sqrt(1 / ours.penalties[:, v].astype(np.float64)),
                [s.stop - s.start for s in cut],
            )
            z = centred * root
            u = np.linalg.solve(z.T @ z + np.eye(len(root)), z.T @ (y[:, v] - y[:, v].mean()))
            np.testing.assert_allclose(ours.coef[:, v], root * u, atol=1e-4)
            np.testing.assert_allclose(again.coef[:, v], root * u, atol=1e-4)


def test_collinear_spaces_stay_finite_and_predict_as_one(rng):
    x, y = make(rng)
    twice = np.concatenate([x[:, :7], x[:, :7]], 1)
    double = fit_banded_fixed(twice, y, (slice(0, 7), slice(7, 14)), np.array([6.0, 6.0]))
    once = fit_banded_fixed(x[:, :7], y, (slice(0, 7),), np.array([3.0]))
    np.testing.assert_allclose(_predict(double, twice), _predict(once, x[:, :7]), atol=1e-4)
    searched = fit_banded(twice, y, (slice(0, 7), slice(7, 14)), alphas=(1e-6, 1.0), n_samples=6)
    assert np.isfinite(searched.coef).all()


def test_next_to_no_penalty_on_nearly_collinear_columns_is_as_exact(rng):
    x, y = make(rng, n=200)
    x[:, 5] = x[:, 4] + 1e-4 * rng.normal(size=200)
    weights, alphas = np.array([[1.0, 1, 1], [2, 0.5, 0.5]]), (1e-7, 1e-6)
    ours = fit_banded(x, y, SPACES, weights=weights, alphas=alphas)
    exact = fit_banded_fixed(x, y, SPACES, ours.penalties)
    np.testing.assert_allclose(_predict(ours, x), _predict(exact, x), atol=1e-3)
    errors = np.zeros(9)
    for rows in np.array_split(np.arange(200), 5):
        train = np.setdiff1d(np.arange(200), rows)
        fit = fit_banded_fixed(x[train], y[train], SPACES, ours.penalties)
        errors += ((_predict(fit, x[rows]) - y[rows]) ** 2).mean(0) / 5
    np.testing.assert_allclose(ours.validation_mse, errors, rtol=1e-5)


def test_infinite_penalties_leave_a_space_out(rng):
    x, y = make(rng)
    ours = fit_banded_fixed(x, y, SPACES, np.array([np.inf, 2.0, np.inf]))
    alone = fit_banded_fixed(x[:, SPACES[1]], y, (slice(0, 4),), np.array([2.0]))
    np.testing.assert_allclose(ours.coef[SPACES[1]], alone.coef, atol=1e-6)
    assert np.all(ours.coef[SPACES[0]] == 0)
    nothing = fit_banded_fixed(x, y, SPACES, np.full(3, np.inf))
    assert np.all(nothing.coef == 0)
    np.testing.assert_allclose(nothing.intercept, y.mean(0), rtol=1e-5)


def test_batches_of_candidates_change_nothing_and_an_interrupted_fit_goes_on(rng, monkeypatch):
    x, y = make(rng)
    y[:, 5] = 2  # every candidate is as good: the first wins
    straight = fit_banded(x, y, SPACES, n_samples=8)
    monkeypatch.setattr(banded_search, "_BATCH_BYTES", 8 * 5 * 23**2 * 5)  # five candidates
    monkeypatch.setattr(
        banded_search, "vertex_chunks", lambda n, _: iter([slice(0, 4), slice(4, 7), slice(7, n)])
    )
    pieces = StopAfter(4)
    with pytest.raises(KeyboardInterrupt):
        fit_banded(x, y, SPACES, n_samples=8, work=Work(checkpoint=pieces))
    assert len(pieces.pieces) == 4
    pieces.left = 100
    shares = []
    work = Work(checkpoint=pieces, progress=lambda share, _: shares.append(share))
    resumed = fit_banded(x, y, SPACES, n_samples=8, work=work)
    assert len(pieces.pieces) == 9  # three batches of three chunks
    assert shares == sorted(shares)
    assert shares[-1] == 1
    whole = fit_banded(x, y, SPACES, n_samples=8)
    for name in ("coef", "intercept", "penalties", "weights", "validation_mse"):
        np.testing.assert_array_equal(getattr(resumed, name), getattr(whole, name))
    np.testing.assert_array_equal(whole.weights, straight.weights)
    np.testing.assert_allclose(whole.weights[:, 5], 1 / 3)
    np.testing.assert_allclose(whole.coef, straight.coef, atol=1e-5)


@pytest.mark.parametrize("weights", [[[1.0, 2.0]], [[1.0, -1.0, 2.0]], [[0.0, 0.0, 0.0]]])
def test_weights_that_mean_nothing_are_refused(rng, weights):
    x, y = make(rng)
    with pytest.raises(InvalidInput, match="Weights"):
        fit_banded(x, y, SPACES, weights=np.array(weights))


@pytest.mark.parametrize("penalties", [[1.0, 2.0], [1.0, 0.0, 2.0], [[1.0], [2.0], [3.0]]])
def test_penalties_of_another_shape_or_not_positive_are_refused(rng, penalties):
    x, y = make(rng)
    with pytest.raises(InvalidInput, match="Penalties"):
        fit_banded_fixed(x, y, SPACES, np.array(penalties))


@pytest.mark.filterwarnings("error")
def test_a_weight_of_next_to_nothing_is_an_infinite_penalty(rng):
    x = rng.normal(size=(30, 5)).astype(np.float32)
    y = (x[:, :2] @ rng.normal(size=(2, 3))).astype(np.float32)
    weights = np.array([[2.0, 1e-45]])
    fitted = fit_banded(x, y, (slice(0, 2), slice(2, 5)), weights=weights, alphas=(1.0,))
    assert np.isinf(fitted.penalties[1]).all()
    assert np.isfinite(fitted.coef).all()
