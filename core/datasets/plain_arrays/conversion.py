"""Responses from files that cannot be memory-mapped, converted once into the cache folder."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.config import fingerprint
from core.datasets.arrays import load_array
from core.errors import CannotWrite, DamagedFile, MissingData
from core.storage import write_array

_VERSION = 1  # raised when a reader changes what it makes of a file


def convert_once(
    source: Path, cache: Path, read: Callable[[Path], np.ndarray], part: str = ""
) -> np.ndarray:
    """Return what ``read`` makes of a file as a read-only float32 array, memory-mapped if kept.

    A file counts as the same as long as its path, size and time of change are.

    Parameters
    ----------
    cache : folder of converted arrays; made when the first is written.
    part : which of several arrays of the file this is.
    """
    status = source.stat()
    identity = [str(source.absolute()), status.st_size, status.st_mtime_ns, part, _VERSION]
    target = cache / f"{fingerprint(identity)}.npy"
    try:
        table = load_array(target)
        with contextlib.suppress(OSError):  # for ``store clean``, which goes by the last use
            target.touch()
        return table
    except (MissingData, DamagedFile):
        table = np.asarray(read(source), dtype=np.float32)
        _check_finite(table, f"{part} of {source.name}" if part else source.name)
        table.flags.writeable = False
        # A home that is full or may not be written to is no fault of the data: they are read
        # again next time, and held in memory meanwhile.
        with contextlib.suppress(CannotWrite):
            write_array(target, table)
            return load_array(target)
    return table


def _check_finite(table: np.ndarray, name: str) -> None:
    # The converted file's name says nothing to anybody, so this cannot wait for the fit.
    bad = np.flatnonzero(~np.isfinite(table).all(axis=0))
    if bad.size:
        shown = ", ".join(map(str, bad[:5])) + (", ..." if bad.size > 5 else "")
        raise DamagedFile(
            f"{name} has NaN or infinite values at {bad.size:,} of {table.shape[1]:,} vertices "
            f"(counted from 0: {shown}).",
            "Leave these vertices out, or repair the file.",
        )
