"""The response tables of a folder of plain arrays: one form, both hemispheres, a row per image."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from cortiscope.core.brain import HEMISPHERES, Hemisphere
from cortiscope.core.brain.spaces import nested_words
from cortiscope.core.datasets.arrays.conversion import convert_once
from cortiscope.core.datasets.arrays.csv_form import csv_form
from cortiscope.core.datasets.arrays.readers import folded_shape, read_npz
from cortiscope.core.datasets.arrays.responses import (
    ResponseFiles,
    check_row_names,
    half_of,
    open_table,
    refuse_other_spaces,
    response_forms,
)
from cortiscope.core.datasets.check.array_file import PairOfFiles, report_surplus
from cortiscope.core.datasets.check.report import Findings, times, tried
from cortiscope.core.datasets.check.values import check_responses, report_units
from cortiscope.core.datasets.conventions import Conventions
from cortiscope.core.datasets.npy import read_header
from cortiscope.core.stimuli import StimulusImages
from cortiscope.core.storage.foreign import is_there

OWN_NAMES = ("responses.npz", "responses_test.npz")
"""Files of this layout that look like archives."""


def check_tables(
    folder: Path,
    ending: str,
    images: StimulusImages | None,
    n_left: int | None,
    stated: Conventions,
    findings: Findings,
    notes: Findings,
    cache: Path,
) -> PairOfFiles:
    """Look at the responses of a split.

    Parameters
    ----------
    ending : ``_test`` for the test split, whose responses may be absent.
    images : None where they could not be listed.
    n_left : left vertices, where the folder says.
    stated : what the responses are said to be.
    cache : folder for what has to be converted.

    Returns
    -------
    How many columns each hemisphere has.
    """
    forms = response_forms(folder, ending)
    if not ending and not _are_of_fsaverage(folder, findings):
        return PairOfFiles({h: f"{h.short}.npy" for h in HEMISPHERES}, {})
    if not forms:
        if ending:
            notes.add("There are no responses to the test images.")
        else:
            findings.add(f"{folder.name} has no responses; expected lh.npy and rh.npy.")
        return PairOfFiles({h: f"{h.short}{ending}.npy" for h in HEMISPHERES}, {})
    if len(forms) > 1:
        shown = "; ".join(" and ".join(p.name for p in f.paths if is_there(p)) for f in forms)
        findings.add(
            f"{folder.name} has responses in {len(forms)} forms: {shown}; expected one. Move the "
            "others elsewhere."
        )
    tables = _open(forms[0], n_left, findings, cache)
    _note_forms(forms[0], images, findings, notes)
    names = {h: _name(forms[0], h) for h in HEMISPHERES}
    for path, values in {id(v): (names[h], v) for h, v in tables.items()}.values():
        _check_table(path, values, images, findings, notes)
        report_units(path, values, stated, findings.add)
    counts = {h: values.shape[1] for h, values in tables.items()}
    for words in {nested_words(n) for n in counts.values()} - {""}:
        notes.add(words)
    return PairOfFiles(names, counts)


def _are_of_fsaverage(folder: Path, findings: Findings) -> bool:
    n_told = len(findings.lines)
    tried(partial(refuse_other_spaces, folder), findings.add)
    return len(findings.lines) == n_told


def _note_forms(
    files: ResponseFiles, images: StimulusImages | None, findings: Findings, notes: Findings
) -> None:
    """Note what was taken for what in tables, and report rows of other images than expected."""
    if "hemi-" in files.names:
        left, right = (path.name for path in files.paths)
        notes.add(f"Responses are taken from {left} (left) and {right} (right).")
    for path in files.paths if files.suffix in (".mgh", ".mgz") else ():
        shape = tried(partial(folded_shape, path), lambda _: None) if path.is_file() else None
        if shape is not None:
            notes.add(f"{path.name} is folded, {times(shape)}: taken for its vertices in order.")
    for path in files.paths if files.suffix == ".csv" else ():
        form = tried(partial(csv_form, path), lambda _: None) if path.is_file() else None
        if form is not None and (words := form.words(path.name)):
            notes.add(words)
    if images is not None and all(path.is_file() for path in files.paths):
        tried(partial(check_row_names, files, images), findings.add)


def _open(
    files: ResponseFiles, n_left: int | None, findings: Findings, cache: Path
) -> Mapping[Hemisphere, np.ndarray]:
    found: dict[Hemisphere, np.ndarray] = {}
    if len(files.paths) == 2:
        there = [path.name for path in files.paths if is_there(path)]
        for hemisphere, path in zip(HEMISPHERES, files.paths, strict=True):
            if not is_there(path):
                findings.add(f"{path.name} is missing; {there[0]} is there.")
            elif (table := _table(path, findings, cache)) is not None:
                found[hemisphere] = table
        return found
    path = files.paths[0]
    if files.suffix == ".npz":
        for h in HEMISPHERES:
            read = partial(read_npz, key=h.short)
            table = tried(partial(convert_once, path, cache, read, h.short), findings.add)
            if table is not None:
                found[h] = table
        return found
    both = _table(path, findings, cache)
    if both is None:
        return {}
    if n_left is None:
        n_left = tried(partial(half_of, path.name, both.shape[1]), findings.add)
    if n_left is None:
        return {}
    return {Hemisphere.LEFT: both[:, :n_left], Hemisphere.RIGHT: both[:, n_left:]}


def _table(path: Path, findings: Findings, cache: Path) -> np.ndarray | None:
    table = tried(partial(open_table, path, cache), findings.add)
    if table is not None and path.suffix == ".npy":
        report_surplus(path, read_header(path), findings.add)
    return table


def _name(files: ResponseFiles, hemisphere: Hemisphere) -> str:
    if len(files.paths) == 2:
        return files.paths[HEMISPHERES.index(hemisphere)].name
    return f"{hemisphere.short} of {files.paths[0].name}"


def _check_table(
    name: str,
    values: np.ndarray,
    images: StimulusImages | None,
    findings: Findings,
    notes: Findings,
) -> None:
    if images is not None and len(values) != len(images):
        where = images.paths[0].parent.name if len(images) else "no folder"
        findings.add(f"{name} has {len(values):,} rows for {len(images):,} images in {where}/.")
    if values.shape[1]:
        check_responses(Path(name), values, findings.add, notes.add)
