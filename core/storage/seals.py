"""Seals: whether a file still holds what was written, told by a digest of its content."""

from __future__ import annotations

import functools
from pathlib import Path

import xxhash

from cortiscope.core.storage.content import content_hashes


def seal(data: bytes | memoryview) -> str:
    """Return the seal of some bytes: xxh3, 128 bits, as 32 hexadecimal digits."""
    return xxhash.xxh3_128(data).hexdigest()


def seal_of(path: Path) -> str:
    """Return the seal of a file's content, read at most once per process and state of the file.

    Raises
    ------
    MissingData, DamagedFile : it is not there, or cannot be read.
    OSError : likewise.
    """
    status = path.stat()
    state = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    return _seal_in_state(path, state)


@functools.lru_cache(maxsize=8192)
def _seal_in_state(path: Path, state: tuple[int, ...]) -> str:
    # Remembered here as well: across processes nothing is that changed within the last seconds.
    return content_hashes().digest(path)
