"""The picture's own pixels as features."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image

from cortiscope.core.backbones.base import Backbone, Reduce, finish
from cortiscope.core.backbones.card import BackboneCard, LayerInfo, WeightsSpec
from cortiscope.core.stimuli import square_crop


class PixelsBackbone(Backbone):
    """RGB values 0 to 1 of the central square, downsampled."""

    def __init__(
        self,
        card: BackboneCard,
        weights: WeightsSpec,
        device: torch.device,
        layers: tuple[LayerInfo, ...],
    ) -> None:
        super().__init__(card, weights, device)
        self._layers = layers

    def layers(self) -> tuple[LayerInfo, ...]:  # noqa: D102 - as in Backbone
        return self._layers

    def preprocess(self, image: Image.Image) -> torch.Tensor:  # noqa: D102 - as in Backbone
        return rgb_tensor(square_crop(image, self.card.input_size))

    def forward(  # noqa: D102 - as in Backbone
        self, batch: torch.Tensor, layers: Sequence[str], reduce: Reduce | None = None
    ) -> dict[str, torch.Tensor]:
        self.check_layers(layers)
        with torch.inference_mode():
            return finish({"pixels": batch.to(self.device)}, layers, reduce)


def rgb_tensor(image: Image.Image) -> torch.Tensor:
    """Return an RGB picture's values 0 to 1, float32 (3, height, width)."""
    pixels = np.asarray(image.convert("RGB"), dtype=np.float32) / 255  # (height, width, 3)
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))
