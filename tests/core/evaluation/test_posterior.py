"""The arithmetic of decoding, against scikit-learn, scipy and covariances written out."""

import numpy as np
import pytest
from scipy import optimize, stats
from sklearn.covariance import ledoit_wolf
from sklearn.metrics import roc_auc_score

from cortiscope.core.errors import IncompatibleSpace, InvalidInput
from cortiscope.core.evaluation.category_decoding import (
    category_evidence,
    category_prior,
    category_probabilities,
    category_scores,
)
from cortiscope.core.evaluation.decoding import (
    TEMPERATURES,
    choose_temperature,
    identification_curve,
    log_posterior,
    pattern_distances,
    rank_of_right,
    residual_covariance,
)
from cortiscope.core.evaluation.reliability import hits_distribution, reliability


def _written_out(residuals, measured, predicted):
    """Squared distances by a covariance that is formed and inverted."""
    scale = np.sqrt((residuals**2).mean(axis=0))
    shrunk, weight = ledoit_wolf(residuals / scale, assume_centered=True)
    inverse = np.linalg.inv(shrunk * np.outer(scale, scale))
    d = measured[:, None] - predicted[None]
    return np.einsum("ijv,vw,ijw->ij", d, inverse, d), weight


@pytest.mark.parametrize("n_vertices", [5, 40])
def test_distances_are_those_by_ledoit_wolfs_covariance(rng, n_vertices):
    mixed = rng.normal(size=(n_vertices, n_vertices)) + 2 * np.eye(n_vertices)
    residuals = rng.normal(size=(12, n_vertices)) @ mixed
    measured, predicted = rng.normal(size=(3, n_vertices)), rng.normal(size=(4, n_vertices))
    covariance = residual_covariance(residuals)
    expected, weight = _written_out(residuals, measured, predicted)
    assert 0 < weight < 1
    assert covariance.shrinkage == pytest.approx(weight, abs=1e-12)
    found = pattern_distances(measured, predicted, covariance)
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_units_of_vertices_do_not_matter(rng):
    residuals, patterns = rng.normal(size=(9, 15)), rng.normal(size=(3, 15))
    units = rng.uniform(0.1, 50, 15)
    one = pattern_distances(patterns, patterns + 1, residual_covariance(residuals))
    scaled = residual_covariance(residuals * units)
    other = pattern_distances(patterns * units, (patterns + 1) * units, scaled)
    np.testing.assert_allclose(other, one, rtol=1e-10)


def test_a_dead_vertex_and_other_vertices_are_refused(rng):
    residuals = rng.normal(size=(9, 4))
    with pytest.raises(IncompatibleSpace, match="same vertices"):
        pattern_distances(np.ones((2, 3)), np.ones((2, 3)), residual_covariance(residuals))
    residuals[:, 1] = 0
    with pytest.raises(InvalidInput, match="1 of 4 vertices without"):
        residual_covariance(residuals)


def test_a_posterior_is_bayes_rule(rng):
    y, candidates = rng.normal(size=(2, 3)), rng.normal(size=(4, 3))
    distances = ((y[:, None] - candidates) ** 2).sum(axis=2)
    prior = np.array([0.1, 0.2, 0.0, 0.7])
    likelihood = [[stats.multivariate_normal(c, 2.5 * np.eye(3)).pdf(p) for c in candidates]
                  for p in y]  # fmt: skip
    expected = prior * likelihood / (prior * likelihood).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(np.exp(log_posterior(distances, 2.5, prior)), expected, rtol=1e-10)
    order = [2, 0, 3, 1]
    turned = log_posterior(distances[:, order], 2.5, prior[order])
    np.testing.assert_allclose(turned, log_posterior(distances, 2.5, prior)[:, order], rtol=1e-12)


def test_the_temperature_is_that_of_the_largest_likelihood(rng):
    sets = [rng.chisquare(20, (n, n)) for n in (7, 9)]
    for distances in sets:
        distances[np.diag_indices(len(distances))] *= 0.8

    def loss(log_t):
        p = [np.diagonal(log_posterior(d, np.exp(log_t))) for d in sets]
        return -np.concatenate(p).mean()

    best = np.exp(optimize.minimize_scalar(loss, bounds=(-2, 10), method="bounded").x)
    found = choose_temperature(sets)
    assert TEMPERATURES[0] < found < TEMPERATURES[1]
    assert found == pytest.approx(best, rel=1e-3)


def test_patterns_that_say_nothing_make_all_pictures_equally_probable(rng):
    nothing = rng.chisquare(20, (50, 50))
    nothing[np.diag_indices(50)] *= 1.2
    assert choose_temperature([nothing]) == TEMPERATURES[1]
    sure = np.full((5, 5), 900.0)
    np.fill_diagonal(sure, 1)
    assert choose_temperature([sure]) == TEMPERATURES[0]


