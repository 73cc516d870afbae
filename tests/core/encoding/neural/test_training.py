import json

import numpy as np
import pytest
import torch
from sklearn.linear_model import LinearRegression, Ridge

from cortiscope.core.cli.main import progress_printer
from cortiscope.core.encoding.checkpoint import MemoryCheckpoint
from cortiscope.core.encoding.neural import training
from cortiscope.core.encoding.neural.optimisation import TrainingSettings, training_images
from cortiscope.core.encoding.neural.readouts import LinearReadout
from cortiscope.core.encoding.neural.regressors import (
    DropoutHeadSettings,
    LinearHeadSettings,
    PositionalHeadSettings,
    ResidualHeadSettings,
)
from cortiscope.core.encoding.neural.training import train_head
from cortiscope.core.encoding.neural.trunks import IdentityTrunk, ResidualTrunk
from cortiscope.core.encoding.training import TrainingData, Work
from cortiscope.core.errors import InvalidInput, UnknownName, WorkFailed

CURVES = (*training.CURVES, "curve_best_epoch")
ALL_IMAGES = {"validation_fraction": 0.0}


def _data(rng, n=40, d=5, v=6, noise=0.5, scale=1.0):
    x = rng.normal(size=(n, d)) * np.linspace(0.5, 2, d) + 3
    y = (x @ rng.normal(size=(d, v)) + noise * rng.normal(size=(n, v))) * scale + 7
    return TrainingData(x.astype(np.float32), y.astype(np.float32))


def _linear(data, work=None, dropout=0.0, **changes):
    settings = TrainingSettings(**changes)
    d = data.design.shape[1]
    return train_head(
        IdentityTrunk(d, dropout), LinearReadout(data.n_vertices, d), data, settings, work or Work()
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": "sgd", "learning_rate": 0.05, "max_epochs": 600},
        {"optimizer": "adam", "learning_rate": 0.05, "max_epochs": 400, "schedule": "cosine"},
        {"optimizer": "lbfgs", "max_epochs": 10},
    ],
    ids=lambda c: c["optimizer"],
)
def test_full_batches_without_decay_and_early_stopping_converge_to_least_squares(rng, changes):
    data = _data(rng, scale=100.0)
    fitted = _linear(data, batch_size=40, weight_decay=0.0, **ALL_IMAGES, **changes)
    expected = LinearRegression().fit(data.design.astype(np.float64), data.responses)
    np.testing.assert_allclose(fitted.coef.T, expected.coef_, rtol=0.01, atol=0.3)
    np.testing.assert_allclose(fitted.predict(data.design), expected.predict(data.design), atol=2.0)


@pytest.mark.parametrize("optimizer", ["sgd", "lbfgs"])
def test_weight_decay_is_ridge_with_half_of_it_per_image(rng, optimizer):
    data = _data(rng)
    fitted = _linear(
        data,
        optimizer=optimizer,
        learning_rate=0.05,
        weight_decay=0.6,
        batch_size=40,
        max_epochs=300 if optimizer == "sgd" else 10,
        scaling="columns",
        **ALL_IMAGES,
    )
    x = data.design.astype(np.float64)
    y = data.responses - data.responses.mean(0)
    ridge = Ridge(alpha=40 * 0.6 / 2).fit((x - x.mean(0)) / x.std(0), y)
    np.testing.assert_allclose(fitted.coef.T * x.std(0), ridge.coef_, atol=1e-3)


def test_the_overall_scale_keeps_the_columns_ratios(rng):
    data = _data(rng)
    settings = {"optimizer": "lbfgs", "weight_decay": 0.6, "max_epochs": 10, **ALL_IMAGES}
    fitted = _linear(data, scaling="overall", **settings)
    x = data.design.astype(np.float64)
    common = np.sqrt(x.var(0).mean())
    ridge = Ridge(alpha=12).fit((x - x.mean(0)) / common, data.responses)
    np.testing.assert_allclose(fitted.coef.T * common, ridge.coef_, atol=1e-3)


