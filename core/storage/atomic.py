"""Atomic writes: a reader sees the old file, the new file, or none; never half of one."""

from __future__ import annotations

import contextlib
import glob
import json
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from cortiscope.core.storage.write_failures import writing

# Writing takes seconds, of large features minutes; a draft of this age is abandoned.
_ABANDONED_SECONDS = 3600


@contextmanager
def _drafting(target: Path, n_bytes: int | None) -> Iterator[Path]:
    """Yield a name for a draft of the target; whatever still bears it in the end is removed."""
    with writing(target, n_bytes):
        target.parent.mkdir(parents=True, exist_ok=True)
        _clear_abandoned(target)
        draft = _unfinished(target)
        try:
            yield draft
        finally:
            remove(draft)


def _unfinished(target: Path) -> Path:
    # In the target's own folder, so that the rename stays within one file system.
    return target.with_name(f".{target.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}.part")


@contextmanager
def atomic_file(target: Path, n_bytes: int | None = None) -> Iterator[Path]:
    """Yield a path to write to; it takes the target's name only if the block succeeds.

    Parameters
    ----------
    n_bytes : that the block writes, if that is known: named where the disk has no room.

    Raises
    ------
    CannotWrite : no room, no permission, or a file where a folder must be.
    """
    with _drafting(target, n_bytes) as draft:
        yield draft
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        draft.replace(target)


@contextmanager
def atomic_directory(
    target: Path, stays: Callable[[Path], bool] = Path.is_dir, n_bytes: int | None = None
) -> Iterator[Path]:
    """Yield a folder to fill; it takes the target's name only if the block succeeds.

    If another process has made the target meanwhile, that one stays: both hold the same
    content, since the name is derived from the configuration.

    Parameters
    ----------
    stays : whether what bears the target's name by then is whole; what is not is replaced.
    n_bytes : as in ``atomic_file``.

    Raises
    ------
    CannotWrite : no room, no permission, or a file where a folder must be.
    """
    with _drafting(target, n_bytes) as draft:
        draft.mkdir()
        yield draft
        _take_place(draft, target, stays)


def _take_place(draft: Path, target: Path, stays: Callable[[Path], bool]) -> None:
    """Give a draft the target's name, unless something whole has it."""
    try:
        # Over a file this would fail, over an empty folder it would not.
        draft.rename(target)
        return
    except OSError:
        if not os.path.lexists(target):
            raise
    if stays(target):
        return
    former = _unfinished(target)
    target.rename(former)
    try:
        draft.rename(target)
    except OSError:
        if not stays(target):  # else another process was as quick
            raise
    finally:
        remove(former)


def remove(path: Path) -> None:
    """Remove a file, a link or a folder with everything in it, as far as that can be done."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()


def _clear_abandoned(target: Path) -> None:
    """Remove drafts of the same target that a killed process left long ago."""
    for draft in target.parent.glob(f".{glob.escape(target.name)}.*.part"):
        with contextlib.suppress(OSError):
            if time.time() - draft.stat().st_mtime > _ABANDONED_SECONDS:
                remove(draft)


def write_array(target: Path, array: np.ndarray) -> None:
    """Write an ``.npy`` file atomically, without pickle."""
    with atomic_file(target, array.nbytes) as draft, draft.open("wb") as stream:
        np.save(stream, np.ascontiguousarray(array), allow_pickle=False)


def write_json(target: Path, value: Any) -> None:
    """Write readable JSON atomically."""
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    with atomic_file(target) as draft:
        draft.write_text(text, encoding="utf-8")
