import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from cortiscope.core.encoding.reduction.feature_scaling import FeatureScaling, fit_scaling
from cortiscope.core.encoding.reduction.feature_table import FeatureTable
from cortiscope.core.errors import InvalidInput


@pytest.mark.parametrize("part_bytes", [1, 200, 10**6])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_mean_and_sd_are_those_of_float64_however_the_rows_are_cut(rng, part_bytes, dtype):
    x = (rng.normal(size=(31, 9)) * 3 ** np.arange(9) + 50).astype(dtype)
    exact = x.astype(np.float32).astype(np.float64)
    scaling = fit_scaling(FeatureTable(x, part_bytes=part_bytes), "standard")
    np.testing.assert_allclose(scaling.mean, exact.mean(0), rtol=1e-6)
    np.testing.assert_allclose(scaling.scale, exact.std(0), rtol=1e-6)


def test_standard_scaling_is_scikit_learns(rng):
    x = rng.normal(size=(20, 6)) * np.arange(1, 7) + 5
    scaled = fit_scaling(FeatureTable(x), "standard").apply(x.astype(np.float32))
    np.testing.assert_allclose(scaled, StandardScaler().fit_transform(x), atol=1e-5)


def test_the_floor_is_a_tenth_of_the_median_sd_of_features_that_vary(rng):
    x = rng.normal(size=(50, 7)) * [1e-4, 1, 2, 3, 400, 0, 0]
    scaling = fit_scaling(FeatureTable(x), "floored")
    sd = x.std(0)
    floor = 0.1 * np.median(sd[:5])
    np.testing.assert_allclose(scaling.scale, [floor, *sd[1:5], 0, 0], rtol=1e-5)


def test_centring_only_divides_by_nothing(rng):
    x = rng.normal(size=(9, 4)).astype(np.float32) * 7
    x[:, 1] = 3
    scaling = fit_scaling(FeatureTable(x), "none")
    np.testing.assert_array_equal(scaling.scale, [1, 0, 1, 1])
    np.testing.assert_allclose(scaling.apply(x.copy()), x - x.mean(0), atol=1e-5)


def test_some_columns_are_scaled_as_they_are_among_all(rng):
    x = rng.normal(size=(6, 5)).astype(np.float32)
    scaling = fit_scaling(FeatureTable(x), "standard")
    whole = scaling.apply(x.copy())
    np.testing.assert_array_equal(scaling.apply(x[:, 1:4].copy(), slice(1, 4)), whole[:, 1:4])


@pytest.mark.parametrize("size", [1e-41, 1e-30, 1e30, 2.5e38])
def test_values_at_the_ends_of_float32_are_scaled_like_any_others(rng, size):
    x = rng.uniform(-1, 1, size=(40, 3))
    x[0], x[1] = 1, -1
    huge = (x * size).astype(np.float32)
    scaling = fit_scaling(FeatureTable(huge), "standard")
    # A denormal number has few digits.
    np.testing.assert_allclose(
        scaling.apply(huge.copy()), (x - x.mean(0)) / x.std(0), atol=1e-4 if size > 1e-38 else 1e-2
    )


def test_a_feature_far_from_zero_keeps_its_sd():
    x = (1e4 + np.tile([[0.0], [1.0]], (300, 1))).astype(np.float32)
    scaling = fit_scaling(FeatureTable(x, part_bytes=28), "standard")
    np.testing.assert_allclose(scaling.scale, 0.5, rtol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_one_value_that_float32_cannot_hold_is_refused(rng, bad):
    x = rng.normal(size=(20, 3))
    x[17, 1] = bad
    with pytest.raises(InvalidInput, match="NaN or infinite"):
        fit_scaling(FeatureTable(x, part_bytes=50), "floored")


def test_images_that_are_all_alike_are_refused():
    for n in (1, 4):
        with pytest.raises(InvalidInput, match="same for all images"):
            fit_scaling(FeatureTable(np.full((n, 3), 2.0)), "none")


def test_a_constant_feature_becomes_zero_for_every_image():
    scaling = FeatureScaling(np.float32([1, 2]), np.float32([0, 1]))
    np.testing.assert_array_equal(scaling.apply(np.float32([[9, 2], [1e6, 4]])), [[0, 0], [0, 2]])
