import numpy as np
import pytest
import torch

from cortiscope.core.encoding.neural.optimisation import (
    TrainingSettings,
    make_optimiser,
    optimiser_arrays,
    restore_optimiser,
    set_learning_rate,
)


def _weights():
    return [torch.ones(3, 2).requires_grad_(), torch.zeros(2).requires_grad_()]


def _step(optimiser, weights):
    def objective():
        optimiser.zero_grad()
        loss = sum(((w - k - 2) ** 2).sum() for k, w in enumerate(weights))
        loss.backward()
        return loss

    optimiser.step(objective)


@pytest.mark.parametrize("name", ["adamw", "adam", "sgd", "rmsprop"])
def test_matrices_decay_and_biases_do_not(name):
    settings = TrainingSettings(optimizer=name, weight_decay=0.3, learning_rate=0.02)
    matrix, bias = make_optimiser(settings, _weights()).param_groups
    assert (matrix["weight_decay"], matrix["params"][0].ndim) == (0.3, 2)
    assert (bias["weight_decay"], bias["params"][0].ndim) == (0.0, 1)
    assert matrix["lr"] == bias["lr"] == 0.02


@pytest.mark.parametrize("name", ["adamw", "adam", "sgd", "rmsprop", "lbfgs"])
def test_the_state_comes_back_from_arrays_as_files_hold_them(name):
    settings = TrainingSettings(optimizer=name, learning_rate=0.1)
    weights = _weights()
    optimiser = make_optimiser(settings, weights)
    for _ in range(3):
        _step(optimiser, weights)
    stored = {k: np.ascontiguousarray(a) for k, a in optimiser_arrays(optimiser).items()}
    copies = [w.detach().clone().requires_grad_() for w in weights]
    again = make_optimiser(settings, copies)
    restore_optimiser(again, stored)
    for key, value in optimiser.state_dict()["state"].items():
        for part, tensor in value.items():
            if isinstance(tensor, torch.Tensor):
                assert torch.equal(again.state_dict()["state"][key][part], tensor)
    _step(optimiser, weights)
    _step(again, copies)
    assert all(torch.equal(a, b) for a, b in zip(weights, copies, strict=True))


def test_a_cosine_starts_at_the_rate_and_is_halved_half_way():
    settings = TrainingSettings(schedule="cosine", learning_rate=0.4, max_epochs=10)
    optimiser = make_optimiser(settings, _weights())
    rates = []
    for epoch in (0, 5, 9):
        set_learning_rate(optimiser, settings, epoch)
        rates.append(optimiser.param_groups[0]["lr"])
    np.testing.assert_allclose(rates, [0.4, 0.2, 0.2 * (1 - np.cos(np.pi / 10))])
