"""What converted responses take on disk, and removing those that nobody needs.

Files are known by the names that conversion gives them; anything else is neither counted nor
touched. What is removed is converted again when the folder is next opened.
"""

from __future__ import annotations

import contextlib
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

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
