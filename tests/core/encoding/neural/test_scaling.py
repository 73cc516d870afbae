import numpy as np

from cortiscope.core.encoding.neural.predictor import Standardisation, Targets


def test_columns_get_mean_0_and_deviation_1_and_constant_ones_stay_0_whatever_comes(rng):
    x = (rng.normal(size=(9, 4)) * [1, 5, 0.1, 1] + [0, 3, -2, 7]).astype(np.float32)
    x[:, 3] = 0.1
    scale = Standardisation.of_design(x)
    z = scale.standardise(x)
    np.testing.assert_allclose(z[:, :3].mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(z[:, :3].std(0), 1, atol=1e-6)
    assert scale.varies.tolist() == [True, True, True, False]
    assert np.all(scale.standardise(x + 4)[:, 3] == 0)
    assert scale.mean[3] == np.float32(0.1)


def test_one_scale_for_all_columns_gives_unit_variance_on_average(rng):
    x = (rng.normal(size=(9, 4)) * [1, 5, 0.1, 0]).astype(np.float32)
    z = Standardisation.of_design(x, "overall").standardise(x)
    assert np.isclose(np.mean(z.var(0)), 1)
    np.testing.assert_allclose(z[:, 1].std() / z[:, 0].std(), x[:, 1].std() / x[:, 0].std(), 1e-5)


def test_responses_are_measured_over_the_named_images_only(rng):
    y = rng.normal(size=(8, 3)).astype(np.float32) * 7
    rows = np.array([1, 4, 5, 7])
    scale = Standardisation.of_responses(y, rows)
    np.testing.assert_allclose(scale.mean, y[rows].mean(0), rtol=1e-5)
    np.testing.assert_allclose(scale.scale, y[rows].std(0), rtol=1e-5)
    found = Targets(y, scale, "cpu").rows(np.array([6, 0])).numpy()
    np.testing.assert_allclose(found, (y[[6, 0]] - scale.mean) / scale.scale, atol=1e-5)
