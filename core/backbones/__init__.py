"""Image networks as sources of features; importing this package does not import torch.

``load_backbone`` gives a ``core.backbones.base.Backbone``. To add a family, see
``core/backbones/registry.py``.
"""

from cortiscope.core.backbones.card import (
    REGISTERED,
    Axes,
    BackboneCard,
    LayerInfo,
    PretrainedWeights,
    WeightsPresence,
    WeightsSpec,
)
from cortiscope.core.backbones.framing import PUBLISHED, Framing
from cortiscope.core.backbones.own.register import register_backbone
from cortiscope.core.backbones.registry import (
    LIBRARIES,
    backbone_names,
    card_or_name,
    get_card,
    list_layers,
    load_backbone,
    parse_weights,
    resolve_weights,
    weights_presence,
)

__all__ = [
    "LIBRARIES",
    "PUBLISHED",
    "REGISTERED",
    "BackboneCard",
    "Framing",
    "Axes",
    "LayerInfo",
    "PretrainedWeights",
    "WeightsPresence",
    "WeightsSpec",
    "backbone_names",
    "card_or_name",
    "get_card",
    "list_layers",
    "load_backbone",
    "parse_weights",
    "register_backbone",
    "resolve_weights",
    "weights_presence",
]
