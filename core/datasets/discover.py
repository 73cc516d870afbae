"""Find subjects in a folder and open them by the loader that knows their layout."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cortiscope.core.datasets import arrays as plain_arrays
from cortiscope.core.datasets.algonauts2023 import loader as algonauts2023
from cortiscope.core.datasets.img2brain import loader as img2brain
from cortiscope.core.datasets.nsd.files import BETA_PLACES
from cortiscope.core.datasets.subject import Subject
from cortiscope.core.datasets.subject_names import named_subject
from cortiscope.core.errors import CoreError, InvalidInput, MissingData, unforeseen
from cortiscope.core.stimuli.listing import is_text


class Layout(Protocol):
    """What a module of a layout has; ``EXAMPLE`` says in a few words what its folder holds."""

    EXAMPLE: str

    def is_subject_folder(self, folder: Path) -> bool:
        """Whether a folder looks like one subject of this layout; reads no array."""

    def load_subject(self, folder: Path) -> Subject:
        """Open a subject."""


LAYOUTS: tuple[Layout, ...] = (algonauts2023, img2brain, plain_arrays)
"""A folder belongs to the first layout that claims it."""


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
    if _layout_of(folder):
        folder = folder.absolute()  # "." has no name
        return (SubjectRef(folder.name, folder),)
    # What may not be looked into, or has a name that is no text, ``check`` tells.
    found = sorted(
        p
        for p in folder.iterdir()
        if p.is_dir() and os.access(p, os.R_OK | os.X_OK) and is_text(p.name) and _layout_of(p)
    )
    if not found and any((folder / place).is_dir() for place in BETA_PLACES):
        raise MissingData(
            f"{folder} is a copy of raw NSD, whose trials have to be averaged first.",
            f"Make a subject folder: cortiscope prepare-nsd --data {folder} --subject subj01 "
            "--out DIR.",
        )
    if not found:
        raise MissingData(
            f"No subject was recognised in {folder}.",
            f"Expected one of: {'; '.join(layout.EXAMPLE for layout in LAYOUTS)}." + _guess(folder),
        )
    return tuple(SubjectRef(p.name, p) for p in found)


def open_subject(folder: Path, subject_id: str | None = None) -> Subject:
    """Open one subject of a data folder, by its id or number; without one, its only or first."""
    by_id = {ref.id: ref for ref in find_subjects(folder)}
    name = next(iter(by_id)) if subject_id is None else named_subject(subject_id, by_id)
    ref = by_id[name]
    layout = _layout_of(ref.folder)
    if layout is None:
        raise MissingData(f"The folder of {ref.id} was changed while it was being opened.")
    try:
        return layout.load_subject(ref.folder)
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
            if folder.is_dir() and _layout_of(folder):
                raise InvalidInput(
                    f"{target} lies in the data folder {folder}, in which nothing is ever written.",
                    "Name a folder elsewhere.",
                )


def _layout_of(folder: Path) -> Layout | None:
    return next((layout for layout in LAYOUTS if layout.is_subject_folder(folder)), None)


def _guess(folder: Path) -> str:
    """Say which folder was probably meant: one below, as after unpacking, or one above."""
    # What may not be looked into is not what was meant.
    with contextlib.suppress(OSError):
        for near in (p for p in sorted(folder.iterdir()) if p.is_dir()):
            if _layout_of(near) or any(_layout_of(p) for p in near.iterdir() if p.is_dir()):
                return f" Did you mean {near}?"
        for near in folder.absolute().parents[:2]:
            if _layout_of(near):
                return f" Did you mean {near}?"
    return ""
