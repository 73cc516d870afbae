"""The towers against open_clip's own encode_image and encode_text; one at its real size."""

import dataclasses
import hashlib

import pytest
import torch
from PIL import Image

from cortiscope.core.backbones import (
    WeightsSpec,
    get_card,
    list_layers,
    load_backbone,
    weights_presence,
)
from cortiscope.core.backbones.open_clip import family as family
from cortiscope.core.backbones.open_clip.family import OpenClipFamily
from cortiscope.core.backbones.open_clip.generate import CHOSEN, row_of
from cortiscope.core.backbones.open_clip.networks import import_open_clip, preprocessing_of
from cortiscope.core.backbones.tables import read_table
from cortiscope.core.errors import DamagedFile, InvalidInput, MissingWeights
from cortiscope.core.stimuli import StimulusImages

NETWORKS = read_table("open_clip")

open_clip = import_open_clip()
UNTRAINED = WeightsSpec("untrained", seed=3)
CARDS = OpenClipFamily().cards()
CAPTIONS = (("a face and a dog",), ("a street", "a busy street with a red bus", "cars"))


def narrow(embed_dim=24, **vision):
    text = {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 2}
    return {
        "embed_dim": embed_dim,
        "quick_gelu": True,
        "vision_cfg": {"image_size": 224, "width": 32, "head_width": 16, **vision},
        "text_cfg": text,
    }


@pytest.fixture
def configs(monkeypatch):
    """The library's own descriptions of networks, to be replaced by smaller ones."""

    def replace(model, config):
        monkeypatch.setitem(open_clip.factory._MODEL_CONFIGS, model, config)

    return replace


@pytest.fixture
def tiny(configs):
    """Make ViT-B/32 a network of two narrow blocks, so that files of weights are small."""
    configs("ViT-B-32-quickgelu", narrow(layers=2, patch_size=32))
    return "ViT-B-32-quickgelu"


