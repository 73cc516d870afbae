import numpy as np
import pytest
from sklearn.linear_model import MultiTaskElasticNet, MultiTaskElasticNetCV

from cortiscope.core.encoding.checkpoint import MemoryCheckpoint
from cortiscope.core.encoding.sparse import moments
from cortiscope.core.encoding.sparse.multitask import fit_multitask
from cortiscope.core.encoding.sparse.multitask_descent import (
    descend_rows,
    duality_gap,
    reweighted,
    rotated,
)
from cortiscope.core.errors import InvalidInput

ALPHAS = (0.003, 0.03, 0.3, 3.0)


def _data(rng, n=60, d=14, v=5, correlated=False):
    x = rng.normal(size=(n, d)) + 2
    if correlated:
        x = rng.normal(size=(n, 4)) @ rng.normal(size=(4, d)) + 0.3 * x
    w = rng.normal(size=(d, v)) * (rng.random((d, 1)) < 0.4)
    y = x @ w + 2 * rng.normal(size=(n, v)) - 1
    return x.astype(np.float32), y.astype(np.float32)


class _Rows:
    """Responses that can only be read in parts."""

    def __init__(self, values):
        self._values, self.shape, self.widest = values, values.shape, 0

    def __len__(self):
        return len(self._values)

    def __getitem__(self, key):
        part = self._values[key]
        self.widest = max(self.widest, part.shape[1])
        return part


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("alpha", [0.03, 0.8])
@pytest.mark.parametrize("correlated", [False, True])
@pytest.mark.parametrize("v", [5, 40])
def test_coefficients_equal_scikit_learns(rng, l1_ratio, alpha, correlated, v):
    x, y = _data(rng, v=v, correlated=correlated)
    ours = fit_multitask(x, y, alphas=(alpha,), l1_ratio=l1_ratio)
    theirs = MultiTaskElasticNet(alpha=alpha, l1_ratio=l1_ratio, tol=1e-10, max_iter=100_000)
    theirs.fit(x.astype(np.float64), y.astype(np.float64))
    np.testing.assert_allclose(ours.coef.T, theirs.coef_, atol=1e-3)
    np.testing.assert_allclose(ours.intercept, theirs.intercept_, atol=2e-3)
    assert ours.gap <= 1e-8
    assert ours.validation_mse is None


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
def test_the_penalty_and_its_errors_are_those_of_scikit_learns_search(rng, l1_ratio):
    x, y = _data(rng)
    ours = fit_multitask(x, y, alphas=ALPHAS, l1_ratio=l1_ratio)
    theirs = MultiTaskElasticNetCV(
        l1_ratio=l1_ratio, alphas=list(ALPHAS), cv=3, tol=1e-10, max_iter=100_000
    ).fit(x.astype(np.float64), y.astype(np.float64))
    assert ours.alpha == theirs.alpha_ == 0.3
    np.testing.assert_allclose(ours.validation_mse, theirs.mse_path_, rtol=1e-4)
    np.testing.assert_allclose(ours.coef.T, theirs.coef_, atol=1e-3)


def test_a_feature_is_used_by_all_vertices_or_by_none(rng):
    x, y = _data(rng)
    used = fit_multitask(x, y, alphas=(1.0,), l1_ratio=1.0).coef != 0
    assert 0 < used.any(axis=1).sum() < len(used)
    np.testing.assert_array_equal(used.any(axis=1), used.all(axis=1))


def test_rotating_the_vertices_rotates_the_coefficients(rng):
    x, y = _data(rng)
    turn = np.linalg.qr(rng.normal(size=(5, 5)))[0].astype(np.float32)
    straight, turned = (fit_multitask(x, v, alphas=(0.3,)) for v in (y, y @ turn))
    np.testing.assert_allclose(straight.coef @ turn, turned.coef, atol=1e-4)


def test_the_rotation_keeps_all_products(rng):
    q = rng.normal(size=(6, 40))
    q[5] = q[0]
    factor = rotated(q @ q.T)
    assert factor.shape == (6, 5)
    np.testing.assert_allclose(factor @ factor.T, q @ q.T, atol=1e-10)


