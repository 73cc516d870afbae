"""Subjects by folder or by name, and that of a fitted model."""

from __future__ import annotations

import os
from pathlib import Path

from cortiscope.core import datasets
from cortiscope.core.datasets import Subject, find_subjects
from cortiscope.core.errors import CoreError, InvalidInput, MissingData, shortened, unknown_name
from cortiscope.core.pipeline.demo import demo_data
from cortiscope.core.progress import Progress, silent
from cortiscope.core.runs import Belonging, Run, belonging
from cortiscope.core.simulation.demo import group_folder
from cortiscope.core.simulation.recipe import DEFAULT_RECIPE
from cortiscope.core.storage import Home, data_folders

# Where subjects of this session were opened: a run knows its subject by name alone.
_OPENED: dict[str, Path] = {}


def demo(progress: Progress = silent) -> tuple[str, ...]:
    """Return the names of the simulated subjects; the first time, make them (under a minute)."""
    return tuple(ref.id for ref in find_subjects(demo_data(Home.from_environment(), progress)))


def open_subject(
    subject: str | os.PathLike[str], name: str | None = None, *, progress: Progress = silent
) -> Subject:
    """Open a subject.

    Parameters
    ----------
    subject : the subject's folder, a data folder of several (then with ``name``), or the name of a
        simulated subject or of one in the folders of ``CORTISCOPE_DATA``. What exists as a folder
        is taken as a folder.
    name : which subject of a data folder; its only or first without.
    progress : called with the share done and a phrase, as ``print`` may be.
    """
    if not isinstance(subject, str | os.PathLike):
        raise InvalidInput(
            f"A subject is opened by its name or its folder; got {shortened(repr(subject), 60)}."
        )
    folder = Path(subject).expanduser()
    if not folder.is_dir():
        folder = _folder_of(os.fspath(subject), progress)
    opened = datasets.open_subject(folder, name).identified(progress)
    remember(opened)
    return opened


def remember(subject: Subject) -> None:
    """Let this session find a subject's folder by the subject's name."""
    _OPENED[subject.id] = subject.folder


def given_subject(subject: Subject | str | os.PathLike[str]) -> Subject:
    """Return a subject that was given as it is, by name or by folder.

    Raises
    ------
    InvalidInput : it is none of these.
    """
    if isinstance(subject, Subject):
        return subject
    if isinstance(subject, str | os.PathLike):
        return open_subject(subject)
    raise InvalidInput(
        f"A subject is needed; got {shortened(repr(subject), 60)}.",
        "Give what cs.open_subject returns, a subject's name, or its folder.",
    )


def _folder_of(name: str, progress: Progress = silent) -> Path:
    """Return the folder of a subject that is known by its name."""
    if name in _OPENED:
        return _OPENED[name]
    known: dict[str, Path] = {}
    if name in DEFAULT_RECIPE.subjects:
        known |= {
            r.id: r.folder for r in find_subjects(demo_data(Home.from_environment(), progress))
        }
    for folder in (*group_folder(Home.from_environment()), *data_folders()):
        try:
            found = find_subjects(folder)
        except CoreError:
            continue
        known |= {ref.id: ref.folder for ref in found if ref.id not in known}
    if name in known:
        return known[name]
    if len(Path(name).parts) > 1:
        raise MissingData(f"The folder {name} does not exist.")
    raise unknown_name(
        "subject",
        name,
        [*DEFAULT_RECIPE.subjects, *known],
        "Give its folder, or name data folders in CORTISCOPE_DATA.",
    )


def subject_of(run: Run, subject: Subject | str | None) -> Subject:
    """Return the subject that a run was fitted to, with the data that it was fitted to."""
    subject = given_subject(run.subject if subject is None else subject)
    if subject.id != run.subject or belonging(run, subject) is Belonging.OTHER:
        raise InvalidInput(
            f"{run.id} was not fitted to the data of {subject.id} in {subject.folder}.",
            "Give the subject that it was fitted to.",
        )
    return subject