@pytest.fixture
def no_weights(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path


def seeded(model, seed=3):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return open_clip.create_model(model, pretrained=None).eval()


def captioned(captions=CAPTIONS):
    ids = tuple(f"s{i}" for i in range(len(captions)))
    return StimulusImages(ids, tuple(f"/nowhere/{i}.png" for i in ids), captions)


def embed(both, captions):
    with torch.inference_mode():
        return both.encode_text(open_clip.get_tokenizer("ViT-B-32")(list(captions)))


def batch_of(backbone, images):
    return backbone.collate([backbone.prepare(images, i) for i in range(len(images))])


def test_real_vit_gives_what_open_clip_gives(picture):
    both = seeded("ViT-B-32-quickgelu")
    image = load_backbone("clip_vit_b32", UNTRAINED, "cpu")
    batch = image.preprocess(picture)[None]
    found = image.forward(batch, ["visual.transformer.resblocks.4", "embedding"])
    with torch.inference_mode():
        expected = both.encode_image(batch)
        block = both.visual.forward_intermediates(
            batch, indices=[4], output_fmt="NLC", output_extra_tokens=True
        )
    torch.testing.assert_close(found["embedding"], expected, rtol=1e-5, atol=1e-5)
    assert (expected.norm(dim=-1) - 1).abs() > 1e-3
    patches = found["visual.transformer.resblocks.4"][:, 1:]
    torch.testing.assert_close(
        patches, block["image_intermediates"][0], rtol=1e-5, atol=1e-5 * float(patches.abs().max())
    )


def test_text_tower_gives_the_mean_of_what_open_clip_gives(tiny):
    both, backbone = seeded(tiny), load_backbone("clip_vit_b32_text", UNTRAINED, "cpu")
    found = backbone.forward(batch_of(backbone, captioned()), ["embedding"])["embedding"]
    expected = torch.stack([embed(both, captions).mean(0) for captions in CAPTIONS])
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "config", "layer"),
    [
        ("clip_rn50", narrow(layers=[1, 1, 1, 1]), "visual.layer4.0"),
        (
            "siglip_vit_b16",
            {
                **narrow(timm_model_name="vit_tiny_patch16_224", timm_pool="avg"),
                "custom_text": True,
            },
            "visual.trunk.blocks.1",
        ),
    ],
)
def test_towers_of_other_kinds_give_what_open_clip_gives(configs, picture, name, config, layer):
    model = family._model(get_card(name))
    configs(model, config)
    both, backbone = seeded(model), load_backbone(name, UNTRAINED, "cpu")
    batch = backbone.preprocess(picture)[None]
    found = backbone.forward(batch, [layer, "embedding"])
    seen = []
    both.get_submodule(layer).register_forward_hook(lambda m, i, o: seen.append(o))
    with torch.inference_mode():
        expected = both.encode_image(batch)
    torch.testing.assert_close(found["embedding"], expected, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(found[layer], seen[0], rtol=1e-5, atol=1e-5)


def test_a_block_of_the_text_tower_is_that_of_the_last_token(tiny):
    both, backbone = seeded(tiny), load_backbone("clip_vit_b32_text", UNTRAINED, "cpu")
    tokens = open_clip.get_tokenizer(tiny)([CAPTIONS[0][0]])
    last = int((tokens[0] == 49407).nonzero()[0, 0])
    with torch.inference_mode():
        blocks = both.forward_intermediates(text=tokens)["text_intermediates"]
    found = backbone.forward(tokens[None], ["transformer.resblocks.1"])
    torch.testing.assert_close(found["transformer.resblocks.1"], blocks[1][:, last])
    assert {layer.shape for layer in backbone.layers() if "resblocks" in layer.name} <= {
        (16,),
        (64,),
    }


def test_captions_do_not_depend_on_what_else_is_in_the_batch(tiny):
    backbone = load_backbone("clip_vit_b32_text", UNTRAINED, "cpu")
    images = captioned((*CAPTIONS, ("one", "two")))
    layers = ["transformer.resblocks.0", "embedding"]
    together = backbone.forward(batch_of(backbone, images), layers)
    for i in range(3):
        alone = backbone.forward(batch_of(backbone, images.subset([i])), layers)
        for layer in layers:
            torch.testing.assert_close(together[layer][i], alone[layer][0])


def test_a_picture_alone_is_refused_by_a_text_tower(tiny):
    backbone = load_backbone("clip_vit_b32_text", UNTRAINED, "cpu")
    with pytest.raises(InvalidInput, match="reads a caption"):
        backbone.preprocess(Image.new("RGB", (64, 64)))


def test_untrained_towers_follow_their_seed_and_leave_the_global_one_alone(tiny):
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    one, two, other = (
        load_backbone("clip_vit_b32", WeightsSpec("untrained", seed=s), "cpu")
        .network.get_parameter("visual.conv1.weight")
        .clone()
        for s in (1, 1, 2)
    )
    assert torch.equal(torch.rand(1), expected)
    assert torch.equal(one, two)
    assert not torch.equal(one, other)


@pytest.mark.parametrize("size", [(320, 240), (240, 320), (100, 90)])
@pytest.mark.parametrize("row", NETWORKS, ids=lambda row: row[0])
def test_preprocessing_is_the_published_one_of_every_set(row, size, picture):
    name, model, _, side, _, sets = row[:6]
    picture = picture.resize(size)
    for published, (tag, *_, mean, sd, interpolation, mode) in zip(
        get_card(name).pretrained, sets, strict=True
    ):
        ours = open_clip.transform.image_transform_v2(preprocessing_of(model, tag), is_train=False)
        theirs = open_clip.image_transform(
            side, is_train=False, mean=mean, std=sd, interpolation=interpolation, resize_mode=mode
        )
        torch.testing.assert_close(ours(picture), theirs(picture), rtol=0, atol=1e-6)
        assert published.variant == tag
        assert published.input_size == side


def test_backbones_use_the_preprocessing_of_their_set(configs, picture, no_weights):
    """OpenCLIP's ViT-L/14 has sets with different means."""
    configs("ViT-L-14", narrow(layers=1, patch_size=56))
    for published in get_card("openclip_vit_l14").pretrained:
        weights = WeightsSpec("pretrained", variant=published.variant)
        path = weights_presence("openclip_vit_l14", weights).path
        save(seeded("ViT-L-14").state_dict(), path)
        found = load_backbone("openclip_vit_l14", weights, "cpu").preprocess(picture)
        facts = open_clip.get_pretrained_cfg("ViT-L-14", published.variant)
        theirs = open_clip.image_transform(
            224, is_train=False, mean=facts["mean"], std=facts["std"]
        )
        torch.testing.assert_close(found, theirs(picture), rtol=0, atol=1e-6)


def save(state, path):
    from safetensors.torch import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".safetensors":
        save_file({k: v.clone() for k, v in state.items()}, path)
    else:
        torch.save(state, path)
    return path


@pytest.mark.parametrize("name", ["clip_vit_b32", "clip_vit_b32_text"])
def test_absent_weights_give_one_message_that_names_the_file(name, no_weights):
    presence = weights_presence(name, "pretrained")
    with pytest.raises(MissingWeights) as caught:
        load_backbone(name)
    assert caught.value.message == presence.message
    assert "open_clip_model.safetensors" in presence.message
    assert "models--timm--vit_base_patch32_clip_224.openai" in presence.message
    assert "ViT-B-32.pt" in presence.hint


@pytest.mark.parametrize(
    "file_name", ["open_clip_model.safetensors", "open_clip_pytorch_model.bin"]
)
def test_pretrained_files_of_the_hub_are_loaded_whole(tiny, no_weights, file_name, picture):
    both = seeded(tiny, seed=8)
    state = both.state_dict()
    state["logit_scale"] = state["logit_scale"].reshape(1)
    path = weights_presence("clip_vit_b32", "pretrained").path
    save(state, path.with_name(file_name))
    image = load_backbone("clip_vit_b32", None, "cpu")
    assert len(image.weights.sha256) == 64
    batch = image.preprocess(picture)[None]
    with torch.inference_mode():
        expected = both.encode_image(batch)
    torch.testing.assert_close(image.forward(batch, ["embedding"])["embedding"], expected)
    text = load_backbone("clip_vit_b32_text", None, "cpu")
    found = text.forward(batch_of(text, captioned()), ["embedding"])["embedding"]
    torch.testing.assert_close(found[0], embed(both, CAPTIONS[0])[0])


def test_own_checkpoint_is_loaded_strictly(tiny, tmp_path):
    state = seeded(tiny, seed=8).state_dict()
    wrapped = {"epoch": 1, "state_dict": {f"module.{k}": v for k, v in state.items()}}
    weights = WeightsSpec.from_file(save(wrapped, tmp_path / "own.pt"))
    found = load_backbone("clip_vit_b32", weights, "cpu").network.state_dict()
    torch.testing.assert_close(found["visual.conv1.weight"], state["visual.conv1.weight"])
    del state["visual.ln_post.bias"]
    weights = WeightsSpec.from_file(save(state, tmp_path / "other.pt"))
    with pytest.raises(DamagedFile, match=r"other\.pt does not hold the weights of CLIP ViT-B/32"):
        load_backbone("clip_vit_b32", weights, "cpu")


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_truncated_checkpoint_is_told(tiny, tmp_path, suffix):
    path = save(seeded(tiny).state_dict(), tmp_path / f"own{suffix}")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DamagedFile, match="own"):
        load_backbone("clip_vit_b32", WeightsSpec.from_file(path), "cpu")


