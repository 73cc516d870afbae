import dataclasses
import json

import numpy as np
import pytest

from cortiscope.core.encoding import LinearPredictor, RegressorSpec, fit_regressor, method_text
from cortiscope.core.encoding.neural import regressors as neural
from cortiscope.core.encoding.neural.optimisation import TrainingSettings
from cortiscope.core.encoding.neural.predictor import HeadPredictor
from cortiscope.core.encoding.regressors import REGRESSORS, restore_predictor
from cortiscope.core.encoding.training import PictureGrid, TrainingData, VertexTable
from cortiscope.core.errors import InvalidInput

NAMES = [entry.name for entry in neural.ENTRIES]


def _data(rng, n=60, d=12, v=9):
    x = rng.normal(size=(n, d)) * np.linspace(3, 0.5, d) + 1
    y = x @ rng.normal(size=(d, v)) + 2 * rng.normal(size=(n, v)) - 4
    y[:, 5] = 0.25
    table = VertexTable(
        rng.normal(size=(v, 3)) * 20,
        np.array([0] * 5 + [1] * 4),
        {"V1v": np.array([0, 1, 6]), "OFA": np.array([1, 2, 7, 8])},
    )
    return TrainingData(x.astype(np.float32), y.astype(np.float32), vertices=table)


def _fit(data, name, **changes):
    return fit_regressor(data, RegressorSpec(name).with_settings(**{"max_epochs": 8, **changes}))


@pytest.mark.parametrize("name", NAMES)
def test_a_head_restored_from_arrays_and_json_predicts_the_same_bits(rng, name):
    data = _data(rng)
    fitted = _fit(data, name)
    structure = json.loads(json.dumps(fitted.structure()))
    arrays = fitted.arrays()
    for array in arrays.values():
        array.setflags(write=False)
    again = restore_predictor(structure, lambda key: arrays[key])
    np.testing.assert_array_equal(again.predict(data.design), fitted.predict(data.design))
    assert set(arrays) - set(fitted.notes) <= set(again.arrays())
    assert all(key.isidentifier() for key in arrays)
    assert len(arrays["curve_train_loss"]) == len(arrays["curve_validation_r"])


@pytest.mark.parametrize("name", NAMES)
def test_some_vertices_are_predicted_as_among_all(rng, name):
    data = _data(rng)
    fitted = _fit(data, name)
    some = np.array([8, 0, 5])
    whole = fitted.predict(data.design)
    assert (whole.dtype, whole.shape, fitted.n_vertices) == (np.float32, (60, 9), 9)
    np.testing.assert_allclose(fitted.predict(data.design, some), whole[:, some], atol=1e-5)
    np.testing.assert_array_equal(whole[:, 5], 0.25)  # the constant vertex
    with pytest.raises(InvalidInput, match="fitted on 12 design columns"):
        fitted.predict(data.design[:, :5])


@pytest.mark.parametrize("name", NAMES)
def test_a_head_learns_what_there_is_to_learn(rng, name):
    data = _data(rng, n=400)
    held = slice(300, 400)
    train = TrainingData(data.design[:300], data.responses[:300], vertices=data.vertices)
    predicted = fit_regressor(train, RegressorSpec(name)).predict(data.design[held])
    live = np.flatnonzero(np.arange(9) != 5)
    r = [np.corrcoef(predicted[:, v], data.responses[held, v])[0, 1] for v in live]
    assert np.median(r) > (0.8 if name != "head_conv1d" else 0.7)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("loss", ["huber", "pearson"])
def test_every_head_trains_on_every_loss(rng, name, loss):
    fitted = _fit(_data(rng), name, loss=loss, max_epochs=20)
    assert fitted.notes["curve_train_r"][-1] > max(fitted.notes["curve_train_r"][0], 0.3)


def test_heads_that_are_linear_come_back_as_coefficients_the_others_do_not(rng):
    kinds = {name: type(_fit(_data(rng), name, max_epochs=1)) for name in NAMES}
    assert kinds == {
        "head_linear": LinearPredictor,
        "head_dropout": LinearPredictor,
        "head_residual": HeadPredictor,
        "head_conv1d": HeadPredictor,
        "head_positional": HeadPredictor,
        "roi_attention": HeadPredictor,
        "selectors": HeadPredictor,
    }


