import numpy as np
import pytest
from scipy import stats

from cortiscope.core.datasets.responses import ResponseRows
from cortiscope.core.errors import IncompatibleSpace, InvalidInput
from cortiscope.core.evaluation import (
    bootstrap_r,
    ceiling_without_signal,
    challenge_scores,
    chance_scores,
    corrected_r2,
    ncsnr_from_repeats,
    noise_ceiling,
    normalised_scores,
    pearson_r,
    percentile_interval,
    percentile_intervals,
)
from cortiscope.core.evaluation.ceiling import FEW_REPEATS
from cortiscope.core.evaluation.challenge import independent_images


def test_r_equals_scipys_for_each_vertex(rng):
    p, m = rng.normal(size=(25, 6)), rng.normal(size=(25, 6))
    expected = [stats.pearsonr(p[:, k], m[:, k])[0] for k in range(6)]
    np.testing.assert_allclose(pearson_r(p, m), expected, atol=1e-12)


def test_r_does_not_depend_on_the_unit_of_very_small_or_large_numbers(rng):
    p, m = rng.normal(size=(25, 4)), rng.normal(size=(25, 4))
    expected = pearson_r(p, m)
    np.testing.assert_allclose(pearson_r(p * [1e200, 1e-200, 1, 0.0], m)[:3], expected[:3])
    np.testing.assert_allclose(pearson_r(p * 1e306, m * 1e-100), expected)


def test_a_constant_vertex_has_no_r(rng):
    p, m = rng.normal(size=(10, 3)), rng.normal(size=(10, 3))
    p[:, 0], m[:, 2] = 0.1, 1 / 3
    r = pearson_r(p, m)
    assert np.isnan(r[[0, 2]]).all()
    assert np.isfinite(r[1])


def test_scaling_a_vertex_leaves_r_unchanged(rng):
    p, m = rng.normal(size=(10, 3)), rng.normal(size=(10, 3))
    np.testing.assert_allclose(pearson_r(p, m), pearson_r(p * [2, 3, 0.1] - 5, m), atol=1e-12)


def test_lengths_that_differ_are_an_error(rng):
    with pytest.raises(IncompatibleSpace):
        pearson_r(np.zeros((4, 3)), np.zeros((4, 2)))


def test_ceiling_of_three_repeats_is_the_published_formula():
    np.testing.assert_allclose(noise_ceiling(np.array([1.0]), np.array([3, 3])), 1 / (1 + 1 / 3))


def test_ceiling_of_mixed_repeats_equals_the_challenges_weights():
    a, b, c = 4, 3, 2
    norm = (a / 3 + b / 2 + c) / (a + b + c)
    repeats = np.array([3] * a + [2] * b + [1] * c)
    np.testing.assert_allclose(noise_ceiling(np.array([0.7]), repeats), 0.49 / (0.49 + norm))


def test_ncsnr_of_a_simulation_with_known_ratio_is_recovered(rng):
    n, true = 4000, np.array([0.0, 0.4, 1.0, 2.0])
    stimulus = np.repeat(np.arange(n), 3)
    signal = rng.normal(size=(n, 4)) * true
    trials = signal[stimulus] + rng.normal(size=(3 * n, 4))
    trials = (trials - trials.mean(0)) / trials.std(0)
    np.testing.assert_allclose(ncsnr_from_repeats(trials, stimulus), true, atol=0.06)


@pytest.mark.parametrize("n_repeated", [40, 400])
def test_a_vertex_without_signal_gets_the_ceiling_that_few_repeats_give_it(rng, n_repeated):
    repeats = np.where(np.arange(400) < n_repeated, 3, 1)
    stimulus = np.repeat(np.arange(400), repeats)
    trials = rng.normal(size=(len(stimulus), 1500))
    trials = (trials - trials.mean(0)) / trials.std(0)
    found = noise_ceiling(ncsnr_from_repeats(trials, stimulus), repeats).mean()
    expected = ceiling_without_signal(repeats, repeats)
    assert found == pytest.approx(expected, rel=0.15)
    assert (expected > FEW_REPEATS) == (n_repeated == 40)
    assert np.isnan(ceiling_without_signal(np.ones(400), repeats))


def test_ncsnr_of_a_constant_vertex_is_zero_and_single_trials_are_refused(rng):
    trials = np.zeros((6, 1))
    assert ncsnr_from_repeats(trials, np.array([0, 0, 1, 1, 2, 2]))[0] == 0
    with pytest.raises(InvalidInput, match="twice"):
        ncsnr_from_repeats(trials, np.arange(6))


def test_challenge_rules():
    r = np.array([-0.5, 0.5, 0.9, 0.2, np.nan])
    ceiling = np.array([0.5, 0.5, 0.5, 0.0, 0.5])
    np.testing.assert_allclose(challenge_scores(r, ceiling), [0, 50, 100, 100, 0])
    with pytest.raises(InvalidInput, match="fractions"):
        challenge_scores(r, ceiling * 100)


def test_a_ceiling_of_zero_has_no_normalised_score():
    r, ceiling = np.array([0.5, -0.5, 0.2, -0.2]), np.array([0.5, 0.5, 0.0, 0.0])
    np.testing.assert_allclose(challenge_scores(r, ceiling), [50, 0, 100, 0])
    np.testing.assert_allclose(normalised_scores(r, ceiling), [50, 0, np.nan, np.nan])


