import numpy as np
import pytest

from cortiscope.core.errors import IncompatibleSpace
from cortiscope.core.evaluation import chance_scores, summarize_scores


def test_an_undefined_r_counts_0_in_the_challenge_and_is_left_out_elsewhere():
    got = summarize_scores(np.array([0.5, np.nan, -0.5, 0.3]), np.array([0.5, 0.5, 0.5, 0.0]))
    assert (got.n_vertices, got.n_undefined, got.n_zero_ceiling) == (4, 1, 1)
    assert (got.median_r, got.mean_r) == pytest.approx((0.3, 0.1))
    assert got.challenge_score == pytest.approx((50 + 0 + 0 + 100) / 4)
    assert got.noise_normalized == pytest.approx(50 / 3)
    assert (got.chance, got.bias_corrected) == (None, None)


def test_what_chance_gives_stands_beside_the_normalised_score():
    r, ceiling = np.array([0.5, np.nan, -0.5, 0.3]), np.array([0.5, 0.2, 0.3, 0.0])
    got = summarize_scores(r, ceiling, 12)
    assert got.chance == pytest.approx(chance_scores(ceiling[:3], 12).mean())
    explained = np.array([1 - 0.75 * 11 / 10, 0, 1 - 0.75 * 11 / 10])
    assert got.bias_corrected == pytest.approx(100 * explained.sum() / 1.0)
    assert summarize_scores(r, ceiling, 2).chance is None


def test_only_zero_ceilings_leave_the_challenges_number_alone():
    got = summarize_scores(np.array([0.1, -0.1]), np.zeros(2), 12)
    assert (got.challenge_score, got.noise_normalized, got.chance) == (50, None, None)


def test_no_vertex_and_no_ceiling_have_no_score():
    assert summarize_scores(np.array([0.5])).challenge_score is None
    nothing = summarize_scores(np.array([]), np.array([]))
    assert (nothing.median_r, nothing.challenge_score) == (None, None)
    with pytest.raises(IncompatibleSpace):
        summarize_scores(np.zeros(3), np.zeros(2))