def test_a_column_that_was_constant_in_training_has_no_effect(rng):
    data = _data(rng)
    design = data.design.copy()
    design[:, 3] = 2.0
    data = dataclasses.replace(data, design=design)
    for name in NAMES:
        fitted = _fit(data, name, max_epochs=2)
        other = design.copy()
        other[:, 3] = -50.0
        np.testing.assert_array_equal(fitted.predict(other), fitted.predict(design))


def test_a_positional_head_needs_positions(rng):
    data = _data(rng)
    with pytest.raises(InvalidInput, match="needs the positions of the vertices"):
        _fit(dataclasses.replace(data, vertices=None), "head_positional")
    data.vertices.positions[4] = np.nan
    with pytest.raises(InvalidInput, match="1 of 9 vertices have no position: 4"):
        _fit(data, "head_positional")


def test_vertices_in_the_same_place_of_one_box_are_predicted_alike_up_to_their_units(rng):
    data = _data(rng)
    data.vertices.positions[3] = data.vertices.positions[4]  # both in no ROI, on the left
    fitted = _fit(data, "head_positional")
    z = (fitted.predict(data.design) - fitted.output_mean) / np.where(
        fitted.output_scale > 0, fitted.output_scale, 1
    )
    np.testing.assert_allclose(z[:, 3], z[:, 4], atol=1e-5)
    assert np.abs(z[:, 3] - z[:, 0]).max() > 1e-3


CHANGES = {
    "head_dropout": {"dropout": 0.2},
    "head_residual": {"n_blocks": 1, "projected": 0, "dropout": 0.1, "activation": "relu"},
    "head_conv1d": {"channels": 2, "kernel": 4, "stride": 1, "pool": 3, "activation": "tanh"},
    "roi_attention": {"token_width": 32, "heads": 2, "dropout": 0.5},
    "selectors": {
        "projected": 1,
        "width": 16,
        "n_frequencies": 2,
        "finest": 3.0,
        "coarsest": 40.0,
        "jitter": 0.5,
        "last_jitter": 30.0,
        "penalty": 5.0,
        "fade": 5,
        "selector_rate": 1.0,
    },
    "head_positional": {
        "width": 32,
        "n_layers": 2,
        "n_blocks": 1,
        "dropout": 0.3,
        "activation": "silu",
        "boxes": "hemisphere",
        "expansion": 5.0,
        "n_frequencies": 4,
        "max_steps": 60.0,
        "period": 100.0,
        "with_box": False,
    },
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_setting_reaches_the_head_and_its_file(rng, name):
    data = _data(rng)
    if REGRESSORS[name].reads_places:  # at a single place all attention is on it
        data = dataclasses.replace(data, grids=(PictureGrid(2, 2, 3),))
    default = _fit(data, name, max_epochs=2).predict(data.design)
    for setting, value in CHANGES[name].items():
        fitted = _fit(data, name, max_epochs=2, **{setting: value})
        changed = fitted.predict(data.design)
        assert np.isfinite(changed).all()
        assert np.abs(changed - default).max() > 1e-3, setting
        arrays = fitted.arrays()
        again = restore_predictor(fitted.structure(), arrays.__getitem__)
        np.testing.assert_array_equal(again.predict(data.design), changed)


def test_the_settings_of_every_head_are_tried():
    for entry in neural.ENTRIES:
        own = {f.name for f in dataclasses.fields(entry.settings)}
        shared = {f.name for f in dataclasses.fields(TrainingSettings)}
        assert own - shared == set(CHANGES.get(entry.name, {}))


@pytest.mark.parametrize("entry", neural.ENTRIES, ids=lambda e: e.name)
def test_the_methods_text_is_filled_from_the_settings(entry):
    text = method_text(entry.name, dataclasses.asdict(entry.settings()))
    assert "{" not in text
    assert "adamw" in text
