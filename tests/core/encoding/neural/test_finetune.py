"""Finetuning learns a filter that the network lacks, goes on after a stop, and leaves what it got.

The network is blind to colour, and responses are how far red is above green.
"""

import dataclasses

import numpy as np
import pytest
import torch

from cortiscope.core.encoding import Reduction, TrainingData, Work, fit_reduction, fit_regressor
from cortiscope.core.encoding.checkpoint import MemoryCheckpoint
from cortiscope.core.encoding.neural import finetune as module
from cortiscope.core.encoding.neural.finetune import Source, finetune
from cortiscope.core.encoding.neural.moving import FinetuneSettings, MovingWeights, blocks_of
from cortiscope.core.encoding.neural.optimisation import training_images
from cortiscope.core.encoding.neural.training import CURVES
from cortiscope.core.errors import InvalidInput, UnknownName, WorkFailed
from cortiscope.core.evaluation import pearson_r
from cortiscope.core.features import Pooling
from cortiscope.core.features.extract import extract
from cortiscope.core.stimuli import StimulusImages
from tests.data.colour_pictures import (
    colour_responses,
    frozen_arrays,
    grey_backbone,
    write_pictures,
)

N_FIT, N_HELD, N_VERTICES = 90, 60, 9
POOLING = Pooling("grid", 3)
SETTINGS = FinetuneSettings(learning_rate=0.03, max_epochs=8, scale=1.0)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Pictures to fit and to hold out, and responses to them."""
    rng = np.random.default_rng(3)
    folder = tmp_path_factory.mktemp("colour")
    names = [f"{k:03d}.png" for k in range(N_FIT + N_HELD)]
    pixels = write_pictures(folder, names, rng)
    return StimulusImages.from_folder(folder), colour_responses(pixels, N_VERTICES, rng)


@pytest.fixture(scope="module")
def learnt(world):
    return _finetuned(world, SETTINGS)


def _finetuned(world, settings, work=None, groups=None, responses=None):
    images, measured = world
    fit = np.arange(N_FIT)
    return finetune(
        Source(grey_backbone(), images.subset(fit), ("block2",), POOLING),
        measured[fit] if responses is None else responses,
        fit if groups is None else groups,
        settings,
        work or Work(),
    )


def _held_out_r(world, weights):
    """Mean r of ridge on the images that were held out, for a network with some other weights."""
    images, responses = world
    backbone = grey_backbone()
    own = dict(backbone.network.named_parameters())
    for name, values in weights.items():
        own[name].data.copy_(torch.from_numpy(values))
    features = extract(backbone, images, ["block2"], POOLING)["block2"].reshape(len(images), -1)
    fit, held = np.arange(N_FIT), np.arange(N_FIT, len(images))
    design = fit_reduction(features, Reduction("pca", 40), fit).transform(features)
    ridge = fit_regressor(TrainingData(design[fit], responses[fit]))
    return pearson_r(ridge.predict(design[held]), responses[held]).mean()


@pytest.mark.parametrize("moves", ["adapters", "blocks:2", "all"])
def test_a_filter_that_the_network_lacks_is_learnt(world, learnt, moves):
    found = learnt
    if moves != "adapters":
        found = _finetuned(world, dataclasses.replace(SETTINGS, moves=moves, learning_rate=0.01))
    frozen = _held_out_r(world, {})
    assert frozen < 0.5
    assert _held_out_r(world, found.weights) > frozen + 0.1
    # The filters of the first block are no longer alike for all colours.
    first = found.weights["block1.0.weight"]
    assert np.abs(first - first.mean(axis=1, keepdims=True)).max() > 0.05


def test_curves_begin_with_the_network_as_it_came_and_the_best_epoch_is_kept(world, learnt):
    losses = learnt.curves["curve_validation_loss"]
    assert set(learnt.curves) == set(CURVES)
    assert {len(values) for values in learnt.curves.values()} == {SETTINGS.max_epochs + 1}
    assert learnt.kept_epoch == np.argmin(losses) > 0
    # The first point is the ridge of the frozen network, by numpy's own means.
    images, responses = world
    fit, held = training_images(N_FIT, SETTINGS, np.arange(N_FIT))
    subset = images.subset(np.arange(N_FIT))
    features = extract(grey_backbone(), subset, ["block2"], POOLING)["block2"].reshape(N_FIT, -1)
    design = fit_reduction(features, Reduction("pca", 200), fit).transform(features)
    z = (responses[:N_FIT] - responses[fit].mean(axis=0)) / responses[fit].std(axis=0)
    error = np.abs(fit_regressor(TrainingData(design[fit], z[fit])).predict(design[held]) - z[held])
    huber = np.where(error <= 1, error**2 / 2, error - 0.5)
    assert losses[0] == pytest.approx(huber.mean(), rel=1e-4)


def test_where_nothing_is_to_be_learnt_the_network_stays_as_it_came(world, rng):
    noise = rng.normal(size=(N_FIT, 4)).astype(np.float32)
    found = _finetuned(world, dataclasses.replace(SETTINGS, patience=2), responses=noise)
    assert (found.kept_epoch, dict(found.weights)) == (0, {})
    assert len(found.curves[CURVES[0]]) == 3


def test_an_epoch_of_unknown_loss_is_never_the_best(world, monkeypatch):
    scored, seen = module._Finetuning._scored, []

    def unknown_at_first_step(self, rows):
        seen.append(rows)
        return (np.nan, np.nan) if 2 < len(seen) <= 4 else scored(self, rows)

    monkeypatch.setattr(module._Finetuning, "_scored", unknown_at_first_step)
    found = _finetuned(world, dataclasses.replace(SETTINGS, max_epochs=1))
    assert np.isnan(found.curves["curve_validation_loss"][1])
    assert (found.kept_epoch, dict(found.weights)) == (0, {})


def test_the_backbone_that_it_is_given_is_not_changed(world):
    images, responses = world
    backbone = grey_backbone()
    before = frozen_arrays(backbone)
    source = Source(backbone, images.subset(np.arange(30)), ("block2",), POOLING)
    short = dataclasses.replace(SETTINGS, max_epochs=1, moves="all")
    finetune(source, responses[:30], np.arange(30), short, Work())
    for name, values in frozen_arrays(backbone).items():
        np.testing.assert_array_equal(values, before[name])


class Stopped(Exception):
    pass


@pytest.mark.parametrize("epoch", [1, 4])
def test_a_stopped_finetuning_goes_on_to_the_same_end_bit_for_bit(world, learnt, epoch):
    checkpoint = MemoryCheckpoint()

    def stop(share, message):
        if message.startswith(f"epoch {epoch} "):
            raise Stopped

    with pytest.raises(Stopped):
        _finetuned(world, SETTINGS, Work(progress=stop, checkpoint=checkpoint))
    assert checkpoint.pieces
    seen = []
    again = _finetuned(
        world, SETTINGS, Work(progress=lambda _, m: seen.append(m), checkpoint=checkpoint)
    )
    assert seen[0].startswith(f"epoch {epoch} ")  # nothing before it was done again
    assert seen[0].curves.keys() == set(CURVES)
    assert again.curves == learnt.curves
    for name, values in learnt.weights.items():
        np.testing.assert_array_equal(again.weights[name], values)


def test_too_little_memory_halves_the_batch_and_gives_the_same_gradient(world, monkeypatch):
    short = dataclasses.replace(SETTINGS, max_epochs=1, moves="all", optimizer="sgd")
    whole = _finetuned(world, short)
    features = module._Finetuning._features

    def short_of_memory(self, batch):
        if len(batch) > 9:
            raise torch.OutOfMemoryError
        return features(self, batch)

    monkeypatch.setattr(module._Finetuning, "_features", short_of_memory)
    seen = []
    halved = _finetuned(world, short, Work(progress=lambda _, m: seen.append(m)))
    for name in CURVES:
        np.testing.assert_allclose(halved.curves[name], whole.curves[name], rtol=1e-3)
    assert "6 images at once" in seen[-1]
    monkeypatch.setattr(module._Finetuning, "_features", lambda *_: _raise(torch.OutOfMemoryError))
    with pytest.raises(WorkFailed, match="no memory to finetune Small CNN on one image"):
        _finetuned(world, short)


def _raise(error):
    raise error


def test_copies_of_an_image_are_neither_validated_nor_predicted_by_one_another(world):
    groups = np.arange(N_FIT) // 3
    settings = dataclasses.replace(SETTINGS, max_epochs=1)
    images, responses = world
    source = Source(grey_backbone(), images.subset(np.arange(N_FIT)), ("block2",), POOLING)
    state = module._Finetuning(source, responses[:N_FIT], groups, settings, "cpu")
    assert not set(groups[state._fit]) & set(groups[state._validation])
    for group in set(groups[state._fit]):
        assert len(set(state._parts[groups == group])) == 1
    assert set(state._parts[state._fit]) == set(range(5))


def test_an_adapter_is_a_matrix_of_low_rank_beside_the_weight():
    backbone, generator = grey_backbone(), torch.Generator().manual_seed(0)
    batch = torch.zeros(1, 3, 24, 24)
    moving = MovingWeights(backbone, ["block2"], batch, "adapters", 2, 0.2, generator)
    own = dict(backbone.network.named_parameters())
    assert set(moving.weights()) == {"block1.0.weight", "block2.0.weight"}
    for name, weight in moving.weights().items():
        np.testing.assert_array_equal(weight.detach(), own[name])
    moving.trained["block2.0.weight:out"].data.normal_(generator=generator)
    out = moving.trained["block2.0.weight:out"].detach().numpy()
    into = moving.trained["block2.0.weight:in"].detach().numpy()
    assert (out.shape, into.shape) == ((5, 2), (2, 54))
    expected = own["block2.0.weight"].numpy() + 0.2 * (out @ into).reshape(5, 6, 3, 3)
    np.testing.assert_allclose(moving.weights()["block2.0.weight"].detach(), expected, atol=1e-6)


def test_blocks_end_with_offered_layers_and_weights_behind_the_layer_stay():
    backbone, generator = grey_backbone(), torch.Generator().manual_seed(0)
    offered = backbone.card.layers_offered
    first, second = blocks_of(backbone.network, offered)
    assert {name.partition(".")[0] for name in first} == {"block1"}
    assert len(second) == 4
    batch = torch.zeros(1, 3, 24, 24)

    def moved(layer, moves):
        return list(MovingWeights(backbone, [layer], batch, moves, 4, 0.2, generator).weights())

    assert moved("block2", "blocks:1") == second
    assert moved("block1", "blocks:1") == moved("block1", "all") == first
    assert moved("block2", "all") == moved("block2", "blocks:9") == [*first, *second]


def test_what_is_asked_for_is_read_and_refused_in_words():
    read = FinetuneSettings.parse("adapters,rank=8,roi=FFA-1,learning_rate=1e-2")
    assert (read.rank, read.roi, read.learning_rate) == (8, "FFA-1", 0.01)
    assert FinetuneSettings.parse("blocks:2").learning_rate == 3e-4
    assert FinetuneSettings.parse("adapters").learning_rate == 3e-3
    with pytest.raises(InvalidInput, match="Unknown finetuning 'blocks:0'. Allowed: adapters"):
        FinetuneSettings.parse("blocks:0")
    with pytest.raises(UnknownName, match="Did you mean 'rank'"):
        FinetuneSettings.parse("adapters,ranks=3")
    with pytest.raises(InvalidInput, match="setting of finetuning"):  # its rate would be another's
        FinetuneSettings.parse("adapters,moves=all")
    with pytest.raises(InvalidInput, match="rank of finetuning takes a value like 4; got 'much'"):
        FinetuneSettings.parse("all,rank=much")
    with pytest.raises(InvalidInput, match="validation_fraction must be positive"):
        FinetuneSettings(validation_fraction=0)
    with pytest.raises(UnknownName, match="optimizer of finetuning"):
        FinetuneSettings(optimizer="lbfgs")
