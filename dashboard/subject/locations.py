"""One vertex or voxel of a subject: its name in the address and in words, and its position."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cortiscope.core.brain import HEMISPHERES, Hemisphere
from cortiscope.core.datasets import Subject
from cortiscope.state import RoiName, VertexName

UNITS = {"vertices": "vertex", "voxels": "voxel"}


@dataclass(frozen=True)
class Location:
    """A vertex, or a voxel of unknown place.

    Parameters
    ----------
    unit : ``vertex`` or ``voxel``.
    part : ``left``, ``right``, or ``voxels``.
    number : template vertex number, or the voxel's column, from 0.
    position : in arrays over all parts.
    rois : names of the ROIs that hold it.
    """

    unit: str
    part: str
    number: int
    position: int
    rois: tuple[str, ...] = ()

    @property
    def name(self) -> VertexName:
        """As in the address: ``left~4711``, ``voxels~12``."""
        return VertexName(self.part, self.number)

    @property
    def roi(self) -> RoiName | None:
        """The first ROI that holds it."""
        return RoiName(self.rois[0], self.part) if self.rois else None

    @property
    def title(self) -> str:
        """In words: ``vertex 4711 left``, ``voxel 12``."""
        side = "" if self.unit == "voxel" else f" {self.part}"
        return f"{self.unit} {self.number}{side}"

    @property
    def where(self) -> str:
        """The ROIs in words; empty for a voxel of unknown place."""
        if self.unit == "voxel":
            return ""
        return ", ".join(self.rois) or "in no ROI"


def unit_of(subject: Subject) -> str:
    """Return ``vertex`` or ``voxel``."""
    return UNITS[subject.space.unit]


def location_at(subject: Subject, position: int) -> Location:
    """Name what is at a position of arrays over all parts."""
    space, unit = subject.space, unit_of(subject)
    for part in space.parts:
        where = space.slice_of(part)
        if where.start <= position < where.stop:
            own = position - where.start
            if not space.is_placed:
                return Location(unit, str(part), own, position)
            h = Hemisphere(part)
            number = int(subject.cortex().index[h][own])
            return Location(
                unit, str(part), number, position, subject.parcellation.names_at(h, own)
            )
    raise IndexError(f"{subject.id} has no {unit} at position {position}.")


def all_locations(subject: Subject) -> list[Location]:
    """Name everything a subject has, in the order of its arrays."""
    space, unit = subject.space, unit_of(subject)
    if not space.is_placed:
        (part,) = space.parts
        return [Location(unit, str(part), k, k) for k in range(space.n_vertices())]
    locations = []
    for part in space.parts:
        h = Hemisphere(part)
        held: dict[int, list[str]] = {}
        for roi in subject.parcellation.roi_names:
            for k in subject.parcellation.vertices(roi, h).tolist():
                held.setdefault(k, []).append(roi)
        start = space.slice_of(part).start
        locations += [
            Location(unit, str(part), number, start + k, tuple(held.get(k, ())))
            for k, number in enumerate(subject.cortex().index[h].tolist())
        ]
    return locations


def has_rois(subject: Subject) -> bool:
    """Whether at least one ROI has a vertex."""
    names = subject.parcellation.roi_names if subject.space.is_placed else ()
    return any(len(subject.roi_vertices(n, h)) for n in names for h in HEMISPHERES)


def find_location(subject: Subject, name: VertexName | None) -> Location | None:
    """Look a vertex or voxel up; None where the subject has no such thing."""
    if name is None:
        return None
    number, space = name.number, subject.space
    for part in space.parts:
        if part != name.part:
            continue
        start = space.slice_of(part).start
        if not space.is_placed:
            return location_at(subject, start + number) if number < space.n_vertices(part) else None
        found = np.flatnonzero(subject.cortex().index[Hemisphere(part)] == number)
        if len(found):
            return location_at(subject, start + int(found[0]))
    return None