def test_the_linear_fit_of_a_vertex_is_the_same_whatever_others_are_fitted_along(rng, monkeypatch):
    data = _data(rng)
    settings = {"optimizer": "sgd", "learning_rate": 0.2, "max_epochs": 110, **ALL_IMAGES}
    alone = _linear(TrainingData(data.design, data.responses[:, 2:3]), **settings)
    together = _linear(data, **settings)
    np.testing.assert_allclose(together.coef[:, 2:3], alone.coef, atol=1e-3)
    # Parts of the vertices add up to the same gradient.
    monkeypatch.setattr(LinearReadout, "vertices_at_once", lambda self, n: 4)
    np.testing.assert_allclose(_linear(data, **settings).coef, together.coef, atol=1e-5)


def test_the_best_epoch_is_the_one_of_least_validation_loss_and_its_weights_are_kept(rng):
    data = _data(rng, n=30, d=20, v=8, noise=6.0)
    fitted = _linear(data, learning_rate=0.02, patience=4, validation_fraction=0.3)
    loss = fitted.notes["curve_validation_loss"]
    best = int(fitted.notes["curve_best_epoch"][0])
    assert loss[best - 1] == loss.min()
    assert len(loss) == best + 4 < 100
    assert {len(fitted.notes[c]) for c in training.CURVES} == {len(loss)}
    # The curve's point is what the kept weights score, in units of the fit images' deviation.
    fit, held = training_images(30, TrainingSettings(validation_fraction=0.3))
    sd = data.responses[fit].std(0)
    error = (fitted.predict(data.design[held]) - data.responses[held]) / sd
    assert np.mean(error**2) == pytest.approx(loss.min(), rel=1e-4)
    stopped = _linear(data, learning_rate=0.02, max_epochs=best, validation_fraction=0.3)
    np.testing.assert_array_equal(stopped.coef, fitted.coef)


def test_the_curves_so_far_are_told_after_each_epoch(rng, capsys):
    told = []
    report = progress_printer("json")

    def note(share, message):
        report(share, message)
        told.append(json.loads(capsys.readouterr().err))

    fitted = _linear(_data(rng), Work(progress=note), max_epochs=3, validation_fraction=0.0)
    epochs = [one["curves"] for one in told if "curves" in one]
    assert [len(curves["curve_train_loss"]) for curves in epochs] == [1, 2, 3]
    assert epochs[-1]["curve_train_loss"] == pytest.approx(fitted.notes["curve_train_loss"])
    assert epochs[-1]["curve_validation_r"] == [None] * 3


def test_overfitting_is_seen_in_the_curves(rng):
    """On pure noise the training loss falls while the validation loss rises."""
    x = rng.normal(size=(60, 40)).astype(np.float32)
    data = TrainingData(x, rng.normal(size=(60, 5)).astype(np.float32))
    notes = _linear(data, learning_rate=0.01, max_epochs=60, patience=60).notes
    assert notes["curve_train_loss"][-1] < 0.3 * notes["curve_train_loss"][0]
    assert notes["curve_validation_loss"][-1] > 1.2 * notes["curve_validation_loss"][0]
    assert notes["curve_train_r"][-1] > 0.8 > 0.5 > notes["curve_validation_r"][-1]


def test_curves_are_medians_of_r_as_scipy_has_it(rng):
    from scipy.stats import pearsonr

    data = _data(rng, noise=3.0)
    fitted = _linear(data, max_epochs=3, validation_fraction=0.25, learning_rate=0.05)
    fit, held = training_images(40, TrainingSettings(validation_fraction=0.25))
    best = int(fitted.notes["curve_best_epoch"][0]) - 1
    predicted = fitted.predict(data.design)
    for rows, name in ((held, "curve_validation_r"), (fit, "curve_train_r")):
        pairs = zip(predicted[rows].T, data.responses[rows].T, strict=True)
        expected = np.median([pearsonr(p, a).statistic for p, a in pairs])
        assert fitted.notes[name][best] == pytest.approx(expected, abs=1e-4)


def test_a_pearson_head_predicts_in_the_responses_units(rng):
    data = _data(rng, n=200, noise=2.0, scale=50.0)
    fitted = _linear(data, loss="pearson", learning_rate=0.01, max_epochs=200, **ALL_IMAGES)
    least_squares = LinearRegression().fit(data.design, data.responses)
    r = np.corrcoef(fitted.predict(data.design).T, data.responses.T).diagonal(6)
    best = np.corrcoef(least_squares.predict(data.design).T, data.responses.T).diagonal(6)
    np.testing.assert_allclose(r, best, atol=2e-3)
    np.testing.assert_allclose(fitted.coef.T, least_squares.coef_, atol=0.1 * 50)
    np.testing.assert_allclose(
        fitted.predict(data.design).mean(0), data.responses.mean(0), rtol=1e-3
    )


