"""Receptive fields stacked with whole layers: each vertex gets what predicts it best."""

import json

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

from cortiscope.core.encoding import PictureGrid, RegressorSpec, TrainingData
from cortiscope.core.encoding.fields import held_out
from cortiscope.core.encoding.fields.predictor import fields_of
from cortiscope.core.encoding.fields.stacked import _averaged
from cortiscope.core.encoding.multiband import stacking
from cortiscope.core.encoding.multiband.stacking import fit_stacked
from cortiscope.core.encoding.regressors import fit_regressor, restore_predictor
from cortiscope.core.errors import InvalidInput

BOX = (-4.0, 4.0, 4.0, -4.0)
GRIDS = (PictureGrid(2, 8, 8, BOX), PictureGrid(3, 4, 4, BOX), PictureGrid(4))
# The second layer's 4 x 4 places are more than the 3 x 3 of whole layers.
SPEC = RegressorSpec("stacked_fields").with_settings(
    shared=(1, 0), places=3, components=40, n_folds=3
)


@pytest.fixture(scope="module")
def fitted():
    """A vertex with a field, one that reads a layer's places in a pattern of its own, and noise."""
    rng = np.random.default_rng(7)
    n = 260
    design = rng.normal(size=(n, sum(g.n_columns for g in GRIDS))).astype(np.float32)
    maps = design[:, :128].reshape(n, 2, 8, 8)
    field = maps[:, 0, 1:3, 5:7].mean((1, 2))
    pattern = design[:, -4:] @ [1.0, -1.0, 1.0, -1.0]
    y = np.stack([field / field.std(), pattern / pattern.std(), np.zeros(n)], axis=1)
    y += 0.4 * rng.normal(size=y.shape)
    data = TrainingData(design[:200], (y[:200] + 50).astype(np.float32), grids=GRIDS)
    return data, fit_regressor(data, SPEC), design[200:], y[200:] + 50


def test_each_vertex_is_predicted_by_what_drives_it(fitted):
    _, model, new, y = fitted
    np.testing.assert_allclose(model.stack_weights.sum(0), 1, atol=1e-5)
    assert model.stack_weights[0, 0] > 0.8  # the first model of fields
    assert model.stack_weights[2:, 1].sum() > 0.8  # whole layers
    r = [np.corrcoef(model.predict(new)[:, v], y[:, v])[0, 1] for v in (0, 1)]
    assert min(r) > 0.7
    fields = fields_of(model)
    np.testing.assert_allclose([fields.x[0], fields.y[0]], [2.0, 2.0], atol=0.6)
    assert fields.sure.tolist() == [True, False, False]


def test_the_prediction_is_the_weighted_sum_of_its_parts(fitted):
    _, model, new, _ = fitted
    ends = np.cumsum([g.n_columns for g in GRIDS])
    layers = np.split(new, ends[:-1], axis=1)
    expected = model.intercept.copy()
    first = 0
    for layer, grid, reduction in zip(layers, GRIDS, model.reductions, strict=True):
        z = reduction.transform(_averaged(layer, grid, 3))
        expected = expected + z @ model.whole_coef[first : first + z.shape[1]]
        first += z.shape[1]
    for k, member in enumerate(model.members):
        expected = expected + model.stack_weights[k] * member.predict(layers[k])
    np.testing.assert_allclose(model.predict(new), expected, atol=1e-4)
    some = np.array([2, 0])
    np.testing.assert_allclose(model.predict(new, some), expected[:, some], atol=1e-4)


def test_held_out_predictions_are_the_same_in_blocks_of_vertices(fitted, monkeypatch):
    data, model, new, _ = fitted
    monkeypatch.setattr(held_out, "_VERTICES", 1)
    monkeypatch.setattr(stacking, "vertex_chunks", lambda n, _: (slice(0, 2), slice(2, 3)))
    again = fit_regressor(data, SPEC)
    np.testing.assert_allclose(again.stack_weights, model.stack_weights, atol=1e-5)
    np.testing.assert_allclose(again.predict(new), model.predict(new), atol=1e-4)


def test_it_comes_back_from_its_arrays(fitted):
    _, model, new, _ = fitted
    arrays = model.arrays()
    again = restore_predictor(json.loads(json.dumps(model.structure())), arrays.__getitem__)
    np.testing.assert_array_equal(again.predict(new), model.predict(new))
    assert again.grids == GRIDS


def test_layers_that_are_not_there_are_refused(fitted):
    data = fitted[0]
    for shared in ((4,), (3, 1), ()):
        with pytest.raises(InvalidInput, match="fields|Fields"):
            fit_regressor(data, SPEC.with_settings(shared=shared))


def test_whole_layers_are_averaged_as_pooling_averages_them(rng):
    maps = rng.normal(size=(3, 2 * 7 * 13)).astype(np.float32)
    grid = PictureGrid(2, 7, 13, BOX)
    expected = torch.nn.functional.adaptive_avg_pool2d(
        torch.as_tensor(maps).reshape(3, 2, 7, 13), (5, 5)
    )
    np.testing.assert_allclose(_averaged(maps, grid, 5), expected.reshape(3, -1), atol=1e-6)
    np.testing.assert_array_equal(_averaged(maps, grid, 20), maps)


def test_further_models_are_weighed_by_their_held_out_predictions(rng):
    n, folds = 60, np.array_split(np.arange(60), 3)
    x = rng.normal(size=(n, 4)).astype(np.float32)
    y = (x @ rng.normal(size=(4, 3)) + 20 + rng.normal(size=(n, 3))).astype(np.float32)
    other = (y + 1.5 * rng.normal(size=y.shape)).astype(np.float32)
    alphas, spaces = (1.0,), (slice(0, 2), slice(2, 4))
    found = fit_stacked(x, y, spaces, alphas=alphas, n_folds=3, others=[other])
    held, target = np.empty((3, n, 3)), np.empty((n, 3))
    for rows in folds:
        train = np.setdiff1d(np.arange(n), rows)
        mean = y[train].mean(0)
        target[rows], held[0, rows] = y[rows] - mean, other[rows] - mean
        for k, space in enumerate(spaces, 1):
            z = x[train][:, space].astype(float)
            middle = z.mean(0)
            coef = np.linalg.solve(
                (z - middle).T @ (z - middle) + np.eye(2), (z - middle).T @ (y[train] - mean)
            )
            held[k, rows] = (x[rows][:, space] - middle) @ coef
    for v in range(3):
        theirs = minimize(
            lambda w, v=v: ((target[:, v] - w @ held[:, :, v]) ** 2).sum(),
            np.full(3, 1 / 3),
            bounds=[(0, None)] * 3,
            constraints={"type": "eq", "fun": lambda w: 1 - w.sum()},
            method="SLSQP",
            options={"ftol": 1e-12},
        ).x
        np.testing.assert_allclose(found.weights[:, v], theirs, atol=2e-3)
    # A constant further model of weight 1 leaves nothing of the spaces' own mean.
    only = fit_stacked(x, y, spaces, alphas=alphas, n_folds=3, others=[y])
    np.testing.assert_allclose(only.weights[0], 1, atol=1e-3)
    np.testing.assert_allclose(only.intercept, 0, atol=0.05)


def test_whole_layers_without_a_place_are_refused():
    with pytest.raises(InvalidInput, match="places must be a whole number from 1"):
        RegressorSpec("stacked_fields").with_settings(places=0)
