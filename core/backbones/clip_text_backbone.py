"""open_clip's text towers at work: captions as tokens."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

from cortiscope.core.backbones.base import Reduce
from cortiscope.core.backbones.card import BackboneCard, WeightsSpec
from cortiscope.core.backbones.module_backbone import ModuleBackbone
from cortiscope.core.backbones.open_clip_networks import import_open_clip
from cortiscope.core.backbones.text_backbone import TextBackbone
from cortiscope.core.stimuli import StimulusImages


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
