"""ROIs of a folder of plain arrays: ``rois.json`` and one file of labels per class."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from cortiscope.core.brain import HEMISPHERES, Hemisphere, Parcellation
from cortiscope.core.datasets.arrays import load_array
from cortiscope.core.errors import InvalidInput
from cortiscope.core.storage.foreign import is_there, read_json

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
            f"{path.name} holds {stored.dtype} values that are no labels.",
            "Labels are whole numbers, 0 for no ROI.",
        )
    return stored.astype(np.int64)
