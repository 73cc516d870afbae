"""How much a file of responses may announce: no more than its pictures can have.

A file of a few megabytes can unpack to any size. What it announces is held against the number of
pictures beside it before memory is taken.
"""

from __future__ import annotations

import io
import math
import os
import zipfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from cortiscope.core.brain import FSAVERAGE_VERTICES
from cortiscope.core.datasets.arrays.images import TEST_IMAGES, TRAINING_FOLDERS
from cortiscope.core.datasets.npy import header_reader, kind_of
from cortiscope.core.errors import InvalidInput

_LONGEST_HEADER = 2**16  # of an .npy file; numpy's own takes 128 bytes


def most_values(path: Path) -> float:
    """Return how many numbers a file of responses can hold: all pictures x all vertices.

    Parameters
    ----------
    path : the file; its pictures lie in the folders beside it. Without any, nothing is known.
    """
    n = _count_pictures(path.parent / name for name in (*TRAINING_FOLDERS, TEST_IMAGES))
    # A file of both hemispheres has twice as many columns.
    return math.inf if n is None else max(n, 1) * 2 * FSAVERAGE_VERTICES


def _count_pictures(folders: Iterable[Path]) -> int | None:
    there = [folder for folder in folders if folder.is_dir()]
    return sum(len(files) for f in there for _, _, files in os.walk(f)) if there else None


def check_announced(path: Path, shape: Iterable[int], what: str = "") -> None:
    """Refuse a file that announces more numbers than its pictures can have.

    Parameters
    ----------
    what : the part of the file that announces it, as in "lh of responses.npz".

    Raises
    ------
    InvalidInput : what is announced, and what is plausible.
    """
    sides = [int(n) for n in shape]
    most = most_values(path)
    if math.prod(sides) > most:
        n = int(most) // (2 * FSAVERAGE_VERTICES)
        raise InvalidInput(
            f"{what or path.name} announces {' x '.join(f'{n:,}' for n in sides)} numbers; there "
            f"{'is one picture' if n == 1 else f'are {n:,} pictures'}, and at most "
            f"{FSAVERAGE_VERTICES:,} vertices a hemisphere.",
            "Write one row per picture, (n_images, n_vertices).",
        )


def announced_in_npz(archive: zipfile.ZipFile, member: str) -> tuple[int, ...]:
    """Return the shape that an array of an ``.npz`` file announces; its values stay packed.

    Raises
    ------
    ValueError : no header of an array, or values that are not numbers, each of any size.
    """
    with archive.open(member) as stream:
        version = np.lib.format.read_magic(stream)
        n_length = 2 if version == (1, 0) else 4
        raw = stream.read(n_length)
        n_header = int.from_bytes(raw, "little")
        if n_header > _LONGEST_HEADER:
            raise ValueError(f"{member} has a header of {n_header:,} bytes, which no array has")
        header = raw + stream.read(n_header)
    shape, _, dtype = header_reader(version)(io.BytesIO(header))
    if dtype.kind not in "biufc":
        raise ValueError(f"{member} holds {kind_of(dtype)}; expected real numbers")
    return tuple(shape)