def test_the_curve_over_set_sizes_has_exact_ends_where_all_are_candidates():
    rank = np.array([1, 3, 1, 2, 1, 6, 1])
    curve = identification_curve(rank, 12, (2, 5, 200))
    np.testing.assert_array_equal(curve.set_size, [2, 5, 12])
    missed = [stats.hypergeom(11, k - 1, s - 1).pmf(0) for s in (2, 5, 12) for k in rank]
    np.testing.assert_allclose(curve.rate, np.reshape(missed, (3, 7)).mean(axis=1), rtol=1e-12)
    exact = stats.binomtest(4, 7).proportion_ci(method="exact")
    assert (curve.low[-1], curve.high[-1]) == pytest.approx((exact.low, exact.high), rel=1e-9)
    assert curve.interval == ("bootstrap over images",) * 2 + ("exact (Clopper-Pearson)",)
    np.testing.assert_allclose(curve.chance, [1 / 2, 1 / 5, 1 / 12])
    none = identification_curve(np.array([3, 3]), 3)
    assert (none.rate[-1], none.low[-1]) == (0, 0)
    assert (identification_curve(np.array([1, 1]), 3)).high[-1] == 1


def test_ties_are_lost():
    p = np.log(np.array([[0.4, 0.4, 0.2], [0.1, 0.6, 0.3]]))
    np.testing.assert_array_equal(rank_of_right(p, np.array([0, 1])), [2, 1])


def test_hits_are_distributed_as_sums_of_unequal_draws(rng):
    same = hits_distribution(np.full(9, 0.3))
    np.testing.assert_allclose(same, stats.binom(9, 0.3).pmf(np.arange(10)), rtol=1e-10)
    p = rng.uniform(size=6)
    mean = (np.arange(7) * hits_distribution(p)).sum()
    assert mean == pytest.approx(p.sum())


def test_right_confidences_lie_in_the_band_and_wrong_ones_do_not(rng):
    confidence = rng.uniform(0.2, 1, 800)
    draws = rng.uniform(size=(100, 800)) < confidence
    found = [reliability(confidence, right) for right in draws]
    assert 0.92 <= np.mean([one.within for one in found]) <= 1
    assert found[0].count.sum() == 800
    error = np.mean([one.error for one in found])
    assert found[0].error_if_calibrated == pytest.approx(error, rel=0.1)
    boast = reliability(confidence**0.3, draws[0])
    assert not boast.within
    assert boast.error == pytest.approx((confidence**0.3).mean() - draws[0].mean(), abs=0.01)


def test_under_a_prior_by_category_all_are_equally_probable():
    has = np.array([[1, 0], [1, 0], [1, 1], [0, 0]], dtype=bool)
    prior = category_prior(has)
    assert prior.sum() == pytest.approx(1)
    np.testing.assert_allclose(prior, np.array([1 / 3, 1 / 3, 1 / 3 + 1, 1]) / 3)


def test_categories_are_read_off_other_pictures(rng):
    distances = rng.chisquare(5, (6, 8))
    has = rng.uniform(size=(8, 2)) < 0.5
    own = np.arange(6)
    posterior, prior = category_probabilities(distances, own, has, 3.0)
    for i in own:
        others = [j for j in range(8) if j != i]
        p = np.exp(-distances[i, others] / 6)
        np.testing.assert_allclose(posterior[i], p @ has[others] / p.sum(), rtol=1e-10)
        np.testing.assert_allclose(prior[i], has[others].mean(axis=0))


def test_without_information_there_is_no_evidence_for_a_category(rng):
    """The picture that was seen is no candidate: its category has one picture less."""
    has = rng.uniform(size=(30, 1)) < 0.4
    posterior, prior = category_probabilities(np.ones((30, 30)), np.arange(30), has, 1.0)
    assert roc_auc_score(has[:, 0], posterior[:, 0]) == 0
    (found,) = category_scores(["face"], category_evidence(posterior, prior), has)
    assert found.auc == 0.5


def test_the_area_under_the_curve_is_scikit_learns(rng):
    has = rng.uniform(size=(40, 3)) < [0.5, 0.2, 1]
    evidence = np.round(rng.normal(size=(40, 3)) + has, 1)
    found = category_scores(["a", "b", "c"], evidence, has)
    for k in (0, 1):
        assert found[k].auc == pytest.approx(roc_auc_score(has[:, k], evidence[:, k]))
        assert found[k].low < found[k].auc < found[k].high
    assert (found[2].n, found[2].n_others, found[2].auc) == (40, 0, None)


@pytest.mark.parametrize(
    ("place", "ends"), [(1, (0.025 ** (1 / 9), 1.0)), (30, (0.0, 1 - 0.025 ** (1 / 9)))]
)
def test_an_interval_has_a_width_where_all_are_right_or_none_is(place, ends):
    curve = identification_curve(np.full(9, place), 30, (2, 10))
    assert curve.interval == ("exact (Clopper-Pearson)",) * 3
    np.testing.assert_allclose(curve.low, ends[0])
    np.testing.assert_allclose(curve.high, ends[1])
