"""A data folder: which layout it has, and what each subject in it looks like."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from cortiscope.core.datasets.check.attempt import tried
from cortiscope.core.datasets.check.layout import Candidate, LayoutCheck
from cortiscope.core.datasets.check.leftovers import (
    archive_words,
    is_archive,
    is_unfinished,
    stem_of,
    unfinished_words,
)
from cortiscope.core.datasets.check.nsd import NSD
from cortiscope.core.datasets.check.registry import LAYOUTS
from cortiscope.core.datasets.check.report import Findings, FolderReport, SubjectReport
from cortiscope.core.datasets.subject_names import named_subject
from cortiscope.core.errors import InvalidInput, MissingData
from cortiscope.core.progress import Progress, part, silent
from cortiscope.core.stimuli.listing import is_text, printable
from cortiscope.core.storage.foreign import FETCH, is_dangling

_NO_TEXT = "The folder's name is no text in UTF-8; rename it to open it"


def check_folder(
    folder: Path,
    *,
    subject: str | None = None,
    deep: bool = False,
    progress: Progress = silent,
    layouts: Sequence[LayoutCheck] = LAYOUTS,
) -> FolderReport:
    """Recognise a folder's layout and look at everything in it.

    Parameters
    ----------
    subject : only this one.
    deep : decode every image instead of a sample.

    Raises
    ------
    MissingData, InvalidInput : no such folder, or one of no known layout.
    UnknownName : no such subject.
    """
    try:
        _check_is_folder(folder)
        found = _recognise(folder, layouts)
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
    layout: LayoutCheck, candidate: Candidate, deep: bool, progress: Progress
) -> SubjectReport:
    if candidate.folder is None:  # packed: nobody knows what is in it
        return SubjectReport(candidate.id, layout.name, voxels=None, problems=candidate.problems)
    found = Findings()
    look = partial(layout.check, candidate.folder, candidate.id, deep=deep, progress=progress)
    report = tried(look, found.tell)
    if report is None:
        report = SubjectReport(candidate.id, layout.name, problems=found.lines)
    strange = [] if is_text(candidate.id) else [f"{_NO_TEXT}: {printable(candidate.id)}."]
    told = dict.fromkeys((*strange, *candidate.problems, *report.problems))
    return replace(report, id=printable(candidate.id), problems=tuple(told))


def _recognise(folder: Path, layouts: Sequence[LayoutCheck]) -> list[tuple[LayoutCheck, Candidate]]:
    """Return every subject with the layout it is of; there may be several layouts in one folder."""
    found = [(layout, c) for layout in layouts for c in layout.find(folder)]
    # The name of an archive says less than a folder that is there.
    found.sort(key=lambda pair: pair[1].folder is None)
    first: dict[str, tuple[LayoutCheck, Candidate]] = {}
    for layout, candidate in found:
        first.setdefault(candidate.id, (layout, candidate))
    if first:
        return sorted(first.values(), key=lambda pair: pair[1].id)
    expected = "; or ".join(layout.expected for layout in layouts)
    raise MissingData(
        f"No data layout is recognised in {folder}.",
        f"Expected {expected}. {_guess(folder, layouts)}".strip(),
    )


def _guess(folder: Path, layouts: Sequence[LayoutCheck]) -> str:
    """Say what the person may have meant: a folder above or below, or an archive to unpack."""
    if any(layout.find(folder.resolve().parent) for layout in layouts):
        return f"Did you mean {folder.resolve().parent}?"
    # A subject's betas lie deep below a copy of NSD.
    for above in folder.resolve().parents[1:5]:
        if any(layout.name == NSD.name and layout.find(above) for layout in layouts):
            return f"Did you mean {above}?"
    children = sorted(folder.iterdir())
    for child in (p for p in children if p.is_dir()):
        if any(layout.find(child) for layout in layouts):
            return f"Did you mean {child}?"
    if packed := [p.name for p in children if is_archive(p)]:
        return f"Unpack {packed[0]} first."
    if unfinished := [p.name for p in children if is_unfinished(p)]:
        return f"The download of {unfinished[0]} did not finish."
    return "The folder is empty." if not children else ""


def _closed(folder: Path) -> list[str]:
    """Tell what might be a subject and cannot be looked into: links to nothing, closed folders."""
    told = []
    for path in sorted(folder.iterdir()):
        name = f"{printable(path.name)} in {folder.name}/"
        if is_dangling(path):
            told.append(f"{name} is a link to something that is not there. {FETCH}")
        elif path.is_dir() and not os.access(path, os.R_OK | os.X_OK):
            told.append(f"{name} may not be read; check its permissions.")
    return told


def _loose_archives(folder: Path, candidates: Sequence[Candidate]) -> list[str]:
    """Tell archives and half downloads beside the subjects that belong to none of them."""
    if any(c.folder == folder for c in candidates):
        return []  # a single subject's own folder, told with the subject
    known = " ".join(words for c in candidates for words in c.problems)
    told = []
    for path in sorted(p for p in folder.iterdir() if p.is_file() and p.name not in known):
        if is_unfinished(path):
            told.append(unfinished_words(path, folder.name))
        elif is_archive(path) and not (folder / stem_of(path)).is_dir():
            told.append(archive_words(path, folder.name))
    return told
