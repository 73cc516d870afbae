"""Networks by a library's own name: cards made on the spot, once, and by the general rules."""

import json
import subprocess
import sys

import pytest
import torch

from cortiscope.core.backbones import (
    WeightsSpec,
    by_name,
    get_card,
    list_layers,
    load_backbone,
    weights_presence,
)
from cortiscope.core.backbones.describe_network import describe, network_names
from cortiscope.core.backbones.open_clip.networks import import_open_clip
from cortiscope.core.backbones.timm.networks import import_timm
from cortiscope.core.errors import InvalidInput, UnknownName
from cortiscope.core.storage import Home

UNTRAINED = WeightsSpec("untrained", seed=3)
timm = import_timm()


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return Home(tmp_path / "home")


@pytest.fixture
def here(monkeypatch):
    """Ask the libraries in this process, as the other one does."""
    asked = []

    def ask(library, name):
        asked.append(name)
        return describe(library, name)

    monkeypatch.setattr(by_name, "_ask", ask)
    return asked


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    "name", ["test_vit", "test_resnet.r160_in1k", "test_vit2", "rexnet_100", "crossvit_tiny_240"]
)
def test_any_network_of_timm_is_a_backbone(name, picture):
    card = get_card(f"timm:{name}")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        theirs = timm.create_model(name, pretrained=False).eval()
    ours = load_backbone(card.name, UNTRAINED, "cpu")
    facts = timm.data.resolve_data_config({}, model=theirs)
    batch = timm.data.create_transform(**facts, is_training=False)(picture)[None]
    torch.testing.assert_close(ours.preprocess(picture)[None], batch, rtol=0, atol=1e-6)
    with torch.inference_mode():
        features, logits = theirs.forward_features(batch), theirs(batch)
    torch.testing.assert_close(ours.outputs(batch), logits, rtol=1e-4, atol=1e-5)
    if isinstance(features, torch.Tensor):
        layer = "final_features" if name == "rexnet_100" else "features"
        found = ours.forward(batch, [layer])[layer]
        if found.shape != features.shape:
            features = features.permute(0, 3, 1, 2)
        torch.testing.assert_close(found, features, rtol=1e-4, atol=1e-5)
    assert set(card.layers_offered) <= {i.name for i in ours.layers()}
    assert list_layers(card.name) == ours.layers()
    assert all((card.title, card.summary, card.licence, card.paper, card.source))


@pytest.mark.usefixtures("here")
def test_a_tag_chooses_the_published_set_and_absent_files_are_named(home):
    usual, other = get_card("timm:test_resnet"), get_card("timm:resnet18.tv_in1k")
    assert usual.pretrained[0].variant == "r160_in1k"
    assert other.pretrained[0].variant == "tv_in1k"
    assert other.licence.endswith("(weights)")
    found = weights_presence("timm:resnet18.tv_in1k", "pretrained")
    assert not found.present
    assert "models--timm--resnet18.tv_in1k" in found.message
    assert "hf download timm/resnet18.tv_in1k model.safetensors" in found.hint


@pytest.mark.usefixtures("here")
def test_files_where_the_message_says_are_loaded(picture):
    from safetensors.torch import save_file

    torch.manual_seed(8)
    theirs = timm.create_model("test_resnet", pretrained=False).eval()
    path = weights_presence("timm:test_resnet", "pretrained").path
    path.parent.mkdir(parents=True)
    save_file(theirs.state_dict(), path)
    ours = load_backbone("timm:test_resnet", None, "cpu")
    batch = ours.preprocess(picture)[None]
    with torch.inference_mode():
        torch.testing.assert_close(ours.outputs(batch), theirs(batch), rtol=1e-4, atol=1e-5)
    assert ours.weights.kind == "pretrained"


@pytest.mark.usefixtures("here")
def test_a_network_without_published_weights_is_untrained():
    card = get_card("timm:coatnet_pico_rw_224")
    assert (card.weights, card.default_weights) == (("untrained", "file"), "untrained")
    with pytest.raises(InvalidInput, match="has no pretrained weights"):
        load_backbone(card.name, WeightsSpec("pretrained"), "cpu")


