"""A subject's own vertices within fsaverage, and the way there and back.

Responses live on the released subset of fsaverage vertices ("challenge space"), left hemisphere
first. ``fsaverage5`` is the first 10,242 vertices of ``fsaverage`` (163,842), so both sizes share
one numbering.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.brain.hemispheres import HEMISPHERES, Hemisphere
from core.errors import IncompatibleSpace

FSAVERAGE5_VERTICES = 10_242
FSAVERAGE_VERTICES = 163_842


@dataclass(frozen=True)
class ChallengeSpace:
    """Which template vertices a subject has.

    Parameters
    ----------
    n_template : vertices per hemisphere of the template, 10,242 or 163,842.
    index : hemisphere -> (n,) increasing template vertex numbers of the subject's vertices.
    """

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

    def n_vertices(self, hemisphere: Hemisphere | None = None) -> int:
        """Count the subject's vertices in one hemisphere or, without one, in both."""
        chosen = HEMISPHERES if hemisphere is None else (hemisphere,)
        return sum(len(self.index[h]) for h in chosen)

    def slice_of(self, hemisphere: Hemisphere) -> slice:
        """Where a hemisphere's vertices lie in an array over both (left first)."""
        n_left = len(self.index[Hemisphere.LEFT])
        if hemisphere is Hemisphere.LEFT:
            return slice(0, n_left)
        return slice(n_left, n_left + len(self.index[Hemisphere.RIGHT]))

    def split(self, values: np.ndarray) -> dict[Hemisphere, np.ndarray]:
        """Cut (..., n_vertices over both hemispheres) into one array per hemisphere."""
        if values.shape[-1] != self.n_vertices():
            raise IncompatibleSpace(
                f"Got values for {values.shape[-1]} vertices; this subject has "
                f"{self.n_vertices(Hemisphere.LEFT)} left + {self.n_vertices(Hemisphere.RIGHT)} "
                f"right = {self.n_vertices()}."
            )
        return {h: values[..., self.slice_of(h)] for h in HEMISPHERES}

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
