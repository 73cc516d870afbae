import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score

from cortiscope.core.encoding.ridge.kfold import fit_ridge_cv
from cortiscope.core.errors import IncompatibleSpace
from cortiscope.core.evaluation import (
    image_counts,
    partition_fits,
    partition_report,
    partition_variance,
)


def _fits(rng, n_train=2000, n_test=1500, weights=((1, 1, 1), (2, 0, 0), (0, 0, 2), (0, 0, 0))):
    """Two feature spaces that share a part, and vertices that follow (own A, shared, own B)."""
    n = n_train + n_test
    own_a, shared, own_b = rng.normal(size=(3, n))
    m = np.stack([a * own_a + s * shared + b * own_b for a, s, b in weights], axis=1)
    m = m + rng.normal(size=m.shape)
    a, b = np.stack([own_a, shared], axis=1), np.stack([shared, own_b], axis=1)
    train, test = slice(n_train), slice(n_train, None)
    predicted = [
        LinearRegression().fit(x[train], m[train]).predict(x[test])
        for x in (a, b, np.concatenate([a, b], axis=1)[:, [0, 1, 3]])
    ]
    return *predicted, m[test]


def test_a_simulation_with_known_parts_is_recovered(rng):
    *fits, m = _fits(rng)
    parts = partition_report(*fits, m, n_draws=0).vertices
    np.testing.assert_allclose(parts.unique_a, [1 / 4, 4 / 5, 0, 0], atol=0.04)
    np.testing.assert_allclose(parts.unique_b, [1 / 4, 0, 4 / 5, 0], atol=0.04)
    np.testing.assert_allclose(parts.shared, [1 / 4, 0, 0, 0], atol=0.04)
    np.testing.assert_allclose(parts.unique_a + parts.unique_b + parts.shared, parts.joint)


def test_nothing_is_clipped():
    parts = partition_variance(np.array([0.3, -0.2]), np.array([0.2, 0.1]), np.array([0.25, 0.7]))
    np.testing.assert_allclose(parts.unique_a, [0.05, 0.6])
    np.testing.assert_allclose(parts.unique_b, [-0.05, 0.9])
    np.testing.assert_allclose(parts.shared, [0.25, -0.8])
    with pytest.raises(IncompatibleSpace):
        partition_variance(np.zeros(2), np.zeros(3), np.zeros(2))


def test_intervals_equal_resampling_by_hand_over_blocks_and_overlapping_groups(rng, monkeypatch):
    monkeypatch.setattr("cortiscope.core.evaluation.partition._VERTICES_AT_ONCE", 2)
    m = rng.normal(size=(25, 5))
    a, b, joint = (m + s * rng.normal(size=m.shape) for s in (1.0, 1.2, 0.7))
    m[:, 1] = 2.5
    groups = [np.array([3, 0, 1]), np.array([4, 3, 2, 3]), np.array([1]), np.array([], dtype=int)]
    report = partition_report(a, b, joint, m, groups, n_draws=40, seed=2)
    drawn = []
    for counts in image_counts(25, 40, 2):
        rows = np.repeat(np.arange(25), counts)
        drawn.append([r2_score(m[rows], p[rows], multioutput="raw_values") for p in (a, b, joint)])
    of_a, of_b, of_joint = np.moveaxis(np.array(drawn), 1, 0)
    by_hand = {"unique_a": of_joint - of_b, "shared": of_a + of_b - of_joint}
    kept = [0, 2, 3, 4]
    for name, draws in by_hand.items():
        low, high = np.quantile(draws[:, kept], [0.025, 0.975], axis=0)
        np.testing.assert_allclose(getattr(report.low, name)[kept], low, atol=1e-9)
        np.testing.assert_allclose(getattr(report.high, name)[kept], high, atol=1e-9)
        assert np.isnan(getattr(report.low, name)[1])
        for group, own in zip(report.groups[:2], ([3, 0], [4, 3, 2, 3]), strict=True):
            got = getattr(group, name)
            expected = np.quantile(draws[:, own].mean(axis=1), [0.025, 0.975])
            np.testing.assert_allclose([got.low, got.high], expected, atol=1e-9)
            assert got.value == pytest.approx(getattr(report.vertices, name)[own].mean())
    assert [(g.n, g.n_undefined) for g in report.groups] == [(3, 1), (4, 0), (1, 1), (0, 0)]
    assert report.groups[2].joint is None
    assert report.groups[3].unique_a is None


def test_a_vertex_without_signal_has_an_interval_around_0(rng):
    *fits, m = _fits(rng, n_test=300)
    report = partition_report(*fits, m, [np.array([3])], n_draws=200)
    assert report.low.unique_a[3] < 0.005
    assert report.low.unique_a[1] > 0.6
    only = report.groups[0].unique_a
    assert (only.low, only.high) == pytest.approx((report.low.unique_a[3], report.high.unique_a[3]))


def test_without_draws_there_is_no_interval(rng):
    *fits, m = _fits(rng, n_test=50)
    report = partition_report(*fits, m, [np.array([0])], n_draws=0)
    assert report.low is None
    assert report.groups[0].joint.low is None


def test_a_space_of_noise_has_no_unique_part_and_takes_none_from_the_other(rng):
    n, m, d, n_vertices = 120, 80, 30, 24
    design = rng.normal(size=(n + m, 2 * d)).astype(np.float32)
    signal = design[:, d:] @ rng.normal(size=(d, n_vertices)) * 0.15
    responses = (signal + rng.normal(size=(n + m, n_vertices))).astype(np.float32)
    a, b = slice(0, d), slice(d, 2 * d)
    fits = partition_fits(design[:n], responses[:n], a, b, design[n:])
    parts = partition_report(*fits, responses[n:], n_draws=0).vertices
    assert abs(parts.unique_a.mean()) < 0.015
    assert parts.unique_b.mean() > 0.15
    # Alone a space is plain ridge; one penalty for both gives the noise a negative share.
    alone = fit_ridge_cv(design[:n, b], responses[:n])
    np.testing.assert_allclose(fits[1], design[n:, b] @ alone.coef + alone.intercept, atol=1e-3)
    one = fit_ridge_cv(design[:n], responses[:n])
    together = design[n:] @ one.coef + one.intercept
    former = partition_report(*fits[:2], together, responses[n:], n_draws=0).vertices
    assert former.unique_a.mean() < -0.04
