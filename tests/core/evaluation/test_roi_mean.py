import numpy as np
import pytest
from scipy import stats

from cortiscope.core.errors import IncompatibleSpace, InvalidInput
from cortiscope.core.evaluation import ceiling_of_roi_mean, roi_mean_score


def test_both_numbers_equal_scipys(rng):
    m = rng.normal(size=(40, 5))
    p = m + rng.normal(size=m.shape)
    m[:, 2] = 0.1
    ceiling = np.array([0.25, 0.36, 0.99, 0.49, 0.64])
    got = roi_mean_score(p, m, ceiling=ceiling, ceiling_of_mean=0.81)
    kept = [0, 1, 3, 4]
    r = [stats.pearsonr(p[:, k], m[:, k])[0] for k in kept]
    assert got.median_r == pytest.approx(np.median(r))
    assert got.r_of_mean == pytest.approx(stats.pearsonr(p.mean(1), m.mean(1))[0])
    assert got.median_ceiling_r == pytest.approx(0.65)
    assert got.ceiling_r_of_mean == pytest.approx(0.9)
    assert (got.n, got.n_undefined) == (5, 1)


def test_unknown_ceilings_are_none_and_an_absent_roi_has_no_number(rng):
    m = rng.normal(size=(8, 2))
    got = roi_mean_score(m + 1, m)
    assert (got.median_ceiling_r, got.ceiling_r_of_mean) == (None, None)
    absent = roi_mean_score(m[:, :0], m[:, :0])
    assert (absent.n, absent.median_r, absent.r_of_mean) == (0, None, None)
    with pytest.raises(IncompatibleSpace):
        roi_mean_score(m, m, ceiling=np.array([0.5]))


def test_vertices_whose_mean_is_constant_have_a_median_but_no_r_of_the_mean(rng):
    one = rng.integers(0, 5, size=9).astype(float)
    m = np.stack([one, -one], axis=1)
    got = roi_mean_score(m, m)
    assert (got.median_r, got.r_of_mean) == (pytest.approx(1), None)


def _trials(rng, n_images, n_vertices, *, shared):
    """Three trials per image: signal of variance 1, noise of 4 per vertex, and shared noise."""
    stimulus = np.repeat(np.arange(n_images), 3)
    signal = rng.normal(size=(n_images, 1))
    noise = 2 * rng.normal(size=(3 * n_images, n_vertices))
    noise += np.sqrt(shared) * rng.normal(size=(3 * n_images, 1))
    trials = signal[stimulus] + noise
    return (trials - trials.mean(0)) / trials.std(0), stimulus, signal[:, 0]


@pytest.mark.parametrize("shared", [0.0, 1.0])
def test_the_ceiling_of_a_mean_of_known_signal_is_recovered(rng, shared):
    n_images, n_vertices = 3000, 8
    trials, stimulus, signal = _trials(rng, n_images, n_vertices, shared=shared)
    noise = (4 / n_vertices + shared) / 3
    expected = 1 / (1 + noise)
    got = ceiling_of_roi_mean(trials, stimulus, np.full(n_images, 3))
    assert got == pytest.approx(expected, abs=0.03)
    averaged = trials.reshape(n_images, 3, n_vertices).mean(axis=1)
    # A perfect model of the signal reaches the ceiling and does not pass it.
    reached = roi_mean_score(np.repeat(signal[:, None], n_vertices, axis=1), averaged)
    assert reached.r_of_mean**2 == pytest.approx(got, abs=0.03)


def test_a_constant_mean_has_ceiling_0_and_single_trials_none(rng):
    stimulus = np.array([0, 0, 1, 1])
    assert ceiling_of_roi_mean(np.full((4, 3), 0.1), stimulus, np.array([2, 2])) == 0
    with pytest.raises(InvalidInput, match="twice"):
        ceiling_of_roi_mean(rng.normal(size=(4, 3)), np.arange(4), np.array([1, 1]))