@pytest.mark.usefixtures("here")
def test_any_network_of_open_clip_is_two_backbones(monkeypatch, picture):
    open_clip = import_open_clip()
    config = {
        "embed_dim": 24,
        "vision_cfg": {
            "image_size": 64,
            "layers": 2,
            "width": 32,
            "head_width": 16,
            "patch_size": 16,
        },
        "text_cfg": {
            "context_length": 77,
            "vocab_size": 49408,
            "width": 16,
            "heads": 2,
            "layers": 2,
        },
    }
    monkeypatch.setitem(open_clip.factory._MODEL_CONFIGS, "ViT-S-16", config)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        both = open_clip.create_model("ViT-S-16", pretrained=None).eval()
    ours = load_backbone("open_clip:ViT-S-16", UNTRAINED, "cpu")
    batch = ours.preprocess(picture)[None]
    torch.testing.assert_close(
        batch[0], open_clip.image_transform(64, is_train=False)(picture), rtol=0, atol=1e-6
    )
    with torch.inference_mode():
        expected = both.encode_image(batch)
        tokens = open_clip.get_tokenizer("ViT-S-16")(["a dog"])
        words = both.encode_text(tokens)
    torch.testing.assert_close(ours.forward(batch, ["embedding"])["embedding"], expected)
    text = load_backbone("open_clip:ViT-S-16:text", UNTRAINED, "cpu")
    torch.testing.assert_close(text.forward(tokens[None], ["embedding"])["embedding"], words)
    for name in ("open_clip:ViT-S-16", "open_clip:ViT-S-16:text"):
        assert set(get_card(name).layers_offered) <= {i.name for i in list_layers(name)}


@pytest.mark.usefixtures("here")
def test_published_sets_of_open_clip_share_the_networks_activation():
    sets = {p.variant for p in get_card("open_clip:ViT-B-16").pretrained}
    quick = {p.variant for p in get_card("open_clip:ViT-B-16-quickgelu").pretrained}
    assert "laion2b_s34b_b88k" in sets
    assert "openai" in quick
    assert not sets & quick


WRONG = {
    "timm:resnt18": "resnet18",
    "timm:resnet18.a9": "a1_in1k",
    "timm:vit_base_patch16_sapiens2": "1024 x 768",
    "timm:../resnet18": "not the name of a network",
    "timm:": "not the name of a network",
    "open_clip:RN500": "Did you mean 'RN50'",
    "open_clip:ViT-B-16-SigLIP:text": "tokenizer",
    "torchvision:alexnt": "alexnet",
    "keras:vgg16": "open_clip, timm, torchvision",
}


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_network_is_told(name, home):
    with pytest.raises(InvalidInput, match=WRONG[name]):
        get_card(name)
    assert not home.networks.exists()


def test_torchvisions_own_names_are_those_of_the_backbones():
    assert get_card("torchvision:alexnet") is not None
    assert get_card("torchvision:alexnet") == get_card("alexnet")


def test_a_library_is_asked_once_and_again_where_the_answer_is_damaged(here, home):
    first = get_card("timm:test_vit")
    assert get_card("timm:test_vit") == first
    by_name._facts.cache_clear()
    assert get_card("timm:test_vit") == first
    assert here == ["test_vit"]
    (file,) = home.networks.rglob("*.json")
    file.write_text(file.read_text()[:40])
    by_name._facts.cache_clear()
    assert get_card("timm:test_vit") == first
    assert here == ["test_vit"] * 2


def test_another_process_asks_and_this_one_imports_no_torch(home):
    code = (
        "import sys, json\n"
        "from cortiscope.core.backbones import get_card\n"
        "from cortiscope.core.errors import UnknownName\n"
        "card = get_card('timm:test_vit')\n"
        "try:\n    get_card('timm:resnt18')\n"
        "except UnknownName as error:\n    told = error.message\n"
        "print(json.dumps([card.input_size, told, 'torch' in sys.modules]))\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    size, told, torch_there = json.loads(ran.stdout)
    assert (size, torch_there) == (160, False)
    assert "resnet18" in told
    assert len(list(home.networks.rglob("*.json"))) == 1


def test_all_networks_of_a_library_are_named():
    names = network_names("timm")
    assert {"resnet18.a1_in1k", "coatnet_pico_rw_224"} <= set(names)
    assert len(names) > len(timm.list_models())
    assert "RN50-quickgelu" in network_names("open_clip")
    assert len(network_names("torchvision")) == 80
    with pytest.raises(UnknownName):
        network_names("keras")


@pytest.mark.usefixtures("here")
def test_former_names_and_slashes_are_told_with_the_name_of_today():
    with pytest.raises(InvalidInput, match="is an old name: timm now calls it") as told:
        get_card("timm:vit_base_patch16_224_in21k")
    assert "timm:vit_base_patch16_224.augreg_in21k" in told.value.hint
    with pytest.raises(InvalidInput, match="'ViT-B-32'") as told:
        get_card("open_clip:ViT-B/32")
    assert "--backbone open_clip:ViT-B-32" in told.value.hint
    with pytest.raises(UnknownName) as told:
        get_card("ViT-B/32")
    assert "clip_vit_b32" in told.value.hint
