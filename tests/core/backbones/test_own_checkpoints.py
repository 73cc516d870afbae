"""A user's checkpoint: what is taken out of it, what is refused, and in which words."""

import argparse

import numpy as np
import pytest
import torch
from torch import nn

from core.backbones import WeightsSpec, load_backbone
from core.backbones.torchvision_import import import_torchvision
from core.backbones.weights_loading import load_state, load_strictly, n_classes, own_part
from core.errors import DamagedFile, UnknownName


def network():
    """Two blocks and a classifier, no two shapes alike."""
    made = nn.Module()
    made.block1 = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))
    made.block2 = nn.Conv2d(4, 5, 1)
    made.head = nn.Linear(5, 7)
    return made


@pytest.fixture
def state():
    torch.manual_seed(4)
    return network().state_dict()


def loaded(state, path):
    made = network()
    part, left_out = own_part(state, made.state_dict(), path)
    load_strictly(made, part, path, "Net")
    return made.state_dict(), left_out


@pytest.mark.parametrize(
    "prefix", ["", "module.", "model.", "module.encoder.backbone.", "net._orig_mod."]
)
def test_a_network_is_found_under_any_longer_name(state, tmp_path, prefix):
    found, left_out = loaded({f"{prefix}{k}": v for k, v in state.items()}, tmp_path / "a.pth")
    torch.testing.assert_close(found, state)
    assert left_out == ()


@pytest.mark.parametrize("prefix", ["", "module."])
def test_further_heads_are_left_out_and_named(state, tmp_path, prefix):
    more = {f"{prefix}projector.0.weight": torch.zeros(2), "queue": torch.zeros(3)}
    found, left_out = loaded({**{f"{prefix}{k}": v for k, v in state.items()}, **more}, tmp_path)
    torch.testing.assert_close(found, state)
    assert left_out == tuple(more)


def test_a_deeper_network_is_not_taken_for_a_shallower_one(state, tmp_path):
    """As ResNet-34 for ResNet-18: all of its weights are there, and more in the same blocks."""
    deeper = {**state, "block1.2.weight": torch.zeros(4)}
    with pytest.raises(DamagedFile, match=r"1 weights are unknown to it \(block1\.2\.weight\)"):
        loaded(deeper, tmp_path / "a.pth")


def test_two_networks_in_one_file_are_told(state, tmp_path):
    both = {f"{side}.{k}": v for side in ("student", "teacher") for k, v in state.items()}
    with pytest.raises(DamagedFile, match=r"several networks of this kind: student\., teacher\."):
        loaded(both, tmp_path / "a.pth")


def test_missing_weights_are_counted_and_the_first_few_named(state, tmp_path):
    few = {k: v for k, v in state.items() if k.startswith("block2")}
    with pytest.raises(
        DamagedFile,
        match=r"8 weights are missing \(block1\.0\.weight, block1\.0\.bias, block1\.1\.weight, \.",
    ):
        loaded(few, tmp_path / "a.pth")


def test_other_shapes_are_told_with_both(state, tmp_path):
    state["block2.weight"] = torch.zeros(5, 4, 3, 3)
    with pytest.raises(DamagedFile, match=r"\(block2\.weight: 5 x 4 x 3 x 3, not 5 x 4 x 1 x 1\)"):
        loaded(state, tmp_path / "a.pth")


def test_a_refused_checkpoint_leaves_the_network_as_it_was(state, tmp_path):
    made = network()
    before = {k: v.clone() for k, v in made.state_dict().items()}
    del state["head.bias"]
    with pytest.raises(DamagedFile, match=r"1 weights are missing \(head\.bias\)"):
        load_strictly(made, state, tmp_path / "a.pth", "Net")
    torch.testing.assert_close(made.state_dict(), before)


def test_number_of_classes_is_read_where_only_the_classifier_differs(state):
    expected = network().state_dict()
    assert n_classes(state, expected) is None
    state["head.weight"], state["head.bias"] = torch.zeros(3, 5), torch.zeros(3)
    assert n_classes(state, expected) == 3
    state["block2.bias"] = torch.zeros(6)
    assert n_classes(state, expected) is None
    state["block2.bias"] = expected["block2.bias"]
    state["head.weight"] = torch.zeros(3, 6)
    assert n_classes(state, expected) is None


def test_options_of_a_training_script_beside_the_weights_do_no_harm(state, tmp_path):
    path = tmp_path / "a.pth"
    torch.save({"args": argparse.Namespace(lr=0.1), "epoch": 3, "model": state}, path)
    torch.testing.assert_close(load_state(path), state)


