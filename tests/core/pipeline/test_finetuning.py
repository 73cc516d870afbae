"""A finetuned network is a network of its own: its weights, features, run and predictions."""

import json
from dataclasses import replace

import numpy as np
import pytest

from cortiscope.core import notebook as cs
from cortiscope.core.backbones import WeightsSpec, load_backbone, resolve_weights
from cortiscope.core.backbones.finetuned import finetuned_file, finetuning_record
from cortiscope.core.cli.main import main
from cortiscope.core.encoding.neural.moving import FinetuneSettings
from cortiscope.core.encoding.neural.training import CURVES
from cortiscope.core.errors import DamagedFile, InvalidInput, MissingWeights, UnknownName
from cortiscope.core.features import FeatureSpec, FeatureStore
from cortiscope.core.pipeline import finetuning
from cortiscope.core.pipeline.methods import methods_text
from cortiscope.core.pipeline.predict import predict_images
from cortiscope.core.storage import Home
from tests.data.colour_pictures import colour_responses, write_pictures
from tests.data.tiny_world import N_LEFT, N_RIGHT, write_subject

MOVES = "all,max_epochs=4,learning_rate=3e-3,patience=4"
CHOICES = {"weights": "untrained", "pooling": "grid:3", "reduction": "pca:8"}
N_TRAIN, N_TEST = 40, 10


