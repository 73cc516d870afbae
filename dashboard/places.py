"""One vertex of a subject: its name in the address and in words, its position in the arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.brain import HEMISPHERES
from core.datasets import Subject


@dataclass(frozen=True)
class Spot:
    """A vertex.

    Parameters
    ----------
    part : ``left`` or ``right``.
    number : template vertex number, from 0.
    position : in arrays over both hemispheres.
    rois : names of the ROIs that hold it.
    """

    part: str
    number: int
    position: int
    rois: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """As in the address: ``left~4711``."""
        return f"{self.part}~{self.number}"

    @property
    def title(self) -> str:
        """In words: ``vertex 4711 left``."""
        return f"vertex {self.number} {self.part}"

    @property
    def where(self) -> str:
        """The ROIs in words."""
        return ", ".join(self.rois) or "in no ROI"


def spot_at(subject: Subject, position: int) -> Spot:
    """Name the vertex at a position."""
    for h in HEMISPHERES:
        where = subject.space.slice_of(h)
        if where.start <= position < where.stop:
            own = position - where.start
            number = int(subject.space.index[h][own])
            return Spot(h.value, number, position, subject.parcellation.names_at(h, own))
    raise IndexError(f"{subject.id} has no vertex at position {position}.")


def find_spot(subject: Subject, key: str) -> Spot | None:
    """Read ``left~4711``; None where the subject has no such vertex."""
    part, _, text = key.partition("~")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        return None
    for h in HEMISPHERES:
        if h.value == part:
            found = np.flatnonzero(subject.space.index[h] == int(text))
            if len(found):
                return spot_at(subject, subject.space.slice_of(h).start + int(found[0]))
    return None
