"""Framings: whole pictures stretched as torchvision's own steps do it, and who refuses them."""

import numpy as np
import pytest
import torch
from PIL import Image

from cortiscope.core.backbones import PUBLISHED, Framing, WeightsSpec, load_backbone
from cortiscope.core.backbones.torchvision.networks import import_torchvision
from cortiscope.core.errors import InvalidInput

UNTRAINED = WeightsSpec("untrained")
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CLIP = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))


@pytest.mark.parametrize("text", ["published", "stretch:224"])
def test_a_framing_is_read_from_its_own_text(text):
    assert Framing.parse(text).text == text


@pytest.mark.parametrize("text", ["", "stretch", "stretch:", "stretch:8", "stretch:-224", "crop:1"])
def test_other_texts_are_refused(text):
    with pytest.raises(InvalidInput, match=r"stretch"):
        Framing.parse(text)


def test_a_size_without_meaning_makes_no_other_framing():
    assert Framing("published", 224) == PUBLISHED


@pytest.mark.parametrize(
    ("name", "side", "scaling"),
    [
        ("squeezenet1_1", 224, IMAGENET),
        ("inception_v3", 224, IMAGENET),
        ("alexnet", 100, IMAGENET),
        ("timm_mobilenet_v3_small", 160, IMAGENET),
        ("clip_vit_b32", 224, CLIP),
    ],
)
def test_a_stretched_picture_equals_resize_to_tensor_and_normalize(name, side, scaling, picture):
    steps = import_torchvision().transforms
    theirs = steps.Compose(
        [steps.Resize((side, side)), steps.ToTensor(), steps.Normalize(*scaling)]
    )
    backbone = load_backbone(name, UNTRAINED, "cpu").framed(Framing("stretch", side))
    found = backbone.preprocess(picture)
    assert found.shape == (3, side, side)
    torch.testing.assert_close(found, theirs(picture), rtol=0, atol=1e-6)


def test_scaling_of_values_stays_that_of_the_publication(picture):
    backbone = load_backbone("timm_vit_tiny", UNTRAINED, "cpu").framed(Framing("stretch", 224))
    grey = (np.asarray(picture.resize((224, 224), 2), np.float32) / 255 - 0.5) / 0.5
    np.testing.assert_allclose(
        backbone.preprocess(picture).numpy(), grey.transpose(2, 0, 1), atol=1e-6
    )


def test_layers_have_the_shapes_of_the_stretched_picture_and_the_network_is_shared(picture):
    published = load_backbone("squeezenet1_1", UNTRAINED, "cpu")
    before = published.layers()
    stretched = published.framed(Framing("stretch", 96))
    shapes = {layer.name: layer.shape for layer in stretched.layers()}
    assert stretched.network is published.network
    assert (stretched.input_size, published.input_size) == (96, 224)
    found = stretched.forward(stretched.preprocess(picture)[None], ["features.0", "features.12"])
    assert {name: tuple(v.shape[1:]) for name, v in found.items()} == {
        name: shapes[name] for name in ("features.0", "features.12")
    }
    assert shapes["features.0"] == (64, 47, 47)
    assert published.layers() == before
    assert published.framed(PUBLISHED) is published


def test_a_stretch_keeps_the_edges_that_the_published_framing_cuts_off(picture):
    published = load_backbone("alexnet", UNTRAINED, "cpu")
    stretched = published.framed(Framing("stretch", 224))
    pixels = np.asarray(picture).copy()
    pixels[:, :20] = 255 - pixels[:, :20]
    edged = Image.fromarray(pixels)
    assert torch.equal(published.preprocess(picture), published.preprocess(edged))
    assert not torch.equal(stretched.preprocess(picture), stretched.preprocess(edged))


@pytest.mark.parametrize("name", ["pixels", "gabor", "small_cnn", "caption_words"])
def test_backbones_with_one_way_to_read_a_stimulus_refuse(name):
    backbone = load_backbone(name, None, "cpu")
    assert backbone.framed(PUBLISHED) is backbone
    with pytest.raises(InvalidInput, match=r"reads .* stretch:224 has no meaning") as told:
        backbone.framed(Framing("stretch", 224))
    assert ("captions" in told.value.message) == (name == "caption_words")


@pytest.mark.parametrize("name", ["clip_vit_b32", "vit_b_32", "timm_vit_tiny"])
def test_a_transformer_of_fixed_size_says_which(name):
    backbone = load_backbone(name, UNTRAINED, "cpu")
    with pytest.raises(InvalidInput, match="takes no pictures of 192 px") as told:
        backbone.framed(Framing("stretch", 192))
    assert "stretch:224" in told.value.hint
    assert backbone.framed(Framing("stretch", 224)).layers() == backbone.layers()


def test_a_picture_too_small_for_the_network_is_told():
    with pytest.raises(InvalidInput, match="takes no pictures of 16 px"):
        load_backbone("alexnet", UNTRAINED, "cpu").framed(Framing("stretch", 16))
