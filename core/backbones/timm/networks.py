"""timm's networks without trained weights. Needs torch."""

from __future__ import annotations

import sys
from typing import Any

from torch import nn

from cortiscope.core.backbones.layer_axes import Declared, Tokens
from cortiscope.core.backbones.module_backbone import name_output
from cortiscope.core.backbones.torchvision.networks import import_torchvision
from cortiscope.core.backbones.weights_loading import fits


def import_timm() -> Any:
    """Return timm, with torchvision imported first."""
    import_torchvision()
    import timm

    return timm


def build_network(model: str, tag: str, n_classes: int | None = None) -> nn.Module:
    """Build a network with random weights, as a published set expects it.

    A layer ``features`` is added: what ``forward_features`` returns, which is what timm's own
    users take for a picture's features before any pooling. Where a network has a module of that
    name, the layer is ``final_features``.

    Parameters
    ----------
    tag : of the published set; empty where a network has none.
    n_classes : that its classifier distinguishes; None for those of the published set.
    """
    options = {} if n_classes is None else {"num_classes": n_classes}
    network: Any = import_timm().create_model(full_name(model, tag), pretrained=False, **options)
    # The classifier still follows, so that it can be asked for as well.
    name = "final_features" if hasattr(network, "features") else "features"
    name_output(
        network,
        name,
        lambda network, batch: network.forward_features(batch),
        then=lambda network, result: network.forward_head(result),
    )
    return network


def tokens_of(network: Any, side: int) -> Tokens | None:
    """Return the tokens of one of timm's transformers, by its own ``num_prefix_tokens``."""
    embedding: Any = getattr(network, "patch_embed", None)
    grid = getattr(embedding, "grid_size", None)
    if grid is None:
        return None
    if not getattr(embedding, "strict_img_size", True):
        grid = embedding.dynamic_feat_size((side, side))
    rows, columns = grid
    return Tokens(int(getattr(network, "num_prefix_tokens", 0)), (int(rows), int(columns)))


def resize(network: Any, size: tuple[int, int]) -> None:
    """Make one of timm's networks take pictures of (height, width), where it can be made to."""
    if hasattr(network, "set_input_size"):
        network.set_input_size(img_size=size)


DECLARED = Declared(tokens_of, resize)


def full_name(model: str, tag: str) -> str:
    """Return a network's name with its tag, as timm writes it."""
    return f"{model}.{tag}" if tag else model


def preprocessing_of(model: str, tag: str) -> dict[str, Any]:
    """Return the published preprocessing of a set, as arguments of ``create_transform``."""
    timm = import_timm()
    published = timm.models.get_pretrained_cfg(full_name(model, tag))
    facts: dict[str, Any] = timm.data.resolve_data_config({}, pretrained_cfg=published.to_dict())
    return facts


def transform_of(model: str, tag: str) -> Any:
    """Return the published preprocessing of a set, from a picture to a tensor."""
    facts = preprocessing_of(model, tag)
    return import_timm().data.create_transform(**facts, is_training=False)


def adapted(state: dict[str, Any], network: nn.Module) -> dict[str, Any]:
    """Turn the names of an original publication's file into timm's, by timm's own rules."""
    convert = getattr(sys.modules[type(network).__module__], "checkpoint_filter_fn", None)
    if convert is None or fits(network, state):
        return state
    try:
        result: dict[str, Any] = convert(dict(state), network)
    except (KeyError, ValueError, RuntimeError, AttributeError, IndexError):
        # Not the file that the rules are for; what does not fit is reported as of any other.
        return state
    return result