@pytest.mark.parametrize("n", [30, 200])
def test_chance_is_the_mean_score_of_an_encoder_that_knows_nothing(rng, n):
    ceiling = np.array([0.02, 0.1, 0.5, 1.0])
    r = pearson_r(*rng.normal(size=(2, n, 10_000)))[:, None].repeat(4, axis=1)
    drawn = challenge_scores(r, np.broadcast_to(ceiling, r.shape))
    error = drawn.std(axis=0) / 100
    np.testing.assert_array_less(abs(chance_scores(ceiling, n) - drawn.mean(axis=0)), 4 * error)
    # Uncut, half of the mean of r squared.
    np.testing.assert_allclose(chance_scores(np.ones(1), n), 50 / (n - 1), rtol=1e-12)
    assert np.isnan(chance_scores(np.zeros(1), n)).all()


def test_corrected_r_squared_is_0_on_average_for_an_encoder_that_knows_nothing(rng):
    r = pearson_r(*rng.normal(size=(2, 30, 4000)))
    assert abs(corrected_r2(r, 30).mean()) < 4 * corrected_r2(r, 30).std() / np.sqrt(4000)
    assert (r**2).mean() > 0.03
    np.testing.assert_allclose(corrected_r2(np.array([1.0, np.nan]), 30), [1, np.nan])


@pytest.mark.parametrize("ceiling", [0.1, 0.6])
def test_copies_among_the_images_raise_the_chance_level(rng, ceiling):
    sizes = np.full(12, 3)
    copies = np.repeat(np.arange(12), 3)
    signal, noise = rng.normal(size=(12, 10_000)), rng.normal(size=(36, 10_000))
    measured = np.sqrt(ceiling) * signal[copies] + np.sqrt(1 - ceiling) * noise
    r = pearson_r(rng.normal(size=(12, 10_000))[copies], measured)
    n = float(independent_images(np.array(ceiling), sizes))
    chance = float(chance_scores(np.array(ceiling), n))
    drawn = challenge_scores(r, np.full(10_000, ceiling))
    assert abs(chance - drawn.mean()) < 4 * drawn.std() / 100
    assert abs(corrected_r2(r, n).mean()) < 0.005
    assert independent_images(np.array(ceiling), np.ones(36)) == 36


def test_bootstrap_equals_resampling_by_hand(rng):
    p = rng.normal(size=(30, 4))
    m = p + rng.normal(size=(30, 4)) + 50
    draws = bootstrap_r(p, m, n_draws=20, seed=3)
    counts = np.random.default_rng(3).multinomial(30, np.full(30, 1 / 30), size=20)
    for k in range(20):
        rows = np.repeat(np.arange(30), counts[k])
        np.testing.assert_allclose(draws[k], pearson_r(p[rows], m[rows]), atol=1e-4)


def test_blocks_of_vertices_change_nothing(rng, monkeypatch):
    p, m = rng.normal(size=(2, 12, 11)).astype(np.float32)
    on_disk = ResponseRows([m[:, :4], m[:, 4:]], np.arange(12))
    whole = pearson_r(p, m), bootstrap_r(p, m, n_draws=9, seed=1)
    monkeypatch.setattr("cortiscope.core.evaluation.correlation._COLUMNS_READ", 5)
    monkeypatch.setattr("cortiscope.core.evaluation.correlation._COLUMNS", 2)
    monkeypatch.setattr("cortiscope.core.evaluation.resampling._VERTICES_AT_ONCE", 3)
    np.testing.assert_allclose(pearson_r(p, on_disk), whole[0], rtol=1e-12)
    np.testing.assert_allclose(bootstrap_r(p, on_disk, n_draws=9, seed=1), whole[1], atol=1e-6)


def test_bootstrap_interval_covers_the_true_r(rng):
    covered = 0
    for k in range(60):
        x = rng.normal(size=(80, 1))
        y = 0.6 * x + 0.8 * rng.normal(size=(80, 1))
        low, high = percentile_interval(bootstrap_r(x, y, n_draws=300, seed=k)[:, 0])
        covered += low < 0.6 < high
    assert covered >= 50  # 95 % of 60 is 57; 50 is four SDs below


def test_a_constant_vertex_has_no_interval(rng):
    draws = bootstrap_r(np.ones((10, 1)), rng.normal(size=(10, 1)))
    assert np.isnan(percentile_interval(draws[:, 0])).all()


@pytest.mark.parametrize("shape", [(50, 3), (2, 50, 3)])
def test_intervals_of_many_vertices_are_those_of_each(rng, shape):
    draws = rng.normal(size=shape)
    for _ in range(2):  # without and with undefined draws
        low, high = percentile_intervals(draws)
        assert low.shape == high.shape == (*shape[:-2], 3)
        for place in np.ndindex(low.shape):
            own = draws[(*place[:-1], slice(None), place[-1])]
            expected = percentile_interval(own)
            np.testing.assert_array_equal([low[place], high[place]], expected)
        draws[..., :7, 1] = draws[..., 2] = np.nan
    assert np.isnan(low[..., 2]).all()
