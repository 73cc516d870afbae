"""What backbones share that read a picture's captions and not the picture."""

from __future__ import annotations

import torch
from PIL import Image

from core.backbones.base import Backbone
from core.errors import InvalidInput


class TextBackbone(Backbone):
    """A backbone of modality "text": ``prepare`` reads captions; a picture alone is refused."""

    def preprocess(self, image: Image.Image) -> torch.Tensor:  # noqa: D102 - as in Backbone
        raise InvalidInput(
            f"{self.card.title} reads a caption, and a picture alone has none.",
            "Choose an encoder of image features for pictures without captions.",
        )
