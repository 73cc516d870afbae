"""timm's networks against timm itself, on the smallest ones."""

import pytest
import torch

from cortiscope.core.backbones import (
    WeightsSpec,
    get_card,
    list_layers,
    load_backbone,
    weights_presence,
)
from cortiscope.core.backbones.tables import read_table
from cortiscope.core.backbones.timm.generate import CHOSEN, row_of
from cortiscope.core.backbones.timm.networks import import_timm, preprocessing_of
from cortiscope.core.errors import DamagedFile, MissingWeights

NETWORKS = read_table("timm")

timm = import_timm()
UNTRAINED = WeightsSpec("untrained", seed=3)
SMALLEST = ["timm_mobilenet_v3_small", "timm_vit_tiny"]
MODELS = {name: f"{model}.{tag}" for name, model, tag in CHOSEN}


@pytest.fixture
def no_weights(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path


def seeded(name, seed=3):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return timm.create_model(MODELS[name], pretrained=False).eval()


def save(state, path):
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".safetensors":
        save_file({k: v.clone() for k, v in state.items()}, path)
    else:
        torch.save(state, path)
    return path


@pytest.mark.parametrize("name", SMALLEST)
def test_features_are_what_forward_features_returns(name, picture):
    network, backbone = seeded(name), load_backbone(name, UNTRAINED, "cpu")
    batch = backbone.preprocess(picture)[None]
    layers = ["blocks.1", "features"]
    found = backbone.forward(batch, layers)
    seen = []
    network.get_submodule("blocks.1").register_forward_hook(lambda m, i, o: seen.append(o))
    with torch.inference_mode():
        expected, logits = network.forward_features(batch), network(batch)
    torch.testing.assert_close(found["features"], expected, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(found["blocks.1"], seen[0], rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(backbone.outputs(batch), logits, rtol=1e-5, atol=1e-5)


def test_blocks_are_what_forward_intermediates_returns(picture):
    name = "timm_vit_tiny"
    network, backbone = seeded(name), load_backbone(name, UNTRAINED, "cpu")
    batch = backbone.preprocess(picture)[None]
    chosen = [0, 5, 11]
    found = backbone.forward(batch, [f"blocks.{i}" for i in chosen])
    with torch.inference_mode():
        theirs = network.forward_intermediates(
            batch, indices=chosen, output_fmt="NLC", intermediates_only=True
        )
    for i, expected in zip(chosen, theirs, strict=True):
        patches = found[f"blocks.{i}"][:, 1:]
        torch.testing.assert_close(patches, expected, rtol=1e-5, atol=1e-5)


def test_stages_are_what_forward_intermediates_returns(picture):
    name = "timm_convnext_tiny"
    network, backbone = seeded(name), load_backbone(name, UNTRAINED, "cpu")
    batch = backbone.preprocess(picture)[None]
    found = backbone.forward(batch, [f"stages.{i}" for i in range(4)])
    with torch.inference_mode():
        theirs = network.forward_intermediates(batch, intermediates_only=True)
    for i, expected in enumerate(theirs):
        torch.testing.assert_close(found[f"stages.{i}"], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", SMALLEST)
def test_untrained_networks_follow_their_seed_and_leave_the_global_one_alone(name):
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    one, two, other = (
        max(
            load_backbone(name, WeightsSpec("untrained", seed=s), "cpu").network.parameters(),
            key=lambda parameter: parameter.numel(),
        )
        for s in (1, 1, 2)
    )
    assert torch.equal(torch.rand(1), expected)
    assert torch.equal(one, two)
    assert not torch.equal(one, other)


@pytest.mark.parametrize("row", NETWORKS, ids=lambda row: row[0])
def test_preprocessing_is_the_published_one(row, picture):
    name, model, tag, _, side, share, cut, interpolation, mean, sd, *_ = row
    ours = timm.data.create_transform(**preprocessing_of(model, tag), is_training=False)
    network = type("Network", (), {"pretrained_cfg": published(model, tag).to_dict()})
    facts = timm.data.resolve_data_config({}, model=network)
    theirs = timm.data.create_transform(**facts, is_training=False)
    torch.testing.assert_close(ours(picture), theirs(picture), rtol=0, atol=1e-6)
    assert facts == {
        "input_size": (3, side, side),
        "interpolation": interpolation,
        "mean": mean,
        "std": sd,
        "crop_pct": share,
        "crop_mode": cut,
    }
    # The card's sentence knows of this one way of cutting.
    assert cut == "center"
    assert f"to {int(side / share)} px ({interpolation})" in get_card(name).preprocessing


def published(model, tag):
    return timm.models.get_pretrained_cfg(f"{model}.{tag}")


@pytest.mark.parametrize("name", SMALLEST)
def test_backbones_use_the_published_preprocessing(name, picture):
    backbone = load_backbone(name, UNTRAINED, "cpu")
    facts = timm.data.resolve_data_config({}, model=seeded(name))
    theirs = timm.data.create_transform(**facts, is_training=False)
    torch.testing.assert_close(backbone.preprocess(picture), theirs(picture), rtol=0, atol=1e-6)


@pytest.mark.parametrize("row", NETWORKS, ids=lambda row: row[0])
def test_published_weights_of_the_table_are_those_of_the_library(row):
    facts, chosen = published(row[1], row[2]), get_card(row[0]).pretrained[0]
    assert facts.hf_hub_id == chosen.repository == row[10]
    assert facts.hf_hub_filename is None
    assert chosen.mirror == row[11]
    assert row[11] in (facts.url, "")
    assert facts.license == row[12]


def test_absent_weights_give_one_message_that_names_the_file(no_weights):
    presence = weights_presence("dinov2_vit_b14", "pretrained")
    with pytest.raises(MissingWeights) as caught:
        load_backbone("dinov2_vit_b14")
    assert caught.value.message == presence.message
    assert "no model.safetensors in" in presence.message
    assert "models--timm--vit_base_patch14_dinov2.lvd142m" in presence.message
    assert "dinov2_vitb14_pretrain.pth" in presence.hint


@pytest.mark.parametrize("name", SMALLEST)
def test_pretrained_files_of_the_hub_are_loaded_whole(name, no_weights):
    network = seeded(name, seed=8)
    save(network.state_dict(), weights_presence(name, "pretrained").path)
    found = load_backbone(name, None, "cpu")
    torch.testing.assert_close(found.network.state_dict(), network.state_dict())
    assert len(found.weights.sha256) == 64


def test_an_original_publications_names_are_converted(no_weights, monkeypatch):
    """As in DINOv2's own file, which has a token that timm's network has not."""
    import cortiscope.core.backbones.timm.networks as networks

    small = "vit_small_patch14_dinov2"
    build = timm.create_model
    monkeypatch.setattr(
        networks.import_timm(), "create_model", lambda model, **k: build(model, depth=1, **k)
    )
    network = build(f"{small}.lvd142m", pretrained=False, depth=1)
    state = {**network.state_dict(), "mask_token": torch.zeros(1, 384)}
    folder = no_weights / "torch" / "hub" / "checkpoints"
    save(state, folder / "dinov2_vits14_pretrain.pth")
    found = load_backbone("dinov2_vit_s14", None, "cpu").network.state_dict()
    torch.testing.assert_close(found, network.state_dict())


def test_own_checkpoint_is_loaded_strictly(tmp_path):
    state = seeded("timm_mobilenet_v3_small", seed=8).state_dict()
    weights = WeightsSpec.from_file(save({"model": state}, tmp_path / "own.pth"))
    found = load_backbone("timm_mobilenet_v3_small", weights, "cpu").network.state_dict()
    torch.testing.assert_close(found, state)
    with pytest.raises(DamagedFile, match=r"own\.pth does not hold the weights of ViT-Ti/16"):
        load_backbone("timm_vit_tiny", weights, "cpu")


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_truncated_checkpoint_is_told(tmp_path, suffix):
    path = save(seeded("timm_mobilenet_v3_small").state_dict(), tmp_path / f"own{suffix}")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DamagedFile, match="own"):
        load_backbone("timm_mobilenet_v3_small", WeightsSpec.from_file(path), "cpu")


@pytest.mark.parametrize("name", [*SMALLEST, "sam_vit_b"])
def test_facts_of_the_table_are_those_of_the_library(name):
    chosen = next(c for c in CHOSEN if c[0] == name)
    assert row_of(*chosen) == next(row for row in NETWORKS if row[0] == name)


@pytest.mark.slow
@pytest.mark.parametrize("chosen", CHOSEN, ids=lambda chosen: chosen[0])
def test_every_row_of_the_table_is_up_to_date(chosen):
    assert row_of(*chosen) == next(row for row in NETWORKS if row[0] == chosen[0])


def test_layers_are_listed_without_weights(no_weights):
    shapes = {layer.name: layer.shape for layer in list_layers("sam_vit_b")}
    assert set(get_card("sam_vit_b").layers_offered) <= set(shapes)
    assert shapes["blocks.11"] == (768, 64, 64)
    assert shapes["features"] == (256, 64, 64)
