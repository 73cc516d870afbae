"""A layout checked through its own loader, for layouts that have no closer look of their own.

What the loader refuses is told, and then all that goes for any subject: leftovers of downloads,
values that are not finite, pictures that do not decode, test images that were trained on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from core.brain import HEMISPHERES, VOXELS, Part
from core.datasets.check.layout import Candidate, LayoutCheck
from core.datasets.check.leftovers import check_leftovers
from core.datasets.check.pictures import check_pictures
from core.datasets.check.report import Findings, SubjectReport
from core.datasets.check.values import check_responses
from core.datasets.check.wording import count, first_of
from core.datasets.subject import Split, Subject
from core.errors import CoreError
from core.progress import Progress, part, silent


def check_by_loader(
    name: str,
    expected: str,
    is_subject_folder: Callable[[Path], bool],
    load_subject: Callable[[Path], Subject],
) -> LayoutCheck:
    """Make a registry's entry of a layout out of the two functions of its loader."""

    def find(folder: Path) -> Sequence[Candidate]:
        if is_subject_folder(folder):
            return [Candidate(folder.resolve().name, folder)]
        folders = sorted(p for p in folder.iterdir() if p.is_dir() and is_subject_folder(p))
        return [Candidate(p.name, p) for p in folders]

    def check(
        candidate: Candidate, *, deep: bool = False, progress: Progress = silent
    ) -> SubjectReport:
        findings, notes = Findings(), Findings()
        if candidate.folder is None:
            return SubjectReport(candidate.id, name, problems=candidate.problems)
        check_leftovers(candidate.folder, findings.tell)
        try:
            subject = load_subject(candidate.folder)
        except CoreError as error:
            findings.tell(str(error))
            return SubjectReport(candidate.id, name, problems=findings.lines)
        for k, split in enumerate((subject.train, subject.test)):
            _check_split(split, findings, notes, deep, part(progress, k / 2, (k + 1) / 2))
        _check_same_images(subject, findings)
        return SubjectReport(
            id=subject.id,
            layout=subject.layout,
            n_train=len(subject.train),
            n_test=len(subject.test),
            vertices={h: _count(subject, h) for h in HEMISPHERES},
            voxels=_count(subject, VOXELS),
            rois=_roi_sizes(subject),
            problems=findings.lines,
            notes=notes.lines,
            simulated=subject.simulated,
        )

    return LayoutCheck(name, expected, find, check)


def _check_split(
    split: Split, findings: Findings, notes: Findings, deep: bool, progress: Progress
) -> None:
    if split.responses is None:
        notes.tell(f"There are no responses to the {split.name} images.")
    for part_of, values in (split.responses or {}).items():
        if values.size:
            file = getattr(values, "filename", None) or f"{part_of.short} {split.name} responses"
            check_responses(Path(file), np.asanyarray(values), findings.tell, notes.tell)
    if len(split):
        folder = f"the {split.name} images"
        check_pictures(folder, split.images.paths, findings.tell, deep=deep, progress=progress)


def _check_same_images(subject: Subject, findings: Findings) -> None:
    try:
        trained = frozenset().union(*subject.train.images.identities())
        known = subject.test.images.identities()
    except CoreError as error:
        findings.tell(str(error))
        return
    paths = subject.test.images.paths
    both = [path.name for path, own in zip(paths, known, strict=True) if own & trained]
    if both:
        what = count(
            len(both),
            "test image is also a training image",
            "test images are also training images",
        )
        findings.tell(f"{what}: {first_of(both)}. Scores on them would not be held out.")


def _count(subject: Subject, part: Part) -> int:
    return subject.space.n_vertices(part) if part in subject.space.parts else 0


def _roi_sizes(subject: Subject) -> Mapping:
    names = subject.parcellation.roi_names
    sizes = {h: {n: len(subject.roi_vertices(n, h)) for n in names} for h in HEMISPHERES}
    return {h: {n: size for n, size in own.items() if size} for h, own in sizes.items()}