class _Holder(torch.nn.Module):
    def forward(self, x):
        return x


def _program(state, path):
    """Write weights as OpenAI did: a program that holds them, with three numbers beside."""
    root = _Holder()
    for name, value in state.items():
        *folders, last = name.split(".")
        module = root
        for folder in folders:
            if folder not in dict(module.named_children()):
                module.add_module(folder, _Holder())
            module = module.get_submodule(folder)
        module.register_buffer(last, value.half() if value.is_floating_point() else value)
    for name in ("input_resolution", "context_length", "vocab_size"):
        root.register_buffer(name, torch.tensor(1))
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.jit.script(root).save(str(path))
    return path


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:.*TorchScript")
def test_openais_own_file_is_read_only_if_it_is_the_published_one(
    tiny, no_weights, monkeypatch, picture
):
    both = seeded(tiny, seed=8)
    path = _program(both.state_dict(), no_weights / "home/.cache/clip/ViT-B-32.pt")
    with pytest.raises(DamagedFile, match=r"ViT-B-32\.pt"):
        load_backbone("clip_vit_b32", None, "cpu")
    with pytest.raises(DamagedFile, match=r"ViT-B-32\.pt"):
        load_backbone("clip_vit_b32", WeightsSpec.from_file(path), "cpu")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    card = get_card("clip_vit_b32")
    openai = dataclasses.replace(
        card.pretrained[0], mirror=f"https://openai.net/models/{digest}/ViT-B-32.pt"
    )
    card = dataclasses.replace(card, pretrained=(openai, *card.pretrained[1:]))
    weights = OpenClipFamily().resolve(card, WeightsSpec("pretrained"))
    backbone = OpenClipFamily().build(card, weights, torch.device("cpu"))
    batch = backbone.preprocess(picture)[None]
    with torch.inference_mode():
        expected = both.encode_image(batch)
    torch.testing.assert_close(
        backbone.forward(batch, ["embedding"])["embedding"], expected, rtol=5e-3, atol=5e-3
    )


