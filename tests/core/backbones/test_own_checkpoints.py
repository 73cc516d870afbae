"""A user's checkpoint: what is taken out of it, what is refused, and in which words."""

import argparse
from datetime import UTC, datetime
from pathlib import Path, PureWindowsPath

import numpy as np
import pytest
import torch
from torch import nn

from cortiscope.core.backbones import WeightsSpec, get_card, load_backbone, parse_weights
from cortiscope.core.backbones.torchvision.networks import import_torchvision
from cortiscope.core.backbones.weights_loading import load_state, load_strictly, n_classes, own_part
from cortiscope.core.errors import DamagedFile, UnknownName


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
    own = own_part(state, made.state_dict(), path)
    load_strictly(made, own.state, path, "Net")
    return made.state_dict(), own.left_out


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


def test_of_equal_copies_the_first_is_taken_and_said(state, tmp_path):
    both = {f"{side}.{k}": v.clone() for side in ("student", "teacher") for k, v in state.items()}
    own = own_part(both, network().state_dict(), tmp_path / "a.pth")
    torch.testing.assert_close(own.state, dict(state))
    assert own.left_out == ()
    assert own.notes == ("The file holds the network 2 times, alike; student. was taken.",)


def test_of_two_that_differ_one_is_to_be_named(state, tmp_path):
    both = {f"{side}.{k}": v.clone() for side in ("student", "teacher") for k, v in state.items()}
    both["teacher.block2.bias"] += 1
    with pytest.raises(DamagedFile, match=r"that differ: student\., teacher\.") as told:
        loaded(both, tmp_path / "a.pth")
    assert "FILE#student" in told.value.hint
    own = own_part(both, network().state_dict(), tmp_path / "a.pth", "teacher")
    torch.testing.assert_close(own.state["block2.bias"], state["block2.bias"] + 1)
    assert own.left_out == tuple(k for k in both if k.startswith("student"))
    with pytest.raises(DamagedFile, match=r"no network named 'momentum'"):
        own_part(both, network().state_dict(), tmp_path / "a.pth", "momentum")


@pytest.mark.parametrize("part", ["student", "teacher.backbone"])
def test_a_trainings_file_with_student_and_teacher_is_read_by_the_name_after_the_path(
    tmp_path, part
):
    torch.manual_seed(6)
    make = import_torchvision().models.squeezenet1_1
    student, teacher = make(num_classes=3).eval(), make(num_classes=3).eval()
    inner = {f"backbone.{k}": v for k, v in teacher.state_dict().items()}
    torch.save(
        {"student": student.state_dict(), "teacher": inner, "epoch": 3}, tmp_path / "both.pth"
    )
    weights = parse_weights("squeezenet1_1", f"{tmp_path / 'both.pth'}#{part}")
    assert weights.label == f"file both.pth ({part})"
    backbone = load_backbone("squeezenet1_1", weights, "cpu")
    batch = torch.randn(1, 3, 96, 96)
    theirs = student if part == "student" else teacher
    with torch.inference_mode():
        torch.testing.assert_close(backbone.outputs(batch), theirs(batch), rtol=1e-4, atol=1e-5)


def test_numbers_arrays_and_paths_beside_the_weights_do_no_harm(state, tmp_path):
    """As training scripts write them; nothing of them is made, and a network still is refused."""
    beside = {
        "best_acc1": np.mean([61.2, 62.5]),
        "losses": np.array([2.0, 1.5]),
        "names": np.array(["a", "b"], dtype=object),
        "hyper_parameters": {"root": Path("/data"), "other": PureWindowsPath("C:/data")},
        "when": datetime(2024, 1, 2, tzinfo=UTC),
    }
    torch.save(
        {**beside, "state_dict": {f"model.{k}": v for k, v in state.items()}}, tmp_path / "a"
    )
    found, left_out = loaded(load_state(tmp_path / "a"), tmp_path / "a")
    torch.testing.assert_close(found, state)
    assert left_out == ()


