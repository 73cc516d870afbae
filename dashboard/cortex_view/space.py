"""Which template vertices a subject's data cover, and the ROIs drawn on them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from cortiscope.cortex_view.container import pack

SIDES = ("left", "right")
_MAX_ROI_NAMES = 64  # Membership travels as one 64-bit mask per vertex.


@dataclass(frozen=True)
class CortexRoi:
    """One region in one hemisphere.

    Parameters
    ----------
    name : as printed on the cortex, for instance ``FFA-1``.
    group : title of the class it belongs to, for instance ``faces``.
    hemisphere : ``left`` or ``right``.
    members : (n,) template vertex numbers of that hemisphere; may be empty.
    colour : ``#rrggbb``; adapted to light and dark backgrounds in the browser.
    """

    name: str
    group: str
    hemisphere: str
    members: np.ndarray
    colour: str

    def __post_init__(self) -> None:
        _check_side(self.hemisphere)
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", self.colour):
            raise ValueError(f"ROI {self.name!r} has colour {self.colour!r}; allowed: '#rrggbb'.")


@dataclass(frozen=True)
class CortexSpace:
    """A subject's vertices on the template.

    Parameters
    ----------
    vertices : ``left`` and ``right`` -> (n,) template vertex numbers in the order of the data.
    rois : regions; at most 64 different names.
    shown_groups : ROI groups outlined at first; None outlines all.
    """

    vertices: Mapping[str, np.ndarray]
    rois: tuple[CortexRoi, ...] = field(default=())
    shown_groups: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if set(self.vertices) != set(SIDES):
            raise ValueError(
                f"vertices has the keys {sorted(self.vertices)}; allowed: exactly {list(SIDES)}."
            )
        for side in SIDES:
            indices = np.asarray(self.vertices[side])
            if indices.ndim != 1 or len(np.unique(indices)) != len(indices):
                raise ValueError(
                    f"The {side} vertices are not a list of different numbers "
                    f"(shape {indices.shape})."
                )
        names = {roi.name for roi in self.rois}
        if len(names) > _MAX_ROI_NAMES:
            raise ValueError(f"{len(names)} ROI names given; allowed: {_MAX_ROI_NAMES}.")
        keys = [(roi.name, roi.hemisphere) for roi in self.rois]
        if len(set(keys)) != len(keys):
            raise ValueError("A ROI name appears twice in one hemisphere.")

    @property
    def n_values(self) -> int:
        """Values per map: left vertices, then right."""
        return sum(len(self.vertices[side]) for side in SIDES)

    def to_bytes(self, n_vertices: Mapping[str, int]) -> bytes:
        """Return the space asset.

        Parameters
        ----------
        n_vertices : template vertices per hemisphere, against which all numbers are checked.
        """
        arrays: dict[str, np.ndarray] = {}
        for side in SIDES:
            indices = np.asarray(self.vertices[side])
            _check_range(f"{side} vertices", indices, n_vertices[side])
            arrays[f"{side}_vertices"] = indices.astype(np.uint32)
        listing = []
        for roi in self.rois:
            members = np.asarray(roi.members, dtype=np.int64)
            _check_range(
                f"ROI {roi.name!r} ({roi.hemisphere})", members, n_vertices[roi.hemisphere]
            )
            listing.append([roi.name, roi.group, roi.hemisphere, len(members), roi.colour])
        if self.rois:
            arrays["members"] = np.concatenate(
                [np.asarray(roi.members, dtype=np.int64) for roi in self.rois]
            ).astype(np.uint32)
        shown = None if self.shown_groups is None else list(self.shown_groups)
        return pack({"kind": "space", "version": 1, "rois": listing, "shown": shown}, arrays)


def _check_side(hemisphere: str) -> None:
    if hemisphere not in SIDES:
        raise ValueError(f"hemisphere is {hemisphere!r}; allowed: 'left', 'right'.")


def _check_range(what: str, indices: np.ndarray, n: int) -> None:
    if indices.size and (indices.min() < 0 or indices.max() >= n):
        raise ValueError(
            f"{what}: numbers {indices.min()} to {indices.max()} given; the template has "
            f"vertices 0 to {n - 1}."
        )
