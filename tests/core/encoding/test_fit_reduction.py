from functools import partial

import numpy as np
import pytest
from sklearn.decomposition import PCA

from cortiscope.core.encoding import Reduction, fit_reduction, validation_split
from cortiscope.core.encoding.reduction.feature_scaling import FeatureScaling
from cortiscope.core.encoding.reduction.feature_table import FeatureTable
from cortiscope.core.errors import InvalidInput


@pytest.mark.parametrize("shape", [(50, 8), (20, 70)])
def test_pca_spans_the_same_space_as_scikit_learns(rng, shape):
    x = (rng.normal(size=shape) @ rng.normal(size=(shape[1], shape[1]))).astype(np.float32)
    scaled = (x - x.mean(0)) / x.std(0)
    ours = fit_reduction(x, Reduction("pca", 5))
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
    design = fit_reduction(x, Reduction("none", 0))
    assert np.abs((x[3, 0] - design.mean[0]) / design.scale[0]) < 0.01


def test_no_reduction_keeps_all_distances_between_images(rng):
    x = rng.normal(size=(12, 40)).astype(np.float32)
    reduction = fit_reduction(x, Reduction("none", 0))
    z = reduction.transform(x)
    scaled = (x - reduction.mean) / reduction.scale
    assert z.shape == (12, 11)
    np.testing.assert_allclose(z @ z.T, scaled @ scaled.T, atol=1e-3)


def test_constant_features_are_left_out(rng):
    x = rng.normal(size=(30, 6)).astype(np.float32)
    x[:, 2] = 4
    reduction = fit_reduction(x, Reduction("pca", 3))
    moved = x.copy()
    moved[:, 2] = 1e6
    np.testing.assert_array_equal(reduction.transform(x), reduction.transform(moved))


def test_features_that_are_nan_or_all_constant_are_refused():
    with pytest.raises(InvalidInput, match="NaN"):
        fit_reduction(np.full((4, 2), np.nan), Reduction())
    with pytest.raises(InvalidInput, match="same for all images"):
        fit_reduction(np.ones((4, 2)), Reduction())


ALL = pytest.mark.parametrize(
    "reduction",
    [
        Reduction("none"),
        Reduction("pca", 3),
        Reduction("incremental_pca", 3, batch_size=7),
        Reduction("random_projection", 3),
        Reduction("random_projection", 3, projection="sparse", seed=1),
        Reduction("pca", 3, "standard"),
        Reduction("incremental_pca", 3, "none", batch_size=7),
        Reduction("autoencoder", 3),
    ],
    ids=lambda r: r.label,
)


@ALL
@pytest.mark.parametrize("d", [9, 60])
def test_images_that_are_not_to_be_fitted_are_never_read(rng, tmp_path, reduction, d):
    x = rng.normal(size=(40, d)).astype(np.float32)
    rows = np.setdiff1d(np.arange(40), [0, 3, 17, 39])
    spoiled = np.full_like(x, np.nan)
    spoiled[rows] = x[rows]
    np.save(tmp_path / "x.npy", spoiled)
    expected = vars(fit_reduction(x[rows], reduction))
    for given in (rows, np.isin(np.arange(40), rows)):
        found = fit_reduction(np.load(tmp_path / "x.npy", mmap_mode="r"), reduction, given)
        for name, values in vars(found).items():
            np.testing.assert_array_equal(values, expected[name], err_msg=name)


@ALL
@pytest.mark.parametrize("d", [9, 60])
def test_half_precision_on_disk_gives_what_its_values_give(rng, tmp_path, reduction, d):
    half = (rng.normal(size=(30, d)) * 3).astype(np.float16)
    np.save(tmp_path / "x.npy", half)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    a, b = fit_reduction(mapped, reduction), fit_reduction(half.astype(np.float64), reduction)
    for name, values in vars(a).items():
        np.testing.assert_array_equal(values, vars(b)[name], err_msg=name)
    np.testing.assert_array_equal(a.transform(mapped), b.transform(half.astype(np.float32)))


@ALL
def test_every_reduction_says_what_it_explains_and_how_far_an_image_lies_outside(rng, reduction):
    x = rng.normal(size=(30, 9)).astype(np.float32)
    x[:, 4] = 1
    fitted = fit_reduction(x, reduction)
    design = fitted.transform(x)
    k = design.shape[1]
    assert fitted.components.shape == (9, k)
    assert fitted.explained.shape == (k,)
    assert {v.dtype for v in fitted.arrays().values()} == {np.dtype(np.float32)}
    residual = fitted.residual(x, design)
    whole = FeatureScaling(fitted.mean, fitted.scale).apply(x.copy())
    outside = (residual.astype(np.float64) ** 2).sum() / (whole**2).sum()
    inside = pytest.approx(1 - outside, abs=1e-4)
    if reduction.kind == "incremental_pca":  # forgets some of what it has seen
        assert 0.5 * inside.expected < fitted.explained.sum() < inside.expected
    else:
        assert fitted.explained.sum() == inside


def test_transform_and_residual_stream_over_images(rng, monkeypatch):
    x = rng.normal(size=(23, 11)).astype(np.float32)
    reduction = fit_reduction(x, Reduction("pca", 4))
    design = reduction.transform(x)
    residual = reduction.residual(x, design)
    sizes = []
    in_small_parts = partial(FeatureTable, part_bytes=4 * 11 * 5)
    monkeypatch.setattr("cortiscope.core.encoding.reduction.fitted.FeatureTable", in_small_parts)
    monkeypatch.setattr(
        FeatureScaling,
        "apply",
        lambda self, chunk, apply=FeatureScaling.apply: (
            sizes.append(len(chunk)) or apply(self, chunk)
        ),
    )
    np.testing.assert_allclose(reduction.transform(x), design, atol=1e-6)
    np.testing.assert_allclose(reduction.residual(x, design), residual, atol=1e-3)
    assert sizes == [5, 5, 5, 5, 3] * 2


def test_features_are_never_written_to(rng):
    x = rng.normal(size=(12, 7)).astype(np.float32)
    x.flags.writeable = False
    reduction = fit_reduction(x, Reduction("pca", 2))
    reduction.residual(x, reduction.transform(x))


def test_no_image_gives_an_empty_design_and_other_features_are_refused(rng):
    reduction = fit_reduction(rng.normal(size=(12, 7)), Reduction("pca", 2))
    empty = reduction.transform(np.empty((0, 7), np.float32))
    assert empty.shape == (0, 2)
    assert reduction.residual(np.empty((0, 7), np.float32), empty).shape == (0,)
    with pytest.raises(InvalidInput, match="fitted on 7 features; got 6"):
        reduction.transform(np.empty((3, 6), np.float32))


def test_one_image_has_nothing_to_tell_apart(rng):
    with pytest.raises(InvalidInput, match="same for all images"):
        fit_reduction(rng.normal(size=(1, 7)), Reduction("pca", 2))


def test_validation_rows_are_a_seeded_fifth():
    fit, validation = validation_split(400)
    assert (len(fit), len(validation)) == (320, 80)
    np.testing.assert_array_equal(np.sort(np.r_[fit, validation]), np.arange(400))
    np.testing.assert_array_equal(validation, validation_split(400)[1])
    assert not np.array_equal(validation, validation_split(400, seed=1)[1])
