"""Find subjects in a folder and open them by the loader that knows their layout."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from core.datasets import algonauts2023
from core.datasets.subject import Subject
from core.errors import MissingData, unknown_name


@dataclass(frozen=True)
class SubjectRef:
    """A subject that is there, not yet opened."""

    id: str
    folder: Path


def find_subjects(folder: Path) -> tuple[SubjectRef, ...]:
    """List the subjects in a data folder (or the folder itself, if it is a subject's).

    Raises
    ------
    MissingData : no such folder, or no subject of a known layout in it.
    """
    if not folder.is_dir():
        raise MissingData(f"The data folder {folder} does not exist.")
    if algonauts2023.is_subject_folder(folder):
        return (SubjectRef(folder.name, folder),)
    found = sorted(p for p in folder.iterdir() if p.is_dir() and algonauts2023.is_subject_folder(p))
    if not found:
        raise MissingData(
            f"No subject was recognised in {folder}.",
            "Expected Algonauts 2023 folders (subj01/training_split, subj01/roi_masks, ...).",
        )
    return tuple(SubjectRef(p.name, p) for p in found)


def open_subject(folder: Path, subject_id: str | None = None) -> Subject:
    """Open one subject of a data folder; without an id, its only or first one."""
    subjects = find_subjects(folder)
    ref = subjects[0] if subject_id is None else _named(subjects, subject_id)
    return algonauts2023.load_subject(ref.folder)


def _named(subjects: Iterable[SubjectRef], subject_id: str) -> SubjectRef:
    by_id = {s.id: s for s in subjects}
    if subject_id not in by_id:
        raise unknown_name("subject", subject_id, by_id)
    return by_id[subject_id]
