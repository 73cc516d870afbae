"""Which pictures are one stimulus: equal files, equal numbers within NSD, near copies.

Rows of responses belong to files, and a picture may be there under several names: an export of
single trials, the shared images of several subjects, one of them encoded anew. What holds images
out has to hold out every copy.

Near copies (``core.stimuli.likeness``) may form chains, as the frames of a film do, whose ends are
different pictures. Up to 20 pictures stay together, whether or not all are copies of each other;
a longer chain is cut into groups of which every two are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from cortiscope.core.progress import Progress, part, silent
from cortiscope.core.stimuli.likeness import near_copies
from cortiscope.core.storage.content import content_hashes

# NSD counts its 73,000 images from 0; the names of its shared 1,000 count them from 1
# (NSD data manual, "shared1000": shared0001_nsd02951.png is image 2950).
_FROM_1 = re.compile(r"shared\d{4}_nsd(\d{5})", re.IGNORECASE)
_LONGEST_CHAIN = 20
_FROM_0 = re.compile(r"nsd-?(\d+)", re.IGNORECASE)


def nsd_number(name: str) -> int | None:
    """Return the number within NSD, from 0, in a picture's name; None where there is none.

    ``nsd-02950`` and ``shared0001_nsd02951`` are one image.
    """
    if found := _FROM_1.search(name):
        return int(found[1]) - 1
    found = _FROM_0.search(name)
    return int(found[1]) if found else None


def copy_labels(
    paths: Sequence[Path], progress: Progress = silent, *, near: bool = True
) -> np.ndarray:
    """Label picture files so that exactly those of one stimulus have equal labels.

    Parameters
    ----------
    paths : each is read once (``core.storage.content``); names may hold the number within NSD.
    near : near copies are one stimulus, too; else only equal files and equal numbers are.

    Returns
    -------
    labels : (n,) the row of the first picture of each one's stimulus.

    Raises
    ------
    MissingData, DamagedFile : a file that cannot be read.
    """
    digests = content_hashes().digests(paths, part(progress, 0.0, 0.3), "pictures")
    rows: dict[str, int] = {}
    for row, digest in enumerate(digests):
        rows.setdefault(digest, row)
    links = [
        *((rows[digest], row) for row, digest in enumerate(digests)),
        *_of_one_number([nsd_number(path.stem) for path in paths]),
    ]
    if near:
        files = {digest: paths[row] for digest, row in rows.items()}
        found = _without_chains(near_copies(files, part(progress, 0.3, 1.0)))
        links += [(rows[a], rows[b]) for a, b in found]
    return _linked(len(paths), links)


def _of_one_number(numbers: Sequence[int | None]) -> Iterable[tuple[int, int]]:
    """Pair each row with the first one of the same number; no number is like no other."""
    first: dict[int, int] = {}
    for row, number in enumerate(numbers):
        if number is not None:
            yield first.setdefault(number, row), row


def _without_chains(pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Leave pairs out so that a group of more than 20 holds only pictures of which all are pairs.

    The groups do not depend on the order of the pairs.
    """
    names = sorted({name for pair in pairs for name in pair})
    place = {name: k for k, name in enumerate(names)}
    linked: list[set[int]] = [set() for _ in names]
    for a, b in pairs:
        linked[place[a]].add(place[b])
        linked[place[b]].add(place[a])
    labels = _linked(len(names), ((place[a], place[b]) for a, b in pairs))
    found = []
    for label, size in zip(*np.unique(labels, return_counts=True), strict=True):
        members = np.flatnonzero(labels == label).tolist()
        groups: list[list[int]] = [members] if size <= _LONGEST_CHAIN else []
        for member in members if not groups else ():
            home = next((g for g in groups if linked[member].issuperset(g)), None)
            if home is None:
                groups.append([member])
            else:
                home.append(member)
        found += [(names[group[0]], names[other]) for group in groups for other in group[1:]]
    return found


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
