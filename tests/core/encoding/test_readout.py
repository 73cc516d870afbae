import numpy as np
import pytest
from sklearn.decomposition import PCA

from core.encoding import Reduction, fit_readout, validation_split
from core.errors import InvalidInput


@pytest.mark.parametrize("shape", [(50, 8), (20, 70)])
def test_pca_spans_the_same_space_as_scikit_learns(rng, shape):
    x = (rng.normal(size=shape) @ rng.normal(size=(shape[1], shape[1]))).astype(np.float32)
    scaled = (x - x.mean(0)) / x.std(0)
    ours = fit_readout(x, Reduction("pca", 5))
    theirs = PCA(5, svd_solver="full").fit(scaled)
    overlap = np.abs(np.sum(ours.components.T * theirs.components_, axis=1))
    np.testing.assert_allclose(overlap, 1, atol=1e-4)
    np.testing.assert_allclose(ours.explained, theirs.explained_variance_ratio_, atol=1e-5)
    np.testing.assert_allclose(
        np.abs(ours.transform(x)), np.abs(theirs.transform(scaled)), atol=1e-2
    )


def test_nearly_dead_units_do_not_take_over(rng):
    x = rng.normal(size=(100, 20)).astype(np.float32)
    x[:, 0] = 0
    x[3, 0] = 1e-4  # one flicker: unfloored, its z-score would be 10 for that image
    design = fit_readout(x, Reduction("none", 0))
    assert np.abs((x[3, 0] - design.mean[0]) / design.scale[0]) < 0.01


def test_no_reduction_keeps_all_distances_between_images(rng):
    x = rng.normal(size=(12, 40)).astype(np.float32)
    readout = fit_readout(x, Reduction("none", 0))
    z = readout.transform(x)
    scaled = (x - readout.mean) / readout.scale
    assert z.shape == (12, 11)
    np.testing.assert_allclose(z @ z.T, scaled @ scaled.T, atol=1e-3)


def test_constant_features_are_left_out(rng):
    x = rng.normal(size=(30, 6)).astype(np.float32)
    x[:, 2] = 4
    readout = fit_readout(x, Reduction("pca", 3))
    moved = x.copy()
    moved[:, 2] = 1e6
    np.testing.assert_array_equal(readout.transform(x), readout.transform(moved))


def test_features_that_are_nan_or_all_constant_are_refused():
    with pytest.raises(InvalidInput, match="NaN"):
        fit_readout(np.full((4, 2), np.nan), Reduction())
    with pytest.raises(InvalidInput, match="same for all images"):
        fit_readout(np.ones((4, 2)), Reduction())


@pytest.mark.parametrize("text", ["pca", "pca:0", "pca:x", "umap:3", "none:4"])
def test_unknown_reductions_are_refused(text):
    with pytest.raises(InvalidInput):
        Reduction.parse(text)


def test_validation_rows_are_a_seeded_fifth():
    fit, validation = validation_split(400)
    assert (len(fit), len(validation)) == (320, 80)
    np.testing.assert_array_equal(np.sort(np.r_[fit, validation]), np.arange(400))
    np.testing.assert_array_equal(validation, validation_split(400)[1])
    assert not np.array_equal(validation, validation_split(400, seed=1)[1])
