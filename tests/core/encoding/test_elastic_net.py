import numpy as np
import pytest
from sklearn.linear_model import ElasticNet

from cortiscope.core.encoding.checkpoint import MemoryCheckpoint
from cortiscope.core.encoding.ridge.kfold import fold_rows
from cortiscope.core.encoding.sparse import coordinate_descent, elastic_net, moments
from cortiscope.core.encoding.sparse.coordinate_descent import equivalent_images, finish_one_by_one
from cortiscope.core.encoding.sparse.elastic_net import fit_elastic_net, fit_elastic_net_cv
from cortiscope.core.errors import InvalidInput


def _data(rng, n=80, d=23, v=9, correlated=False):
    x = rng.normal(size=(n, d)) + 2
    if correlated:
        x = rng.normal(size=(n, 6)) @ rng.normal(size=(6, d)) + 0.2 * x
    w = rng.normal(size=(d, v)) * (rng.random((d, v)) < 0.3) * np.linspace(0.05, 1, v)
    y = x @ w + rng.normal(size=(n, v)) - 1
    return x.astype(np.float32), y.astype(np.float32)


def _scikit_learn(x, y, alpha, l1_ratio):
    model = ElasticNet(alpha=alpha, l1_ratio=l1_ratio, tol=1e-10, max_iter=100_000)
    return model.fit(x.astype(np.float64), y.astype(np.float64))


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("alpha", [0.01, 0.2])
@pytest.mark.parametrize("correlated", [False, True])
def test_coefficients_equal_scikit_learns(rng, alpha, l1_ratio, correlated):
    x, y = _data(rng, correlated=correlated)
    ours = fit_elastic_net(x, y, alpha=alpha, l1_ratio=l1_ratio)
    theirs = _scikit_learn(x, y, alpha, l1_ratio)
    np.testing.assert_allclose(ours.coef.T, theirs.coef_, atol=1e-3)
    np.testing.assert_allclose(ours.intercept, theirs.intercept_, atol=2e-3)
    assert np.all(ours.gap <= 1e-6)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize(("correlated", "alpha"), [(False, 0.01), (True, 1.0)])
def test_a_block_finishes_all_vertices_if_it_is_let(rng, monkeypatch, correlated, alpha, l1_ratio):
    x, y = _data(rng, correlated=correlated)
    x[:, 4] = 7
    monkeypatch.setattr(coordinate_descent, "_UPDATES_PER_VERTEX", 1e9)
    monkeypatch.setattr(coordinate_descent, "_SWEEPS", 1000)
    monkeypatch.setattr(elastic_net, "finish_one_by_one", None)
    ours = fit_elastic_net(x, y, alpha=alpha, l1_ratio=l1_ratio)
    theirs = _scikit_learn(x, y, alpha, l1_ratio)
    np.testing.assert_allclose(ours.coef.T, theirs.coef_, atol=1e-3)
    assert np.all(ours.gap <= 1e-6)


def test_vertices_the_block_does_not_finish_are_finished_one_by_one(rng, monkeypatch):
    x, y = _data(rng, correlated=True)
    finished = []

    def spy(gram, cross, *args, **settings):
        finished.append(cross.shape[1])
        return finish_one_by_one(gram, cross, *args, **settings)

    monkeypatch.setattr(elastic_net, "finish_one_by_one", spy)
    monkeypatch.setattr(coordinate_descent, "_SWEEPS", 1)
    ours = fit_elastic_net(x, y, alpha=0.01, l1_ratio=1.0)
    assert finished == [9]
    np.testing.assert_allclose(ours.coef.T, _scikit_learn(x, y, 0.01, 1.0).coef_, atol=1e-3)
    assert np.all(ours.gap <= 1e-6)


def test_a_start_near_the_end_gives_the_same_end(rng, monkeypatch):
    import torch

    monkeypatch.setattr(coordinate_descent, "_UPDATES_PER_VERTEX", 1e9)
    x, y = (torch.as_tensor(a).double() for a in _data(rng))
    x, y = x - x.mean(0), y - y.mean(0)
    given = (x.T @ x / len(x), x.T @ y / len(x), (y**2).mean(0), 0.05, 0.1)
    cold, _ = coordinate_descent.descend(*given)
    warm, gap = coordinate_descent.descend(*given, start=cold + 0.01)
    assert torch.all(gap <= 1e-6 * given[2])
    np.testing.assert_allclose(warm, cold, atol=1e-3)


@pytest.mark.parametrize("n", [15, 80])
def test_made_up_images_have_the_moments_of_the_real_ones(rng, n):
    x, y = (a - a.mean(0, dtype=np.float64) for a in _data(rng, n=n))
    gram, cross, energy = x.T @ x / n, x.T @ y / n, (y**2).mean(0)
    made_x, made_y = equivalent_images(gram, cross, energy)
    assert made_x.shape == (24, 23)
    np.testing.assert_allclose(made_x.T @ made_x / 24, gram, atol=1e-10)
    np.testing.assert_allclose(made_x.T @ made_y / 24, cross, atol=1e-10)
    np.testing.assert_allclose((made_y**2).mean(0), energy)


