import numpy as np
import pytest
from sklearn.decomposition import PCA, IncrementalPCA

from cortiscope.core.encoding import Reduction, fit_reduction
from cortiscope.core.encoding.reduction.principal_axes import signs_of


def _axes(x, components, batch_size, rows=None):
    reduction = Reduction("incremental_pca", components, "none", batch_size)
    return fit_reduction(x, reduction, rows)


def _features(rng, n, d):
    return (rng.normal(size=(n, d)) * 0.8 ** np.arange(d) + 3).astype(np.float32)


@pytest.mark.parametrize(("n", "d"), [(43, 9), (43, 70)])
@pytest.mark.parametrize("batch_size", [5, 8, 20, 41, 100])
def test_axes_and_variances_are_scikit_learns(rng, n, d, batch_size):
    # 43 images in batches of 8 or 20 leave fewer than 5 for the last one; it joins the one before.
    x = _features(rng, n, d)
    ours = _axes(x, 5, batch_size)
    theirs = IncrementalPCA(5, batch_size=batch_size).fit(x.astype(np.float64))
    expected = theirs.components_.T * signs_of(theirs.components_.T)
    np.testing.assert_allclose(ours.components, expected, atol=1e-4)
    np.testing.assert_allclose(ours.explained, theirs.explained_variance_ratio_, rtol=1e-4)


def test_one_batch_of_all_images_is_exact_pca(rng):
    x = _features(rng, 30, 12)
    ours = _axes(x, 4, 30)
    theirs = PCA(4, svd_solver="full").fit(x)
    overlap = np.abs(np.sum(ours.components.T * theirs.components_, axis=1))
    np.testing.assert_allclose(overlap, 1, atol=1e-5)


def test_batches_follow_the_order_of_the_rows(rng):
    x = _features(rng, 40, 20)
    rows = rng.permutation(40)[:31]
    a, b = _axes(x, 4, 6, rows), _axes(x[rows], 4, 6)
    np.testing.assert_array_equal(a.components, b.components)


def test_no_more_axes_come_than_the_images_span(rng):
    assert _axes(rng.normal(size=(4, 30)), 10, 10).components.shape == (30, 3)
    assert _axes(rng.normal(size=(30, 4)), 10, 10).components.shape == (4, 4)
