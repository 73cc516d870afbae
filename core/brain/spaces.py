"""Where a subject's responses are: on vertices of fsaverage, or at unknown positions.

Most subjects have the released subset of fsaverage vertices ("challenge space"), left hemisphere
first. A subject whose voxels have no known position is fitted, scored and predicted like any other;
only what needs the cortex is missing. This module is also the one place that knows what the
field's files call the parts: responses on the cortex come in two hemispheres, others in one piece.

The meshes of fsaverage are nested: fsaverage6 is the first 40,962 of its 163,842 vertices,
fsaverage5 the first 10,242, so that one numbering holds for all. fs_LR (Human Connectome Project,
CIFTI) is another template, whose numbers mean other places.

Sources: FreeSurfer, fsaverage3 to fsaverage6; Glasser et al. 2013, NeuroImage 80:105 (fs_LR).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

import numpy as np

from cortiscope.core.errors import IncompatibleSpace, check_option


class Part(StrEnum):
    """A stretch of a subject's responses that files hold as one array."""

    @property
    def short(self) -> str:
        """As in JSON keys."""
        return self.value

    @property
    def prefix(self) -> str:
        """What file names of the part begin with."""
        return ""


class Hemisphere(Part):
    """A cerebral hemisphere. Order everywhere: left, right."""

    LEFT = "left"
    RIGHT = "right"

    @property
    def short(self) -> str:
        """``lh`` or ``rh``, as in file names and JSON keys."""
        return "lh" if self is Hemisphere.LEFT else "rh"

    @property
    def prefix(self) -> str:
        """``lh_`` or ``rh_``."""
        return f"{self.short}_"


class VoxelSet(Part):
    """All voxels of a subject that has them in no known place; files name them by nothing."""

    VOXELS = "voxels"


HEMISPHERES = (Hemisphere.LEFT, Hemisphere.RIGHT)
VOXELS = VoxelSet.VOXELS


def part_from_short(name: str) -> Part:
    """Read ``lh``, ``rh`` or ``voxels``."""
    by_short: dict[str, Part] = {part.short: part for part in (*HEMISPHERES, VOXELS)}
    return by_short[check_option("part of the responses", name, by_short)]


FSAVERAGE5_VERTICES = 10_242
FSAVERAGE_VERTICES = 163_842


class ResponseSpace(ABC):
    """The responses of a subject: which parts, in which order, and how many in each.

    What handles responses goes over ``parts``; what needs places on the cortex asks ``is_placed``.
    """

    parts: ClassVar[tuple[Part, ...]]
    is_placed: ClassVar[bool]
    unit: ClassVar[str]
    """What one response belongs to, in the plural: ``vertices`` or ``voxels``."""

    @abstractmethod
    def _count(self, part: Part) -> int: ...

    def n_vertices(self, part: Part | None = None) -> int:
        """Count the responses of one part or, without one, of all."""
        if part is None:
            return sum(self._count(p) for p in self.parts)
        self._check(part)
        return self._count(part)

    def slice_of(self, part: Part) -> slice:
        """Where a part lies in an array over all parts."""
        self._check(part)
        start = sum(self._count(p) for p in self.parts[: self.parts.index(part)])
        return slice(start, start + self._count(part))

    def split(self, values: np.ndarray) -> dict[Part, np.ndarray]:
        """Cut (..., n_vertices over all parts) into one array per part."""
        if values.shape[-1] != self.n_vertices():
            have = " + ".join(f"{self._count(p)} {p}" for p in self.parts)
            total = f" = {self.n_vertices()}" if len(self.parts) > 1 else ""
            raise IncompatibleSpace(
                f"Got values for {values.shape[-1]} {self.unit}; this subject has {have}{total}."
            )
        return {p: values[..., self.slice_of(p)] for p in self.parts}

    def _check(self, part: Part) -> None:
        if part not in self.parts:
            raise IncompatibleSpace(
                f"These responses have no part {part}; their parts: {', '.join(self.parts)}."
            )


