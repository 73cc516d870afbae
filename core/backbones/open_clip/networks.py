"""open_clip's networks, one tower at a time, without trained weights, and text towers at work."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

from cortiscope.core.backbones.base import Reduce, TextBackbone
from cortiscope.core.backbones.card import BackboneCard, WeightsSpec
from cortiscope.core.backbones.layer_axes import Declared, Tokens
from cortiscope.core.backbones.module_backbone import ModuleBackbone, name_output
from cortiscope.core.backbones.timm import networks as timm_networks
from cortiscope.core.backbones.torchvision.networks import import_torchvision
from cortiscope.core.stimuli import StimulusImages


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


class ClipTextBackbone(TextBackbone, ModuleBackbone):
    """A text tower; an image's features are the mean over those of its captions.

    A layer's response to a caption is that at its last token, which stands for the whole of it:
    the tower attends backwards only, and ``encode_text`` takes the same token.
    """

    def __init__(
        self,
        card: BackboneCard,
        weights: WeightsSpec,
        device: torch.device,
        network: nn.Module,
        model: str,
        notes: tuple[str, ...] = (),
    ) -> None:
        super().__init__(card, weights, device, network)
        self.notes = notes
        self._tokenizer = import_open_clip().get_tokenizer(model)

    def prepare(self, images: StimulusImages, index: int) -> torch.Tensor:
        """Return the tokens of the captions that are read, int64 (n_captions, n_tokens)."""
        tokens: torch.Tensor = self._tokenizer(list(self.captions(images, index)))
        return tokens

    def collate(self, inputs: Sequence[torch.Tensor]) -> torch.Tensor:
        """Return int64 (n, most captions, n_tokens), zeros where an image has fewer."""
        return pad_sequence(list(inputs), batch_first=True)

    def forward(  # noqa: D102 - as in Backbone
        self, batch: torch.Tensor, layers: Sequence[str], reduce: Reduce | None = None
    ) -> dict[str, torch.Tensor]:
        there = batch.any(-1)  # (n, most captions)
        by_caption = super().forward(batch[there], layers, reduce)
        counts = there.sum(1).tolist()
        return {
            name: torch.stack([part.mean(0) for part in response.split(counts)])
            for name, response in by_caption.items()
        }

    @staticmethod
    def as_response(output: torch.Tensor, batch: torch.Tensor) -> torch.Tensor:
        """Take the response at each caption's last token, which has the highest number."""
        if output.ndim == 3 and output.shape[:2] == batch.shape:
            return output[torch.arange(len(batch), device=batch.device), batch.argmax(-1)]
        return output

    def _dry_input(self) -> torch.Tensor:
        return self._tokenizer(["a", "a b"]).to(self.device)
