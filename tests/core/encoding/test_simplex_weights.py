import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from cortiscope.core.encoding.multiband.stacking import simplex_weights


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
            np.full(m, 1 / m),
            jac=lambda w, v=v: -2 * p[v].T @ (y[v] - p[v] @ w),
            bounds=[(0, None)] * m,
            constraints={"type": "eq", "fun": lambda w: 1 - w.sum()},
            method="SLSQP",
            options={"ftol": 1e-14, "maxiter": 500},
        )
        np.testing.assert_allclose(ours[v], theirs.x, atol=2e-4)
        assert ((y[v] - p[v] @ ours[v]) ** 2).sum() <= theirs.fun * (1 + 1e-8)
    assert gap.max() < 1e-8
    assert (ours >= 0).all()
    np.testing.assert_allclose(ours.sum(1), 1, atol=1e-12)
    assert m == 1 or ((ours > 0).sum(1) > 1).any()
    assert m == 1 or (ours == 0).any()


def test_weights_do_not_change_with_the_scale_of_the_responses(rng):
    p, y = _problem(rng, 4)
    one, _ = _weights(p, y)
    for scale in (1e-12, 1e12):
        np.testing.assert_allclose(_weights(p * scale, y * scale)[0], one, atol=1e-9)


def test_predictions_that_hardly_vary_are_mixed_as_exactly(rng):
    p, y = _problem(rng, 3)
    p = 1e-4 * p
    ours, gap = _weights(p, y)
    best = np.einsum("vnm,vn->vm", p, y)
    # So small that the predictions' own energy hardly counts: the best correlated takes all.
    np.testing.assert_array_equal(ours.argmax(1), best.argmax(1))
    assert gap.max() < 1e-12


def test_the_gap_bounds_the_distance_to_the_optimum_also_with_equal_members(rng):
    p, y = _problem(rng, 6)
    p[:, :, 4] = p[:, :, 1]
    ours, gap = _weights(p, y)
    fewer, _ = _weights(np.delete(p, 4, 2), y)
    error = ((y - np.einsum("vnm,vm->vn", p, ours)) ** 2).sum(1)
    least = ((y - np.einsum("vnm,vm->vn", np.delete(p, 4, 2), fewer)) ** 2).sum(1)
    np.testing.assert_allclose(error, least, rtol=1e-7)
    assert gap.max() < 1e-8


def test_more_members_than_images_are_solved_as_well(rng):
    p, y = _problem(rng, 6, n=3)
    ours, gap = _weights(p, y)
    assert gap.max() < 1e-8
    np.testing.assert_allclose(ours.sum(1), 1)
    assert (ours >= 0).all()


def test_nothing_to_explain_and_nothing_that_predicts_give_equal_weights(rng):
    p, y = _problem(rng, 3)
    y[0] = 0
    p[1] = 0
    ours, gap = _weights(p, y)
    np.testing.assert_allclose(ours[:2], 1 / 3)
    assert np.isfinite(ours).all()
    assert np.all(gap[:2] == 0)
