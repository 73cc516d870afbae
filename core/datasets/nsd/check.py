"""Look at a copy of raw NSD on fsaverage from end to end.

All sessions have to be there, for both hemispheres, each file whole. Headers and sizes of all
sessions are read, three trials of each, and the tables and files that ``prepare-nsd`` will need; a
subject's betas are 39 GB, so not every value is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from cortiscope.core.brain import HEMISPHERES, ROI_CLASSES, Hemisphere
from cortiscope.core.datasets.check.leftovers import check_leftovers
from cortiscope.core.datasets.check.report import Findings, Report, SubjectReport, first_of, tried
from cortiscope.core.datasets.nsd import files as layout
from cortiscope.core.datasets.nsd.betas import (
    copies,
    open_betas,
    spread_trials,
    template_size,
    unwritten_trials,
)
from cortiscope.core.datasets.nsd.design import (
    COMMON_SESSIONS,
    PLANNED_SESSIONS,
    TRIALS_PER_SESSION,
    NsdDesign,
    NsdSplit,
    find_design,
    split_images,
)
from cortiscope.core.datasets.nsd.files import find_sessions
from cortiscope.core.datasets.nsd.images import StimulusBrick
from cortiscope.core.datasets.nsd.stimulus_info import read_stimulus_info
from cortiscope.core.datasets.nsd.vertices import (
    DEFAULT_MASK,
    choose_vertices,
    find_classes,
    read_label,
    read_surface,
)
from cortiscope.core.errors import CoreError
from cortiscope.core.progress import Progress, silent


def check_subject(
    folder: Path,
    subject: str,
    *,
    deep: bool = False,
    progress: Progress = silent,
    trials_per_session: int = TRIALS_PER_SESSION,
    common_sessions: int = COMMON_SESSIONS,
    planned_sessions: int = PLANNED_SESSIONS,
) -> SubjectReport:
    """Look at everything that ``prepare-nsd`` needs of a subject; the numbers are NSD's.

    Raises
    ------
    Nothing that is in the data; what cannot be read is reported.
    """
    counts = {
        "trials_per_session": trials_per_session,
        "common_sessions": common_sessions,
        "planned_sessions": planned_sessions,
    }
    findings, notes = Findings(), Findings()
    root = _root_of(folder)
    check_leftovers(folder, findings.add)
    n_sessions = n_template = 0
    betas = tried(partial(layout.beta_folder, root, subject), findings.add)
    if betas is not None:
        n_sessions, n_template = check_sessions(betas, trials_per_session, findings.add, progress)
    design = tried(partial(find_design, root, subject, **counts), findings.add)
    split = _check_design(root, design, n_sessions, findings)
    _check_pictures(root, split, findings)
    vertices = _check_labels(root, n_template, findings)
    _check_ncsnr(betas, n_template, findings)
    notes.add(
        "Raw NSD is made into a subject folder once: cortiscope prepare-nsd --data "
        f"{root} --subject {subject} --out DIR."
    )
    if 0 < n_sessions < (completed := layout.COMPLETED_SESSIONS[subject]):
        notes.add(
            f"There are betas of sessions 1 to {n_sessions}; {subject} completed {completed}."
        )
    return SubjectReport(
        id=subject,
        layout="nsd",
        n_train=0 if split is None else len(split.train),
        n_test=0 if split is None else len(split.test),
        vertices={h: len(v) for h, v in vertices.items()} or None,
        rois=_roi_sizes(root, vertices, n_template, findings),
        problems=findings.lines,
        notes=notes.lines,
    )


def _root_of(subject: Path) -> Path:
    """Return the folder of NSD that a subject's betas lie in."""
    return subject.parents[2 if subject.parent.name == "ppdata" else 1]


def _check_design(
    root: Path, design: NsdDesign | None, n_sessions: int, findings: Findings
) -> NsdSplit | None:
    table = layout.stimulus_table(root)
    info = None if table is None else tried(partial(read_stimulus_info, table), findings.add)
    if design is None:
        return None
    if info is not None and table is not None and not np.array_equal(info.shared, design.shared):
        findings.add(
            f"{table.name} marks {len(info.shared):,} images as shared, the design "
            f"{len(design.shared):,}, and they are not the same."
        )
    if n_sessions == 0:
        return None
    return tried(partial(split_images, design, n_sessions), findings.add)


def _check_pictures(root: Path, split: NsdSplit | None, findings: Findings) -> None:
    def look() -> None:
        source = StimulusBrick(layout.stimulus_file(root))
        last = 0 if split is None else int(max(split.train.max(), split.test.max()))
        source.check(np.array([last]))

    tried(look, findings.add)


