"""Two sets of pictures against scipy, numpy written out, and what chance finds."""

import numpy as np
import pytest
from scipy import stats

from cortiscope.core.errors import InvalidInput
from cortiscope.core.evaluation.contrast import Sets, contrast

PLACES = {
    ("V1v", "left"): np.array([0, 2, 3]),
    ("FFA-1", "left"): np.array([], dtype=int),
    ("FFA-1", "right"): np.array([4, 6]),
    ("all vertices", "both"): np.arange(7),
}


def _sets(rng, n_a=14, n_b=23):
    in_a = rng.permutation(np.arange(n_a + n_b) < n_a)
    y = rng.normal(size=(len(in_a), 7)) * np.where(in_a, 2.0, 1.0)[:, None] + 500
    y[in_a, 4:] += 1.5
    return in_a, y


def test_without_covariates_it_is_welchs_t(rng):
    in_a, y = _sets(rng)
    y[:, 5] = 3
    found = Sets(in_a).compare(y)
    expected = stats.ttest_ind(y[in_a], y[~in_a], equal_var=False)
    known = np.arange(7) != 5
    for own, other in ((found.t, expected.statistic), (found.p, expected.pvalue)):
        np.testing.assert_allclose(own[known], other[known], rtol=0, atol=1e-9)
    interval = expected.confidence_interval()
    np.testing.assert_allclose(found.low[known], interval.low[known], atol=1e-9)
    np.testing.assert_allclose(found.high[known], interval.high[known], atol=1e-9)
    assert np.isnan([found.t[5], found.p[5], found.q[5]]).all()
    assert found.difference[5] == 0
    adjusted = stats.false_discovery_control(found.p[known])
    np.testing.assert_allclose(found.q[known], adjusted)


def test_swapped_sets_have_the_other_sign_exactly(rng):
    in_a, y = _sets(rng)
    z = rng.normal(size=(len(in_a), 3))
    for covariates in (None, z):
        one, other = (Sets(own, covariates).compare(y) for own in (in_a, ~in_a))
        np.testing.assert_array_equal(one.difference, -other.difference)
        np.testing.assert_array_equal(one.t, -other.t)
        np.testing.assert_array_equal(one.p, other.p)


def test_covariates_are_those_of_a_linear_model(rng):
    in_a, y = _sets(rng)
    z = rng.normal(size=(len(in_a), 2)) + in_a[:, None]
    y = y + 3 * z[:, :1]
    found = Sets(in_a, z).compare(y)
    x = np.column_stack([np.ones(len(in_a)), np.where(in_a, 1.0, 0.0), z])
    inverse = np.linalg.inv(x.T @ x)
    b = inverse @ x.T @ y
    kept = 1 - np.einsum("ij,jk,ik->i", x, inverse, x)
    for column in range(7):
        e2 = (y - x @ b)[:, column] ** 2 / kept
        v = inverse @ (x.T * e2) @ x @ inverse
        assert found.difference[column] == pytest.approx(b[1, column], abs=1e-9)
        assert found.t[column] == pytest.approx(b[1, column] / np.sqrt(v[1, 1]), abs=1e-9)


@pytest.mark.parametrize("with_covariates", [False, True])
def test_chance_finds_what_it_should(with_covariates):
    rng = np.random.default_rng(7)
    y = rng.normal(size=(80, 150)) + rng.normal(size=(80, 1))
    z = rng.normal(size=(80, 8)) if with_covariates else None
    shares, found = [], 0
    for _ in range(200):
        one = Sets(rng.permutation(80) < 40, z).compare(y)
        shares.append((one.p < 0.05).mean())
        found += bool((one.q < 0.05).any())
    assert 0.04 <= np.mean(shares) <= 0.06
    assert found <= 16


def test_unequal_sets_of_unequal_spread_find_no_more():
    rng = np.random.default_rng(8)
    in_a = np.arange(60) < 15
    y = rng.normal(size=(60, 20_000)) * np.where(in_a, 3.0, 1.0)[:, None]
    for covariates in (None, rng.normal(size=(60, 4))):
        p = Sets(in_a, covariates).compare(y).p
        assert 0.04 <= (p < 0.05).mean() <= 0.06


def test_rois_are_compared_by_their_mean_response(rng):
    in_a, y = _sets(rng)
    found = contrast(lambda block: y[:, block], in_a, PLACES)
    assert (found.n_a, found.n_b) == (14, 23)
    mean = y[:, [4, 6]].mean(axis=1)
    own = found.of(("FFA-1", "right"))
    assert own["t"] == pytest.approx(
        stats.ttest_ind(mean[in_a], mean[~in_a], equal_var=False).statistic, abs=1e-9
    )
    assert found.of(("FFA-1", "left")) is None
    # Two ROIs are tested; the whole is none.
    p = [found.of(place)["p"] for place in (("V1v", "left"), ("FFA-1", "right"))]
    q = dict(zip(found.places, found.q_of_rois, strict=True))
    np.testing.assert_allclose(
        [q["V1v", "left"], q["FFA-1", "right"]], stats.false_discovery_control(p)
    )
    assert np.isnan(q["all vertices", "both"])


def test_halves_are_alike_where_something_differs(rng):
    in_a = np.arange(80) < 40
    effect = rng.normal(size=300)
    places = {("all vertices", "both"): np.arange(300)}
    y = rng.normal(size=(80, 300))
    nothing = contrast(lambda block: y[:, block], in_a, places)
    clear = contrast(lambda block: (y + in_a[:, None] * effect)[:, block], in_a, places)
    assert abs(nothing.halves.mean()) < 0.2
    assert clear.halves.mean() > 0.8
    few = contrast(lambda block: y[:12, block], np.arange(12) < 6, places)
    assert not len(few.halves)


def test_what_cannot_be_compared_is_said(rng):
    with pytest.raises(InvalidInput, match="A has 4 pictures and B has 20; at least 5"):
        Sets(np.arange(24) < 4)
    in_a = np.arange(24) < 12
    with pytest.raises(InvalidInput, match="tell A from B completely"):
        Sets(in_a, in_a[:, None].astype(float))
