import numpy as np
import pytest
from sklearn.decomposition import PCA

from cortiscope.core.encoding import Reduction, fit_reduction
from cortiscope.core.encoding.reduction.feature_scaling import fit_scaling
from cortiscope.core.encoding.reduction.feature_table import FeatureTable
from cortiscope.core.encoding.reduction.principal_axes import (
    leading_eigenpairs,
    principal_axes,
    signs_of,
)


def _axes(x, components=None, scaling="none", rows=None, **table):
    fitted = FeatureTable(x, rows, **table)
    return principal_axes(fitted, fit_scaling(fitted, scaling), components)


def _spread(rng, n, d):
    """Make features with well separated principal components."""
    return rng.normal(size=(n, d)) @ np.diag(1.3 ** -np.arange(d)) @ rng.normal(size=(d, d))


@pytest.mark.parametrize(("n", "d"), [(40, 9), (12, 30), (15, 15), (16, 15), (14, 15)])
@pytest.mark.parametrize("part_bytes", [1, 300, 10**7])
def test_axes_and_variances_are_scikit_learns(rng, n, d, part_bytes):
    x = _spread(rng, n, d).astype(np.float32)
    ours = _axes(x, 6, part_bytes=part_bytes)
    theirs = PCA(6, svd_solver="full").fit(x.astype(np.float64))
    expected = theirs.components_.T * signs_of(theirs.components_.T)
    np.testing.assert_allclose(ours.components, expected, atol=2e-5)
    np.testing.assert_allclose(
        ours.variance / ours.total, theirs.explained_variance_ratio_, rtol=1e-5
    )


@pytest.mark.parametrize(("n", "d"), [(30, 8), (8, 30)])
def test_half_precision_gives_what_its_values_give_in_float64(rng, n, d):
    half = _spread(rng, n, d).astype(np.float16)
    for a, b in zip(
        vars(_axes(half, 5)).values(), vars(_axes(half.astype(float), 5)).values(), strict=True
    ):
        np.testing.assert_array_equal(a, b)


def test_axes_do_not_depend_on_how_the_features_are_cut(rng):
    x = _spread(rng, 13, 40)
    whole = _axes(x, 5)
    for part_bytes in (1, 500, 900):
        cut = _axes(x, 5, part_bytes=part_bytes)
        np.testing.assert_allclose(cut.components, whole.components, atol=1e-6)
        np.testing.assert_allclose(cut.variance, whole.variance, rtol=1e-9)


@pytest.mark.parametrize(("n", "d"), [(30, 8), (8, 30)])
def test_the_order_of_images_does_not_matter(rng, n, d):
    x = _spread(rng, n, d)
    a, b = _axes(x, 5), _axes(x, 5, rows=rng.permutation(n))
    np.testing.assert_allclose(a.components, b.components, atol=1e-5)
    np.testing.assert_allclose(a.variance, b.variance, rtol=1e-5)


def test_more_features_than_images_and_fewer_give_the_same_axes(rng):
    x = _spread(rng, 12, 12).astype(np.float32)
    # Constant features change the path and nothing else.
    wide = np.concatenate([x, np.full((12, 5), 7, np.float32)], axis=1)
    a, b = _axes(x, 6), _axes(wide, 6)
    np.testing.assert_allclose(a.components, b.components[:12], atol=1e-5)
    np.testing.assert_array_equal(b.components[12:], 0)
    np.testing.assert_allclose(a.variance, b.variance, rtol=1e-6)


@pytest.mark.parametrize(("n", "d"), [(60, 25), (25, 60)])
@pytest.mark.parametrize("scaling", ["floored", "standard", "none"])
def test_all_axes_are_orthonormal_and_account_for_all_variance(rng, n, d, scaling):
    x = rng.normal(size=(n, d)) * 10.0 ** rng.integers(-3, 3, size=d)
    x[:, :3] = 0
    x[0, :3] = 1e-4  # nearly dead
    axes = _axes(x, None, scaling)
    k = axes.components.shape[1]
    np.testing.assert_allclose(axes.components.T @ axes.components, np.eye(k), atol=1e-5)
    assert axes.variance.sum() == pytest.approx(axes.total, rel=1e-4)
    assert np.all(np.diff(axes.variance) <= 0)


