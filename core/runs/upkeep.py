"""What a folder of runs takes on disk, and removing for good what was deleted long ago."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from cortiscope.core.runs.store import DELETED_FOLDER, DRAFTS_FOLDER, KEPT_DAYS, RunStore
from cortiscope.core.storage.atomic import remove
from cortiscope.core.storage.upkeep import DRAFTS, Kept, is_draft, measured


def stored_runs(root: Path) -> list[Kept]:
    """List everything in a folder of runs, each run or draft by itself.

    Returns
    -------
    Of the kinds "runs", "set aside" (no whole run; a fit may take its place), "deleted" and
    "drafts".
    """
    runs, aside = RunStore(root).survey()
    found = [measured(run.folder, "runs") for run in runs]
    found += [measured(root / each.name, "set aside") for each in aside]
    found += _deleted_runs(root)
    pieces = root / DRAFTS_FOLDER
    for folder in (root, pieces):
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if folder == pieces or is_draft(path.name):
                found.append(measured(path, DRAFTS))
    return found


def _deleted_runs(root: Path) -> list[Kept]:
    """List deleted runs; each was last used when it was deleted."""
    found = []
    for name in RunStore(root).deleted():
        folder = root / DELETED_FOLDER / name
        found.append(replace(measured(folder, "deleted"), used=folder.lstat().st_mtime))
    return found


def remove_deleted(root: Path, days: float = KEPT_DAYS) -> list[Kept]:
    """Remove for good what was deleted more than some days ago; return it."""
    due = [kept for kept in _deleted_runs(root) if time.time() - kept.used >= days * 86400]
    for kept in due:
        remove(kept.path)
    return due
