"""Which features: a backbone with its weights, one of its layers, and how it is pooled."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.backbones import WeightsSpec, get_card
from core.features.pooling import Pooling


@dataclass(frozen=True)
class FeatureSpec:
    """The features of one layer, as a value.

    Attributes
    ----------
    backbone : its name.
    weights : resolved ones (``core.backbones.resolve_weights``) where the spec is part of a key.
    layer : one layer's name; no glob.
    """

    backbone: str
    weights: WeightsSpec
    layer: str
    pooling: Pooling = field(default_factory=Pooling)

    @property
    def label(self) -> str:
        """Text for menus and captions, as in "Small CNN block2, untrained, seed 0"."""
        card = get_card(self.backbone)
        return f"{card.title} {self.layer}, {card.weights_label(self.weights)}"
