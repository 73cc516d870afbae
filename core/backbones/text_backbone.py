"""What backbones share that read a picture's captions and not the picture."""

from __future__ import annotations

import copy

import torch
from PIL import Image

from cortiscope.core.backbones.base import Backbone
from cortiscope.core.backbones.framing import Framing
from cortiscope.core.errors import InvalidInput
from cortiscope.core.stimuli import StimulusImages


class TextBackbone(Backbone):
    """A backbone of modality "text": ``prepare`` reads captions; a picture alone is refused.

    An image's features are the mean over those of its captions, or those of one of them
    (``Framing("caption", caption=1)``).
    """

    def framed(self, framing: Framing) -> Backbone:  # noqa: D102 - as in Backbone
        if framing.kind != "caption":
            return super().framed(framing)
        other = copy.copy(self)
        other.framing = framing
        return other

    def captions(self, images: StimulusImages, index: int) -> tuple[str, ...]:
        """Return what is read of stimulus ``index``: all its captions, or the chosen one."""
        self.check_stimuli(images.subset([index]))
        found = images.captions_of(index)
        return (found[self.framing.caption - 1],) if self.framing.caption else found

    def check_stimuli(self, images: StimulusImages) -> None:
        """Raise InvalidInput that names the images without the captions that are read."""
        images.check_captions(self.framing.caption or 1)

    def preprocess(self, image: Image.Image) -> torch.Tensor:  # noqa: D102 - as in Backbone
        raise InvalidInput(
            f"{self.card.title} reads a caption, and a picture alone has none.",
            "Choose an encoder of image features for pictures without captions.",
        )
