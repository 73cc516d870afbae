import numpy as np
import pytest

from core.errors import IncompatibleSpace
from core.evaluation import summarize_scores


def test_an_undefined_r_counts_0_in_the_challenge_and_is_left_out_elsewhere():
    got = summarize_scores(np.array([0.5, np.nan, -0.5, 0.3]), np.array([0.5, 0.5, 0.5, 0.0]))
    assert (got.n_vertices, got.n_undefined, got.n_zero_ceiling) == (4, 1, 1)
    assert (got.median_r, got.mean_r) == pytest.approx((0.3, 0.1))
    assert got.challenge_score == pytest.approx((50 + 0 + 0 + 100) / 4)
    assert got.challenge_score_above_zero_ceiling == pytest.approx(50 / 3)


def test_no_vertex_and_no_ceiling_have_no_score():
    assert summarize_scores(np.array([0.5])).challenge_score is None
    nothing = summarize_scores(np.array([]), np.array([]))
    assert (nothing.median_r, nothing.challenge_score) == (None, None)
    with pytest.raises(IncompatibleSpace):
        summarize_scores(np.zeros(3), np.zeros(2))