@pytest.mark.filterwarnings("ignore:Objective did not converge")
def test_the_gap_equals_scikit_learns_for_any_coefficients(rng):
    x, y = (a.astype(np.float64) - a.mean(0, dtype=np.float64) for a in _data(rng))
    model = MultiTaskElasticNet(
        alpha=0.1, l1_ratio=0.7, max_iter=1, tol=0, fit_intercept=False, selection="cyclic"
    ).fit(x, y)
    w, gram, q = model.coef_.T, x.T @ x / len(x), x.T @ y / len(x)
    gap = duality_gap(w, q - gram @ w, q, (y**2).sum() / len(x), 0.07, 0.03)
    assert gap == pytest.approx(model.dual_gap_, rel=1e-6)


def test_reweighting_lowers_the_objective_and_keeps_an_optimum(rng):
    x, y = (a.astype(np.float64) - a.mean(0, dtype=np.float64) for a in _data(rng))
    gram, q, l1, l2 = x.T @ x / len(x), x.T @ y / len(x), 0.4, 0.1

    def objective(w):
        norms = np.linalg.norm(w, axis=1)
        loss = ((y - x @ w) ** 2).sum() / (2 * len(x))
        return loss + l1 * norms.sum() + l2 / 2 * (norms**2).sum()

    w = rng.normal(size=q.shape)
    w[3] = 0
    for _ in range(5):
        after = reweighted(gram, q, w, l1, l2)
        assert objective(after) < objective(w)
        assert not after[3].any()
        w = after
    best, _ = descend_rows(gram, q, (y**2).sum() / len(x), l1, l2, tolerance=1e-13)
    np.testing.assert_allclose(reweighted(gram, q, best, l1, l2), best, atol=1e-5)


def test_more_features_than_images_converge(rng):
    x, y = (a.astype(np.float64) for a in _data(rng, n=12, d=30))
    x, y = x - x.mean(0), y - y.mean(0)
    gram, q = x.T @ x / 12, x.T @ y / 12
    energy = float((y**2).sum() / 12)
    w, gap = descend_rows(gram, q, energy, 0.1, 0.0)
    assert gap <= 1e-8 * energy
    assert not np.allclose(w, 0)


def test_degenerate_features_and_vertices_stay_defined(rng):
    x, y = _data(rng)
    x[:, 3] = 7
    y[:, 2] = 0.1
    ours = fit_multitask(x, y, alphas=ALPHAS)
    assert np.isfinite(ours.coef).all()
    assert np.all(ours.coef[3] == 0)
    np.testing.assert_allclose(ours.coef[:, 2], 0, atol=1e-6)
    assert ours.intercept[2] == pytest.approx(0.1)
    none = fit_multitask(x, y, alphas=(1e6,))
    assert not none.coef.any()
    np.testing.assert_allclose(none.intercept, y.mean(0), rtol=1e-5)


def test_responses_are_read_in_chunks_and_a_fit_resumes_where_it_stopped(rng, monkeypatch):
    x, y = _data(rng, v=40)
    monkeypatch.setattr(moments, "_CHUNK_BYTES", 1)
    rows, saved, told = _Rows(y), MemoryCheckpoint(), []
    whole = fit_multitask(
        x, rows, alphas=ALPHAS, checkpoint=saved, progress=lambda share, _: told.append(share)
    )
    assert rows.widest == 16
    assert told == sorted(told)
    del saved.pieces["vertices-32"]
    saved.pieces["vertices-0"]["coef"][0] = 42
    again = fit_multitask(x, y, alphas=ALPHAS, checkpoint=saved)
    np.testing.assert_array_equal(again.coef[:, 16:], whole.coef[:, 16:])
    assert np.all(again.coef[np.flatnonzero(whole.coef.any(1))[0], :16] == 42)


@pytest.mark.parametrize(
    "settings", [{"alphas": (0.0, 1.0)}, {"alphas": ()}, {"l1_ratio": 0.0}, {"n_folds": 1}]
)
def test_settings_out_of_range_are_refused(rng, settings):
    x, y = _data(rng)
    with pytest.raises(InvalidInput):
        fit_multitask(x, y, **settings)
