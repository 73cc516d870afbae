"""Raw pixels, the baseline that every model has to beat; a file of its own, as every family is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cortiscope.core.backbones.base import FixedBackbone, FixedFamily, Reduce, finish, rgb_tensor
from cortiscope.core.backbones.card import Axes, BackboneCard, LayerInfo
from cortiscope.core.stimuli import square_crop

if TYPE_CHECKING:
    import torch
    from PIL import Image

SIZE = 32


class PixelsBackbone(FixedBackbone):
    """RGB values 0 to 1 of the central square, downsampled."""

    def preprocess(self, image: Image.Image) -> torch.Tensor:  # noqa: D102 - as in Backbone
        return rgb_tensor(square_crop(image, self.card.input_size))

    def forward(  # noqa: D102 - as in Backbone
        self, batch: torch.Tensor, layers: Sequence[str], reduce: Reduce | None = None
    ) -> dict[str, torch.Tensor]:
        import torch

        self.check_layers(layers)
        with torch.inference_mode():
            return finish({"pixels": batch.to(self.device)}, layers, reduce)


PIXELS = FixedFamily(
    BackboneCard(
        name="pixels",
        title="Raw pixels",
        family="built in",
        summary="The picture itself at 32 x 32 px: the baseline without any model.",
        input_size=SIZE,
        preprocessing=f"Central square at {SIZE} px, RGB 0 to 1.",
        weights=("fixed",),
        default_weights="fixed",
        layers_offered=("pixels",),
        licence="BSD-3-Clause",
        paper="none; a baseline",
        source="cortiscope.core.backbones.pixels",
    ),
    (LayerInfo("pixels", (3, SIZE, SIZE), 0.0, Axes("map")),),
    PixelsBackbone,
)
