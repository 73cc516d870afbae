"""From a picture's file to a network's input: what the libraries themselves make of odd files."""

import numpy as np
import pytest
import torch
from PIL import Image

from cortiscope.core.backbones import WeightsSpec, get_card, load_backbone
from cortiscope.core.backbones.open_clip.networks import import_open_clip
from cortiscope.core.backbones.timm.networks import import_timm
from cortiscope.core.backbones.torchvision.networks import import_torchvision
from cortiscope.core.stimuli import StimulusImages, decode_image

open_clip, timm, torchvision = import_open_clip(), import_timm(), import_torchvision()
# (width, height), mode and suffix of the stored picture.
FILES = {
    "odd": ((61, 97), "RGB", "png"),
    "thin": ((401, 17), "RGB", "png"),
    "larger than the input by one": ((225, 257), "RGB", "jpg"),
    "grey": ((55, 40), "L", "png"),
    "black and white": ((64, 63), "1", "png"),
    "palette": ((41, 80), "P", "png"),
    "print colours": ((99, 70), "CMYK", "jpg"),
    "opaque alpha": ((70, 33), "RGBA", "png"),
}


@pytest.fixture(params=FILES)
def stored(request, tmp_path):
    size, mode, suffix = FILES[request.param]
    rng = np.random.default_rng(len(request.param))
    coarse = Image.fromarray(rng.integers(0, 256, (9, 7, 3), dtype=np.uint8))
    picture = coarse.resize(size, Image.Resampling.BICUBIC).convert(mode)
    path = tmp_path / f"picture.{suffix}"
    picture.save(path)
    return path


def prepared(name, path):
    backbone = load_backbone(name, WeightsSpec("untrained"), "cpu")
    return backbone.prepare(StimulusImages(("a",), (path,)), 0)


def as_opened(path):
    with Image.open(path) as picture:
        return picture.convert("RGB")


@pytest.fixture(scope="module", autouse=True)
def loaded_once():
    """Networks are beside the point here: build each of them once."""
    made = {}
    build = load_backbone

    def load(name, weights, device):
        if name not in made:
            made[name] = build(name, weights, device)
        return made[name]

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(globals(), "load_backbone", load)
        yield


@pytest.mark.parametrize("name", ["squeezenet1_1", "efficientnet_b0", "swin_t"])
def test_input_is_that_of_torchvisions_transforms(name, stored):
    theirs = torchvision.models.get_model_weights(name).DEFAULT.transforms()(as_opened(stored))
    torch.testing.assert_close(prepared(name, stored), theirs, rtol=0, atol=0)


@pytest.mark.parametrize("name", ["timm_mobilenet_v3_small", "timm_vit_tiny", "dino_vit_s16"])
def test_input_is_that_of_timms_create_transform(name, stored):
    model = get_card(name).source.removeprefix("timm ")
    published = timm.models.get_pretrained_cfg(model).to_dict()
    facts = timm.data.resolve_data_config({}, pretrained_cfg=published)
    theirs = timm.data.create_transform(**facts, is_training=False)(as_opened(stored))
    torch.testing.assert_close(prepared(name, stored), theirs, rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", ["clip_rn50"])
def test_input_is_that_of_open_clips_own_transform(name, stored):
    model, tag = (
        get_card(name).source.removeprefix("open_clip "),
        get_card(name).pretrained[0].variant,
    )
    facts = open_clip.get_pretrained_cfg(model, tag)
    transform = open_clip.image_transform(
        224, is_train=False, mean=facts.get("mean"), std=facts.get("std")
    )
    found = prepared(name, stored)
    torch.testing.assert_close(found, transform(as_opened(stored)), rtol=0, atol=1e-6)
    # Left to itself, open_clip resizes a picture in its own mode: palettes and bitmaps without any
    # smoothing, print colours to within a grey level. Here every library is given RGB.
    with Image.open(stored) as picture:
        theirs = transform(picture)
        tolerance = {"1": None, "P": None, "CMYK": 1.01 / 255 / min(facts["std"])}.get(
            picture.mode, 1e-6
        )
    if tolerance is not None:
        torch.testing.assert_close(found, theirs, rtol=0, atol=tolerance)


def test_transparent_parts_are_filled_with_mid_grey_for_every_library(tmp_path):
    """Libraries drop the alpha channel, and whatever colour lay under it would be seen."""
    values = np.zeros((40, 60, 4), np.uint8)
    values[:, :30] = (255, 0, 0, 255)
    path = tmp_path / "picture.png"
    Image.fromarray(values).save(path)
    shown = decode_image(path).image
    assert shown.getpixel((45, 20)) == (128, 128, 128)
    transforms = {
        "squeezenet1_1": torchvision.models.SqueezeNet1_1_Weights.DEFAULT.transforms(),
        "clip_rn50": open_clip.image_transform(224, is_train=False),
    }
    for name, transform in transforms.items():
        torch.testing.assert_close(prepared(name, path), transform(shown), rtol=0, atol=1e-6)
