"""Words and pairs of words of captions, hashed: the baseline for networks that read captions.

Nothing is fitted, so nothing can leak.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cortiscope.core.backbones.base import (
    FixedBackbone,
    FixedFamily,
    Reduce,
    TextBackbone,
    finish,
)
from cortiscope.core.backbones.card import Axes, BackboneCard, LayerInfo
from cortiscope.core.stimuli import StimulusImages

if TYPE_CHECKING:
    import torch

N_BUCKETS = 512
# As in scikit-learn's vectorizers: letters, digits and underscores, two of them at least.
_WORD = re.compile(r"\b\w\w+\b")


class CaptionWordsBackbone(TextBackbone, FixedBackbone):
    """Counts of words and pairs, as 1 + log of each, by signed hashing into buckets."""

    def prepare(self, images: StimulusImages, index: int) -> torch.Tensor:
        """Return the mean over the captions that are read, float32 (n_buckets,)."""
        import torch

        n_buckets = self._layers[0].n_features
        vectors = [hash_caption(caption, n_buckets) for caption in self.captions(images, index)]
        return torch.from_numpy(np.mean(vectors, axis=0).astype(np.float32))

    def forward(  # noqa: D102 - as in Backbone
        self, batch: torch.Tensor, layers: Sequence[str], reduce: Reduce | None = None
    ) -> dict[str, torch.Tensor]:
        import torch

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


CAPTION_WORDS = FixedFamily(
    BackboneCard(
        name="caption_words",
        title="Caption words",
        family="built in",
        summary=(
            "Which words and pairs of words are in the picture's captions, without any "
            "model of language and without looking at the picture."
        ),
        input_size=0,
        preprocessing=(
            f"Words and pairs of words hashed into {N_BUCKETS} values, counts as "
            "1 + log, length 1; the mean over an image's captions."
        ),
        weights=("fixed",),
        default_weights="fixed",
        layers_offered=("words",),
        licence="BSD-3-Clause",
        paper="Weinberger et al. 2009, arXiv 0902.2206",
        source="cortiscope.core.backbones.caption_words",
        modality="text",
    ),
    (LayerInfo("words", (N_BUCKETS,), 0.0, Axes("features")),),
    CaptionWordsBackbone,
)
