import json
import subprocess
import sys
import time

import pytest

from cortiscope.core.backbones import (
    WeightsSpec,
    backbone_names,
    get_card,
    list_layers,
    load_backbone,
    parse_weights,
    resolve_weights,
    weights_presence,
)
from cortiscope.core.backbones.registry import is_built_in
from cortiscope.core.config import to_plain
from cortiscope.core.errors import InvalidInput, MissingWeights, UnknownName


def test_listing_backbones_imports_no_heavy_library():
    code = (
        "import sys, cortiscope.core.backbones, cortiscope.core.features\n"
        "from cortiscope.core.backbones import *\n"
        "for name in backbone_names():\n"
        "    card = get_card(name)\n"
        "    for kind in card.weights: weights_presence(name, kind)\n"
        "    resolve_weights(name)\n"
        "heavy = {'torch', 'torchvision', 'open_clip', 'timm'} & set(sys.modules)\n"
        "heavy |= {'huggingface_hub', 'sklearn', 'scipy', 'nilearn'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", filter(is_built_in, backbone_names()))
def test_every_card_is_complete_and_plain(name):
    card = get_card(name)
    assert card.name == name
    assert card.title
    assert card.family
    assert card.summary.endswith(".")
    assert card.preprocessing.endswith(".")
    assert card.licence
    assert card.paper
    assert card.source
    assert (card.input_size > 0) == (card.modality == "image")
    assert card.default_weights in card.weights
    assert card.layers_offered
    assert len(set(card.layers_offered)) == len(card.layers_offered)
    assert ("pretrained" in card.weights) == bool(card.pretrained)
    for published in card.pretrained:
        assert published.variant
        assert published.title
        assert published.file_name
        assert published.url.startswith("https://") or name == "small_cnn"
        assert published.input_size == card.input_size or len(card.pretrained) > 1
        assert published.preprocessing.endswith(".")
    json.dumps(to_plain(card))


def test_names_are_unique_and_the_own_ones_come_first():
    names = backbone_names()
    assert len(set(names)) == len(names)
    assert names[:3] == ("gabor", "small_cnn", "pixels")
    assert {"squeezenet1_1", "alexnet", "resnet50", "vit_b_16"} <= set(names)


def test_unknown_name_is_told_with_the_nearest():
    with pytest.raises(UnknownName, match="squeezenet1_1"):
        get_card("squeezenet11")


def test_weights_of_a_kind_that_a_backbone_lacks_are_refused():
    with pytest.raises(InvalidInput, match="fixed"):
        resolve_weights("gabor", WeightsSpec("pretrained"))
    assert not weights_presence("gabor", "pretrained").present
    assert weights_presence("gabor", "fixed").present


def test_absent_weights_give_one_message_at_once(no_weights):
    started = time.monotonic()
    found = weights_presence("squeezenet1_1", "pretrained")
    with pytest.raises(MissingWeights) as caught:
        load_backbone("squeezenet1_1", WeightsSpec("pretrained"))
    assert time.monotonic() - started < 2
    assert not found.present
    assert caught.value.message == found.message
    assert found.path == no_weights / "squeezenet1_1-b8a52dc0.pth"
    assert "squeezenet1_1-b8a52dc0.pth" in found.message
    assert str(no_weights) in found.message
    assert "https://download.pytorch.org/models/squeezenet1_1-b8a52dc0.pth" in found.hint


def test_cache_folder_follows_torch_hub(monkeypatch, tmp_path):
    import torch

    from cortiscope.core.backbones.weights_files import checkpoints_folder

    for variables in ({"TORCH_HOME": "~/t"}, {"XDG_CACHE_HOME": str(tmp_path)}, {}):
        for name in ("TORCH_HOME", "XDG_CACHE_HOME"):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        assert str(checkpoints_folder()) == f"{torch.hub.get_dir()}/checkpoints"


def test_weights_are_read_as_typed(tmp_path, no_weights):
    assert parse_weights("squeezenet1_1").kind == "pretrained"
    assert parse_weights("squeezenet1_1", "untrained", seed=3) == WeightsSpec("untrained", seed=3)
    assert parse_weights("resnet50", "IMAGENET1K_V1").sha256 == "0676ba61"
    assert parse_weights("resnet50", "pretrained").variant == "IMAGENET1K_V2"
    path = tmp_path / "own.pth"
    path.write_bytes(b"x")
    assert parse_weights("resnet50", str(path)) == WeightsSpec.from_file(path)
    with pytest.raises(MissingWeights, match="IMAGENET1K_V2"):
        parse_weights("resnet50", "pretrianed")


def test_layers_are_listed_without_weights(no_weights):
    layers = {layer.name: layer.shape for layer in list_layers("squeezenet1_1")}
    assert layers["features.12"] == (512, 13, 13)
    assert layers["features.4.expand3x3"] == (64, 55, 55)


@pytest.mark.parametrize("name", ["gabor", "pixels", "small_cnn"])
def test_offered_layers_of_the_own_backbones_exist(name):
    if name == "small_cnn":
        pytest.importorskip("cortiscope.core.backbones.small_cnn_network")
    assert set(get_card(name).layers_offered) <= {layer.name for layer in list_layers(name)}
