"""The C library's memory while a network runs: kept from layer to layer.

glibc returns a large block to the system as soon as it is free, and takes it anew, page by page
and zeroed, for the next layer's responses: a third of the time of a ResNet on two cores, and as
much of their bandwidth. Networks free blocks of the sizes that they ask for next, so that what
they hold at most stays the same.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# malloc.h
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MMAP_MAX = -1, -3, -4
_ONLY_HEAP = {_MMAP_MAX: 0, _TRIM_THRESHOLD: -1}
# What glibc's own adjustment ends with, once blocks of 32 MiB were freed; it stops at the first
# setting, and the values that it starts with would be slow for large arrays.
_ADJUSTED = {_MMAP_MAX: 65_536, _MMAP_THRESHOLD: 32 << 20, _TRIM_THRESHOLD: 64 << 20}


@contextmanager
def kept_memory() -> Iterator[None]:
    """Keep freed memory for the length of the context, then give it back; glibc only.

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
