"""Stimuli through a backbone: all layers in one pass, pooled as they come."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from PIL import Image

from cortiscope.core.backbones.base import Backbone, Reduce
from cortiscope.core.errors import InvalidInput, WorkFailed
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
    responses = backbone.forward(batch, layers, pooling_of(backbone, pooling))
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
    forward = _Forward(backbone, layers, pooling_of(backbone, pooling))
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
            yield slice(rows.start, rows.stop), forward(batch)
            n_done += len(rows)
            said = f"Computed features of {n_done} of {n_images} images"
            progress(n_done / n_images, f"{said}{forward.words}")


class _Forward:
    """A network's pass over batches, in halves from the batch on for which memory is too small."""

    def __init__(self, backbone: Backbone, layers: Sequence[str], reduce: Reduce | None) -> None:
        self._backbone, self._layers, self._reduce = backbone, layers, reduce
        self._most: int | None = None

    @property
    def words(self) -> str:
        """What of the memory is to be said."""
        if self._most is None:
            return ""
        return f" (memory is short: {self._most} at once)"

    def __call__(self, batch: torch.Tensor) -> dict[str, np.ndarray]:
        """Return the layers' features of a batch.

        Raises
        ------
        WorkFailed : there is no memory for a single image.
        """
        while True:
            most = len(batch) if self._most is None else self._most
            try:
                parts = [
                    self._backbone.forward(batch[k : k + most], self._layers, self._reduce)
                    for k in range(0, len(batch), most)
                ]
                return {
                    name: np.concatenate([_to_numpy(part[name]) for part in parts])
                    if len(parts) > 1
                    else _to_numpy(parts[0][name])
                    for name in self._layers
                }
            except torch.OutOfMemoryError:
                if most == 1:
                    raise WorkFailed(
                        f"{self._backbone.device} has no memory for one image in "
                        f"{self._backbone.card.title}.",
                        "Free memory there, or compute elsewhere: --device cpu or cuda:1.",
                    ) from None
                self._most = most // 2
            # Outside of the except clause, which keeps the failed pass's tensors alive.
            torch.cuda.empty_cache()


# What networks hold of a picture at the peak of a pass, a value below in float32 for each of its
# pixels: ResNet-50 1,300, VGG16 2,100, CLIP ViT-B/32 600.
_BYTES_PER_PIXEL = 4_000


def batch_for(backbone: Backbone) -> int:
    """Return how many images to give a network at once: on a GPU as many as its free memory takes.

    Results do not change, but for the last bits.
    """
    if backbone.device.type != "cuda" or not backbone.input_size:
        return BATCH_SIZE
    free, _ = torch.cuda.mem_get_info(backbone.device)
    fitting = free // (2 * _BYTES_PER_PIXEL * backbone.input_size**2)
    return int(max(1, min(CHUNK_IMAGES, fitting)))


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


def pooling_of(backbone: Backbone, pooling: Pooling) -> Reduce | None:
    """Return what pools a layer's responses as they come; None where nothing is pooled."""
    if pooling.kind == "none":
        return None
    known = {layer.name: layer for layer in backbone.layers()}
    return lambda name, responses: pool(responses, known[name], pooling)


def _to_numpy(response: torch.Tensor) -> np.ndarray:
    array: np.ndarray = response.detach().to("cpu", torch.float32).contiguous().numpy()
    return array


_MOST_THREADS = 8
_SETTING = threading.Lock()


def prepared_batches(
    backbone: Backbone, images: StimulusImages, batches: Sequence[Sequence[int]]
) -> Iterator[torch.Tensor]:
    """Yield each batch collated, and prepare the one after it meanwhile.

    Decoding lets go of Python's lock, so that several threads decode at a time: one for each core,
    up to eight, which a GPU may need.
    """
    threads = min(_MOST_THREADS, _cores())
    pool = ThreadPoolExecutor(threads, "decode", initializer=_compute_alone)
    try:

        def start(rows: Sequence[int]) -> list[Future[torch.Tensor]]:
            return [pool.submit(backbone.prepare, images, i) for i in rows]

        ahead = start(batches[0]) if batches else []
        for k in range(len(batches)):
            ready = [future.result() for future in ahead]
            ahead = start(batches[k + 1]) if k + 1 < len(batches) else []
            yield backbone.collate(ready)
    finally:
        pool.shutdown(cancel_futures=True)


def _cores() -> int:
    # Fewer than the machine has, where the process may not use all of them.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _compute_alone() -> None:
    """Keep torch's operations on one picture in this thread.

    Each thread that asks torch for several would have a team of its own, and all the teams would
    wait for each other's cores. The setting is the thread's; what threads that are yet to come
    start with is set back.
    """
    with _SETTING:
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        other = threading.Thread(target=torch.set_num_threads, args=(before,))
        other.start()
        other.join()


# malloc.h
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MMAP_MAX = -1, -3, -4
_ONLY_HEAP = {_MMAP_MAX: 0, _TRIM_THRESHOLD: -1}
# What glibc's own adjustment ends with, once blocks of 32 MiB were freed; it stops at the first
# setting, and the values that it starts with would be slow for large arrays.
_ADJUSTED = {_MMAP_MAX: 65_536, _MMAP_THRESHOLD: 32 << 20, _TRIM_THRESHOLD: 64 << 20}


@contextmanager
def kept_memory() -> Iterator[None]:
    """Keep freed memory for the length of the context, then give it back; glibc only.

    glibc returns a large block to the system as soon as it is free, and takes it anew, page by
    page and zeroed, for the next layer's responses: a third of the time of a ResNet on two cores,
    and as much of their bandwidth. Networks free blocks of the sizes that they ask for next, so
    that what they hold at most stays the same.

    Results are the same; elsewhere nothing happens.
    """
    libc = _glibc()
    if libc is None:
        yield
        return
    for option, value in _ONLY_HEAP.items():
        libc.mallopt(option, value)
    try:
        yield
    finally:
        for option, value in _ADJUSTED.items():
            libc.mallopt(option, value)
        libc.malloc_trim(0)


def _glibc() -> Any | None:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    # musl, Alpine's, keeps and returns memory in its own ways.
    return libc if hasattr(libc, "mallopt") and hasattr(libc, "malloc_trim") else None
