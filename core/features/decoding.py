"""Stimuli turned into batches by threads of their own, while the network works."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import torch

from cortiscope.core.backbones.base import Backbone
from cortiscope.core.stimuli import StimulusImages

_MOST_THREADS = 8
_SETTING = threading.Lock()


def prepared_batches(
    backbone: Backbone, images: StimulusImages, batches: Sequence[range]
) -> Iterator[torch.Tensor]:
    """Yield each batch collated, and prepare the one after it meanwhile.

    Decoding lets go of Python's lock, so that several threads decode at a time: one for each core,
    up to eight, which a GPU may need.
    """
    threads = min(_MOST_THREADS, _cores())
    pool = ThreadPoolExecutor(threads, "decode", initializer=_compute_alone)
    try:

        def start(rows: range) -> list[Future[torch.Tensor]]:
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
