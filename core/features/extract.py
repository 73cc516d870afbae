"""Stimuli through a backbone: all layers in one pass, pooled as they come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from PIL import Image

from cortiscope.core.backbones.allocator import kept_memory
from cortiscope.core.backbones.base import Backbone, Reduce
from cortiscope.core.errors import InvalidInput
from cortiscope.core.features.decoding import prepared_batches
from cortiscope.core.features.pooling import Pooling, pool, pooled_shape
from cortiscope.core.progress import Progress, silent
from cortiscope.core.stimuli import StimulusImages

BATCH_SIZE = 32
CHUNK_IMAGES = 128
"""How many images the store keeps at once: what a killed pass can lose of its work."""


def extract(
    backbone: Backbone,
    images: StimulusImages,
    layers: Sequence[str],
    pooling: Pooling,
    *,
    batch_size: int = BATCH_SIZE,
    progress: Progress = silent,
) -> dict[str, np.ndarray]:
    """Compute features of several layers in one pass, in memory.

    Returns
    -------
    Per layer, float32 (n_images, *shape), shape as by ``feature_shapes``; row i is image i.
    """
    shapes = feature_shapes(backbone, layers, pooling)
    features = {name: np.empty((len(images), *shape), np.float32) for name, shape in shapes.items()}
    for rows, parts in extract_batches(
        backbone, images, layers, pooling, batch_size=batch_size, progress=progress
    ):
        for name, part in parts.items():
            features[name][rows] = part
    return features


def extract_one(
    backbone: Backbone, image: Image.Image, layers: Sequence[str], pooling: Pooling
) -> dict[str, np.ndarray]:
    """Compute one picture's features; per layer float32 (*shape), without an image axis.

    Raises
    ------
    InvalidInput
        The backbone reads captions, and a picture alone has none.
    """
    batch = backbone.preprocess(image)[None]
    responses = backbone.forward(batch, layers, _reduce(backbone, pooling))
    return {name: _to_numpy(response)[0] for name, response in responses.items()}


def feature_shapes(
    backbone: Backbone, layers: Sequence[str], pooling: Pooling
) -> dict[str, tuple[int, ...]]:
    """Return the shape of one image's features per layer.

    Raises
    ------
    UnknownName, InvalidInput
        There is no such layer, or pooling has no meaning for it.
    """
    backbone.check_layers(layers)
    known = {layer.name: layer for layer in backbone.layers()}
    return {name: pooled_shape(known[name], pooling) for name in layers}


def extract_batches(
    backbone: Backbone,
    images: StimulusImages,
    layers: Sequence[str],
    pooling: Pooling,
    *,
    batch_size: int = BATCH_SIZE,
    progress: Progress = silent,
    chunks: Sequence[range] | None = None,
) -> Iterator[tuple[slice, dict[str, np.ndarray]]]:
    """Yield rows and their features, batch by batch, so that nothing has to fit in memory.

    The next batch is decoded while the network works on this one.

    Parameters
    ----------
    chunks : the rows that are wanted (all without), in runs that no batch crosses: a chunk's
        batches, and so its last bits, are the same whichever other chunks are asked for.
    """
    if batch_size < 1:
        raise InvalidInput(f"batch_size must be at least 1, not {batch_size}.")
    backbone.check_layers(layers)
    batch_size = min(batch_size, largest_batch(backbone.input_size))
    n_images = len(images)
    backbone.check_stimuli(images)
    reduce = _reduce(backbone, pooling)
    batches = [
        range(start, min(start + batch_size, chunk.stop))
        for chunk in ([range(n_images)] if chunks is None else chunks)
        for start in range(chunk.start, chunk.stop, batch_size)
    ]
    n_done = n_images - sum(map(len, batches))
    progress(n_done / max(n_images, 1), f"Computing features of {n_images} images")
    ready = prepared_batches(backbone, images, batches)
    with kept_memory():
        for rows, batch in zip(batches, ready, strict=True):
            responses = backbone.forward(batch, layers, reduce)
            yield (
                slice(rows.start, rows.stop),
                {name: _to_numpy(response) for name, response in responses.items()},
            )
            n_done += len(rows)
            progress(n_done / n_images, f"Computed features of {n_done} of {n_images} images")


def largest_batch(input_size: int) -> int:
    """Return how many pictures of a side in pixels go through a network at once.

    Memory for attention grows with the fourth power of the side: with 32 pictures of 1,024 px
    (SAM) it would be tens of gigabytes. Up to 320 px nothing is held back; results do not change.
    """
    if input_size <= 320:
        return 1024
    return max(1, int(BATCH_SIZE * (320 / input_size) ** 4))


def image_chunks(n_images: int, input_size: int) -> list[range]:
    """Cut images into the runs that the store keeps; the same for every pass over a backbone.

    Fewer at once where a picture takes long: 8 of 1,024 px (SAM).
    """
    length = min(CHUNK_IMAGES, 8 * largest_batch(input_size))
    return [range(a, min(a + length, n_images)) for a in range(0, n_images, length)]


def _reduce(backbone: Backbone, pooling: Pooling) -> Reduce | None:
    if pooling.kind == "none":
        return None
    known = {layer.name: layer for layer in backbone.layers()}
    return lambda name, responses: pool(responses, known[name], pooling)


def _to_numpy(response: torch.Tensor) -> np.ndarray:
    array: np.ndarray = response.detach().to("cpu", torch.float32).contiguous().numpy()
    return array
