"""What runs take on disk: whole ones, those set aside, and what unfinished fits have left."""

from __future__ import annotations

from pathlib import Path

from cortiscope.core.runs.store import DRAFTS_FOLDER, RunStore
from cortiscope.core.storage.upkeep import DRAFTS, Kept, is_draft, measured


def stored_runs(root: Path) -> list[Kept]:
    """List everything in a folder of runs, each run or draft by itself.

    Returns
    -------
    Of the kinds "runs", "set aside" (no whole run; a fit may take its place) and "drafts".
    """
    runs, aside = RunStore(root).survey()
    found = [measured(run.folder, "runs") for run in runs]
    found += [measured(root / each.name, "set aside") for each in aside]
    pieces = root / DRAFTS_FOLDER
    for folder in (root, pieces):
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if folder == pieces or is_draft(path.name):
                found.append(measured(path, DRAFTS))
    return found
