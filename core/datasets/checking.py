"""Check a data folder: which layout it has, and what is wrong with each subject in it.

``require_usable`` refuses, before the first feature is computed, what would spoil a fit without
stopping it. Opening a subject reads no responses; here they are read once: values that are not
finite, rows that were never written, pictures cut short, test images that are trained on.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from cortiscope.core.datasets.check.leftovers import (
    archive_words,
    is_archive,
    is_unfinished,
    stem_of,
    unfinished_words,
)
from cortiscope.core.datasets.check.opened import check_opened
from cortiscope.core.datasets.check.pictures import report_broken, report_trained_on
from cortiscope.core.datasets.check.report import (
    Candidate,
    Findings,
    FolderReport,
    SubjectReport,
    tried,
)
from cortiscope.core.datasets.check.values import check_responses, file_of
from cortiscope.core.datasets.conventions import ORDER_HINT
from cortiscope.core.datasets.layout import Layout
from cortiscope.core.datasets.registry import LAYOUTS
from cortiscope.core.datasets.responses import unmap
from cortiscope.core.datasets.subject import Split, Subject
from cortiscope.core.datasets.subject_names import named_subject
from cortiscope.core.errors import DamagedFile, InvalidInput, MissingData
from cortiscope.core.progress import Progress, part, silent
from cortiscope.core.stimuli.listing import is_text, printable
from cortiscope.core.storage.foreign import FETCH, is_dangling

_NO_TEXT = "The folder's name is not valid UTF-8; rename it to open it"


def check_folder(
    folder: Path,
    *,
    subject: str | None = None,
    deep: bool = False,
    progress: Progress = silent,
    layouts: Sequence[Layout] | None = None,
) -> FolderReport:
    """Recognise a folder's layout and look at everything in it.

    Parameters
    ----------
    subject : only this one.
    deep : decode every image instead of a sample.
    layouts : those that are tried, in this order; all that are registered without.

    Raises
    ------
    MissingData, InvalidInput : no such folder, or one of no known layout.
    UnknownName : no such subject.
    """
    known = tuple(LAYOUTS.values()) if layouts is None else tuple(layouts)
    try:
        _check_is_folder(folder)
        found = _recognise(folder, known)
    except OSError as error:
        raise InvalidInput(
            f"The folder {folder} cannot be read: {error.strerror}.", "Check its permissions."
        ) from error
    candidates = [candidate for _, candidate in found]
    if subject is not None:
        name = named_subject(subject, [c.id for c in candidates])
        found = [(layout, c) for layout, c in found if c.id == name]
    reports = []
    for k, (layout, candidate) in enumerate(found):
        step = part(progress, k / len(found), (k + 1) / len(found))
        step(0.0, f"looking at {candidate.id}")
        reports.append(_check_one(layout, candidate, deep, step))
    progress(1.0, "checked")
    kinds = {report.layout for report in reports}
    # Simulated and measured subjects in one folder have the layout they share.
    name = kinds.pop() if len(kinds) == 1 else found[0][0].name
    loose = [*_closed(folder), *_loose_archives(folder, candidates)]
    return FolderReport(folder, name, reports, tuple(loose))


def _check_is_folder(folder: Path) -> None:
    if not folder.exists():
        raise MissingData(f"The data folder {folder} does not exist.", "Check the path.")
    if not folder.is_dir():
        hint = "Unpack it and name the folder." if is_archive(folder) else "Name its folder."
        raise InvalidInput(f"{folder} is a file; expected a data folder.", hint)


def _check_one(
    layout: Layout, candidate: Candidate, deep: bool, progress: Progress
) -> SubjectReport:
    if candidate.folder is None:  # packed: its content is unknown
        return SubjectReport(candidate.id, layout.name, voxels=None, problems=candidate.problems)
    found = Findings()
    if layout.check is not None:
        check = layout.check
    else:
        assert layout.load is not None  # registry.register_layout sees to it
        check = partial(check_opened, layout.load, layout.name)
    look = partial(check, candidate.folder, candidate.id, deep=deep, progress=progress)
    report = tried(look, found.add)
    if report is None:
        report = SubjectReport(candidate.id, layout.name, problems=found.lines)
    strange = [] if is_text(candidate.id) else [f"{_NO_TEXT}: {printable(candidate.id)}."]
    problems = tuple(dict.fromkeys((*strange, *candidate.problems, *report.problems)))
    return replace(report, id=printable(candidate.id), problems=problems)


def _recognise(folder: Path, layouts: Sequence[Layout]) -> list[tuple[Layout, Candidate]]:
    """Return every subject with the layout it is of; there may be several layouts in one folder."""
    found = [(layout, c) for layout in layouts for c in layout.candidates(folder)]
    # The name of an archive says less than a folder that is there.
    found.sort(key=lambda pair: pair[1].folder is None)
    first: dict[str, tuple[Layout, Candidate]] = {}
    for layout, candidate in found:
        first.setdefault(candidate.id, (layout, candidate))
    if first:
        return sorted(first.values(), key=lambda pair: pair[1].id)
    expected = "; or ".join(layout.example for layout in layouts)
    raise MissingData(
        f"No data layout is recognised in {folder}.",
        f"Expected {expected}. {_guess(folder, layouts)}".strip(),
    )


def _guess(folder: Path, layouts: Sequence[Layout]) -> str:
    """Say what the person may have meant: a folder above or below, or an archive to unpack."""
    for k, above in enumerate(folder.resolve().parents):
        if any(layout.levels > k and layout.candidates(above) for layout in layouts):
            return f"Did you mean {above}?"
        if all(layout.levels <= k + 1 for layout in layouts):
            break
    children = sorted(folder.iterdir())
    for child in (p for p in children if p.is_dir()):
        if any(layout.candidates(child) for layout in layouts):
            return f"Did you mean {child}?"
    if packed := [p.name for p in children if is_archive(p)]:
        return f"Unpack {packed[0]} first."
    if unfinished := [p.name for p in children if is_unfinished(p)]:
        return f"The download of {unfinished[0]} did not finish."
    return "The folder is empty." if not children else ""


def _closed(folder: Path) -> list[str]:
    """List what might be a subject and cannot be looked into: links to nothing, closed folders."""
    found = []
    for path in sorted(folder.iterdir()):
        name = f"{printable(path.name)} in {folder.name}/"
        if is_dangling(path):
            found.append(f"{name} is a link to something that is not there. {FETCH}")
        elif path.is_dir() and not os.access(path, os.R_OK | os.X_OK):
            found.append(f"{name} may not be read; check its permissions.")
    return found


def _loose_archives(folder: Path, candidates: Sequence[Candidate]) -> list[str]:
    """Report archives and half downloads beside the subjects that belong to none of them."""
    if any(c.folder == folder for c in candidates):
        return []  # a single subject's own folder, reported with the subject
    known = " ".join(words for c in candidates for words in c.problems)
    found = []
    for path in sorted(p for p in folder.iterdir() if p.is_file() and p.name not in known):
        if is_unfinished(path):
            found.append(unfinished_words(path, folder.name))
        elif is_archive(path) and not (folder / stem_of(path)).is_dir():
            found.append(archive_words(path, folder.name))
    return found


# Values looked at together: 64 MB of float32.
_AT_ONCE = 1 << 24


def require_usable(subject: Subject, progress: Progress = silent) -> None:
    """Refuse a subject that cannot be fitted and scored.

    Raises
    ------
    InvalidInput : nothing says which image each row belongs to, and the orders of names differ.
    DamagedFile : naming the file.
    """
    if subject.conventions.order_in_doubt:
        raise InvalidInput(
            f"Which image each row of {subject.id} belongs to is in doubt: rows would be taken "
            f"{subject.conventions.row_order.value}.",
            ORDER_HINT,
        )
    findings = Findings()
    for split in (subject.train, subject.test):
        _check_values(split, split.responses or {}, findings)
        report_broken(split.images.paths, findings.add)
    train, test = subject.train.images.paths, subject.test.images.paths
    report_trained_on(train, test, findings.add, progress)
    if findings.lines:
        first, *more = findings.lines
        also = f" There are {len(more)} more problems." if more else ""
        raise DamagedFile(
            f"{first.rstrip('.')}.{also}",
            f"'cortiscope check {subject.folder}' lists everything that is wrong.",
        )


def _check_values(split: Split, responses: Mapping, findings: Findings) -> None:
    for part_name, values in responses.items():
        if 0 not in values.shape and not _is_plausible(values):
            file = file_of(values, f"{part_name} {split.name} responses")
            check_responses(file, values, findings.add, lambda _: None)


def _is_plausible(values: np.ndarray) -> bool:
    """Whether all rows are finite and none is all zeros, by their sums: one pass."""
    ones = np.ones(values.shape[1], dtype=np.float32)
    step = max(1, _AT_ONCE // len(ones))
    with np.errstate(all="ignore"):
        for start in range(0, len(values), step):
            sums = np.asarray(values[start : start + step]) @ ones
            if not np.all(np.isfinite(sums) & (sums != 0)):
                return False
            unmap(values)
    return True