def _write(folder):
    """A subject whose vertices answer to red above green, each in a cell of the picture."""
    write_subject(folder, n_train=N_TRAIN, n_test=N_TEST)
    rng = np.random.default_rng(9)
    for split in ("training", "test"):
        pictures = folder / f"{split}_split" / f"{split}_images"
        pixels = write_pictures(pictures, sorted(p.name for p in pictures.iterdir()), rng)
        responses = colour_responses(pixels, N_LEFT + N_RIGHT, rng)
        for short, own in (("lh", responses[:, :N_LEFT]), ("rh", responses[:, N_LEFT:])):
            np.save(folder / f"{split}_split/{split}_fmri/{short}_{split}_fmri.npy", own)
    return folder


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A subject, its model of the network as it came, and that of the finetuned one."""
    root = tmp_path_factory.mktemp("finetuning")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CORTISCOPE_HOME", str(root / "home"))
        patch.setattr("cortiscope.core.notebook.subjects._OPENED", {})
        subject = cs.open_subject(_write(root / "data" / "s1"))
        frozen = cs.fit(subject, "small_cnn", "block2", **CHOICES)
        tuned = cs.fit(subject, "small_cnn", "block2", finetune=MOVES, **CHOICES)
        yield subject, frozen, tuned


def _sha256(run):
    (feature,) = run.spec.features
    return feature.weights.finetuned


def test_a_finetuned_network_predicts_the_same_from_its_file_and_not_as_it_came(world):
    subject, frozen, tuned = world
    assert tuned.id != frozen.id
    fresh = np.concatenate(list(predict_images(tuned, subject.test.images).values()), axis=1)
    np.testing.assert_allclose(fresh, tuned.predict_rows("test", slice(None)), atol=1e-5)
    assert np.abs(fresh - frozen.predict_rows("test", slice(None))).max() > 1e-3


def test_features_of_the_two_never_share_a_place(world):
    subject, frozen, tuned = world
    store = FeatureStore(Home.from_environment().features)
    paths = {store.path_of(run.spec.features[0], subject.test.images) for run in (frozen, tuned)}
    assert len(paths) == 2
    assert all(path.is_file() for path in paths)


def test_only_what_the_layer_reads_has_moved_and_all_else_is_as_it_was(world):
    _, _, tuned = world
    weights = tuned.spec.features[0].weights
    assert resolve_weights("small_cnn", weights) == weights
    own = load_backbone("small_cnn", weights, "cpu").network.state_dict()
    base = load_backbone(
        "small_cnn", resolve_weights("small_cnn", WeightsSpec("untrained")), "cpu"
    ).network.state_dict()
    moved = {name for name in base if not np.array_equal(own[name], base[name])}
    assert moved
    assert {name.partition(".")[0] for name in moved} == {"block1", "block2"}
    assert not any("running" in name for name in moved)


def test_a_run_says_how_its_network_was_finetuned(world):
    subject, frozen, tuned = world
    (found,) = tuned.facts.finetuning
    assert tuned.record["finetuning"] == [finetuning_record(_sha256(tuned))]
    assert (found.settings, found.layers) == (FinetuneSettings.parse(MOVES), ("block2",))
    assert set(found.curves) == set(CURVES)
    assert found.kept_epoch == np.argmin(found.curves["curve_validation_loss"]) > 0
    assert f"finetuned {_sha256(tuned)[:8]}" in tuned.title
    assert "finetuned on the images to fit" in methods_text(subject, tuned)
    assert (frozen.facts.finetuning, "finetuned" in frozen.title) == ((), False)


def test_what_was_finetuned_before_is_found_whatever_reads_it(world, monkeypatch, capsys):
    subject, _, tuned = world
    monkeypatch.setattr(finetuning, "finetune", None)  # would fail
    again = cs.fit(subject, "small_cnn", "block2", finetune=MOVES, **CHOICES)
    other = cs.fit(subject, "small_cnn", "block2", finetune=MOVES, regressor="ols", **CHOICES)
    assert again.id == tuned.id
    assert _sha256(other) == _sha256(tuned)
    # As a configuration that a run has stored, and as options of the command line.
    described = {k: v for k, v in tuned.record["spec"].items() if k != "type"}
    path = tuned.folder.parent.parent / "spec.json"
    path.write_text(json.dumps(described))
    data = ["--data", str(subject.folder), "--json"]
    options = ["--backbone", "small_cnn", "--weights", "untrained", "--layers", "block2"]
    options += ["--pool", "grid:3", "--reduce", "pca:8", "--finetune", MOVES]
    for asked in (["--spec", str(path)], options):
        assert main(["fit", *data, *asked]) == 0
        said = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert said["run"] == tuned.id
        assert [own["kept_epoch"] for own in said["finetuning"]] == [
            own.kept_epoch for own in tuned.facts.finetuning
        ]


def test_weights_that_are_gone_are_named_and_made_again_to_the_last_bit(world):
    subject, _, tuned = world
    path = finetuned_file(_sha256(tuned))
    content = path.read_bytes()
    path.write_bytes(content[:-4] + b"0000")
    with pytest.raises(DamagedFile, match="does not hold the finetuned weights"):
        predict_images(tuned, subject.test.images)
    path.unlink()
    with pytest.raises(MissingWeights, match=f"there is no {path}"):
        predict_images(tuned, subject.test.images)
    cs.fit(subject, "small_cnn", "block2", finetune=MOVES, **CHOICES)
    assert path.read_bytes() == content


def test_a_network_may_be_finetuned_for_one_roi(world):
    subject, _, tuned = world
    one = cs.fit(subject, "small_cnn", "block2", finetune=f"{MOVES},roi=V1v", **CHOICES)
    assert _sha256(one) not in ("", _sha256(tuned))
    assert one.n_vertices == tuned.n_vertices
    with pytest.raises(UnknownName, match="Unknown ROI of s1 'V9'"):
        cs.fit(subject, "small_cnn", "block2", finetune=f"{MOVES},roi=V9", **CHOICES)


def test_what_cannot_be_finetuned_is_refused(world):
    subject, frozen, tuned = world
    with pytest.raises(InvalidInput, match="Raw pixels has no weights that could be finetuned"):
        cs.fit(subject, "pixels", "pixels", finetune="all")
    store = FeatureStore(Home.from_environment().features)
    settings = FinetuneSettings()
    for spec, words in (
        (tuned.spec, "small_cnn is finetuned already"),
        (_both(frozen, subject), "this configuration is of 2 networks"),
    ):
        with pytest.raises(InvalidInput, match=words):
            finetuning.finetuned(subject, [spec], settings, features=store, runs=None)


def test_images_that_a_network_was_finetuned_to_are_not_unseen(world, capsys):
    subject, _, tuned = world
    with pytest.raises(InvalidInput, match="leaves 8 training images.*has no folds"):
        cs.decode(tuned, subject=subject, n_folds=5)
    data = ["--data", str(subject.folder.parent)]
    assert main(["evaluate", "--run", tuned.id, "--what", "learning_curve", *data]) != 0
    assert "network that was not finetuned" in capsys.readouterr().err


def _both(frozen, subject):
    other = FeatureSpec("pixels", resolve_weights("pixels"), "pixels")
    return replace(frozen.spec, features=(*frozen.spec.features, other))


def test_its_curves_are_a_statistic_whose_kept_epoch_has_the_smallest_validation_loss(
    world, capsys
):
    subject, frozen, tuned = world
    ask = ("--what", "training", "--data", str(subject.folder.parent), "--json")
    assert main(["evaluate", "--run", tuned.id, *ask]) == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    (curves,) = _find(said, "validation_loss")
    assert curves["epoch"] == list(range(len(curves["validation_loss"])))
    assert curves["kept_epoch"] == np.argmin(curves["validation_loss"]) > 0
    assert curves["validation_loss"] == list(
        tuned.facts.finetuning[0].curves["curve_validation_loss"]
    )
    assert main(["evaluate", "--run", frozen.id, *ask]) != 0
    assert "not trained epoch by epoch" in capsys.readouterr().err


def _find(said, name):
    """All objects in an answer that hold a name."""
    if isinstance(said, list):
        return [found for one in said for found in _find(one, name)]
    if not isinstance(said, dict):
        return []
    return [said] if name in said else _find(list(said.values()), name)
