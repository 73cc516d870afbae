"""Look at one subject of plain arrays from end to end: images, vertices, labels, ncsnr.

Unlike the loader, which stops at the first thing it cannot use, the check looks at every file,
whatever is wrong with the others.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np

from cortiscope.core.brain import HEMISPHERES, Hemisphere
from cortiscope.core.datasets.arrays.check_responses import OWN_NAMES, check_tables
from cortiscope.core.datasets.arrays.images import (
    TEST_IMAGES,
    TEST_LIST,
    TRAINING_FOLDERS,
    RowImages,
    test_images,
    test_rows,
    training_folders,
    training_images,
)
from cortiscope.core.datasets.arrays.loader import is_subject_folder, load_subject
from cortiscope.core.datasets.arrays.responses import has_response_files, response_forms
from cortiscope.core.datasets.arrays.vertices import read_labels, read_roi_names, read_vertex_file
from cortiscope.core.datasets.check.array_file import (
    REAL,
    PairOfFiles,
    check_vertex_counts,
    open_array_file,
)
from cortiscope.core.datasets.check.leftovers import (
    archive_words,
    check_leftovers,
    is_leftover,
    stem_of,
)
from cortiscope.core.datasets.check.pictures import check_pictures, report_copies
from cortiscope.core.datasets.check.report import (
    Candidate,
    Findings,
    Report,
    SubjectReport,
    first_of,
    tried,
    vertices,
)
from cortiscope.core.datasets.check.sidecar_files import check_repeats, check_sidecar
from cortiscope.core.datasets.check.values import (
    check_finite,
    report_ncsnr,
    report_order,
    report_unstated,
)
from cortiscope.core.datasets.conventions import AVERAGED, Conventions, Fact
from cortiscope.core.datasets.sidecar import stated_conventions
from cortiscope.core.progress import Progress, part, silent
from cortiscope.core.stimuli import StimulusImages
from cortiscope.core.storage import Home
from cortiscope.core.storage.foreign import is_there

_RESPONSES = (
    "lh.npy",
    "lh.csv",
    "lh.func.gii",
    "lh.mgh",
    "lh.mgz",
    "responses.npy",
    "responses.npz",
)


def find_candidates(folder: Path) -> Sequence[Candidate]:
    """List the folders that are, or were meant to be, a subject of plain arrays."""
    if _looks_like_subject(folder):
        return [Candidate(folder.resolve().name, folder)]
    children = sorted(folder.iterdir())
    folders = [p for p in children if p.is_dir() and os.access(p, os.R_OK | os.X_OK)]
    whole = [p for p in folders if _looks_like_subject(p)]
    # Beside subjects, what has a part of one was meant to be one.
    halves = [p for p in folders if training_folders(p) or has_response_files(p)] if whole else []
    found = {p.name: Candidate(p.name, p) for p in (*whole, *halves)}
    for packed in (p for p in children if p.is_file() and p.suffix.lower() == ".zip"):
        for name in _subjects_in_zip(packed):
            # An archive beside its unpacked folder is nothing amiss.
            words = archive_words(packed, folder.name)
            found.setdefault(name, Candidate(name, None, (words,)))
    return [found[name] for name in sorted(found)]


def _subjects_in_zip(path: Path) -> list[str]:
    """Return the folders in a zip archive that have images and responses as this layout has."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [PurePosixPath(name) for name in archive.namelist()]
    except (OSError, ValueError, zipfile.BadZipFile):
        return []
    pictured = {n.parent.parent for n in names if n.parent.name in TRAINING_FOLDERS}
    measured = {n.parent for n in names if n.name in _RESPONSES}
    return sorted(stem_of(path) if n == PurePosixPath() else n.name for n in pictured & measured)


def _looks_like_subject(folder: Path) -> bool:
    if is_subject_folder(folder):
        return True
    packed = {stem_of(p) for p in folder.iterdir() if p.is_file() and is_leftover(p)}
    images = bool(training_folders(folder) or packed & {"images", "train_images"})
    return images and bool(has_response_files(folder) or packed & {"lh", "rh", "responses"})


