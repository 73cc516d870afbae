"""The small CNN at work."""

from __future__ import annotations

import torch
from PIL import Image

from cortiscope.core.backbones.module_backbone import ModuleBackbone
from cortiscope.core.backbones.pixels import rgb_tensor
from cortiscope.core.stimuli import square_crop


class SmallCnnBackbone(ModuleBackbone):
    """Takes RGB values 0 to 1; whatever scaling the network needs is its own first step."""

    def preprocess(self, image: Image.Image) -> torch.Tensor:  # noqa: D102 - as in Backbone
        return rgb_tensor(square_crop(image, self.card.input_size))