def test_constant_vertices_and_columns_are_predicted_and_ignored(rng):
    data = _data(rng)
    design, responses = data.design.copy(), data.responses.copy()
    design[:, 1], responses[:, 2] = 4.0, -1.5
    fitted = _linear(TrainingData(design, responses), max_epochs=5)
    design[:, 1] = 1e6
    np.testing.assert_array_equal(fitted.predict(design)[:, 2], np.float32(-1.5))
    assert np.all(fitted.coef[1] == 0)
    assert np.all(np.isfinite(fitted.notes["curve_train_loss"]))


def test_only_constant_vertices_give_their_constants_and_no_curves():
    data = TrainingData(np.eye(8, dtype=np.float32), np.full((8, 3), 2.0, dtype=np.float32))
    fitted = _linear(data)
    np.testing.assert_array_equal(fitted.predict(data.design), 2.0)
    assert np.isnan(fitted.notes["curve_validation_loss"]).all()


def test_two_validation_images_have_a_loss_but_no_median_r(rng):
    fitted = _linear(_data(rng, n=16), max_epochs=3, loss="pearson")
    assert np.isfinite(fitted.notes["curve_validation_loss"]).all()
    assert np.isnan(fitted.notes["curve_validation_r"]).all()
    assert np.isfinite(fitted.notes["curve_train_r"]).all()


def test_without_validation_images_all_are_trained_on_and_the_last_epoch_is_kept(rng):
    fitted = _linear(_data(rng), max_epochs=7, patience=1, **ALL_IMAGES)
    assert fitted.notes["curve_best_epoch"].tolist() == [7]
    assert np.isnan(fitted.notes["curve_validation_loss"]).all()


def _noisy_residual(data, work=None, **changes):
    from cortiscope.core.encoding.neural.regressors import _fit_residual

    settings = ResidualHeadSettings(
        **{"max_epochs": 20, "batch_size": 8, "projected": 9, **changes}
    )
    return _fit_residual(data, settings, work or Work())


def test_the_same_seed_gives_the_same_and_another_seed_another(rng):
    data = _data(rng)
    first, again, other = (_noisy_residual(data, seed=s).arrays() for s in (0, 0, 1))
    for name, values in first.items():
        np.testing.assert_array_equal(values, again[name])
    assert np.abs(first["weight_out"] - other["weight_out"]).max() > 1e-3


def test_torchs_global_generator_is_neither_used_nor_moved(rng):
    data = _data(rng)
    torch.manual_seed(1)
    first = _noisy_residual(data).arrays()["weight_out"]
    state = torch.get_rng_state()
    torch.manual_seed(2)
    np.testing.assert_array_equal(_noisy_residual(data).arrays()["weight_out"], first)
    torch.manual_seed(1)
    assert torch.equal(torch.get_rng_state(), state)


def test_a_step_goes_along_the_gradient_of_the_whole_head(rng, monkeypatch):
    """Trunk and parts of the vertices are differentiated apart; together they are the gradient."""
    data = _data(rng, v=7)
    data.responses[:, 3] = 4.0
    monkeypatch.setattr(LinearReadout, "vertices_at_once", lambda self, n: 3)
    trunk, readout = ResidualTrunk(5, projected=4, n_blocks=1), LinearReadout(7, 4)
    settings = TrainingSettings(
        optimizer="sgd", learning_rate=0.01, weight_decay=0.0, batch_size=40, **ALL_IMAGES
    )
    state = training._Training.of(trunk, readout, data, settings, Work())
    weights = {k: w.detach().clone().requires_grad_() for k, w in state.weights.items()}
    state.run_epoch(0)
    x = (data.design - data.design.mean(0)) / np.sqrt(data.design.var(0).mean())
    live = np.arange(7) != 3
    y = (data.responses - data.responses.mean(0))[:, live] / data.responses.std(0)[live]
    hidden = trunk.forward(weights, torch.tensor(x).float(), lambda values, rate: values)
    error = (hidden @ weights["out"] + weights["out_bias"])[:, live] - torch.tensor(y)
    (error**2).mean(0).sum().backward()
    for name, weight in weights.items():
        moved = state.weights[name].detach() - weight.detach()
        np.testing.assert_allclose(moved, -0.01 * weight.grad, atol=1e-5)
        assert moved.abs().max() > 1e-4
    assert torch.all(state.weights["out"][:, 3] == weights["out"][:, 3])


