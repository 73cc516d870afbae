import numpy as np
import pytest
import torch
from scipy.optimize import minimize, nnls

from core.encoding.simplex_weights import simplex_weights


def _problem(rng, m, v=40, n=25, shared=2.0):
    p = rng.normal(size=(v, n, m)) + shared * rng.normal(size=(v, n, 1))
    mix = rng.exponential(size=(v, m)) * rng.choice([0.05, 0.4, 3.0], size=(v, 1))
    mix *= rng.choice([-0.3, 1.0], size=(v, m))
    y = np.einsum("vnm,vm->vn", p, mix) + rng.normal(size=(v, n))
    return p, y


def _weights(p, y):
    moments = (np.einsum("vni,vnj->vij", p, p), np.einsum("vni,vn->vi", p, y), (y**2).sum(1))
    weights, gap = simplex_weights(*(torch.as_tensor(a) for a in moments))
    return weights.numpy(), gap.numpy()


@pytest.mark.parametrize("m", [1, 2, 5])
def test_weights_equal_scipys_for_every_vertex(rng, m):
    p, y = _problem(rng, m)
    ours, gap = _weights(p, y)
    for v in range(len(p)):
        theirs = minimize(
            lambda w, v=v: ((y[v] - p[v] @ w) ** 2).sum(),
            np.full(m, 0.5 / m),
            jac=lambda w, v=v: -2 * p[v].T @ (y[v] - p[v] @ w),
            bounds=[(0, None)] * m,
            constraints={"type": "ineq", "fun": lambda w: 1 - w.sum()},
            method="SLSQP",
            options={"ftol": 1e-14, "maxiter": 500},
        )
        np.testing.assert_allclose(ours[v], theirs.x, atol=2e-4)
        assert ((y[v] - p[v] @ ours[v]) ** 2).sum() <= theirs.fun * (1 + 1e-8)
    assert gap.max() < 1e-8
    assert (ours >= 0).all()
    assert (ours.sum(1) <= 1 + 1e-12).all()
    assert (ours.sum(1) > 0.999).any()
    assert (ours.sum(1) < 0.9).any()  # both sides of the constraint are met


def test_where_the_sum_does_not_bind_it_is_nonnegative_least_squares(rng):
    p, y = _problem(rng, 4)
    y *= 0.2
    ours, _ = _weights(p, y)
    free = np.stack([nnls(p[v], y[v])[0] for v in range(len(p))])
    inside = free.sum(1) < 1
    assert inside.any()
    np.testing.assert_allclose(ours[inside], free[inside], atol=1e-6)


def test_the_gap_bounds_the_distance_to_the_optimum_also_with_equal_members(rng):
    p, y = _problem(rng, 6)
    p[:, :, 4] = p[:, :, 1]
    ours, gap = _weights(p, y)
    fewer, _ = _weights(np.delete(p, 4, 2), y)
    error = ((y - np.einsum("vnm,vm->vn", p, ours)) ** 2).sum(1)
    least = ((y - np.einsum("vnm,vm->vn", np.delete(p, 4, 2), fewer)) ** 2).sum(1)
    np.testing.assert_allclose(error, least, rtol=1e-7)
    assert gap.max() < 1e-8


def test_nothing_to_explain_and_nothing_that_predicts_give_weights_of_zero(rng):
    p, y = _problem(rng, 3)
    y[0] = 0
    p[1] = 0
    y[2] = -p[2].sum(1)
    p[2] = np.abs(p[2])
    y[2] = -np.abs(y[2])
    ours, gap = _weights(p, y)
    assert np.all(ours[:3] == 0)
    assert np.isfinite(ours).all()
    assert np.all(gap[:3] == 0)