def _check_labels(root: Path, n_template: int, findings: Findings) -> dict[Hemisphere, np.ndarray]:
    if not n_template:
        return {}
    labels = layout.label_folder(root)
    return tried(partial(choose_vertices, DEFAULT_MASK, labels, n_template), findings.add) or {}


def _roi_sizes(
    root: Path, vertices: Mapping[Hemisphere, np.ndarray], n_template: int, findings: Findings
) -> dict[Hemisphere, dict[str, int]]:
    """Count the vertices of each ROI that NSD has labels of on fsaverage."""
    sizes: dict[Hemisphere, dict[str, int]] = {h: {} for h in HEMISPHERES}
    folder = layout.label_folder(root)
    if folder is None or not vertices:
        return sizes
    for roi_class in ROI_CLASSES:
        tried(partial(find_classes, folder, n_template, [roi_class]), findings.add)
        for hemisphere in HEMISPHERES:
            step = partial(read_label, folder, roi_class.name, hemisphere, n_template)
            values = tried(step, findings.add)
            if values is None:
                continue
            own = values[vertices[hemisphere]]
            for label, roi in roi_class.labels.items():
                if n := int(np.count_nonzero(own == label)):
                    sizes[hemisphere][roi] = n
    return sizes


def _check_ncsnr(betas: Path | None, n_template: int, findings: Findings) -> None:
    """Look at NSD's own ncsnr; it is computed anew of the sessions that are there."""
    for hemisphere in HEMISPHERES if betas is not None else ():
        assert betas is not None
        path = betas / f"{hemisphere.short}.ncsnr.mgh"
        if not path.exists():
            continue
        values = tried(partial(read_surface, path), findings.add)
        if values is not None and n_template and values.size != n_template:
            findings.add(
                f"{path.name} has {values.size:,} values; the betas have {n_template:,} vertices "
                "per hemisphere."
            )


def check_sessions(
    folder: Path, n_trials: int, report: Report, progress: Progress
) -> tuple[int, int]:
    """Report what is wrong with a subject's beta files.

    Returns
    -------
    The sessions that ``prepare-nsd`` would read, and the vertices that most files have; 0 where
    none can be read.
    """
    found = find_sessions(folder)
    last = max((number for _, number in found), default=0)
    if last == 0:
        report(f"{folder.name} has no file like lh.betas_session01.mgh.")
        return 0, 0
    _report_missing(found, last, folder, report)
    sizes: dict[Path, int] = {}
    for k, path in enumerate(found.values()):
        progress(k / len(found), f"looking at {path.name}")
        try:
            sizes[path] = template_size(path, n_trials)
        except CoreError as error:
            report(str(error))
        else:
            _look_at_trials(path, n_trials, report)
    counted = Counter(sizes.values()).most_common()
    for n, _ in counted[1:]:
        odd = [path.name for path, size in sizes.items() if size == n]
        report(
            f"{first_of(odd)} {'has' if len(odd) == 1 else 'have'} {n:,} vertices, the other "
            f"sessions {counted[0][0]:,}."
        )
    for path, other in copies(found.values()):
        report(f"{path.name} holds the same betas as {other.name}.")
    return last, counted[0][0] if counted else 0


def _report_missing(
    found: dict[tuple[Hemisphere, int], Path], last: int, folder: Path, report: Report
) -> None:
    absent = {h: [k for k in range(1, last + 1) if (h, k) not in found] for h in HEMISPHERES}
    left, right = (set(absent[h]) for h in HEMISPHERES)
    if both := sorted(left & right):
        report(
            f"The betas of session {first_of(both)} are missing from {folder.name}, though they go "
            f"to session {last}."
        )
    for hemisphere in HEMISPHERES:
        only = [k for k in absent[hemisphere] if k not in both]
        if only:
            names = first_of(f"{hemisphere.short}.betas_session{k:02d}.mgh" for k in only)
            report(f"{names} missing from {folder.name}; the other hemisphere is there.")


def _look_at_trials(path: Path, n_trials: int, report: Report) -> None:
    """Report a first, middle or last trial that was never written; not of compressed files."""
    if path.suffix != ".mgh":
        return
    betas, _ = open_betas(path, n_trials, np.arange(0))
    for trial in unwritten_trials(betas, spread_trials(n_trials)):
        report(f"{path.name} holds nothing in trial {trial + 1}: zeros or NaN only.")