@pytest.mark.parametrize(("n", "d"), [(40, 12), (12, 40)])
def test_a_feature_1e12_times_larger_than_the_rest_loses_no_digits(rng, n, d):
    x = rng.normal(size=(n, d)).astype(np.float32)
    x[:, 0] *= 1e12
    axes = _axes(x, 5)
    exact = x.astype(np.float64) - x.astype(np.float64).mean(0)
    singular = np.linalg.svd(exact, compute_uv=False)
    # The others are below float32 rounding of the first and are left out.
    assert axes.variance == pytest.approx([singular[0] ** 2 / n], rel=1e-6)
    assert abs(axes.components[0, 0]) == pytest.approx(1)


@pytest.mark.parametrize(("n", "d"), [(40, 12), (12, 40)])
@pytest.mark.parametrize("size", [1e-30, 1e25, 1e37])
def test_squares_beyond_float32_do_no_harm(rng, n, d, size):
    x = _spread(rng, n, d)
    x /= np.abs(x).max()
    a, b = _axes(x, 4), _axes((x * size).astype(np.float32), 4)
    np.testing.assert_allclose(a.components, b.components, atol=1e-5)
    np.testing.assert_allclose(a.variance / a.total, b.variance / b.total, rtol=1e-5)


@pytest.mark.parametrize(("n", "d"), [(40, 6), (5, 40)])
def test_duplicate_features_share_their_weight(rng, n, d):
    x = _spread(rng, n, d)
    a, b = _axes(x, 3), _axes(np.concatenate([x, x], axis=1), 3)
    np.testing.assert_allclose(b.components[:d], a.components / np.sqrt(2), atol=1e-5)
    np.testing.assert_allclose(b.components[:d], b.components[d:], atol=1e-6)
    np.testing.assert_allclose(b.variance, 2 * a.variance, rtol=1e-5)


def test_no_more_axes_come_than_the_images_span(rng):
    assert _axes(rng.normal(size=(4, 30)), 10).components.shape == (30, 3)
    assert _axes(rng.normal(size=(30, 4)), 10).components.shape == (4, 4)
    assert _axes(rng.normal(size=(2, 3)), 10).components.shape == (3, 1)
    assert _axes(np.repeat(rng.normal(size=(3, 30)), 5, axis=0), 10).components.shape == (30, 2)
    # The mean's rounding is no further axis.
    far = 1e6 + rng.normal(size=(10, 30))
    assert [_axes(far, k).components.shape for k in (20, None)] == [(30, 9)] * 2
    assert _axes(rng.normal(size=(9, 1)), 10).components.tolist() == [[1.0]]


def test_the_largest_weight_of_an_axis_is_positive():
    axes = np.float32([[1, 0.1, 0.5], [-3, 0.2, -0.5]])
    np.testing.assert_array_equal(signs_of(axes), [-1, 1, 1])


@pytest.mark.parametrize("k", [1, 3, 8, 12])
def test_leading_eigenpairs_are_the_largest_of_all(rng, k):
    root = rng.normal(size=(12, 12))
    gram = root @ root.T
    values, vectors = leading_eigenpairs(np.asfortranarray(np.tril(gram)), k)
    np.testing.assert_allclose(values, np.linalg.eigvalsh(gram)[::-1][:k], rtol=1e-10)
    np.testing.assert_allclose(gram @ vectors, vectors * values, atol=1e-10)


def test_a_wide_layer_keeps_components_far_below_its_first(rng):
    """A steep spectrum over many features: all 30 axes are there, down to a millionth."""
    n, d = 40, 20_000
    sizes = np.logspace(0, -3, 30)
    axes = np.linalg.qr(rng.normal(size=(d, 30)))[0]
    images = np.linalg.qr(rng.normal(size=(n, 30)))[0]
    features = ((images * sizes) @ axes.T * 100).astype(np.float32)
    ours = fit_reduction(features, Reduction.parse("pca:30", scaling="none"))
    assert ours.components.shape[1] == 30
    centred = features.astype(np.float64) - features.mean(axis=0, dtype=np.float64)
    theirs = np.linalg.svd(centred, compute_uv=False)[:30] ** 2
    np.testing.assert_allclose(ours.explained, theirs / (centred**2).sum(), rtol=1e-3)
