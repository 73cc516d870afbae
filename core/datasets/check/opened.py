"""The check of a layout that has none of its own: everything that can be said once it opens."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from cortiscope.core.brain import HEMISPHERES, ChallengeSpace, Hemisphere
from cortiscope.core.datasets.check.leftovers import check_leftovers
from cortiscope.core.datasets.check.pictures import check_pictures, report_copies
from cortiscope.core.datasets.check.report import Findings, SubjectReport, tried
from cortiscope.core.datasets.check.values import (
    check_responses,
    file_of,
    report_order,
    report_units,
    report_unstated,
)
from cortiscope.core.datasets.subject import Split, Subject
from cortiscope.core.progress import Progress, part, silent


def check_opened(
    load: Callable[[Path], Subject],
    layout: str,
    folder: Path,
    subject: str,
    *,
    deep: bool = False,
    progress: Progress = silent,
) -> SubjectReport:
    """Open a subject and look at what is in it; what the loader refuses is its only problem.

    Parameters
    ----------
    load : opens the subject's folder.
    layout : the layout's name.
    deep : decode every image instead of a sample.
    """
    findings, notes = Findings(), Findings()
    # To a loader .npz is a file of arrays; to a download it is an archive.
    check_leftovers(folder, findings.add, {path.name for path in folder.rglob("*.npz")})
    opened = tried(partial(load, folder), findings.add)
    if opened is None:
        return SubjectReport(subject, layout, problems=findings.lines)
    if opened.conventions.row_order.value is not None:
        report_order(opened.conventions.row_order, findings.add, notes.add)
    report_unstated(opened.conventions, notes.add)
    splits = [split for split in (opened.train, opened.test) if len(split)]
    for k, split in enumerate(splits):
        step = part(progress, 0.3 * k / len(splits), 0.3 * (k + 1) / len(splits))
        _check_values(opened, split, findings, notes, step)
    train, test = opened.train.images.paths, opened.test.images.paths
    report_copies(train, test, findings.add, part(progress, 0.3, 0.6))
    for k, split in enumerate(splits):
        step = part(progress, 0.6 + 0.4 * k / len(splits), 0.6 + 0.4 * (k + 1) / len(splits))
        name = f"the {split.name} images"
        check_pictures(name, split.images.paths, findings.add, deep=deep, progress=step)
    space = opened.space
    is_placed = isinstance(space, ChallengeSpace)
    return SubjectReport(
        id=subject,
        layout=opened.layout,
        n_train=len(opened.train),
        n_test=len(opened.test),
        vertices={h: space.n_vertices(h) if is_placed else 0 for h in HEMISPHERES},
        voxels=0 if is_placed else space.n_vertices(),
        rois={h: _roi_sizes(opened, h) for h in HEMISPHERES} if is_placed else None,
        problems=findings.lines,
        notes=notes.lines,
        simulated=opened.simulated,
    )


def _check_values(
    subject: Subject, split: Split, findings: Findings, notes: Findings, progress: Progress
) -> None:
    for place, values in (split.responses or {}).items():
        path = file_of(values, f"{place} {split.name} responses")
        unit = subject.space.unit
        check_responses(path, values, findings.add, notes.add, progress, unit=unit)
        report_units(path.name, values, subject.conventions, findings.add)


def _roi_sizes(subject: Subject, hemisphere: Hemisphere) -> dict[str, int]:
    """Count the vertices of each ROI; absent ones are left out."""
    sizes: dict[str, int] = {}
    for name, labels in subject.parcellation.labels.items():
        for label, roi in subject.parcellation.names[name].items():
            if n := int(np.count_nonzero(labels[hemisphere] == label)):
                sizes[roi] = n
    return sizes