def check_subject(
    folder: Path, subject: str, *, deep: bool = False, progress: Progress = silent
) -> SubjectReport:
    """Look at everything in a subject's folder; decode a sample of the images, or all if ``deep``.

    Raises
    ------
    Nothing that is in the data; what cannot be read is reported.
    """
    findings, notes = Findings(), Findings()
    report, cache = findings.add, Home.from_environment().converted
    check_leftovers(folder, report, OWN_NAMES)
    # What is wrong with the sidecar is reported with the sidecar.
    stated = tried(partial(stated_conventions, folder), lambda _: None) or Conventions()
    order = stated.row_order.value
    listed = tried(partial(training_images, folder, order), report)
    has_test = (folder / TEST_IMAGES).is_dir()
    test_listed = tried(partial(test_images, folder, order), report) if has_test else None
    whole, tested = (None if x is None else x.images for x in (listed, test_listed))
    rows = None if whole is None else tried(partial(test_rows, folder, whole, notes.add), report)
    if has_test and is_there(folder / TEST_LIST):
        report(f"{folder.name} has both {TEST_LIST} and {TEST_IMAGES}/; expected one.")
    given = check_vertex_files(folder, report)
    n_left = given.counts.get(Hemisphere.LEFT)
    pairs = [check_tables(folder, "", whole, n_left, stated, findings, notes, cache)]
    if has_test:
        pairs.append(check_tables(folder, "_test", tested, n_left, stated, findings, notes, cache))
    elif forms := response_forms(folder, "_test"):
        there = " and ".join(p.name for p in forms[0].paths if is_there(p))
        report(f"{folder.name} has {there} but no {TEST_IMAGES}/.")
    _report_orders(folder, listed, test_listed, report, notes.add)
    rois, sizes = check_rois(folder, report)
    pairs += [*rois, check_ncsnr(folder, report)]
    splits = _splits(whole, tested, rows)
    n_images = {name: len(images) for name, images in splits.items()}
    if whole is not None:
        check_repeats(folder / "repeats.npy", len(whole), report)
    if is_there(folder / "repeats.npy"):
        stated = Conventions(repeats=Fact(AVERAGED, "layout")).stating(stated)
    report_unstated(stated, notes.add)
    if tested is not None:
        check_repeats(folder / "repeats_test.npy", len(tested), report)
    simulated, sidecar = check_sidecar(folder, n_images, report)
    counts = check_vertex_counts(given, [p for p in (*pairs, *sidecar) if p.counts], report)
    looking = part(progress, 0.0, 0.4)
    report_copies(splits["train"].paths, splits["test"].paths, report, looking)
    for k, (name, images) in enumerate(splits.items()):
        if len(images):
            step = part(progress, 0.4 + 0.3 * k, 0.7 + 0.3 * k)
            check_pictures(f"the {name} images", images.paths, report, deep=deep, progress=step)
    if not findings.lines:
        tried(partial(load_subject, folder), report)
    return SubjectReport(
        id=subject,
        layout="arrays",
        n_train=n_images["train"],
        n_test=n_images["test"],
        vertices=counts,
        rois=sizes,
        problems=findings.lines,
        notes=notes.lines,
        simulated=simulated,
    )


def _report_orders(
    folder: Path, listed: RowImages | None, tested: RowImages | None, report: Report, note: Report
) -> None:
    if listed is not None:
        report_order(listed.order, report, note)
    # Without responses to them, test images have no rows.
    if tested is not None and response_forms(folder, "_test"):
        report_order(tested.order, report, note)
    for words in (w for x in (listed, tested) if x is not None for w in x.notes):
        note(words)


