"""Atomic writes: a reader sees the old file, the new file, or none; never half of one."""

from __future__ import annotations

import contextlib
import glob
import json
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

# Writing takes seconds, of large features minutes; nobody is still at work on one of this age.
_ABANDONED_SECONDS = 3600


def _unfinished(target: Path) -> Path:
    # In the target's own folder, so that the rename stays within one file system.
    return target.with_name(f".{target.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}.part")


@contextmanager
def atomic_file(target: Path) -> Iterator[Path]:
    """Yield a path to write to; it takes the target's name only if the block succeeds."""
    target.parent.mkdir(parents=True, exist_ok=True)
    _clear_abandoned(target)
    draft = _unfinished(target)
    try:
        yield draft
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def atomic_directory(target: Path) -> Iterator[Path]:
    """Yield a folder to fill; it takes the target's name only if the block succeeds.

    If another process has made the target meanwhile, that one stays: both hold the same
    content, since the name is derived from the configuration.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _clear_abandoned(target)
    draft = _unfinished(target)
    draft.mkdir()
    try:
        yield draft
        try:
            draft.rename(target)
        except OSError:
            if not target.is_dir():
                raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _clear_abandoned(target: Path) -> None:
    """Remove drafts of the same target that a killed process left long ago."""
    for draft in target.parent.glob(f".{glob.escape(target.name)}.*.part"):
        with contextlib.suppress(OSError):
            if time.time() - draft.stat().st_mtime > _ABANDONED_SECONDS:
                if draft.is_dir():
                    shutil.rmtree(draft, ignore_errors=True)
                else:
                    draft.unlink()


def write_array(target: Path, array: np.ndarray) -> None:
    """Write an ``.npy`` file atomically, without pickle."""
    with atomic_file(target) as draft, draft.open("wb") as stream:
        np.save(stream, np.ascontiguousarray(array), allow_pickle=False)


def write_json(target: Path, value: Any) -> None:
    """Write readable JSON atomically."""
    text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    with atomic_file(target) as draft:
        draft.write_text(text, encoding="utf-8")
