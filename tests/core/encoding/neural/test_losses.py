import numpy as np
import pytest
import torch
from scipy.stats import pearsonr

from cortiscope.core.encoding.neural.optimisation import (
    correlation,
    huber,
    loss_named,
    negative_pearson,
)
from cortiscope.core.errors import UnknownName


def _pair(rng, n=7, v=4):
    actual = rng.normal(size=(n, v)) * 3
    return torch.tensor(actual + rng.normal(size=(n, v))), torch.tensor(actual)


@pytest.mark.parametrize("delta", [0.3, 1.0, 4.0])
def test_huber_equals_torchs(rng, delta):
    predicted, actual = _pair(rng)
    expected = torch.nn.functional.huber_loss(predicted, actual, reduction="none", delta=delta)
    torch.testing.assert_close(huber(predicted, actual, delta), expected.mean(0))


def test_squared_error_equals_a_loop(rng):
    predicted, actual = _pair(rng)
    ours = loss_named("mse", huber_delta=1.0)(predicted, actual).numpy()
    pairs = zip(predicted.T.numpy(), actual.T.numpy(), strict=True)
    np.testing.assert_allclose(ours, [np.mean((p - a) ** 2) for p, a in pairs])


def test_negative_pearson_equals_scipys_per_vertex(rng):
    predicted, actual = _pair(rng)
    pairs = zip(predicted.T.numpy(), actual.T.numpy(), strict=True)
    expected = [-pearsonr(p, a).statistic for p, a in pairs]
    np.testing.assert_allclose(negative_pearson(predicted, actual).numpy(), expected)


def test_the_gradient_of_negative_pearson_equals_finite_differences(rng):
    predicted, actual = _pair(rng, n=5, v=2)
    predicted.requires_grad_()
    negative_pearson(predicted, actual).sum().backward()
    step = 1e-6
    for i in range(5):
        for j in range(2):
            moved = [predicted.detach().clone() for _ in range(2)]
            moved[0][i, j] += step
            moved[1][i, j] -= step
            up, down = (negative_pearson(m, actual).sum() for m in moved)
            assert predicted.grad[i, j].item() == pytest.approx(
                (up - down).item() / (2 * step), abs=1e-6
            )


def test_a_vertex_without_a_correlation_costs_nothing_and_has_no_gradient(rng):
    predicted, actual = _pair(rng, v=3)
    actual[:, 0] = 2.0
    predicted[:, 1] = -1.0
    predicted.requires_grad_()
    loss = negative_pearson(predicted, actual)
    loss.sum().backward()
    assert loss[:2].tolist() == [0, 0]
    assert loss[2] < 0
    assert torch.all(predicted.grad[:, :2] == 0)
    assert torch.isfinite(predicted.grad).all()
    assert correlation(predicted, actual)[1].tolist() == [False, False, True]


def test_an_unknown_loss_names_the_known_ones():
    with pytest.raises(UnknownName, match="mse, huber, pearson"):
        loss_named("hubert", huber_delta=1.0)
