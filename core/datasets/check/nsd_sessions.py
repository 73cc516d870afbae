"""The sessions of one NSD subject: none missing, both hemispheres of each, every file whole."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from cortiscope.core.brain import HEMISPHERES, Hemisphere
from cortiscope.core.datasets.check.report import Tell
from cortiscope.core.datasets.check.wording import first_of
from cortiscope.core.datasets.nsd.betas import open_betas, template_size
from cortiscope.core.datasets.nsd.layout import find_sessions
from cortiscope.core.datasets.nsd.written import copies, spread_trials, unwritten_trials
from cortiscope.core.errors import CoreError
from cortiscope.core.progress import Progress


def check_sessions(folder: Path, n_trials: int, tell: Tell, progress: Progress) -> tuple[int, int]:
    """Tell what is wrong with a subject's beta files.

    Returns
    -------
    The sessions that ``prepare-nsd`` would read, and the vertices that most files have; 0 where
    none can be read.
    """
    found = find_sessions(folder)
    last = max((number for _, number in found), default=0)
    if last == 0:
        tell(f"{folder.name} has no file like lh.betas_session01.mgh.")
        return 0, 0
    _tell_missing(found, last, folder, tell)
    sizes: dict[Path, int] = {}
    for k, path in enumerate(found.values()):
        progress(k / len(found), f"looking at {path.name}")
        try:
            sizes[path] = template_size(path, n_trials)
        except CoreError as error:
            tell(str(error))
        else:
            _look_at_trials(path, n_trials, tell)
    counted = Counter(sizes.values()).most_common()
    for n, _ in counted[1:]:
        odd = [path.name for path, size in sizes.items() if size == n]
        tell(
            f"{first_of(odd)} {'has' if len(odd) == 1 else 'have'} {n:,} vertices, the other "
            f"sessions {counted[0][0]:,}."
        )
    for path, other in copies(found.values()):
        tell(f"{path.name} holds the same betas as {other.name}.")
    return last, counted[0][0] if counted else 0


def _tell_missing(
    found: dict[tuple[Hemisphere, int], Path], last: int, folder: Path, tell: Tell
) -> None:
    absent = {h: [k for k in range(1, last + 1) if (h, k) not in found] for h in HEMISPHERES}
    left, right = (set(absent[h]) for h in HEMISPHERES)
    if both := sorted(left & right):
        tell(
            f"The betas of session {first_of(both)} are missing from {folder.name}, though they go "
            f"to session {last}."
        )
    for hemisphere in HEMISPHERES:
        only = [k for k in absent[hemisphere] if k not in both]
        if only:
            names = first_of(f"{hemisphere.short}.betas_session{k:02d}.mgh" for k in only)
            tell(f"{names} missing from {folder.name}; the other hemisphere is there.")


def _look_at_trials(path: Path, n_trials: int, tell: Tell) -> None:
    """Tell a first, middle or last trial in which nothing was written; not of compressed files."""
    if path.suffix != ".mgh":
        return
    betas, _ = open_betas(path, n_trials, np.arange(0))
    for trial in unwritten_trials(betas, spread_trials(n_trials)):
        tell(f"{path.name} holds nothing in trial {trial + 1}: zeros or no numbers only.")
