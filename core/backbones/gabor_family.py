"""Gabor energy, the classical model of primary visual cortex: its card."""

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

INPUT_SIZE = 128
MAP_SIZE = 32
N_ORIENTATIONS = 8
FREQUENCIES = (2, 4, 8, 16, 32)
"""Cycles per image width; over the 8.4 degree frame these are .24 to 3.8 cycles per degree."""

BAND_LAYERS = tuple(f"energy_{frequency}" for frequency in FREQUENCIES)


class GaborFamily:
    """One member: quadrature pairs of Gabor filters."""

    def cards(self) -> tuple[BackboneCard, ...]:
        """Return the card, without torch."""
        return (
            BackboneCard(
                name="gabor",
                title="Gabor energy",
                family="built in",
                summary=(
                    "Local contrast at 5 spatial frequencies and 8 orientations, whatever its "
                    "phase: the classical model of primary visual cortex."
                ),
                input_size=INPUT_SIZE,
                preprocessing=f"Central square at {INPUT_SIZE} px, grey (ITU-R 601 luma), 0 to 1.",
                weights=("fixed",),
                default_weights="fixed",
                layers_offered=("energy", *BAND_LAYERS),
                licence="BSD-3-Clause",
                paper="Kay et al. 2008, doi 10.1038/nature06713",
                source="cortiscope.core.backbones.gabor",
                revision=2,
            ),
        )

    def resolve(self, card: BackboneCard, weights: WeightsSpec) -> WeightsSpec:
        """Return the weights as they are: there is nothing to resolve."""
        return weights

    def presence(self, card: BackboneCard, weights: WeightsSpec) -> WeightsPresence:
        """Nothing is needed."""
        return WeightsPresence(True)

    def layers(self, card: BackboneCard) -> tuple[LayerInfo, ...]:
        """List the layers; the bands one by one, then all together."""
        bands = tuple(
            LayerInfo(name, (N_ORIENTATIONS, MAP_SIZE, MAP_SIZE), 0.0, Axes("map"))
            for name in BAND_LAYERS
        )
        n_channels = N_ORIENTATIONS * len(FREQUENCIES)
        return (*bands, LayerInfo("energy", (n_channels, MAP_SIZE, MAP_SIZE), 1.0, Axes("map")))

    def build(self, card: BackboneCard, weights: WeightsSpec, device: torch.device) -> Backbone:
        """Make the filters."""
        from cortiscope.core.backbones.gabor import GaborBackbone

        return GaborBackbone(card, weights, device, self.layers(card))