@pytest.mark.filterwarnings("ignore:Objective did not converge")
def test_the_gap_equals_scikit_learns_for_any_coefficients(rng):
    import torch

    x, y = _data(rng)
    model = ElasticNet(alpha=0.05, l1_ratio=0.7, max_iter=1, tol=0).fit(x.astype(np.float64), y)
    x, y = x - x.mean(0, dtype=np.float64), y - y.mean(0, dtype=np.float64)
    w, gram, q = model.coef_.T, x.T @ x / len(x), x.T @ y / len(x)
    arrays = (w, q - gram @ w, q, (y**2).mean(0), np.full(9, 0.05 * 0.7))
    gap = coordinate_descent.duality_gap(*map(torch.as_tensor, arrays), 0.05 * 0.3)
    np.testing.assert_allclose(gap, model.dual_gap_, rtol=1e-5)


def test_degenerate_features_and_vertices_stay_defined(rng):
    x, y = _data(rng, n=15)
    x[:, 2] = 4
    x[:, 7] = x[:, 8]
    y[:, 3] = 0.1
    ours = fit_elastic_net(x, y, alpha=0.1, l1_ratio=1.0)
    assert np.isfinite(ours.coef).all()
    assert np.all(ours.coef[:, 3] == 0)
    assert np.all(ours.coef[2] == 0)
    assert ours.intercept[3] == pytest.approx(0.1)
    # Which of two equal features is used is arbitrary; what is predicted is not.
    theirs = _scikit_learn(x, y, 0.1, 1.0)
    np.testing.assert_allclose(x @ ours.coef + ours.intercept, theirs.predict(x), atol=5e-3)
    one = fit_elastic_net(x, y[:, :1], alpha=0.1, l1_ratio=1.0)
    np.testing.assert_allclose(one.coef[:, 0], ours.coef[:, 0], atol=1e-4)


def test_permuting_vertices_permutes_the_result(rng):
    x, y = _data(rng)
    order = rng.permutation(y.shape[1])
    straight, shuffled = (fit_elastic_net(x, v, alpha=0.05) for v in (y, y[:, order]))
    np.testing.assert_allclose(straight.coef[:, order], shuffled.coef, atol=1e-5)


def test_the_shared_penalty_has_least_error_over_folds_and_vertices(rng):
    x, y = _data(rng)
    alphas = (0.001, 0.01, 0.1, 1.0)
    errors = np.zeros(4)
    for rows in fold_rows(80, 5):
        train = np.delete(np.arange(80), rows)
        for k, alpha in enumerate(alphas):
            p = _scikit_learn(x[train], y[train], alpha, 1.0).predict(x[rows])
            errors[k] += ((p - y[rows]) ** 2).mean()
    told = []
    ours = fit_elastic_net_cv(
        x, y, alphas=alphas, l1_ratio=1.0, progress=lambda share, message: told.append(share)
    )
    assert ours.alpha == alphas[np.argmin(errors)] == 0.1
    np.testing.assert_array_equal(ours.coef, fit_elastic_net(x, y, alpha=0.1, l1_ratio=1.0).coef)
    assert told == sorted(told)


def test_a_fit_reads_chunks_and_resumes_where_it_stopped(rng, monkeypatch):
    x, y = _data(rng, v=40)
    monkeypatch.setattr(moments, "_CHUNK_BYTES", 1)
    saved = MemoryCheckpoint()
    whole = fit_elastic_net_cv(x, y, checkpoint=saved)
    names = ["vertices-0", "vertices-16", "vertices-32"]
    assert [n for n in saved.pieces if n.startswith("fit/")] == [f"fit/{n}" for n in names]
    del saved.pieces["fit/vertices-32"], saved.pieces["search/errors-16"]
    saved.pieces["fit/vertices-0"]["coef"][:] = 42
    again = fit_elastic_net_cv(x, y, checkpoint=saved)
    assert again.alpha == whole.alpha
    assert np.all(again.coef[:, :16] == 42)
    np.testing.assert_array_equal(again.coef[:, 16:], whole.coef[:, 16:])
    np.testing.assert_array_equal(again.intercept, whole.intercept)


@pytest.mark.parametrize(("alpha", "l1_ratio"), [(0.0, 1.0), (1.0, 0.0), (1.0, 1.5)])
def test_penalties_out_of_range_are_refused(rng, alpha, l1_ratio):
    x, y = _data(rng)
    with pytest.raises(InvalidInput, match="l1_ratio"):
        fit_elastic_net(x, y, alpha=alpha, l1_ratio=l1_ratio)
