"""What a check found: per subject, what is there and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cortiscope.core.brain import HEMISPHERES, Hemisphere

Tell = Callable[[str], None]
"""Called with one problem in words, the file's name among them."""


class Findings:
    """Problems in the order they were found, each on one line and once."""

    def __init__(self) -> None:
        self._lines: dict[str, None] = {}

    def tell(self, text: str) -> None:
        """Note one."""
        # File names may hold line breaks, and bytes that are no text.
        line = " ".join(text.split()).encode("utf-8", "replace").decode("utf-8")
        self._lines.setdefault(line)

    @property
    def lines(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(self._lines)


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
