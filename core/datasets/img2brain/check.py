"""Look at a folder of the img2brain layout from end to end.

Unlike the loader, which stops at the first thing it cannot use, the check looks at every file,
whatever is wrong with the others.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from cortiscope.core.brain import HEMISPHERES
from cortiscope.core.datasets.check.array_file import FLOATS, open_array_file
from cortiscope.core.datasets.check.leftovers import candidates_with, check_leftovers, is_leftover
from cortiscope.core.datasets.check.pictures import check_pictures, report_copies
from cortiscope.core.datasets.check.report import Findings, SubjectReport, count, first_of, tried
from cortiscope.core.datasets.check.sidecar_files import check_sidecar
from cortiscope.core.datasets.check.values import (
    check_responses,
    report_order,
    report_units,
    report_unstated,
)
from cortiscope.core.datasets.conventions import Conventions
from cortiscope.core.datasets.img2brain.loader import (
    RESPONSES,
    RESPONSES_FILE,
    TEST_IMAGES,
    TRAINING_IMAGES,
    load_subject,
    order_of,
)
from cortiscope.core.datasets.img2brain.row_numbers import RowNumbers, number_rows
from cortiscope.core.datasets.sidecar import stated_conventions
from cortiscope.core.progress import Progress, part, silent
from cortiscope.core.stimuli.listing import picture_files

# Training images, test images, voxels.
_RELEASED = (8_857, 984, 10_000)

find_candidates = candidates_with(
    (TRAINING_IMAGES, TEST_IMAGES, RESPONSES), lambda stem: "img2brain" in stem
)
"""List what is, or was meant to be, the subject in a data folder."""


def check_subject(
    folder: Path, subject: str, *, deep: bool = False, progress: Progress = silent
) -> SubjectReport:
    """Look at everything in the folder; decode a sample of the images, or all if ``deep``.

    Raises
    ------
    Nothing that is in the data; what cannot be read is reported.
    """
    findings, notes = Findings(), Findings()
    check_leftovers(folder, findings.add)
    train = _images(folder, TRAINING_IMAGES, findings, notes)
    test = _images(folder, TEST_IMAGES, findings, notes)
    rows = number_rows(train)
    for words in rows.problems:
        findings.add(f"{TRAINING_IMAGES}: {words}")
    # What is wrong with the sidecar is reported with the sidecar.
    stated = tried(partial(stated_conventions, folder), lambda _: None) or Conventions()
    values = _responses(folder / RESPONSES, len(train), rows, findings, notes)
    if values is not None and values.dtype.kind == "f":
        report_units(RESPONSES_FILE, values, stated, findings.add)
    report_unstated(stated, notes.add)
    n_images = {"train": len(train), "test": len(test)}
    simulated, _ = check_sidecar(folder, n_images, findings.add)
    report_copies(train, test, findings.add, part(progress, 0.0, 0.4))
    for k, (name, pictures) in enumerate(((TRAINING_IMAGES, train), (TEST_IMAGES, test))):
        if pictures:
            step = part(progress, 0.4 + 0.3 * k, 0.7 + 0.3 * k)
            check_pictures(name, pictures, findings.add, deep=deep, progress=step)
    n_voxels = None if values is None else values.shape[1]
    _note_order(stated, rows, findings, notes)
    _note_release((len(train), len(test), n_voxels), notes)
    if not findings.lines:
        # Should the loader mind something that was not looked for here.
        tried(partial(load_subject, folder), findings.add)
    return SubjectReport(
        id=subject,
        layout="img2brain",
        n_train=len(train),
        n_test=len(test),
        vertices=dict.fromkeys(HEMISPHERES, 0),
        voxels=n_voxels,
        problems=findings.lines,
        notes=notes.lines,
        simulated=simulated,
    )


def _images(folder: Path, name: str, findings: Findings, notes: Findings) -> tuple[Path, ...]:
    """List a folder's pictures; report a folder that is missing, empty, or holds other things."""
    where = folder / name
    if not where.is_dir():
        other = [p.name for p in folder.iterdir() if p.name.casefold() == name.casefold()]
        words = f"; {other[0]} differs from it by upper and lower case" if other else ""
        # Without test images everything works, as long as none were meant to be there.
        report = notes.add if name == TEST_IMAGES and not other else findings.add
        report(f"The folder {folder.name}/{name} is missing{words}.")
        return ()
    pictures = tried(partial(picture_files, where), findings.add) or ()
    visible = {p for p in where.iterdir() if not p.name.startswith(".")}
    others = sorted(visible - set(pictures))
    taken = {p.parent for p in pictures}
    deeper = [p for p in others if p.is_dir() and p not in taken and picture_files(p)]
    files = [p.name for p in others if p.is_file() and not is_leftover(p)]
    if deeper:
        findings.add(
            f"{name}/{deeper[0].name} holds {count(len(picture_files(deeper[0])), 'picture')}; "
            f"folders in {name} are not entered: move them up."
        )
    elif not pictures:
        findings.add(f"{name} holds no picture.")
    if files:
        what = count(len(files), "file that is not a picture", "files that are not pictures")
        findings.add(f"{name} holds {what}: {first_of(files)}.")
    return pictures


def _responses(
    where: Path, n_images: int, rows: RowNumbers, findings: Findings, notes: Findings
) -> np.ndarray | None:
    path = where / RESPONSES_FILE
    others = sorted(p.name for p in where.glob("*.npy"))
    if others and not path.exists():
        findings.add(f"{RESPONSES_FILE} is missing from {RESPONSES}/, which has {others[0]}.")
        return None
    values = open_array_file(path, FLOATS, 2, findings.add)
    if values is None:
        return None
    n_rows, n_voxels = values.shape
    if n_images and n_rows != n_images:
        words = f"{path.name} has {n_rows:,} rows for {n_images:,} images in {TRAINING_IMAGES}"
        if n_voxels == n_images:
            words += f"; its {n_voxels:,} columns fit: it was stored with images as columns"
        elif missing := rows.missing(n_rows):
            words += f"; no image is numbered {first_of(missing)}"
        findings.add(f"{words}.")
    check_responses(path, values, findings.add, notes.add, unit="voxels")
    return values


def _note_order(stated: Conventions, rows: RowNumbers, findings: Findings, notes: Findings) -> None:
    if rows.paths and not rows.problems:
        order = order_of(rows, stated.row_order.value)
        report_order(order, findings.add, notes.add)
    if rows.numbers and not rows.problems and (missing := rows.missing(len(rows.numbers))):
        notes.add(
            f"Numbers in {TRAINING_IMAGES} go from {rows.numbers[0]:,} to {rows.numbers[-1]:,} and "
            f"have gaps ({first_of(missing)}); rows follow their order."
        )


def _note_release(sizes: tuple[int | None, ...], notes: Findings) -> None:
    words = ("training images", "test images", "voxels")
    for own, released, what in zip(sizes, _RELEASED, words, strict=True):
        if own is not None and own != released:
            notes.add(f"There are {own:,} {what}; as released there are {released:,}.")
