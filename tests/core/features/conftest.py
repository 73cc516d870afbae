import threading

import numpy as np
import pytest
from PIL import Image

from core.backbones import WeightsSpec, get_card
from core.stimuli import StimulusImages

_SEEDING = threading.Lock()


@pytest.fixture
def images(tmp_path):
    """Seven pictures of unequal sizes."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "images"
    folder.mkdir()
    for i in range(7):
        pixels = rng.integers(0, 256, (40 + i, 50 - i, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"s{i}.png")
    return StimulusImages.from_folder(folder)


def _make_tiny_backbone(name="small_cnn", weights=None):
    """Build a two-layer network under the card of the small CNN."""
    import torch
    from torch import nn

    from core.backbones.module_backbone import ModuleBackbone
    from core.backbones.pixels import rgb_tensor
    from core.stimuli import square_crop

    class Tiny(ModuleBackbone):
        def preprocess(self, image):
            return rgb_tensor(square_crop(image, 64))

    with _SEEDING:  # the seed belongs to all threads
        torch.manual_seed(0)
        network = nn.Sequential()
        network.add_module("block1", nn.Conv2d(3, 4, 5, stride=2))
        network.add_module("block2", nn.Conv2d(4, 6, 5, stride=4))
    network.add_module("head", nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()))
    weights = weights or WeightsSpec("untrained")
    return Tiny(get_card(name), weights, torch.device("cpu"), network)


@pytest.fixture
def make_tiny_backbone():
    return _make_tiny_backbone


@pytest.fixture
def tiny_backbone():
    return _make_tiny_backbone()
