from itertools import combinations

import numpy as np
import pytest

from cortiscope.core.errors import IncompatibleSpace, InvalidInput
from cortiscope.core.evaluation import chance, identify, pattern_correlations


def test_correlations_of_patterns_equal_numpys(rng):
    m, p = rng.normal(size=(4, 9)), rng.normal(size=(6, 9))
    expected = np.corrcoef(m, p)[:4, 4:]
    np.testing.assert_allclose(pattern_correlations(m, p), expected, atol=1e-12)
    some = np.array([0, 3, 4, 8])
    expected = np.corrcoef(m[:, some], p[:, some])[:4, 4:]
    np.testing.assert_allclose(pattern_correlations(m, p, some), expected, atol=1e-12)
    mask = np.isin(np.arange(9), some)
    np.testing.assert_allclose(pattern_correlations(m, p, mask), expected, atol=1e-12)


def test_the_curve_over_set_sizes_equals_going_through_all_sets(rng):
    m = rng.normal(size=(6, 8))
    p = m + 1.5 * rng.normal(size=m.shape)
    found = identify(m, p)
    r = np.corrcoef(m, p)[:6, 6:]
    for size, accuracy in zip((1, 2, 3, 6), found.accuracy_of(np.array([1, 2, 3, 6])), strict=True):
        hits = []
        for i in range(6):
            others = [j for j in range(6) if j != i]
            hits += [
                all(r[i, i] > r[i, j] for j in chosen) for chosen in combinations(others, size - 1)
            ]
        assert accuracy == pytest.approx(np.mean(hits))
    assert 0 < found.accuracy < 1
    assert found.accuracy == pytest.approx(found.accuracy_of(np.array([6]))[0])
    np.testing.assert_allclose(found.correlation, np.diagonal(r))
    assert found.n_vertices == 8


def test_noise_is_identified_at_chance_and_a_true_model_always(rng):
    sizes = np.array([2, 5, 20, 400])
    m = rng.normal(size=(400, 30))
    noise = identify(m, rng.normal(size=m.shape)).accuracy_of(sizes)
    np.testing.assert_allclose(noise[:3], chance(sizes)[:3], atol=0.05)
    np.testing.assert_array_equal(identify(m, 0.1 * m + 3).accuracy_of(sizes), 1)


def test_one_prediction_for_all_images_identifies_nothing(rng):
    m = rng.normal(size=(5, 10))
    same = identify(m, np.repeat(m[:1], 5, axis=0))
    assert same.accuracy == 0
    np.testing.assert_array_equal(same.rank, 5)


def test_a_constant_pattern_is_last_and_never_taken_for_another(rng):
    m = rng.normal(size=(5, 10))
    p = m.copy()
    p[2] = 0.1
    found = identify(m, p)
    np.testing.assert_array_equal(found.rank, [1, 1, 5, 1, 1])
    assert np.isnan(found.correlation[2])
    assert found.accuracy_of(np.array([5]))[0] == pytest.approx(0.8)


def test_what_cannot_be_is_refused(rng):
    m = rng.normal(size=(5, 4))
    with pytest.raises(InvalidInput, match="Set sizes"):
        identify(m, m).accuracy_of(np.array([6]))
    with pytest.raises(IncompatibleSpace):
        identify(m, m[:, :3])
    with pytest.raises(InvalidInput, match="at least 2 vertices"):
        identify(m, m, np.array([1]))
