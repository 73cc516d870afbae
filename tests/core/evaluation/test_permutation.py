from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from cortiscope.core.errors import InvalidInput
from cortiscope.core.evaluation import permutation_test


def test_p_equals_going_through_all_orders(rng):
    p, m = rng.normal(size=(6, 3)), rng.normal(size=(6, 3))
    m[:, 0] = p[:, 0] + 0.5 * m[:, 0]
    found = permutation_test(p, m, n_permutations=4000, seed=1)
    null = np.array(
        [
            [np.corrcoef(p[list(order), k], m[:, k])[0, 1] for k in range(3)]
            for order in permutations(range(6))
        ]
    )
    null[np.isclose(null, found.r)] = 1  # ties but for rounding
    np.testing.assert_allclose(found.p, (null >= found.r).mean(axis=0), atol=0.03)
    top = null.max(axis=1)
    np.testing.assert_allclose(found.p_max, (top[:, None] >= found.r).mean(axis=0), atol=0.03)


def test_the_maximum_and_each_vertex_come_from_the_same_shuffles(rng):
    p, m = rng.normal(size=(12, 4)), rng.normal(size=(12, 4))
    found = permutation_test(p, m, n_permutations=50, seed=7)
    own = np.random.default_rng(7)
    null = np.array(
        [
            [stats.pearsonr(p[order, k], m[:, k])[0] for k in range(4)]
            for order in (own.permutation(12) for _ in range(50))
        ]
    )
    np.testing.assert_allclose(found.null_max, null.max(axis=1), atol=1e-12)
    np.testing.assert_allclose(found.p, (1 + (null >= found.r).sum(axis=0)) / 51)
    top = null.max(axis=1)[:, None]
    np.testing.assert_allclose(found.p_max, (1 + (top >= found.r).sum(axis=0)) / 51)
    np.testing.assert_allclose(found.p_fdr, stats.false_discovery_control(found.p))


def test_p_is_uniform_without_a_relation_and_small_with_one(rng):
    m = rng.normal(size=(60, 400))
    p = rng.normal(size=m.shape)
    p[:, :10] += 2 * m[:, :10]
    found = permutation_test(p, m, n_permutations=199)
    assert stats.kstest(found.p[10:], "uniform").pvalue > 0.001
    np.testing.assert_allclose(found.p[:10], 1 / 200)
    assert (found.p_max[:10] == 1 / 200).all()
    assert (found.p_max >= found.p).all()


def test_the_largest_of_many_null_vertices_is_seldom_found(rng):
    smallest = [
        permutation_test(
            rng.normal(size=(15, 30)), rng.normal(size=(15, 30)), n_permutations=39, seed=k
        ).p_max.min()
        for k in range(100)
    ]
    # Expected .05; three standard errors above are .12.
    assert np.mean(np.array(smallest) <= 0.05) < 0.12


def test_a_constant_vertex_has_no_p_and_does_not_touch_the_others(rng):
    p, m = rng.normal(size=(10, 3)), rng.normal(size=(10, 3))
    p[:, 1] = 1 / 3
    found = permutation_test(p, m, n_permutations=30, seed=2)
    alone = permutation_test(p[:, [0, 2]], m[:, [0, 2]], n_permutations=30, seed=2)
    for name in ("r", "p", "p_fdr", "p_max"):
        values = getattr(found, name)
        assert np.isnan(values[1])
        np.testing.assert_allclose(values[[0, 2]], getattr(alone, name), atol=1e-12)
    nothing = permutation_test(p[:, [1]], m[:, [1]], n_permutations=5)
    assert np.isnan(nothing.p).all()
    assert np.isnan(nothing.null_max).all()


def test_equal_orders_are_ties(rng):
    # Two values only: many shuffles give the same r but for rounding.
    p = np.array([0.1, 0.1, 0.1, 0.7, 0.7, 0.7])[:, None]
    found = permutation_test(p, p * 3 + 0.3, n_permutations=4000)
    assert found.p[0] == pytest.approx(1 / 20, abs=0.015)


def test_no_permutation_is_no_test():
    with pytest.raises(InvalidInput, match="permutation"):
        permutation_test(np.zeros((3, 1)), np.zeros((3, 1)), n_permutations=0)
