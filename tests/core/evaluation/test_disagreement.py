"""Which pictures tell two models apart, by hand; shrinking a prediction favours no model."""

import numpy as np
import pytest
from scipy.stats import binomtest

from cortiscope.core.errors import IncompatibleSpace, InvalidInput
from cortiscope.core.evaluation.disagreement import disagreement


def _models(rng, n, r_a, r_b, shrunk=1.0):
    m = rng.normal(size=(n, 1))
    noise = rng.normal(size=(2, n, 1))
    a, b = (r * m + np.sqrt(1 - r**2) * e for r, e in zip((r_a, r_b), noise, strict=True))
    return a, shrunk * b + 3, m


def test_pictures_and_sides_by_hand(rng):
    a, b, m = (rng.normal(size=(60, 4)) for _ in range(3))
    found = disagreement(a, b, m, k=20)
    z = [(x.mean(axis=1) - x.mean()) / x.mean(axis=1).std() for x in (a, b, m)]
    far = sorted(range(60), key=lambda i: -abs(z[0][i] - z[1][i]))[:20]
    np.testing.assert_array_equal(found.images, far)
    sides = [abs(z[2][i] - z[0][i]) < abs(z[2][i] - z[1][i]) for i in far]
    np.testing.assert_array_equal(found.with_a, sides)
    assert found.rate == np.mean(sides)
    ends = binomtest(sum(sides), 20).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx(ends)
    swapped = disagreement(b, a, m, k=20)
    assert swapped.rate == pytest.approx(1 - found.rate)
    np.testing.assert_array_equal(swapped.images, found.images)


@pytest.mark.parametrize("shrunk", [1.0, 0.2])
def test_two_models_of_equal_r_share_the_pictures(shrunk):
    rng = np.random.default_rng(3)
    found = [disagreement(*_models(rng, 200, 0.5, 0.5, shrunk)) for _ in range(400)]
    held = np.mean([one.low <= 0.5 <= one.high for one in found])
    assert 0.92 <= held <= 0.98
    assert np.mean([one.rate for one in found]) == pytest.approx(0.5, abs=0.015)


def test_the_measurement_sides_with_the_better_model():
    rng = np.random.default_rng(4)
    found = disagreement(*_models(rng, 200, 0.7, 0.2))
    assert found.low > 0.5


def test_the_measurement_has_no_say_in_which_pictures_are_looked_at(rng):
    a, b, m = _models(rng, 60, 0.5, 0.5)
    other = disagreement(a, b, rng.permutation(m))
    np.testing.assert_array_equal(other.images, disagreement(a, b, m).images)


def test_copies_of_a_picture_count_once(rng):
    a, b, m = _models(rng, 40, 0.5, 0.3)
    rows = np.repeat(np.arange(40), 2)
    found = disagreement(a[rows], b[rows], m[rows], k=15, stimuli=rows)
    np.testing.assert_array_equal(found.images // 2, disagreement(a, b, m, k=15).images)
    assert len(set(found.images // 2)) == 15


def test_what_tells_nothing_is_refused(rng):
    a, b, m = _models(rng, 60, 0.5, 0.3)
    with pytest.raises(InvalidInput, match="predict the same"):
        disagreement(a, 2 * a + 1, m)
    with pytest.raises(InvalidInput, match="prediction of B is the same"):
        disagreement(a, np.full_like(b, 1 / 3), m)
    with pytest.raises(InvalidInput, match="too few"):
        disagreement(a[:19], b[:19], m[:19])
    with pytest.raises(InvalidInput, match="At least one"):
        disagreement(a, b, m, k=0)
    with pytest.raises(IncompatibleSpace, match="same images"):
        disagreement(a, b[1:], m)
