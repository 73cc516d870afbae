"""The words of a picture's captions, the baseline for networks that read: its card."""

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

N_BUCKETS = 512


class CaptionWordsFamily:
    """One member: which words and pairs of words are in the captions."""

    def cards(self) -> tuple[BackboneCard, ...]:
        """Return the card, without torch."""
        return (
            BackboneCard(
                name="caption_words",
                title="Caption words",
                family="built in",
                summary=(
                    "Which words and pairs of words are in the picture's captions, without any "
                    "model of language and without looking at the picture."
                ),
                input_size=0,
                preprocessing=(
                    f"Words and pairs of words hashed into {N_BUCKETS} values, counts as "
                    "1 + log, length 1; the mean over an image's captions."
                ),
                weights=("fixed",),
                default_weights="fixed",
                layers_offered=("words",),
                licence="BSD-3-Clause",
                paper="Weinberger et al. 2009, arXiv 0902.2206",
                source="cortiscope.core.backbones.caption_words",
                modality="text",
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
        return (LayerInfo("words", (N_BUCKETS,), 0.0, Axes("features")),)

    def build(self, card: BackboneCard, weights: WeightsSpec, device: torch.device) -> Backbone:
        """Make it."""
        from cortiscope.core.backbones.caption_words import CaptionWordsBackbone

        return CaptionWordsBackbone(card, weights, device, self.layers(card))
