"""open_clip's networks, one tower at a time, without trained weights. Needs torch."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from cortiscope.core.backbones import timm_networks
from cortiscope.core.backbones.layer_axes import Declared, Tokens
from cortiscope.core.backbones.module_backbone import name_output
from cortiscope.core.backbones.torchvision_import import import_torchvision


def import_open_clip() -> Any:
    """Return open_clip, with torchvision imported first."""
    import_torchvision()
    import open_clip

    return open_clip


def build_model(model: str, device: str = "cpu") -> Any:
    """Build both towers with random weights."""
    with _without_warning_of_random_weights():
        return import_open_clip().create_model(model, pretrained=None, device=device)


def build_image_tower(model: str, device: str = "cpu") -> nn.Module:
    """Build the image tower alone; see ``image_tower``."""
    return image_tower(build_model(model, device))


def build_text_tower(model: str, device: str = "cpu") -> nn.Module:
    """Build the text tower alone; see ``text_tower``."""
    return text_tower(build_model(model, device))


def image_tower(both: Any) -> nn.Module:
    """Take the image tower, its modules named as in both towers together.

    A layer ``embedding`` is added: what ``encode_image`` returns, of its own length.
    """
    tower = nn.Module()
    tower.add_module("visual", both.visual)

    def encode(tower: nn.Module, pictures: torch.Tensor) -> torch.Tensor:
        found = tower.get_submodule("visual")(pictures)
        # CoCa's tower returns the tokens for its decoder as well.
        embedding: torch.Tensor = found[0] if isinstance(found, tuple) else found
        return embedding

    name_output(tower, "embedding", encode)
    return tower


def text_tower(both: Any) -> nn.Module:
    """Take the text tower, its modules named as in both towers together.

    A layer ``embedding`` is added: what ``encode_text`` returns, of its own length.
    """
    tower: nn.Module = both
    del tower.visual
    name_output(tower, "embedding", lambda tower, tokens: tower.encode_text(tokens))
    return tower


def tokens_of(tower: Any, side: int) -> Tokens | None:
    """Return the tokens of an image tower: a class token, or what timm says of its trunk."""
    visual = tower.visual
    if hasattr(visual, "trunk"):
        return timm_networks.tokens_of(visual.trunk, side)
    if not hasattr(visual, "class_embedding"):
        return None
    rows, columns = visual.grid_size
    return Tokens(1, (int(rows), int(columns)))


def resize(tower: Any, size: tuple[int, int]) -> None:
    """Make an image tower without storage take pictures of (height, width)."""
    visual = tower.visual
    if hasattr(visual, "trunk"):
        timm_networks.resize(visual.trunk, size)
    elif hasattr(visual, "class_embedding"):
        rows, columns = (s // p for s, p in zip(size, visual.patch_size, strict=True))
        width = visual.positional_embedding.shape[1]
        visual.positional_embedding = nn.Parameter(torch.empty(1 + rows * columns, width))
    elif hasattr(visual, "attnpool"):
        pool = visual.attnpool
        n_places = 2 * (len(pool.positional_embedding) - 1)
        width = pool.positional_embedding.shape[1]
        pool.positional_embedding = nn.Parameter(torch.empty(1 + n_places, width))


DECLARED = Declared(tokens_of, resize)


def text_length(model: str) -> int:
    """Return how many tokens a model's text tower reads."""
    length: int = import_open_clip().get_model_config(model)["text_cfg"]["context_length"]
    return length


def preprocessing_of(model: str, tag: str) -> Any:
    """Return the published preprocessing of a set, as open_clip's ``PreprocessCfg``.

    Parameters
    ----------
    tag : of the set; empty for networks without weights, which get the library's usual one.
    """
    from_library = import_open_clip()
    from open_clip.transform import PreprocessCfg, merge_preprocess_dict

    published = from_library.get_pretrained_cfg(model, tag) if tag else {}
    size = from_library.get_model_config(model)["vision_cfg"].get("image_size", 224)
    default = dataclasses.asdict(PreprocessCfg(size=size))
    return PreprocessCfg(**merge_preprocess_dict(default, published))


def transform_of(model: str, tag: str) -> Any:
    """Return the published preprocessing of a set, from a picture to a tensor."""
    import_open_clip()
    from open_clip.transform import image_transform_v2

    return image_transform_v2(preprocessing_of(model, tag), is_train=False)


@contextmanager
def _without_warning_of_random_weights() -> Iterator[None]:
    def wanted(record: logging.LogRecord) -> bool:
        return "No pretrained weights loaded" not in record.getMessage()

    root = logging.getLogger()
    root.addFilter(wanted)
    try:
        yield
    finally:
        root.removeFilter(wanted)