@dataclass(frozen=True)
class VoxelSpace(ResponseSpace):
    """Responses of unknown position, all in one part.

    Parameters
    ----------
    n_voxels : how many.
    """

    parts: ClassVar[tuple[Part, ...]] = (VOXELS,)
    is_placed: ClassVar[bool] = False
    unit: ClassVar[str] = "voxels"

    n_voxels: int

    def _count(self, part: Part) -> int:
        return self.n_voxels


@dataclass(frozen=True)
class ChallengeSpace(ResponseSpace):
    """Which template vertices a subject has.

    Parameters
    ----------
    n_template : vertices per hemisphere of the template, 10,242 or 163,842.
    index : hemisphere -> (n,) increasing template vertex numbers of the subject's vertices.
    """

    parts: ClassVar[tuple[Part, ...]] = HEMISPHERES
    is_placed: ClassVar[bool] = True
    unit: ClassVar[str] = "vertices"

    n_template: int
    index: Mapping[Hemisphere, np.ndarray]

    def __post_init__(self) -> None:
        for hemisphere in HEMISPHERES:
            numbers = self.index[hemisphere]
            if len(numbers) and (np.any(np.diff(numbers) <= 0) or numbers[-1] >= self.n_template):
                raise IncompatibleSpace(
                    f"The {hemisphere} hemisphere's vertex numbers must increase and lie below "
                    f"{self.n_template}."
                )

    def _count(self, part: Part) -> int:
        return len(self.index[Hemisphere(part)])

    def to_fsaverage(self, values: np.ndarray, hemisphere: Hemisphere) -> np.ndarray:
        """Spread (..., n of the hemisphere) over the template; other vertices become NaN."""
        if values.shape[-1] != len(self.index[hemisphere]):
            raise IncompatibleSpace(
                f"Got {values.shape[-1]} values for the {hemisphere} hemisphere; this subject has "
                f"{len(self.index[hemisphere])} vertices there."
            )
        full = np.full((*values.shape[:-1], self.n_template), np.nan, dtype=np.float32)
        full[..., self.index[hemisphere]] = values
        return full

    def from_fsaverage(self, values: np.ndarray, hemisphere: Hemisphere) -> np.ndarray:
        """Pick the subject's vertices out of (..., n_template)."""
        if values.shape[-1] != self.n_template:
            raise IncompatibleSpace(
                f"Got {values.shape[-1]} values; the template has {self.n_template} per hemisphere."
            )
        return values[..., self.index[hemisphere]]


NESTED: Mapping[int, str] = {
    642: "fsaverage3",
    2_562: "fsaverage4",
    FSAVERAGE5_VERTICES: "fsaverage5",
    40_962: "fsaverage6",
    FSAVERAGE_VERTICES: "fsaverage",
}
"""Vertices per hemisphere -> name."""

_FS_LR: Mapping[int, str] = {
    32_492: "fs_LR 32k",
    59_292: "fs_LR 59k",
    29_696: "fs_LR 32k without the medial wall (left)",
    29_716: "fs_LR 32k without the medial wall (right)",
}
ALLOWED = f"{FSAVERAGE5_VERTICES:,} (fsaverage5) or {FSAVERAGE_VERTICES:,} (fsaverage)"

RESAMPLE = (
    "Its vertices are numbered unlike fsaverage's: resample to fsaverage first "
    "(wb_command -metric-resample with the HCP's fs_LR-to-fsaverage spheres), as GIfTI or .npy."
)


def home_template(n_vertices: int) -> int:
    """Return the template that holds a nested one: fsaverage5 up to its size, else fsaverage."""
    return FSAVERAGE5_VERTICES if n_vertices <= FSAVERAGE5_VERTICES else FSAVERAGE_VERTICES


def nested_words(n_vertices: int) -> str:
    """Say what a size was taken for; empty for fsaverage and fsaverage5 themselves."""
    home = home_template(n_vertices)
    if n_vertices not in NESTED or n_vertices == home:
        return ""
    return (
        f"{n_vertices:,} vertices per hemisphere are taken to be {NESTED[n_vertices]}, the first "
        f"of {NESTED[home]}'s {home:,}."
    )


def fs_lr_words(n_vertices: int) -> str:
    """Return which fs_LR mesh a number of vertices is of; empty if it is of none."""
    return _FS_LR.get(n_vertices, "")
