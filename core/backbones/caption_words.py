"""Words and pairs of words of captions, hashed: nothing is fitted, so nothing can leak."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import torch

from cortiscope.core.backbones.base import Reduce, finish
from cortiscope.core.backbones.card import BackboneCard, LayerInfo, WeightsSpec
from cortiscope.core.backbones.text_backbone import TextBackbone
from cortiscope.core.stimuli import StimulusImages

# As in scikit-learn's vectorizers: letters, digits and underscores, two of them at least.
_WORD = re.compile(r"\b\w\w+\b")


class CaptionWordsBackbone(TextBackbone):
    """Counts of words and pairs, as 1 + log of each, by signed hashing into buckets."""

    def __init__(
        self,
        card: BackboneCard,
        weights: WeightsSpec,
        device: torch.device,
        layers: tuple[LayerInfo, ...],
    ) -> None:
        super().__init__(card, weights, device)
        self._layers = layers

    def layers(self) -> tuple[LayerInfo, ...]:  # noqa: D102 - as in Backbone
        return self._layers

    def prepare(self, images: StimulusImages, index: int) -> torch.Tensor:
        """Return the mean over the captions that are read, float32 (n_buckets,)."""
        n_buckets = self._layers[0].n_features
        vectors = [hash_caption(caption, n_buckets) for caption in self.captions(images, index)]
        return torch.from_numpy(np.mean(vectors, axis=0).astype(np.float32))

    def forward(  # noqa: D102 - as in Backbone
        self, batch: torch.Tensor, layers: Sequence[str], reduce: Reduce | None = None
    ) -> dict[str, torch.Tensor]:
        self.check_layers(layers)
        with torch.inference_mode():
            return finish({"words": batch.to(self.device)}, layers, reduce)


def hash_caption(caption: str, n_buckets: int) -> np.ndarray:
    """Return a caption's words and pairs of words as float64 (n_buckets,) of length 1.

    Bucket and sign are those of scikit-learn's HashingVectorizer; a caption without any word is
    all zeros.
    """
    from sklearn.utils import murmurhash3_32

    words = _WORD.findall(caption.lower())
    pairs = [f"{first} {second}" for first, second in zip(words, words[1:], strict=False)]
    vector = np.zeros(n_buckets)
    for term, count in Counter(words + pairs).items():
        digest = murmurhash3_32(term, seed=0)
        vector[abs(digest) % n_buckets] += math.copysign(1 + math.log(count), digest)
    length = float(np.linalg.norm(vector))
    return vector / length if length else vector
