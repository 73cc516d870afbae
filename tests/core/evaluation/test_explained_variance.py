import numpy as np
import pytest
from sklearn.metrics import r2_score

from cortiscope.core.errors import IncompatibleSpace
from cortiscope.core.evaluation import (
    bootstrap_explained_variance,
    explained_variance,
    image_counts,
)


def test_r2_equals_scikit_learns_and_is_not_clipped(rng):
    m = rng.normal(size=(30, 5)) * [1, 2, 3, 0.1, 5] + 4
    p = m + rng.normal(size=m.shape)
    r2 = explained_variance(p, m)
    np.testing.assert_allclose(r2, r2_score(m, p, multioutput="raw_values"), atol=1e-12)
    assert r2[3] < -1


def test_a_constant_vertex_has_no_r2_and_a_constant_prediction_has_one(rng):
    m = rng.normal(size=(9, 3))
    p = m.copy()
    m[:, 0] = 1 / 3
    p[:, 1] = m[:, 1].mean()
    r2 = explained_variance(p, m)
    assert np.isnan(r2[0])
    np.testing.assert_allclose(r2[1:], [0, 1], atol=1e-12)


def test_other_vertices_are_refused():
    with pytest.raises(IncompatibleSpace):
        explained_variance(np.zeros((4, 3)), np.zeros((4, 2)))


def test_the_bootstrap_equals_resampling_by_hand(rng):
    m = rng.normal(size=(12, 4)) + 100
    p = m + 0.5 * rng.normal(size=m.shape)
    m[:, 3] = 7
    draws = bootstrap_explained_variance(p, m, n_draws=15, seed=3)
    for drawn, counts in zip(draws, image_counts(12, 15, 3), strict=True):
        rows = np.repeat(np.arange(12), counts)
        expected = r2_score(m[rows, :3], p[rows, :3], multioutput="raw_values")
        np.testing.assert_allclose(drawn[:3], expected, atol=1e-9)
    assert np.isnan(draws[:, 3]).all()


def test_a_draw_of_one_image_alone_has_no_r2(rng):
    m = rng.normal(size=(2, 1)) + 50
    draws = bootstrap_explained_variance(m + 0.1, m, n_draws=40, seed=1)[:, 0]
    alone = (image_counts(2, 40, 1) == 2).any(axis=1)
    assert alone.any()
    np.testing.assert_array_equal(np.isnan(draws), alone)
