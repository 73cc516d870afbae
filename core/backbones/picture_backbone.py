"""A library's network that looks at pictures, with its published preprocessing."""

from __future__ import annotations

from collections.abc import Callable

import torch
from PIL import Image
from torch import nn

from cortiscope.core.backbones.card import BackboneCard, WeightsSpec
from cortiscope.core.backbones.layer_axes import CONVOLUTIONS, Declared
from cortiscope.core.backbones.module_backbone import ModuleBackbone


class PictureBackbone(ModuleBackbone):
    """A network and its library's transform.

    Parameters
    ----------
    transform : from a picture to (3, side, side): the chosen published set's; that of the usual
        one for untrained and own weights.
    notes : see ``Backbone``.
    declared : as in ``ModuleBackbone``.
    """

    def __init__(
        self,
        card: BackboneCard,
        weights: WeightsSpec,
        device: torch.device,
        network: nn.Module,
        transform: Callable[[Image.Image], torch.Tensor],
        notes: tuple[str, ...] = (),
        declared: Declared = CONVOLUTIONS,
    ) -> None:
        super().__init__(card, weights, device, network, declared)
        self._transform = transform
        self.notes = notes

    def preprocess(self, image: Image.Image) -> torch.Tensor:  # noqa: D102 - as in Backbone
        return self._transform(image)