def test_code_in_a_checkpoint_does_not_run(state, tmp_path):
    class Harmful:
        def __reduce__(self):
            return print, ("ran",)

    torch.save({"note": Harmful(), "model": state}, tmp_path / "a.pth")
    with pytest.raises(DamagedFile, match=r"pickled objects \(print\)"):
        load_state(tmp_path / "a.pth")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda w: w.fill_(float("nan")), "hold NaN or infinite values"),
        (lambda w: w.to(torch.complex64), "are complex numbers"),
        (lambda w: w.to("meta"), "have no values"),
        (lambda w: w.to_sparse(), "are sparse or quantised"),
    ],
)
def test_weights_that_are_no_finite_real_numbers_are_refused_by_name(state, tmp_path, change, told):
    state["block2.weight"] = change(state["block2.weight"].clone())
    with pytest.raises(DamagedFile, match=rf"1 {told} \(?.*block2\.weight"):
        loaded(state, tmp_path / "a.pth")


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
    torch.save({"student": {"a": 1.0}, "epoch": 1}, path)
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


@pytest.mark.parametrize("token", ["register_tokens", "module.reg_token"])
def test_a_network_with_registers_is_not_taken_for_one_without(state, tmp_path, token):
    prefix = token.rpartition(".")[0]
    own = {f"{prefix}.{k}" if prefix else k: v for k, v in state.items()}
    with pytest.raises(DamagedFile, match=rf"further tokens \({token}\)"):
        loaded({**own, token: torch.zeros(1, 4, 5)}, tmp_path / "a.pth")


def authors_layout(state):
    """Return timm's DINOv2 with registers as its authors publish it."""
    made = {k: v for k, v in state.items() if not k.startswith("head.")}
    made["register_tokens"] = made.pop("reg_token")
    made["mask_token"] = torch.zeros(1, made["cls_token"].shape[-1])
    made["pos_embed"] = torch.cat([torch.zeros_like(made["cls_token"]), made["pos_embed"]], 1)
    return made


@pytest.fixture
def small_dinov2(monkeypatch):
    """DINOv2 ViT-S/14 with registers of one block, under its own name."""
    from cortiscope.core.backbones.timm import networks as timm_networks

    timm = timm_networks.import_timm()
    build = timm.create_model

    def create(model, **options):
        return build(model, depth=1, **options)

    monkeypatch.setattr(timm, "create_model", create)
    torch.manual_seed(7)
    return create("vit_small_patch14_reg4_dinov2.lvd142m", pretrained=False).eval()


@pytest.mark.parametrize("prefix", ["", "module.backbone."])
def test_an_authors_layout_is_read_by_the_librarys_own_rules(tmp_path, small_dinov2, prefix):
    from cortiscope.core.backbones.network_making import make_network
    from cortiscope.core.backbones.timm.networks import adapted, build_network

    theirs = authors_layout(small_dinov2.state_dict())
    torch.save({f"{prefix}{k}": v for k, v in theirs.items()}, tmp_path / "reg4.pth")
    network, notes = make_network(
        get_card("dinov2_vit_s14"),
        WeightsSpec.from_file(tmp_path / "reg4.pth"),
        lambda classes: build_network("vit_small_patch14_reg4_dinov2", "lvd142m", classes),
        adapt=adapted,
    )
    torch.testing.assert_close(network.state_dict(), small_dinov2.state_dict())
    assert any("pos_embed: 1 x 1369 x 384, there 1 x 1370 x 384" in note for note in notes)


def test_patches_of_another_size_are_another_network_and_not_fitted_to_this_one(tmp_path):
    from cortiscope.core.backbones.network_making import make_network
    from cortiscope.core.backbones.timm.networks import adapted, build_network, import_timm

    state = import_timm().create_model("test_vit", patch_size=32).state_dict()
    torch.save(state, tmp_path / "other.pth")
    with pytest.raises(DamagedFile, match=r"patch_embed\.proj\.weight: 64 x 3 x 32 x 32, not"):
        make_network(
            get_card("timm_vit_tiny"),
            WeightsSpec.from_file(tmp_path / "other.pth"),
            lambda classes: build_network("test_vit", "", classes),
            adapt=adapted,
        )