@pytest.mark.parametrize("row", NETWORKS, ids=lambda row: row[0])
def test_published_sets_of_the_table_are_those_of_the_library(row):
    name, model, sets = row[0], row[1], row[5]
    quick = "quickgelu" in model
    for published, (tag, repository, download, *_) in zip(
        get_card(name).pretrained, sets, strict=True
    ):
        facts = open_clip.get_pretrained_cfg(model, tag)
        assert (facts["hf_hub"].rstrip("/"), facts["url"]) == (repository, download)
        assert (published.repository, published.mirror) == (repository, download)
        # One activation for all sets of a name: weights of the other would be silently wrong.
        assert facts.get("quick_gelu", False) == quick
        assert open_clip.get_model_config(model).get("quick_gelu", False) == quick


@pytest.mark.parametrize("name", ["clip_rn50", "clip_vit_b32", "siglip_vit_b16"])
def test_facts_of_the_table_are_those_of_the_library(name):
    chosen = next(c for c in CHOSEN if c[0] == name)
    assert row_of(*chosen) == next(row for row in NETWORKS if row[0] == name)


@pytest.mark.slow
@pytest.mark.parametrize("chosen", CHOSEN, ids=lambda chosen: chosen[0])
def test_every_row_of_the_table_is_up_to_date(chosen):
    assert row_of(*chosen) == next(row for row in NETWORKS if row[0] == chosen[0])


def test_menus_offer_layers_that_exist_and_every_block_of_a_transformer():
    for name in ("clip_vit_b32", "clip_vit_b32_text", "openclip_convnext_base"):
        shapes = {layer.name: layer.shape for layer in list_layers(name)}
        assert set(get_card(name).layers_offered) <= set(shapes)
        assert shapes["embedding"] == ((640,) if "convnext" in name else (512,))
    for name, prefix in (("clip_vit_b32", "visual."), ("clip_vit_b32_text", "")):
        blocks = [f"{prefix}transformer.resblocks.{i}" for i in range(12)]
        assert get_card(name).layers_offered == (*blocks, "embedding")


def test_text_towers_say_so_and_image_towers_too():
    for card in CARDS:
        assert card.modality == ("text" if card.name.endswith("_text") else "image")
        assert "not normalised" in card.summary
    assert family._model(get_card("clip_vit_b32_text")) == "ViT-B-32-quickgelu"