def test_a_pickled_network_is_told_from_a_damaged_file(tmp_path):
    path = tmp_path / "a.pth"
    torch.save(nn.Linear(2, 3), path)
    with pytest.raises(
        DamagedFile, match=r"pickled objects \(torch\.nn\.modules\.linear\.Linear\)"
    ):
        load_state(path)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(DamagedFile, match="truncated, or not a checkpoint"):
        load_state(path)


def test_what_is_in_the_file_instead_is_told(tmp_path):
    path = tmp_path / "a.pth"
    torch.save({"student": {"a": torch.zeros(1)}, "epoch": 1}, path)
    with pytest.raises(DamagedFile, match="a dictionary of student, epoch"):
        load_state(path)


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".safetensors"])
def test_a_fine_tuned_classifier_keeps_its_classes(tmp_path, suffix):
    theirs = import_torchvision().models.squeezenet1_1(num_classes=11).eval()
    path = tmp_path / f"own{suffix}"
    if suffix == ".safetensors":
        from safetensors.torch import save_file

        save_file(theirs.state_dict(), path)
    else:
        torch.save({"state_dict": {f"module.{k}": v for k, v in theirs.state_dict().items()}}, path)
    backbone = load_backbone("squeezenet1_1", WeightsSpec.from_file(path), "cpu")
    batch = torch.randn(2, 3, 224, 224)
    with torch.inference_mode():
        torch.testing.assert_close(backbone.outputs(batch), theirs(batch), rtol=1e-4, atol=1e-5)
    assert {layer.name: layer.shape for layer in backbone.layers()}["classifier.3"] == (11, 1, 1)
    assert backbone.notes == ()


def test_what_was_left_out_of_a_checkpoint_is_in_the_backbones_notes(tmp_path):
    state = import_torchvision().models.squeezenet1_1().state_dict()
    torch.save({**state, "projector.weight": torch.zeros(2)}, tmp_path / "own.pth")
    weights = WeightsSpec.from_file(tmp_path / "own.pth")
    (note,) = load_backbone("squeezenet1_1", weights, "cpu").notes
    assert "1 weights of the file" in note
    assert "projector.weight" in note


def test_own_weights_are_another_key_than_the_same_file_changed(tmp_path):
    path = tmp_path / "own.pth"
    torch.save(import_torchvision().models.squeezenet1_1().state_dict(), path)
    weights = WeightsSpec.from_file(path)
    changed = bytearray(path.read_bytes())
    changed[np.argmax(changed)] ^= 1
    path.write_bytes(changed)
    assert WeightsSpec.from_file(path).sha256 != weights.sha256
    with pytest.raises(DamagedFile, match="content has changed"):
        load_backbone("squeezenet1_1", weights, "cpu")


@pytest.mark.parametrize(
    ("name", "absent", "last"),
    [
        ("resnet18", ("fc.",), "avgpool"),
        ("alexnet", ("classifier.6.",), "classifier.5"),
        ("alexnet", ("classifier.",), "avgpool"),
        ("squeezenet1_1", ("classifier.",), "features.12.expand3x3_activation"),
    ],
)
def test_a_checkpoint_without_its_classifier_has_all_other_layers(tmp_path, name, absent, last):
    torch.manual_seed(2)
    whole = import_torchvision().models.get_model(name).eval()
    headless = {k: v for k, v in whole.state_dict().items() if not k.startswith(absent)}
    for file, state in (("whole.pth", whole.state_dict()), ("headless.pth", headless)):
        torch.save(state, tmp_path / file)
    ours, full = (
        load_backbone(name, WeightsSpec.from_file(tmp_path / file), "cpu")
        for file in ("headless.pth", "whole.pth")
    )
    layers, all_layers = ([layer.name for layer in b.layers()] for b in (ours, full))
    gone = set(all_layers) - set(layers)
    assert gone
    assert all(x.startswith((absent[0].split(".")[0],)) for x in gone)
    assert [x for x in all_layers if x not in gone] == layers
    assert last in layers
    batch = torch.randn(2, 3, 224, 224)
    torch.testing.assert_close(ours.forward(batch, layers), full.forward(batch, layers))
    (note,) = ours.notes
    assert absent[0].rstrip(".") in note
    with pytest.raises(UnknownName, match="classifier|fc"):
        ours.forward(batch, [sorted(gone)[0]])


def test_a_checkpoint_that_lacks_more_than_the_classifier_is_refused(tmp_path):
    state = import_torchvision().models.resnet18().state_dict()
    for absent in (("layer4.", "fc."), ("fc.", "bn1."), ("layer4.1.",)):
        kept = {k: v for k, v in state.items() if not k.startswith(absent)}
        torch.save(kept, tmp_path / "own.pth")
        with pytest.raises(DamagedFile, match="weights are missing"):
            load_backbone("resnet18", WeightsSpec.from_file(tmp_path / "own.pth"), "cpu")
