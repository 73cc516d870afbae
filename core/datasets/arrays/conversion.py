"""Responses from files that cannot be memory-mapped, converted once into the cache folder.

Converted files are known by their names; anything else in that folder is neither counted nor
removed. What ``store clean`` removes is converted again when the subject is next opened.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Literal

import numpy as np
import xxhash

from cortiscope.core.config import fingerprint
from cortiscope.core.datasets.npy import load_array
from cortiscope.core.errors import CannotWrite, DamagedFile
from cortiscope.core.storage import content_hashes, write_array

_VERSION = 3  # raised when a reader changes what it makes of a file
_DAY = 86400


def convert_once(
    source: Path, cache: Path, read: Callable[[Path], np.ndarray], part: str = ""
) -> np.ndarray:
    """Return what ``read`` makes of a file as a read-only float32 array, memory-mapped if kept.

    What was made of a file is known by the file's content, and is held against its own digest,
    which is in its name.

    Parameters
    ----------
    cache : folder of converted arrays; made when the first is written.
    part : which of several arrays of the file this is.
    """
    hashes = content_hashes()
    key = fingerprint([hashes.digest(source), part, _VERSION])
    for made in cache.glob(f"{key}-*.npy"):
        with contextlib.suppress(OSError, DamagedFile):
            if made.stem == f"{key}-{hashes.digest(made)}":
                _mark_used(made)
                return load_array(made)
            made.unlink()
    table = np.ascontiguousarray(read(source), dtype=np.float32)
    _check_finite(table, f"{part} of {source.name}" if part else source.name)
    table.flags.writeable = False
    # A home that is full or may not be written to is no fault of the data: they are read
    # again next time, and held in memory meanwhile.
    with contextlib.suppress(CannotWrite):
        made = cache / f"{key}-{_digest_when_written(table)}.npy"
        write_array(made, table)
        return load_array(made)
    return table


def _digest_when_written(table: np.ndarray) -> str:
    digest = xxhash.xxh3_128()
    np.lib.format.write_array(SimpleNamespace(write=digest.update), table, allow_pickle=False)
    return digest.hexdigest()


def _mark_used(path: Path) -> None:
    """Note, to the day, when a file was last used: ``store clean`` goes by it."""
    # Every time would be a change of the file, which would have to be hashed again.
    with contextlib.suppress(OSError):
        if time.time() - path.stat().st_mtime > _DAY:
            path.touch()


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


_CONVERTED = re.compile(r"[0-9a-f]+(-[0-9a-f]+)?\.npy")
_UNFINISHED = re.compile(rf"\.{_CONVERTED.pattern}\.\d+-[0-9a-f]{{8}}\.part")


@dataclass(frozen=True)
class ConvertedFile:
    """A converted table, or what a conversion left that was killed.

    Parameters
    ----------
    kind : "responses", whole; or "drafts".
    used : when it was last opened or written to, in seconds since 1970.
    """

    path: Path
    kind: Literal["responses", "drafts"]
    n_bytes: int
    used: float


def converted_files(root: Path) -> list[ConvertedFile]:
    """List what is converted; empty where there is no folder."""
    found: list[ConvertedFile] = []
    for path in sorted(root.iterdir()) if root.is_dir() else ():
        kind: Literal["responses", "drafts"] = (
            "responses" if _CONVERTED.fullmatch(path.name) else "drafts"
        )
        if kind == "drafts" and not _UNFINISHED.fullmatch(path.name):
            continue
        with contextlib.suppress(FileNotFoundError):  # a conversion at work renames its file
            status = path.stat()
            found.append(ConvertedFile(path, kind, status.st_size, status.st_mtime))
    return found


def clean_converted(
    root: Path, *, older_than_days: float | None = None, draft_hours: float
) -> list[ConvertedFile]:
    """Remove abandoned drafts and, if asked, tables that were not used for some days.

    Returns
    -------
    What was removed.
    """
    now, removed = time.time(), []
    for file in converted_files(root):
        if file.kind == "drafts":
            is_due = now - file.used > 3600 * draft_hours
        else:
            is_due = older_than_days is not None and now - file.used > 86400 * older_than_days
        if is_due:
            file.path.unlink(missing_ok=True)
            removed.append(file)
    return removed
