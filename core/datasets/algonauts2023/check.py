"""Look at one subject of the Algonauts 2023 layout from end to end.

Unlike the loader, which stops at the first thing it cannot use, the check looks at every file,
whatever is wrong with the others. Images have to be numbered from 1 without a gap, each number
once.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cortiscope.core.brain import HEMISPHERES
from cortiscope.core.brain.spaces import nested_words
from cortiscope.core.datasets.algonauts2023.check_masks import check_masks
from cortiscope.core.datasets.algonauts2023.loader import IMAGE_NAME, NSD, load_subject
from cortiscope.core.datasets.algonauts2023.release import compare_with_release
from cortiscope.core.datasets.check.array_file import (
    FLOAT32,
    REAL,
    PairOfFiles,
    check_vertex_counts,
    open_array_file,
)
from cortiscope.core.datasets.check.leftovers import candidates_with, check_leftovers, is_leftover
from cortiscope.core.datasets.check.pictures import check_pictures, report_copies
from cortiscope.core.datasets.check.report import (
    Findings,
    Report,
    SubjectReport,
    count,
    first_of,
    tried,
)
from cortiscope.core.datasets.check.sidecar_files import check_sidecar
from cortiscope.core.datasets.check.values import check_fractions, check_responses, report_units
from cortiscope.core.datasets.conventions import Conventions
from cortiscope.core.datasets.sidecar import stated_conventions
from cortiscope.core.progress import Progress, part, silent
from cortiscope.core.storage.foreign import is_system_file, is_there

_LONG_NAME = {"train": "training", "test": "test"}

find_candidates = candidates_with(
    ("training_split", "test_split", "roi_masks"), lambda stem: stem.startswith("subj")
)
"""List what is, or was meant to be, a subject in a data folder."""


def check_subject(
    folder: Path, subject: str, *, deep: bool = False, progress: Progress = silent
) -> SubjectReport:
    """Look at everything in a subject's folder; decode a sample of the images, or all if ``deep``.

    Raises
    ------
    Nothing that is in the data; what cannot be read is reported.
    """
    findings, notes = Findings(), Findings()
    report = findings.add
    check_leftovers(folder, report)
    images = {
        split: list_numbered(folder / f"{name}_split" / f"{name}_images", split, report)
        for split, name in _LONG_NAME.items()
    }
    rows = {split: n_rows_expected(listed) for split, listed in images.items()}
    masks = check_masks(folder / "roi_masks", report)
    simulated, sidecar_pairs = check_sidecar(folder, rows, report)
    # What is wrong with the sidecar is reported with the sidecar.
    stated = tried(partial(stated_conventions, folder), lambda _: None) or Conventions()
    facts = NSD.stating(stated)
    reading = {"train": part(progress, 0.0, 0.3), "test": part(progress, 0.3, 0.35)}
    pairs = [
        *(_responses(folder, s, rows[s], findings, notes, reading[s], facts) for s in _LONG_NAME),
        _ceilings(folder, findings, notes),
        *masks.label_pairs(),
        *sidecar_pairs,
    ]
    counts = check_vertex_counts(masks.vertex_pair(), pairs, report)
    for words in {nested_words(len(mask)) for mask in masks.vertices.values()} - {""}:
        notes.add(words)
    compare_with_release(
        subject,
        max((len(mask) for mask in masks.vertices.values()), default=0),
        (len(images["train"]), len(images["test"])),
        counts,
        report,
        notes.add,
    )
    train, test = ([image.path for image in images[split]] for split in _LONG_NAME)
    report_copies(train, test, report, part(progress, 0.35, 0.65))
    _decode(images, findings, deep, part(progress, 0.65, 1.0))
    if not findings.lines:
        # Should the loader mind something that was not looked for here.
        tried(partial(load_subject, folder), findings.add)
    return SubjectReport(
        id=subject,
        layout="simulated" if simulated else "algonauts2023",
        n_train=len(images["train"]),
        n_test=len(images["test"]),
        vertices=counts,
        rois=masks.roi_sizes(),
        problems=findings.lines,
        notes=notes.lines,
        simulated=simulated,
    )


def _responses(
    folder: Path,
    split: str,
    n_rows: int,
    findings: Findings,
    notes: Findings,
    progress: Progress,
    facts: Conventions,
) -> PairOfFiles:
    """Look at the responses of a split; those of the test split may be absent."""
    name = _LONG_NAME[split]
    where = folder / f"{name}_split" / f"{name}_fmri"
    files = {h: where / f"{h.short}_{name}_fmri.npy" for h in HEMISPHERES}
    counts = {}
    if split == "test" and not any(is_there(path) for path in files.values()):
        notes.add("The test responses are withheld, as in the release.")
        files_there = {}
    else:
        files_there = files
    for k, (hemisphere, path) in enumerate(files_there.items()):
        values = open_array_file(path, FLOAT32, 2, findings.add)
        if values is None:
            continue
        counts[hemisphere] = values.shape[1]
        if len(values) != n_rows:
            findings.add(f"{path.name} has {len(values):,} rows for {n_rows:,} {name} images.")
        step = part(progress, k / len(files_there), (k + 1) / len(files_there))
        check_responses(path, values, findings.add, notes.add, step)
        report_units(path.name, values, facts, findings.add)
    return PairOfFiles({h: path.name for h, path in files.items()}, counts)


def _ceilings(folder: Path, findings: Findings, notes: Findings) -> PairOfFiles:
    where = folder / "test_split" / "noise_ceiling"
    files = {h: where / f"{h.short}_noise_ceiling.npy" for h in HEMISPHERES}
    counts = {}
    if any(is_there(path) for path in files.values()):
        for hemisphere, path in files.items():
            values = open_array_file(path, REAL, 1, findings.add)
            if values is not None:
                counts[hemisphere] = len(values)
                check_fractions(path, values, findings.add)
    else:
        notes.add("There is no noise ceiling file, as in the release.")
    return PairOfFiles({h: path.name for h, path in files.items()}, counts)


def _decode(
    images: dict[str, tuple[NumberedImage, ...]], findings: Findings, deep: bool, progress: Progress
) -> None:
    n_done, n_all = 0, sum(map(len, images.values()))
    for split, listed in images.items():
        if not listed:
            continue
        step = part(progress, n_done / n_all, (n_done + len(listed)) / n_all)
        check_pictures(
            f"{_LONG_NAME[split]}_images",
            [image.path for image in listed],
            findings.add,
            deep=deep,
            progress=step,
        )
        n_done += len(listed)


@dataclass(frozen=True)
class NumberedImage:
    """An image file with its place in the rows."""

    path: Path
    number: int


def list_numbered(folder: Path, split: str, report: Report) -> tuple[NumberedImage, ...]:
    """List the images of a folder by number and report what is wrong with their names.

    Of several images with one number the first by name is listed.
    """
    if not folder.is_dir():
        report(f"The folder {folder.parent.name}/{folder.name} is missing.")
        return ()
    by_number: dict[int, list[NumberedImage]] = {}
    strangers, misplaced = [], []
    for path in sorted(folder.iterdir()):
        # Archives are reported as archives; the loader passes over files of the system, too.
        if is_system_file(path.name) or is_leftover(path):
            continue
        match = IMAGE_NAME.match(path.name)
        if match is None:
            strangers.append(path.name)
        elif match["split"] != split:
            misplaced.append(path.name)
        else:
            image = NumberedImage(path, int(match["number"]))
            by_number.setdefault(image.number, []).append(image)
    _report_names(folder.name, split, strangers, misplaced, report)
    _report_numbers(folder.name, by_number, report)
    return tuple(by_number[k][0] for k in sorted(by_number))


def n_rows_expected(images: tuple[NumberedImage, ...]) -> int:
    """Return how many rows belong to the images: the highest number, also where one is missing."""
    return images[-1].number if images else 0


def _report_names(
    folder: str, split: str, strangers: list[str], misplaced: list[str], report: Report
) -> None:
    if strangers:
        report(
            f"{folder} holds {count(len(strangers), 'file')} not named like "
            f"{split}-0001_nsd-00013.png: {first_of(strangers)}. Rows are matched to images by "
            "that number; move other files away."
        )
    if misplaced:
        report(
            f"{folder} holds {count(len(misplaced), 'image')} named as in the other "
            f"split: {first_of(misplaced)}."
        )


def _report_numbers(folder: str, by_number: dict[int, list[NumberedImage]], report: Report) -> None:
    if not by_number:
        report(f"{folder} holds no image.")
        return
    for number, images in sorted(by_number.items()):
        if len(images) > 1:
            names = first_of(i.path.name for i in images)
            report(f"{folder} has {len(images)} images numbered {number}: {names}.")
    if 0 in by_number:
        report(f"{by_number[0][0].path.name} in {folder} is numbered 0; numbers start at 1.")
    numbers = {n for n in by_number if n > 0}
    n_missing = max(numbers, default=0) - len(numbers)
    if n_missing:
        gaps = (n for n in itertools.count(1) if n not in numbers)
        shown = ", ".join(str(n) for n in itertools.islice(gaps, min(n_missing, 5)))
        more = f" and {n_missing - 5:,} more" if n_missing > 5 else ""
        report(
            f"{folder} has no image numbered {shown}{more}, though numbers go to {max(numbers):,}."
        )