def test_an_epoch_takes_every_image_once_in_batches_of_like_size_and_another_order(
    rng, monkeypatch
):
    taken = []
    original = training._Training._backward

    def noted(self, rows, generator):
        taken.append(rows)
        return original(self, rows, generator)

    monkeypatch.setattr(training._Training, "_backward", noted)
    _linear(_data(rng, n=33), batch_size=16, max_epochs=2, **ALL_IMAGES)
    assert [len(rows) for rows in taken] == [11] * 6
    first, second = np.concatenate(taken[:3]), np.concatenate(taken[3:])
    assert sorted(first) == sorted(second) == list(range(33))
    assert first.tolist() != second.tolist()
    assert first.tolist() != list(range(33))


def test_every_step_drops_other_values(rng):
    masks = []

    class Recording(IdentityTrunk):
        def forward(self, weights, design, drop):
            dropped = drop(torch.ones_like(design), 0.5)
            if not torch.all(dropped == 1):
                masks.append(dropped.numpy())
            return design

    data = _data(rng)
    settings = TrainingSettings(max_epochs=2, batch_size=20, **ALL_IMAGES)
    train_head(Recording(5), LinearReadout(6, 5), data, settings, Work())
    assert len(masks) == 4
    assert {float(v) for v in np.unique(masks)} == {0.0, 2.0}
    assert len({m.tobytes() for m in masks}) == 4


class _Stopped(Exception):
    pass


@pytest.mark.parametrize("optimizer", ["adamw", "adam", "sgd", "rmsprop", "lbfgs"])
def test_a_fit_that_was_stopped_goes_on_to_the_same_bits(rng, optimizer):
    data = _data(rng, noise=3.0)
    settings = {
        "optimizer": optimizer,
        "learning_rate": 1e-3,
        "schedule": "cosine",
        "dropout": 0.4,
        "max_epochs": 20,
        "patience": 20,
    }
    whole = _noisy_residual(data, **settings)
    checkpoint = MemoryCheckpoint()
    seen = []

    def stop(share, message):
        seen.append(message)
        if len(seen) == 12:
            raise _Stopped

    with pytest.raises(_Stopped):
        _noisy_residual(data, Work(progress=stop, checkpoint=checkpoint), **settings)
    assert sorted(checkpoint.pieces) == ["epoch-10", "epoch-2", "epoch-4", "epoch-6", "epoch-8"]
    epochs = []

    def note(share, message):
        epochs.append(message.split(" of ")[0])

    resumed = _noisy_residual(data, Work(progress=note, checkpoint=checkpoint), **settings)
    assert epochs[0] == "epoch 11"
    for name, values in whole.arrays().items():
        np.testing.assert_array_equal(resumed.arrays()[name], values)


def test_pieces_of_a_checkpoint_may_come_back_as_files_have_them(rng):
    """A file's array has one dimension at least, and may be mapped read-only."""
    data = _data(rng)

    class Files(MemoryCheckpoint):
        def load(self, name):
            piece = super().load(name)
            if piece is None:
                return None
            found = {k: np.ascontiguousarray(v) for k, v in piece.items()}
            for array in found.values():
                array.setflags(write=False)
            return found

    checkpoint = Files()
    whole = _noisy_residual(data, Work(checkpoint=checkpoint), max_epochs=20, patience=20)
    again = _noisy_residual(data, Work(checkpoint=checkpoint), max_epochs=20, patience=20)
    np.testing.assert_array_equal(again.arrays()["weight_out"], whole.arrays()["weight_out"])


def test_at_most_ten_checkpoints_are_left(rng):
    checkpoint = MemoryCheckpoint()
    _linear(_data(rng), Work(checkpoint=checkpoint), max_epochs=37, patience=37)
    assert 8 <= len(checkpoint.pieces) <= 10


