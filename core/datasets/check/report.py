"""What a check found: per subject, what is there and what is wrong with it, in words."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from cortiscope.core.brain import HEMISPHERES, Hemisphere
from cortiscope.core.errors import CoreError, unforeseen

Report = Callable[[str], None]
"""Called with one problem in words, the file's name among them."""


class Findings:
    """Problems in the order they were found, each on one line and once."""

    def __init__(self) -> None:
        self._lines: dict[str, None] = {}

    def add(self, text: str) -> None:
        """Note one."""
        # File names may hold line breaks, and bytes that are no text.
        line = " ".join(text.split()).encode("utf-8", "replace").decode("utf-8")
        self._lines.setdefault(line)

    @property
    def lines(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(self._lines)


@dataclass(frozen=True)
class Candidate:
    """Something in a data folder that is, or was meant to be, a subject.

    Parameters
    ----------
    folder : None where there is no folder yet, only an archive of it.
    problems : what was seen on finding it.
    """

    id: str
    folder: Path | None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class SubjectReport:
    """One subject as it was found.

    Parameters
    ----------
    n_train, n_test : images of each split.
    vertices : per hemisphere; None where no file says how many.
    voxels : those of unknown position, likewise; 0 where vertices are on the cortex.
    rois : hemisphere -> ROI name -> vertices in it; absent ROIs are left out.
    problems : what keeps the subject, or a part of it, from being used rightly.
    notes : what is as it may be and still good to know.
    """

    id: str
    layout: str
    n_train: int = 0
    n_test: int = 0
    vertices: Mapping[Hemisphere, int | None] | None = None
    voxels: int | None = 0
    rois: Mapping[Hemisphere, Mapping[str, int]] | None = None
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    simulated: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        vertices, rois = self.vertices or {}, self.rois or {}
        return {
            "id": self.id,
            "n_train": self.n_train,
            "n_test": self.n_test,
            "vertices": {h.short: vertices.get(h) for h in HEMISPHERES},
            "voxels": self.voxels,
            "rois": {h.short: dict(rois.get(h, {})) for h in HEMISPHERES},
            "problems": list(self.problems),
            "notes": list(self.notes),
            "simulated": self.simulated,
        }


@dataclass(frozen=True)
class FolderReport:
    """A data folder as it was found; ``problems`` are those of no subject in particular."""

    folder: Path
    layout: str
    subjects: Sequence[SubjectReport]
    problems: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "layout": self.layout,
            "subjects": [s.to_json() for s in self.subjects],
            "problems": list(self.problems),
            "n_problems": len(self.problems) + sum(len(s.problems) for s in self.subjects),
        }


_Made = TypeVar("_Made")


def tried(step: Callable[[], _Made], report: Report) -> _Made | None:
    """Return what a step gives, or report why not and return None; the other steps go on."""
    try:
        return step()
    except CoreError as error:
        report(str(error))
    except Exception as error:  # one odd file must not hide what is wrong with the others
        logging.getLogger(__name__).debug("A check failed.", exc_info=True)
        report(str(unforeseen(error, "A part of this subject")))
    return None


def first_of(items: Iterable[object], shown: int = 5) -> str:
    """Return the first few, separated by commas, and how many more there are."""
    words = [str(item) for item in items]
    more = len(words) - shown
    return ", ".join(words[:shown]) + (f" and {more:,} more" if more > 0 else "")


def count(n: int, noun: str, plural: str = "") -> str:
    """Return "1 row", "2 rows"; ``plural`` where an s is not enough."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def vertices(n: int) -> str:
    """Return "1 vertex", "2 vertices"."""
    return count(n, "vertex", "vertices")


def times(shape: Iterable[int]) -> str:
    """Return a shape as people write it: 20 x 7."""
    return " x ".join(f"{n:,}" for n in shape) or "a single value"
