"""What the feature store takes on disk, and removing what is no longer needed.

Files are known by the names the store gives them; anything else is neither counted nor touched.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cortiscope.core.features.draft import draft_files

ABANDONED_HOURS = 24.0
"""A draft that nobody has written to for so long counts as abandoned."""

LEAST_HOURS = 1.0
"""A pass writes far more often; what is older than this is nobody's work in progress."""

_FEATURES = re.compile(r"([0-9a-f]{16}-[0-9a-f]{16})\.(npy|json)")
_UNFINISHED = re.compile(r"\.[0-9a-f]{16}-[0-9a-f]{16}\.(npy|json)\.\d+-[0-9a-f]{8}\.part")
_DRAFT = re.compile(r"\.[0-9a-f]{16}-[0-9a-f]{16}\.draft")


@dataclass(frozen=True)
class StoredItem:
    """Features of one layer, or what is left of a pass over it.

    Attributes
    ----------
    backbone : its name.
    kind : "features", whole; or "drafts": unfinished, or without its record.
    files : what it consists of; ``folder`` holds them where they have one of their own.
    n_bytes : of all files.
    used : when features were last asked for or a draft was last written to, in seconds since
        1970. Features stored by versions that did not note it: when they were written.
    """

    backbone: str
    kind: Literal["features", "drafts"]
    files: tuple[Path, ...]
    n_bytes: int
    used: float
    folder: Path | None = None


def stored_items(root: Path) -> list[StoredItem]:
    """List what a feature store's folder holds, by backbone; empty where there is no folder."""
    items = []
    for name, folders, files in os.walk(root):
        here = Path(name)
        backbone = here.relative_to(root).as_posix()
        folders.sort()
        pairs: dict[str, list[Path]] = defaultdict(list)
        for file in sorted(files):
            if known := _FEATURES.fullmatch(file):
                pairs[known[1]].append(here / file)
            elif _UNFINISHED.fullmatch(file):
                items.append(_item(backbone, "drafts", [here / file]))
        for pair in pairs.values():
            items.append(_item(backbone, "features" if len(pair) == 2 else "drafts", pair))
        for draft in [f for f in folders if _DRAFT.fullmatch(f)]:
            # A link may lead anywhere.
            if not (here / draft).is_symlink():
                inside = draft_files(here / draft)
                items.append(_item(backbone, "drafts", inside, here / draft))
    return items


def clean(
    root: Path, *, older_than_days: float | None = None, draft_hours: float = ABANDONED_HOURS
) -> list[StoredItem]:
    """Remove abandoned drafts and, if asked, features that were not used for some days.

    Parameters
    ----------
    older_than_days : without, no whole features are removed.
    draft_hours : how long a draft was not written to.

    Returns
    -------
    What was removed.
    """
    now, removed = time.time(), []
    for item in stored_items(root):
        if item.kind == "drafts":
            is_due = now - item.used > 3600 * max(draft_hours, LEAST_HOURS)
        else:
            is_due = older_than_days is not None and now - item.used > 86400 * older_than_days
        if is_due:
            _remove(item)
            removed.append(item)
    return removed


def _item(
    backbone: str,
    kind: Literal["features", "drafts"],
    files: list[Path],
    folder: Path | None = None,
) -> StoredItem:
    n_bytes, times = 0, [0.0]
    for path in files if folder is None else [*files, folder]:
        with contextlib.suppress(FileNotFoundError):  # a pass at work renames its files
            status = path.stat()
            n_bytes += status.st_size if path != folder else 0
            # The record is touched at every use; what happens to the array says nothing.
            if kind == "drafts" or path.suffix == ".json":
                times.append(status.st_mtime)
    return StoredItem(backbone, kind, tuple(files), n_bytes, max(times), folder)


def _remove(item: StoredItem) -> None:
    # The record first: an array without one is never taken for whole.
    for path in sorted(item.files, key=lambda p: p.suffix != ".json"):
        path.unlink(missing_ok=True)
    if item.folder:
        with contextlib.suppress(OSError):  # a file that is not ours keeps it
            item.folder.rmdir()