def test_responses_too_large_to_keep_are_read_by_rows_to_the_same_bits(rng, monkeypatch):
    from cortiscope.core.encoding.neural import predictor

    data = _data(rng)
    kept = _linear(data, max_epochs=3, batch_size=8)
    asked = []

    class Mapped:
        shape = data.responses.shape

        def __getitem__(self, key):
            asked.append(key)
            return data.responses[key]

        def __len__(self):
            return len(data.responses)

    monkeypatch.setattr(predictor, "_BYTES_KEPT", 0)
    read = _linear(TrainingData(data.design, Mapped()), max_epochs=3, batch_size=8)
    np.testing.assert_array_equal(read.coef, kept.coef)
    rows = [key[0] for key in asked if isinstance(key[0], np.ndarray)]
    assert rows
    assert max(map(len, rows)) <= 36


def _distance(found, expected):
    return np.linalg.norm(found - expected) / np.linalg.norm(expected)


def test_dropout_hides_columns_in_training_only_and_keeps_their_expectation(rng):
    data = _data(rng, n=400, noise=0.1)
    settings = {"learning_rate": 0.02, "schedule": "cosine", "max_epochs": 100, "batch_size": 100}
    with_dropout = _linear(data, dropout=0.5, **settings, **ALL_IMAGES)
    without = _linear(data, **settings, **ALL_IMAGES)
    # Dropout of columns is a ridge penalty: p / (1 - p) times their variance.
    x = data.design.astype(np.float64)
    gram = np.cov(x.T, bias=True)
    cross = (x - x.mean(0)).T @ (data.responses - data.responses.mean(0)) / len(x)
    penalised = np.linalg.solve(gram + np.diag(x.var(0)), cross)
    assert _distance(with_dropout.coef, penalised) < 0.1 < 0.5 < _distance(without.coef, penalised)
    assert _distance(without.coef, np.linalg.solve(gram, cross)) < 0.02


def test_the_images_that_stop_the_training_are_not_trained_on(rng):
    data = _data(rng)
    held = training_images(40, TrainingSettings())[1]
    design, responses = data.design.copy(), data.responses.copy()
    design[held] *= -30
    responses[held] += 100 * rng.normal(size=(len(held), 6))
    before = _linear(data, max_epochs=1)
    after = _linear(TrainingData(design, responses), max_epochs=1)
    np.testing.assert_array_equal(after.coef, before.coef)
    assert after.notes["curve_validation_loss"] > 100 * before.notes["curve_validation_loss"]


def test_a_training_that_diverges_says_so(rng):
    with pytest.raises(WorkFailed, match="diverged in epoch .*learning rate below 1e"):
        _linear(_data(rng), optimizer="sgd", learning_rate=1e15)


def test_too_few_images_are_refused():
    with pytest.raises(InvalidInput, match="4 training images cannot be split"):
        training_images(4, TrainingSettings())
    fit, held = training_images(5, TrainingSettings())
    assert (len(fit), len(held)) == (3, 2)
    assert [len(r) for r in training_images(320, TrainingSettings())] == [288, 32]


@pytest.mark.parametrize(
    ("kind", "changes", "error"),
    [
        (TrainingSettings, {"loss": "mae"}, "Unknown loss 'mae'"),
        (TrainingSettings, {"optimizer": "adam2"}, "Unknown optimizer"),
        (TrainingSettings, {"schedule": "step"}, "Unknown schedule"),
        (TrainingSettings, {"scaling": "none"}, "Unknown scaling"),
        (TrainingSettings, {"learning_rate": 0.0}, "learning_rate must be positive; got 0"),
        (TrainingSettings, {"batch_size": 1}, "batch_size must be 2 or more; got 1"),
        (TrainingSettings, {"validation_fraction": 1.0}, "at least 0 and below 1"),
        (LinearHeadSettings, {"weight_decay": -1.0}, "weight_decay must be 0 or more"),
        (DropoutHeadSettings, {"dropout": 1.0}, "dropout must be at least 0 and below 1"),
        (ResidualHeadSettings, {"activation": "sine"}, "Unknown activation"),
        (PositionalHeadSettings, {"boxes": "lobe"}, "Unknown kind of box"),
        (PositionalHeadSettings, {"width": 0}, "width must be 1 or more"),
    ],
)
def test_settings_that_make_no_sense_are_refused_with_what_is_allowed(kind, changes, error):
    with pytest.raises((InvalidInput, UnknownName), match=error):
        kind(**changes)
