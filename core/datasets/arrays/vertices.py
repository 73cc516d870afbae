"""Which fsaverage vertices the columns of the responses are, and the ROIs they belong to.

ROIs: ``rois.json`` and one file of labels per class and hemisphere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cortiscope.core.brain import (
    FSAVERAGE5_VERTICES,
    FSAVERAGE_VERTICES,
    HEMISPHERES,
    ChallengeSpace,
    Hemisphere,
    Parcellation,
)
from cortiscope.core.brain.spaces import ALLOWED, NESTED, RESAMPLE, fs_lr_words, home_template
from cortiscope.core.datasets.npy import load_array
from cortiscope.core.errors import InvalidInput, MissingData
from cortiscope.core.storage.foreign import is_there, read_json


@dataclass(frozen=True)
class GivenVertices:
    """What a file says about one hemisphere.

    Parameters
    ----------
    source : the file's name.
    numbers : (n_vertices,) increasing template vertex numbers.
    n_template : the template's vertices, None where the file does not say.
    """

    source: str
    numbers: np.ndarray
    n_template: int | None


def read_vertices(folder: Path) -> dict[Hemisphere, GivenVertices] | None:
    """Read ``lh.vertices.npy`` or ``lh.mask.npy`` and the right ones; None if there are none.

    Raises
    ------
    InvalidInput, MissingData : naming the file, what it holds and what is allowed.
    """
    files = {
        h: [p for k in ("vertices", "mask") if is_there(p := folder / f"{h.short}.{k}.npy")]
        for h in HEMISPHERES
    }
    if not any(files.values()):
        return None
    given = {}
    for hemisphere, found in files.items():
        if not found:
            there = next(p.name for paths in files.values() for p in paths)
            raise MissingData(
                f"{folder.name} has {there} but neither {hemisphere.short}.vertices.npy nor "
                f"{hemisphere.short}.mask.npy.",
                "Both hemispheres' vertices are needed.",
            )
        if len(found) > 1:
            raise InvalidInput(
                f"{folder.name} has both {found[0].name} and {found[1].name}; expected one.",
                "Move one of them elsewhere.",
            )
        given[hemisphere] = read_vertex_file(found[0])
    return given


def read_vertex_file(path: Path) -> GivenVertices:
    """Read one ``lh.vertices.npy`` or ``lh.mask.npy``.

    Raises
    ------
    InvalidInput, DamagedFile : what it holds are no vertices of a template.
    """
    return _read_mask(path) if path.name.endswith(".mask.npy") else _read_numbers(path)


def _read_mask(path: Path) -> GivenVertices:
    mask = load_array(path, shape=(None,))
    if len(mask) not in NESTED:
        of = fs_lr_words(len(mask))
        raise InvalidInput(
            f"{path.name} is {len(mask):,} long{f', as {of} is' if of else ''}; allowed are "
            f"{ALLOWED}.",
            RESAMPLE if of else "A mask has a 0 or 1 for each vertex of the template.",
        )
    strange = np.setdiff1d(mask, [0, 1])
    if len(strange):
        raise InvalidInput(
            f"{path.name} holds {strange[0]}; allowed are 0 and 1.",
            "Write 1 where the responses have a column, else 0.",
        )
    return GivenVertices(path.name, np.flatnonzero(mask), home_template(len(mask)))


def _read_numbers(path: Path) -> GivenVertices:
    numbers = np.array(load_array(path, shape=(None,)))
    if numbers.dtype.kind not in "iu":
        raise InvalidInput(
            f"{path.name} holds {numbers.dtype}; expected whole numbers.",
            "Save fsaverage vertex numbers, counted from 0, as int64.",
        )
    numbers = numbers.astype(np.int64)
    if len(numbers) and (numbers.min() < 0 or numbers.max() >= FSAVERAGE_VERTICES):
        raise InvalidInput(
            f"{path.name} goes from {numbers.min():,} to {numbers.max():,}; allowed are 0 to "
            f"{FSAVERAGE_VERTICES - 1:,}.",
            "Vertices are numbered as in fsaverage, from 0.",
        )
    falls = np.flatnonzero(np.diff(numbers) <= 0)
    if len(falls):
        k = int(falls[0])
        raise InvalidInput(
            f"{path.name} must increase; {numbers[k + 1]:,} follows {numbers[k]:,} at {k + 1}.",
            "Sort the numbers, and the columns of the responses with them.",
        )
    return GivenVertices(path.name, numbers, None)


def challenge_space(
    given: Mapping[Hemisphere, GivenVertices] | None, columns: Mapping[Hemisphere, int]
) -> ChallengeSpace:
    """Say which template vertices the responses' columns are.

    Parameters
    ----------
    given : what the folder's vertex files say, None without any.
    columns : columns of each hemisphere's responses.
    """
    _refuse_fs_lr(given, columns)
    if given is None:
        return _whole_template(columns)
    for hemisphere, vertices in given.items():
        if len(vertices.numbers) != columns[hemisphere]:
            raise InvalidInput(
                f"The {hemisphere} hemisphere's responses have {columns[hemisphere]:,} columns; "
                f"{vertices.source} names {len(vertices.numbers):,} vertices.",
                "Both must be in the same order and of the same number.",
            )
    highest = max((int(v.numbers[-1]) for v in given.values() if len(v.numbers)), default=0)
    said = {v.source: v.n_template for v in given.values() if v.n_template is not None}
    # fsaverage5 is the beginning of fsaverage, so numbers alone leave the smaller one open.
    fits = FSAVERAGE5_VERTICES if highest < FSAVERAGE5_VERTICES else FSAVERAGE_VERTICES
    n_template = max(said.values()) if said else fits
    if len(set(said.values())) > 1 or highest >= n_template:
        shown = ", ".join(f"{name} is {n:,} long" for name, n in said.items())
        raise InvalidInput(
            f"The hemispheres' vertices are of different templates: {shown}; the highest vertex "
            f"number is {highest:,}.",
            f"Use one template for both: {ALLOWED}.",
        )
    return ChallengeSpace(n_template, {h: v.numbers for h, v in given.items()})


def _whole_template(columns: Mapping[Hemisphere, int]) -> ChallengeSpace:
    left, right = (columns[h] for h in HEMISPHERES)
    if left != right or left not in NESTED:
        raise InvalidInput(
            f"The responses have {left:,} left and {right:,} right columns and nothing says which "
            f"vertices they are; allowed without that are {ALLOWED} in each hemisphere.",
            "Add lh.vertices.npy and rh.vertices.npy with fsaverage vertex numbers.",
        )
    return ChallengeSpace(home_template(left), {h: np.arange(left) for h in HEMISPHERES})


def _refuse_fs_lr(
    given: Mapping[Hemisphere, GivenVertices] | None, columns: Mapping[Hemisphere, int]
) -> None:
    """Refuse a whole fs_LR mesh, numbered or not: its numbers are none of fsaverage."""
    for hemisphere, n in columns.items():
        of = fs_lr_words(n)
        numbers = None if given is None else given[hemisphere].numbers
        if of and (numbers is None or np.array_equal(numbers, np.arange(n))):
            raise InvalidInput(
                f"The {hemisphere} hemisphere has {n:,} columns, as {of} has; expected fsaverage.",
                RESAMPLE,
            )


_FILE = "rois.json"
_TAKEN = ("vertices", "mask", "func")
_HINT = 'Write it like {"streams": {"early": 1, "ventral": 2}}.'


def read_parcellation(folder: Path, counts: Mapping[Hemisphere, int]) -> Parcellation:
    """Read ``{class: {ROI: label}}`` and ``lh.CLASS.npy``, ``rh.CLASS.npy``; empty without them.

    Raises
    ------
    InvalidInput, DamagedFile, MissingData : naming the file and what is wrong with it.
    """
    names = read_roi_names(folder)
    labels = {
        name: {h: read_labels(folder / f"{h.short}.{name}.npy", counts[h]) for h in HEMISPHERES}
        for name in names
    }
    return Parcellation(labels, names)


def read_roi_names(folder: Path) -> dict[str, dict[int, str]]:
    """Read class -> label -> ROI from ``rois.json``; empty where there is none.

    Raises
    ------
    InvalidInput, DamagedFile : naming what is wrong with it.
    """
    path = folder / _FILE
    if not is_there(path):
        return {}
    classes = read_json(path)
    if not isinstance(classes, dict):
        raise InvalidInput(f"{_FILE} holds a {type(classes).__name__}, not classes.", _HINT)
    names = {name: _label_names(name, rois) for name, rois in classes.items()}
    every = [roi for rois in names.values() for roi in rois.values()]
    twice = sorted({roi for roi in every if every.count(roi) > 1})
    if twice:
        raise InvalidInput(f"{_FILE} has the ROI {twice[0]!r} in two classes.", "Rename one.")
    return names


def _label_names(class_name: str, rois: object) -> dict[int, str]:
    if not re.fullmatch(r"\w[\w-]*", class_name) or class_name in _TAKEN:
        raise InvalidInput(
            f"{_FILE} has the class {class_name!r}; allowed are letters, digits, - and _, and no "
            f"name of {', '.join(_TAKEN)}.",
            "A class is part of a file name, as in lh.streams.npy.",
        )
    if not isinstance(rois, dict):
        raise InvalidInput(f"{_FILE}: {class_name} must hold ROIs with their labels.", _HINT)
    found: dict[int, str] = {}
    for roi, label in rois.items():
        if not isinstance(label, int) or isinstance(label, bool) or label < 1:
            raise InvalidInput(
                f"{_FILE} gives {roi} the label {label!r}; allowed are whole numbers from 1.",
                "0 stands for no ROI.",
            )
        if label in found:
            raise InvalidInput(
                f"{_FILE} gives {found[label]} and {roi} the same label, {label}.",
                "ROIs of a class exclude each other; overlapping ones go in two classes.",
            )
        found[label] = roi
    return found


def read_labels(path: Path, n_vertices: int | None = None) -> np.ndarray:
    """Read labels (n_vertices,) of one class and hemisphere.

    Raises
    ------
    MissingData, DamagedFile, InvalidInput : no such file, another length, no labels.
    """
    stored = np.array(load_array(path, shape=(n_vertices,)))
    if stored.dtype.kind not in "fiub" or np.any(stored != np.round(stored)):
        raise InvalidInput(
            f"{path.name} holds {stored.dtype} values that are not labels.",
            "Labels are whole numbers, 0 for no ROI.",
        )
    return stored.astype(np.int64)