def _splits(
    whole: StimulusImages | None, tested: StimulusImages | None, rows: np.ndarray | None
) -> dict[str, StimulusImages]:
    """Return what could be listed of the training and the test images."""
    train, test = whole or StimulusImages((), ()), tested or StimulusImages((), ())
    if rows is not None:
        return {
            "train": train.subset(np.setdiff1d(np.arange(len(train)), rows)),
            "test": train.subset(rows),
        }
    return {"train": train, "test": test}


_VERTEX_FILES = ("vertices", "mask")


def check_vertex_files(folder: Path, report: Report) -> PairOfFiles:
    """Report what is wrong with ``?h.vertices.npy`` or ``?h.mask.npy``; none of them is right."""
    names, counts, templates = {}, {}, {}
    files = {
        h: [p for k in _VERTEX_FILES if is_there(p := folder / f"{h.short}.{k}.npy")]
        for h in HEMISPHERES
    }
    there = [p.name for found in files.values() for p in found]
    for hemisphere, found in files.items():
        names[hemisphere] = found[0].name if found else f"{hemisphere.short}.vertices.npy"
        if there and not found:
            report(f"{names[hemisphere]} is missing; {there[0]} is there.")
        if len(found) > 1:
            report(f"{folder.name} has both {found[0].name} and {found[1].name}; expected one.")
        given = tried(partial(read_vertex_file, found[0]), report) if found else None
        if given is not None:
            counts[hemisphere] = len(given.numbers)
            templates[given.source] = given.n_template
    if len(set(templates.values()) - {None}) > 1:
        lengths = " and ".join(f"{name} ({n:,})" for name, n in templates.items() if n)
        report(f"{lengths} have different lengths; both belong to one template.")
    return PairOfFiles(names, counts)


def check_rois(
    folder: Path, report: Report
) -> tuple[list[PairOfFiles], dict[Hemisphere, dict[str, int]]]:
    """Report what is wrong with ROIs.

    Returns
    -------
    The label files of each class with how many vertices they have, and the sizes of the ROIs.
    """
    pairs = []
    sizes: dict[Hemisphere, dict[str, int]] = {h: {} for h in HEMISPHERES}
    for name, rois in (tried(partial(read_roi_names, folder), report) or {}).items():
        files = {h: folder / f"{h.short}.{name}.npy" for h in HEMISPHERES}
        counts = {}
        for hemisphere, path in files.items():
            labels = tried(partial(read_labels, path), report)
            if labels is None or labels.ndim != 1:
                continue
            counts[hemisphere] = len(labels)
            _report_unnamed(path, labels, rois, report)
            for label, roi in rois.items():
                if n := int(np.count_nonzero(labels == label)):
                    sizes[hemisphere][roi] = n
        pairs.append(PairOfFiles({h: path.name for h, path in files.items()}, counts))
    return pairs, sizes


def _report_unnamed(
    path: Path, labels: np.ndarray, rois: Mapping[int, str], report: Report
) -> None:
    unnamed = ~np.isin(labels, [0, *rois])
    if unnamed.any():
        report(
            f"{path.name} has labels that rois.json does not name: "
            f"{first_of(np.unique(labels[unnamed]))} at "
            f"{vertices(int(np.count_nonzero(unnamed)))}."
        )


def check_ncsnr(folder: Path, report: Report) -> PairOfFiles:
    """Report what is wrong with ``ncsnr.?h.npy``; both or none are right."""
    files = {h: folder / f"ncsnr.{h.short}.npy" for h in HEMISPHERES}
    counts = {}
    for hemisphere, path in files.items() if any(is_there(p) for p in files.values()) else ():
        values = open_array_file(path, REAL, 1, report)
        if values is None:
            continue
        counts[hemisphere] = len(values)
        check_finite(path, values, report)
        report_ncsnr(path, values, report)
        if below := int(np.count_nonzero(values < 0)):
            report(f"{path.name} is below 0 at {vertices(below)}; a ratio of SDs cannot.")
    return PairOfFiles({h: path.name for h, path in files.items()}, counts)
