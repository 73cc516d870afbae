"""Find subjects in a folder and open them by the loader that knows their layout."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from cortiscope.core.datasets.registry import LAYOUTS, layout_of
from cortiscope.core.datasets.subject import Subject
from cortiscope.core.datasets.subject_names import named_subject
from cortiscope.core.errors import CoreError, InvalidInput, MissingData, unforeseen
from cortiscope.core.stimuli.listing import is_text


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
    if layout_of(folder):
        folder = folder.absolute()  # "." has no name
        return (SubjectRef(folder.name, folder),)
    # ``check`` reports what may not be looked into, or has a name that is no text.
    found = sorted(
        p
        for p in folder.iterdir()
        if p.is_dir() and os.access(p, os.R_OK | os.X_OK) and is_text(p.name) and layout_of(p)
    )
    if not found:
        for layout in LAYOUTS.values():
            if layout.preparing is not None and layout.recognise(folder):
                why, how = (words.format(folder=folder) for words in layout.preparing)
                raise MissingData(why, how)
        expected = "; ".join(layout.example for layout in LAYOUTS.values())
        raise MissingData(
            f"No subject was recognised in {folder}.",
            f"Expected one of: {expected}.{_guess(folder)}",
        )
    return tuple(SubjectRef(p.name, p) for p in found)


def open_subject(folder: Path, subject_id: str | None = None) -> Subject:
    """Open one subject of a data folder, by its id or number; without one, its only or first."""
    by_id = {ref.id: ref for ref in find_subjects(folder)}
    name = next(iter(by_id)) if subject_id is None else named_subject(subject_id, by_id)
    ref = by_id[name]
    layout = layout_of(ref.folder)
    if layout is None or layout.load is None:
        raise MissingData(f"The folder of {ref.id} was changed while it was being opened.")
    try:
        return layout.load(ref.folder)
    except CoreError:
        raise
    except Exception as error:  # whoever looks at several subjects goes on with the others
        raise unforeseen(error, ref.id) from error


def require_outside_data(target: Path) -> None:
    """Refuse to write at or below a subject's folder: ``images.txt`` there would order its rows.

    Raises
    ------
    InvalidInput : naming the subject's folder.
    """
    whole = target.resolve()
    for folder in (whole, *whole.parents):
        # What may not be looked into is no data that anybody reads.
        with contextlib.suppress(OSError):
            if folder.is_dir() and layout_of(folder):
                raise InvalidInput(
                    f"{target} lies in the data folder {folder}, in which nothing is ever written.",
                    "Name a folder elsewhere.",
                )


def _guess(folder: Path) -> str:
    """Say which folder was probably meant: one below, as after unpacking, or one above."""
    # What may not be looked into is not what was meant.
    with contextlib.suppress(OSError):
        for near in (p for p in sorted(folder.iterdir()) if p.is_dir()):
            if layout_of(near) or any(layout_of(p) for p in near.iterdir() if p.is_dir()):
                return f" Did you mean {near}?"
        for near in folder.absolute().parents[:2]:
            if layout_of(near):
                return f" Did you mean {near}?"
    return ""
