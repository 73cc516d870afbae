"""Raw pixels, the baseline that every model has to beat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cortiscope.core.backbones.card import (
    Axes,
    BackboneCard,
    LayerInfo,
    WeightsPresence,
    WeightsSpec,
)

if TYPE_CHECKING:
    import torch

    from cortiscope.core.backbones.base import Backbone

SIZE = 32


class PixelsFamily:
    """One member: the picture itself, small."""

    def cards(self) -> tuple[BackboneCard, ...]:
        """Return the card, without torch."""
        return (
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
        )

    def resolve(self, card: BackboneCard, weights: WeightsSpec) -> WeightsSpec:
        """Return the weights as they are: there is nothing to resolve."""
        return weights

    def presence(self, card: BackboneCard, weights: WeightsSpec) -> WeightsPresence:
        """Nothing is needed."""
        return WeightsPresence(True)

    def layers(self, card: BackboneCard) -> tuple[LayerInfo, ...]:
        """List the one layer."""
        return (LayerInfo("pixels", (3, SIZE, SIZE), 0.0, Axes("map")),)

    def build(self, card: BackboneCard, weights: WeightsSpec, device: torch.device) -> Backbone:
        """Make it."""
        from cortiscope.core.backbones.pixels import PixelsBackbone

        return PixelsBackbone(card, weights, device, self.layers(card))
