"""A torchvision network at work: its published preprocessing and its own first guesses."""

from __future__ import annotations

from typing import Any

import torch
from PIL import Image
from torch import nn

from cortiscope.core.backbones.card import BackboneCard, WeightsSpec
from cortiscope.core.backbones.layer_axes import Declared, Tokens
from cortiscope.core.backbones.picture_backbone import PictureBackbone
from cortiscope.core.backbones.torchvision_models import import_torchvision_models


def _tokens(network: Any, side: int) -> Tokens | None:
    """Return the tokens of a vision transformer: one for the class, then the patches."""
    if not hasattr(network, "class_token"):
        return None
    along = side // int(network.patch_size)
    return Tokens(1, (along, along))


DECLARED = Declared(_tokens)


class TorchvisionBackbone(PictureBackbone):
    """A classification network."""

    def __init__(
        self,
        card: BackboneCard,
        weights: WeightsSpec,
        device: torch.device,
        network: nn.Module,
        notes: tuple[str, ...] = (),
    ) -> None:
        variant = card.pretrained_set(weights.variant).variant
        self._published: Any = import_torchvision_models().get_model_weights(card.name)[variant]
        transform = self._published.transforms()
        super().__init__(card, weights, device, network, transform, notes, DECLARED)

    @property
    def categories(self) -> tuple[str, ...]:  # noqa: D102 - as in Backbone
        if self.weights.kind != "pretrained":
            return ()
        return tuple(self._published.meta["categories"])

    def classify(  # noqa: D102 - as in Backbone
        self, image: Image.Image, top: int = 5
    ) -> list[tuple[str, float]]:
        if not self.categories:
            return super().classify(image, top)
        probabilities = self.outputs(self.preprocess(image)[None])[0].float().softmax(0)
        values, indices = probabilities.topk(min(top, len(self.categories)))
        return [
            (self.categories[i], p) for i, p in zip(indices.tolist(), values.tolist(), strict=True)
        ]
