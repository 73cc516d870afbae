import numpy as np
import pytest
from sklearn.neighbors import KNeighborsRegressor

from cortiscope.core.encoding import neighbours
from cortiscope.core.encoding.neighbours import nearest_rows
from cortiscope.core.encoding.regressors import RegressorSpec, fit_regressor, restore_predictor
from cortiscope.core.encoding.training import TrainingData
from cortiscope.core.errors import CoreError, InvalidInput


def _data(rng, n=37, d=20, v=7):
    x = (rng.normal(size=(n, d)) * np.linspace(0.1, 4, d) + 30).astype(np.float32)
    return x, rng.normal(size=(n, v)).astype(np.float32)


def _fit(x, y, **settings):
    return fit_regressor(TrainingData(x, y), RegressorSpec("neighbours").with_settings(**settings))


@pytest.mark.parametrize("weights", ["uniform", "distance"])
@pytest.mark.parametrize("k", [1, 5, 37])
def test_predictions_equal_scikit_learns(rng, monkeypatch, k, weights):
    monkeypatch.setattr(neighbours, "_ROWS", 4)
    x, y = _data(rng)
    asked = np.concatenate([_data(rng)[0][:11], x[3:5]])
    theirs = KNeighborsRegressor(k, weights=weights).fit(x.astype(np.float64), y)
    ours = _fit(x, y, k=k, weights=weights)
    predicted = ours.predict(asked)
    assert predicted.dtype == np.float32
    np.testing.assert_allclose(predicted, theirs.predict(asked.astype(np.float64)), atol=1e-5)
    some = np.array([6, 0, 2])
    np.testing.assert_allclose(ours.predict(asked, some), predicted[:, some], atol=1e-6)


def test_an_image_that_was_fitted_is_its_own_nearest_neighbour(rng):
    x, y = _data(rng)
    np.testing.assert_array_equal(_fit(x, y, k=1).predict(x), y)
    np.testing.assert_array_equal(_fit(x, y, k=3, weights="distance").predict(x), y)


def test_among_images_at_equal_distance_the_earlier_is_nearer(rng):
    x, _ = _data(rng, d=3)
    x[[5, 9, 20, 30]] = x[5]
    nearest, distances = nearest_rows(x, x[[9]], 3)
    np.testing.assert_array_equal(nearest, [[5, 9, 20]])
    np.testing.assert_array_equal(distances, 0)
    grid = np.array([[2.0, 0], [0, 1], [-1, 0], [0, -1], [1, 0]], dtype=np.float32)
    np.testing.assert_array_equal(nearest_rows(grid, np.zeros((1, 2)), 2)[0], [[1, 2]])


def test_designs_far_from_the_origin_keep_their_neighbours(rng):
    x, _ = _data(rng)
    far = x.astype(np.float64) + 1e6
    whole = np.argsort(((far[:, None] - far[None]) ** 2).sum(2), axis=1, kind="stable")[:, :4]
    np.testing.assert_array_equal(nearest_rows(far, far, 4)[0], whole)


def test_distances_that_differ_by_less_than_float32_rounds_are_told_apart(rng):
    directions = rng.normal(size=(60, 20))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    near = directions * (1 + 1e-9 * rng.permutation(60))[:, None]
    asked = np.zeros((1, 20))
    exact = np.argsort(np.linalg.norm(near, axis=1))[:4]
    np.testing.assert_array_equal(nearest_rows(near, asked, 4)[0], [exact])


def test_a_restored_encoder_predicts_the_same(rng):
    x, y = _data(rng)
    ours = _fit(x, y, k=4, weights="distance")
    again = restore_predictor(ours.structure(), ours.arrays().__getitem__)
    np.testing.assert_array_equal(again.predict(x + 0.1), ours.predict(x + 0.1))
    assert again.n_vertices == 7


@pytest.mark.parametrize("settings", [{"k": 0}, {"k": 38}, {"weights": "uniforn"}])
def test_settings_out_of_range_are_refused(rng, settings):
    with pytest.raises(CoreError):
        _fit(*_data(rng), **settings)


def test_a_design_of_another_width_is_refused(rng):
    x, y = _data(rng)
    with pytest.raises(InvalidInput, match="20 design columns"):
        _fit(x, y).predict(x[:, :5])
