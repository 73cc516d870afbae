"""``responses.tsv``: one row per trial that took place, in order.

Tab-separated with a header; used are the columns SUBJECT, SESSION (from 1) and 73KID (from 1).
Source: NSD data manual, behavioural data.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from cortiscope.core.errors import DamagedFile
from cortiscope.core.storage.foreign import check_fetched

_COLUMNS = ("SUBJECT", "SESSION", "73KID")


def read_trials(path: Path, subject: str, trials_per_session: int) -> np.ndarray:
    """Return the images (n_trials,) of a subject's trials, 73k numbers from 0.

    Raises
    ------
    DamagedFile : no such table, another subject's, or sessions that are not whole.
    """
    number, session, image = _read_columns(path)
    if np.any(number != int(subject[-2:])):
        raise DamagedFile(f"{path.name} is of subject {number[0]}, not of {subject}.")
    if len(session) == 0:
        raise DamagedFile(f"{path.name} holds no trial.")
    if image.min() < 1:
        raise DamagedFile(f"{path.name} holds the 73KID {image.min()}; they count from 1.")
    numbers, counts = np.unique(session, return_counts=True)
    uneven = np.flatnonzero(counts != trials_per_session)
    if len(uneven):
        k = uneven[0]
        raise DamagedFile(
            f"{path.name} has {counts[k]:,} trials in session {numbers[k]}; a session has "
            f"{trials_per_session}."
        )
    if not np.array_equal(session, np.repeat(np.arange(1, len(numbers) + 1), trials_per_session)):
        raise DamagedFile(
            f"{path.name} does not list the sessions 1 to {len(numbers)} one after the other."
        )
    return image - 1


def _read_columns(path: Path) -> list[np.ndarray]:
    check_fetched(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.reader(stream, delimiter="\t")
            header = next(rows, [])
            absent = [name for name in _COLUMNS if name not in header]
            if absent:
                raise DamagedFile(
                    f"{path.name} has no column {' and no column '.join(absent)}; expected a "
                    "tab-separated table with a header."
                )
            at = [header.index(name) for name in _COLUMNS]
            values = [[int(float(row[k])) for k in at] for row in rows if row]
    except DamagedFile:
        raise
    except (ValueError, IndexError, OverflowError, OSError, csv.Error) as error:
        raise DamagedFile(
            f"{path.name} cannot be read as a table of trials: {error}.",
            "Copy or download it again.",
        ) from error
    return list(np.array(values, dtype=np.int64).reshape(-1, len(_COLUMNS)).T)
