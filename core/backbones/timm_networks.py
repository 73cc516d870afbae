"""timm's networks without trained weights. Needs torch."""

from __future__ import annotations

import sys
from typing import Any

from torch import nn

from core.backbones.module_backbone import name_output
from core.backbones.torchvision_import import import_torchvision


def import_timm() -> Any:
    """Return timm, with torchvision imported first."""
    import_torchvision()
    import timm

    return timm


def build_network(model: str, tag: str) -> nn.Module:
    """Build a network with random weights, as a published set expects it.

    A layer ``features`` is added: what ``forward_features`` returns, which is what timm's own
    users take for a picture's features before any pooling.
    """
    network: Any = import_timm().create_model(f"{model}.{tag}", pretrained=False)
    head = network.forward_head
    # The classifier still follows, so that it can be asked for as well.
    name_output(network, "features", network.forward_features, then=head)
    return network


def preprocessing_of(model: str, tag: str) -> dict[str, Any]:
    """Return the published preprocessing of a set, as arguments of ``create_transform``."""
    timm = import_timm()
    published = timm.models.get_pretrained_cfg(f"{model}.{tag}")
    facts: dict[str, Any] = timm.data.resolve_data_config({}, pretrained_cfg=published.to_dict())
    return facts


def converted(state: dict[str, Any], network: nn.Module) -> dict[str, Any]:
    """Turn the names of an original publication's file into timm's, by timm's own rules."""
    convert = getattr(sys.modules[type(network).__module__], "checkpoint_filter_fn", None)
    if convert is None:
        return state
    result: dict[str, Any] = convert(dict(state), network)
    return result
