"""Which pictures are one stimulus: equal files, equal numbers within NSD.

Rows of responses belong to files, and a file may be there under several names: an export of single
trials, the shared images of several subjects. What holds images out has to hold out every copy.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence
from pathlib import Path

import numpy as np

from core.progress import Progress, silent
from core.storage.content import content_hashes

# NSD counts its 73,000 images from 0; the names of its shared 1,000 count them from 1
# (NSD data manual, "shared1000": shared0001_nsd02951.png is image 2950).
_FROM_1 = re.compile(r"shared\d{4}_nsd(\d{5})", re.IGNORECASE)
_FROM_0 = re.compile(r"nsd-?(\d+)", re.IGNORECASE)


def nsd_number(name: str) -> int | None:
    """Return the number within NSD, from 0, that a picture's name tells; None where it tells none.

    ``nsd-02950`` and ``shared0001_nsd02951`` are one image.
    """
    if found := _FROM_1.search(name):
        return int(found[1]) - 1
    found = _FROM_0.search(name)
    return int(found[1]) if found else None


def copy_labels(paths: Sequence[Path], progress: Progress = silent) -> np.ndarray:
    """Label picture files so that exactly those of one stimulus have equal labels.

    Parameters
    ----------
    paths : each is read once (``core.storage.content``); names may tell the number within NSD.

    Returns
    -------
    labels : (n,) the row of the first picture of each one's stimulus.

    Raises
    ------
    MissingData, DamagedFile : a file that cannot be read.
    """
    digests = content_hashes().digests(paths, progress, "pictures")
    links = [*_equal(digests), *_equal([nsd_number(path.stem) for path in paths])]
    return _linked(len(paths), links)


def _equal(keys: Sequence[Hashable | None]) -> Iterable[tuple[int, int]]:
    """Pair each row with the first one of the same key; None is like nothing."""
    first: dict[Hashable, int] = {}
    for row, key in enumerate(keys):
        if key is not None and (before := first.setdefault(key, row)) != row:
            yield before, row


def _linked(n: int, links: Iterable[tuple[int, int]]) -> np.ndarray:
    """Label rows (n,) by the first row that they are linked with, over any number of others."""
    parent = np.arange(n)

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = row = parent[parent[row]]
        return int(row)

    for a, b in links:
        a, b = root(a), root(b)
        parent[max(a, b)] = min(a, b)
    return np.array([root(row) for row in range(n)], dtype=np.intp)
