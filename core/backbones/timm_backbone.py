"""A timm network at work, with its published preprocessing."""

from __future__ import annotations

import torch
from PIL import Image
from torch import nn

from core.backbones.card import BackboneCard, WeightsSpec
from core.backbones.module_backbone import ModuleBackbone
from core.backbones.timm_networks import import_timm, preprocessing_of


class TimmBackbone(ModuleBackbone):
    """Untrained and own weights get the usual set's preprocessing too."""

    def __init__(
        self,
        card: BackboneCard,
        weights: WeightsSpec,
        device: torch.device,
        network: nn.Module,
        model: str,
    ) -> None:
        super().__init__(card, weights, device, network)
        tag = card.pretrained_set(weights.variant).variant
        facts = preprocessing_of(model, tag)
        self._transform = import_timm().data.create_transform(**facts, is_training=False)

    def preprocess(self, image: Image.Image) -> torch.Tensor:  # noqa: D102 - as in Backbone
        tensor: torch.Tensor = self._transform(image)
        return tensor
