import numpy as np
import pytest
from scipy import stats

from cortiscope.core.errors import IncompatibleSpace, InvalidInput
from cortiscope.core.evaluation import LEAST_STIMULI, pearson_r
from cortiscope.core.evaluation.significance import (
    adjusted_p,
    paired_difference,
)


@pytest.fixture
def encoders(rng):
    """Responses of 120 images, a good and a poor prediction of them; (120, 30) each."""
    signal = rng.normal(size=(120, 30))
    measured = signal + 0.7 * rng.normal(size=signal.shape)
    good = signal + 0.5 * rng.normal(size=signal.shape)
    poor = 0.3 * signal + rng.normal(size=signal.shape)
    return good, poor, measured


GROUPS = [np.arange(10), np.arange(5, 30), np.array([], dtype=int)]


def test_adjusted_p_equals_scipys(rng):
    p = np.concatenate([rng.uniform(size=40), rng.uniform(size=10) / 500, [0.5, 0.5, 1.0, 0.0]])
    np.testing.assert_allclose(adjusted_p(p), stats.false_discovery_control(p), atol=1e-15)


def test_an_undefined_p_is_no_test(rng):
    p = rng.uniform(size=12) / 20
    holed = np.insert(p, 3, np.nan)
    np.testing.assert_allclose(np.delete(adjusted_p(holed), 3), stats.false_discovery_control(p))
    assert np.isnan(adjusted_p(holed)[3])
    assert not (adjusted_p(holed) <= 1.0)[3]


def test_no_test_at_all_finds_nothing():
    assert adjusted_p(np.array([])).shape == (0,)
    assert not (adjusted_p(np.array([np.nan])) <= 0.05).any()


def test_p_beyond_its_range_is_refused():
    with pytest.raises(InvalidInput, match="between 0 and 1"):
        adjusted_p(np.array([0.1, 1.2]))


def test_false_discoveries_stay_at_their_rate(rng):
    shares = []
    for _ in range(400):
        true = rng.uniform(size=30) < 0.3
        z = rng.normal(size=30) + 3 * true
        found = adjusted_p(2 * stats.norm.sf(np.abs(z))) <= 0.1
        shares.append((found & ~true).sum() / max(1, found.sum()))
    # Expected q times the share of true nulls, .07; its standard error is below .01.
    assert np.mean(shares) < 0.1


def test_identical_encoders_do_not_differ(encoders):
    good, _, measured = encoders
    for found in paired_difference(good, good.copy(), measured, GROUPS[:2]):
        assert (found.difference, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_a_clearly_better_encoder_is_found(encoders):
    good, poor, measured = encoders
    found = paired_difference(good, poor, measured, GROUPS)
    for one in found[:2]:
        assert one.mean_a > one.mean_b
        assert one.low > 0
        assert one.low < one.difference < one.high
        # What a bootstrap of 2,000 draws can never say: a single ROI of 52 is found.
        assert one.p < 0.05 / 52
    assert (adjusted_p(np.array([f.p for f in found[:2]])) <= 0.05).all()


def test_exchanging_the_encoders_turns_the_sign(encoders):
    good, poor, measured = encoders
    forth = paired_difference(good, poor, measured, GROUPS[:2])
    back = paired_difference(poor, good, measured, GROUPS[:2])
    for one, other in zip(forth, back, strict=True):
        assert one.difference == -other.difference
        assert one.low == pytest.approx(-other.high)
        assert one.high == pytest.approx(-other.low)
        assert one.p == pytest.approx(other.p)


def test_means_are_tested_and_medians_described_over_the_same_vertices(encoders):
    good, poor, measured = encoders
    poor[:, 2] = 0.7
    r_a, r_b = (pearson_r(p, measured)[[0, 1, 3, 4]] for p in (good, poor))
    one = paired_difference(good, poor, measured, [np.arange(5)])[0]
    assert (one.mean_a, one.mean_b) == pytest.approx((r_a.mean(), r_b.mean()))
    assert (one.median_a, one.median_b) == pytest.approx((np.median(r_a), np.median(r_b)))
    assert one.difference == pytest.approx(r_a.mean() - r_b.mean())


def test_too_few_images_for_a_calibrated_test_give_the_difference_and_no_p(encoders):
    good, poor, measured = (x[: LEAST_STIMULI - 1] for x in encoders)
    one = paired_difference(good, poor, measured, GROUPS[:1])[0]
    assert one.difference is not None
    assert (one.low, one.high, one.p) == (None, None, None)


def test_two_equally_good_encoders_are_rarely_told_apart(rng):
    found = 0
    for _ in range(60):
        signal = rng.normal(size=(80, 3))
        measured = signal + rng.normal(size=signal.shape)
        a, b = (signal + rng.normal(size=signal.shape) for _ in range(2))
        one = paired_difference(a, b, measured, [np.arange(3)])[0]
        found += one.p < 0.05
    assert found <= 9  # 5 % of 60 is 3; 9 is more than three SDs above


def test_pairing_narrows_the_interval(rng):
    # Images differ in how well they are predicted by both: pairing takes that away.
    shared = rng.normal(size=(100, 20))
    measured = shared + rng.normal(size=shared.shape)
    a = shared + 0.1 * rng.normal(size=shared.shape)
    b = shared + 0.1 * rng.normal(size=shared.shape)
    together = paired_difference(a, b, measured, [np.arange(20)])[0]
    assert together.high - together.low < 0.03


def test_an_empty_group_and_a_group_of_constants_have_no_difference(encoders):
    good, poor, measured = encoders
    poor = poor.copy()
    poor[:, :4] = 1 / 3
    empty, constant, part = paired_difference(
        good, poor, measured, [np.array([], int), np.arange(4), np.arange(8)]
    )
    assert (empty.n, empty.difference, empty.p) == (0, None, None)
    assert (constant.n, constant.n_undefined, constant.difference) == (4, 4, None)
    assert (part.n, part.n_undefined) == (8, 4)
    assert part.difference is not None


def test_predictions_for_other_images_are_refused(encoders):
    good, poor, measured = encoders
    with pytest.raises(IncompatibleSpace, match="same images"):
        paired_difference(good, poor[:50], measured, GROUPS)
