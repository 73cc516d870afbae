"""Where a subject's responses are: on vertices of fsaverage, or nobody knows.

Most subjects have the released subset of fsaverage vertices ("challenge space"), left hemisphere
first. ``fsaverage5`` is the first 10,242 vertices of ``fsaverage`` (163,842), so both sizes share
one numbering. A subject whose voxels have no known position is fitted, scored and predicted like
any other; only what needs the cortex is not to be had.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cortiscope.core.brain.parts import HEMISPHERES, VOXELS, Hemisphere, Part
from cortiscope.core.errors import IncompatibleSpace

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
