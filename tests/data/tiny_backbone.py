"""A network of two layers, and a loader of it that says what was asked of it."""

from __future__ import annotations

import threading

from cortiscope.core.backbones import WeightsSpec, get_card

_SEEDING = threading.Lock()


def make_tiny_backbone(name="small_cnn", weights=None):
    """Build a two-layer network under the card of the small CNN."""
    import torch
    from torch import nn

    from cortiscope.core.backbones.base import rgb_tensor
    from cortiscope.core.backbones.module_backbone import ModuleBackbone
    from cortiscope.core.stimuli import square_crop

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


class CountingLoader:
    """Load the tiny network; count loads and images seen, and call back before each batch."""

    def __init__(self):
        self.n_images = self.n_loaded = 0
        self.before_batch = lambda n: None

    def __call__(self, name, weights):
        self.n_loaded += 1
        backbone = make_tiny_backbone(name, weights)
        forward = backbone.forward

        def counting(batch, *args):
            self.before_batch(self.n_images)
            self.n_images += len(batch)
            return forward(batch, *args)

        backbone.forward = counting
        return backbone
