import numpy as np
import pytest
import torch

from cortiscope.core.encoding.ridge.data import Centred, constant_outside, squared_sum

_CPU = torch.device("cpu")


@pytest.mark.parametrize("scaled", [True, False])
def test_mean_and_values_give_back_the_responses_however_far_from_zero(rng, scaled):
    y = (rng.normal(size=(3001, 7)) * np.logspace(-3, 3, 7) + 5000).astype(np.float32)
    ours = Centred.of(y, _CPU, torch.float32, scaled=scaled)
    exact = y.astype(np.float64)
    np.testing.assert_allclose(ours.mean.numpy(), exact.mean(0), rtol=2e-7)
    back = ours.values.double() * ours.scale + ours.mean
    np.testing.assert_allclose(back.numpy(), exact, rtol=1e-6)


@pytest.mark.parametrize("size", [1e-30, 1.0, 1e34])
def test_scaled_values_reach_between_one_and_two(rng, size):
    y = (rng.normal(size=(301, 7)) * size).astype(np.float32)
    ours = Centred.of(y, _CPU, torch.float32)
    largest = ours.values.abs().amax(0)
    assert bool(((largest >= 0.999) & (largest < 2.001)).all())
    np.testing.assert_array_equal(np.frexp(ours.scale.numpy())[0], 0.5)
    expected = (ours.values.double() ** 2).sum(0)
    np.testing.assert_allclose(squared_sum(ours.values), expected, rtol=1e-5)


def test_a_column_is_constant_outside_some_rows_only_if_all_other_rows_agree(rng):
    values = torch.full((350, 6), 0.1)
    values[120, 1] = 0.2
    values[3, 2] = 0.2
    values[349, 3] = 0.2
    values[:, 4] = torch.as_tensor(rng.normal(size=350))
    values[:100, 5] = 7
    cases = [
        (slice(0, 0), [True, False, False, False, False, False]),
        (slice(0, 100), [True, False, True, False, False, True]),
        (slice(100, 200), [True, True, False, False, False, False]),
        (slice(340, 350), [True, False, False, True, False, False]),
    ]
    for rows, expected in cases:
        assert constant_outside(values, rows).tolist() == expected
