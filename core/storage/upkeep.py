"""What folders of the home take on disk, and what killed processes left in them.

Drafts are known by the names under which ``atomic`` writes them, whatever folder they lie in.
Folders of files that can be made again and were not used for long keep lists of their
own (``core.features.upkeep``, ``core.datasets.arrays.conversion``, ``core.runs.store``).
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cortiscope.core.storage.atomic import remove

DRAFTS = "drafts"
# The second is what the viewer's geometry is written under.
_DRAFT = re.compile(r"\..+\.\d+-[0-9a-f]{8}\.part|tmp\w+\.part")


@dataclass(frozen=True)
class Kept:
    """A file, or a folder with everything in it.

    Parameters
    ----------
    kind : "drafts", or what it is.
    used : when anything in it was last written, in seconds since 1970.
    """

    path: Path
    kind: str
    n_bytes: int
    used: float


def is_draft(name: str) -> bool:
    """Whether a file or folder is one that was being written."""
    return _DRAFT.fullmatch(name) is not None


def measured(path: Path, kind: str) -> Kept:
    """Add up a file or folder; links are not followed."""
    n_bytes, used = 0, 0.0
    for each in [path, *_below(path)]:
        with contextlib.suppress(OSError):  # somebody at work renames files
            status = each.lstat()
            used = max(used, status.st_mtime)
            n_bytes += 0 if each.is_dir() and not each.is_symlink() else status.st_size
    return Kept(path, kind, n_bytes, used)


def kept_in(folder: Path) -> list[Kept]:
    """List the files of a folder at any depth, each by itself, and drafts as wholes."""
    found: list[Kept] = []
    for name, folders, files in os.walk(folder):
        here = Path(name)
        drafts = [f for f in folders if is_draft(f)]
        folders[:] = [f for f in folders if f not in drafts]
        found += [measured(here / f, DRAFTS) for f in drafts]
        found += [measured(here / f, DRAFTS if is_draft(f) else "files") for f in files]
    return found


def remove_drafts(items: Iterable[Kept], hours: float) -> list[Kept]:
    """Remove drafts that were not written to for some hours; return them."""
    now = time.time()
    due = [i for i in items if i.kind == DRAFTS and now - i.used > 3600 * hours]
    for item in due:
        remove(item.path)
    return due


def _below(path: Path) -> Iterator[Path]:
    for name, folders, files in os.walk(path):
        yield from (Path(name) / each for each in (*folders, *files))
