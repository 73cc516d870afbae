"""Which response files a folder has, and their arrays per hemisphere."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from core.brain import FSAVERAGE5_VERTICES, FSAVERAGE_VERTICES, HEMISPHERES, Hemisphere, Part
from core.datasets.arrays import load_array
from core.datasets.plain_arrays.conversion import convert_once
from core.datasets.plain_arrays.readers import (
    check_table,
    read_csv,
    read_gifti,
    read_mgh,
    read_npz,
)
from core.errors import InvalidInput, MissingData
from core.storage.foreign import check_fetched, is_there

_PER_HEMISPHERE = (".npy", ".csv", ".func.gii", ".mgh", ".mgz")
_BOTH = (".npy", ".npz")
_TEMPLATES = (FSAVERAGE5_VERTICES, FSAVERAGE_VERTICES)


@dataclass(frozen=True)
class ResponseFiles:
    """The files of one split's responses: left and right, or one for both."""

    suffix: str
    paths: tuple[Path, ...]

    @property
    def names(self) -> str:
        """The files' names, for messages."""
        return " and ".join(p.name for p in self.paths)


def response_forms(folder: Path, ending: str = "") -> list[ResponseFiles]:
    """Return in which forms a split's responses are there, whole or not; one is right."""
    forms = [
        ResponseFiles(s, tuple(folder / f"{h.short}{ending}{s}" for h in HEMISPHERES))
        for s in _PER_HEMISPHERE
    ]
    forms += [ResponseFiles(s, (folder / f"responses{ending}{s}",)) for s in _BOTH]
    return [form for form in forms if any(is_there(p) for p in form.paths)]


def has_response_files(folder: Path) -> bool:
    """Whether a folder has training responses in any form, whole or not."""
    return bool(response_forms(folder, ""))


def find_response_files(folder: Path, ending: str = "") -> ResponseFiles | None:
    """Return the response files of a split, or None if there are none; reads nothing.

    Parameters
    ----------
    ending : ``_test`` for the test split.

    Raises
    ------
    InvalidInput : responses in several forms.
    MissingData : one hemisphere's file only.
    """
    found = response_forms(folder, ending)
    if not found:
        return None
    if len(found) > 1:
        shown = "; ".join(form.names for form in found)
        raise InvalidInput(
            f"{folder.name} has responses in {len(found)} forms: {shown}; expected one.",
            "Move the others elsewhere.",
        )
    missing = [p.name for p in found[0].paths if not is_there(p)]
    if missing:
        there = next(p.name for p in found[0].paths if is_there(p))
        raise MissingData(
            f"{folder.name} has {there} but not {missing[0]}.",
            "Both hemispheres are needed, in the same form.",
        )
    return found[0]


def open_responses(files: ResponseFiles, n_left: int | None, cache: Path) -> dict[Part, np.ndarray]:
    """Open (n_images, n_vertices of the hemisphere) arrays, memory-mapped.

    Parameters
    ----------
    n_left : vertices of the left hemisphere where the folder says; else the columns have to.
    cache : folder for what has to be converted.
    """
    if len(files.paths) == 2:
        opened = (open_table(path, cache) for path in files.paths)
        return dict(zip(HEMISPHERES, opened, strict=True))
    path = files.paths[0]
    check_fetched(path)
    if files.suffix == ".npz":
        return {
            h: convert_once(path, cache, partial(read_npz, key=h.short), h.short)
            for h in HEMISPHERES
        }
    both = open_table(path, cache)
    if n_left is None:
        n_left = half_of(path.name, both.shape[1])
    return {Hemisphere.LEFT: both[:, :n_left], Hemisphere.RIGHT: both[:, n_left:]}


def open_table(path: Path, cache: Path) -> np.ndarray:
    """Open one file (n_images, n_columns), memory-mapped, converted where it has to be."""
    check_fetched(path)
    if path.name.endswith(".npy"):
        return check_table(load_array(path), path.name)
    if path.name.endswith(".mgh"):
        return read_mgh(path)
    read = {".csv": read_csv, ".gii": read_gifti, ".mgz": read_mgh}[path.suffix]
    return convert_once(path, cache, read)


def half_of(name: str, n_columns: int) -> int:
    """Return where the right hemisphere begins in a file of both, whole templates.

    Raises
    ------
    InvalidInput : the columns are not two templates.
    """
    if n_columns not in [2 * n for n in _TEMPLATES]:
        allowed = " or ".join(f"2 x {n:,}" for n in _TEMPLATES)
        raise InvalidInput(
            f"{name} has {n_columns:,} columns and nothing says where the right hemisphere "
            f"begins; allowed are {allowed}.",
            "Add lh.vertices.npy and rh.vertices.npy (or lh.mask.npy and rh.mask.npy), or save "
            "lh.npy and rh.npy.",
        )
    return n_columns // 2
