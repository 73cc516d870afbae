"""On which cortex a subject is drawn, and how its vertices are mapped onto it.

A subject on fsaverage5 is drawn on fsaverage5. One on fsaverage is drawn on fsaverage where that
is on this machine, or on fsaverage5: by the mean over the nearest vertices, or by every 16th.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from cortiscope.core.brain import (
    FSAVERAGE5_VERTICES,
    HEMISPHERES,
    ChallengeSpace,
    Hemisphere,
    HemisphereSurfaces,
    load_fsaverage5,
)
from cortiscope.core.brain.averaging import (
    VertexGroups,
    nearest_groups,
    nearest_on_fsaverage5,
    nested_groups,
)
from cortiscope.core.brain.fsaverage import load_fsaverage
from cortiscope.core.datasets import Subject
from cortiscope.cortex_view import CortexGeometry, CortexMap, CortexRoi, CortexSpace, HemisphereMesh
from cortiscope.subject.roi_style import roi_classes_shown, roi_colour

FULL, MEAN, NESTED = "full", "mean", "nested"
OWN = ""  # a subject on fsaverage5: there is nothing to choose
WAYS = {FULL: "every vertex", MEAN: "local means", NESTED: "every 16th"}


def default_way(space: ChallengeSpace, *, full_is_here: bool) -> str:
    """Return how a subject is drawn when nobody has chosen."""
    if space.n_template == FSAVERAGE5_VERTICES:
        return OWN
    return FULL if full_is_here else MEAN


@dataclass(frozen=True)
class MeshProjection:
    """A subject's vertices on the mesh that is drawn.

    Parameters
    ----------
    way : ``full``, ``mean``, ``nested``, or empty for a subject on fsaverage5.
    own : the subject's vertices.
    groups : how they are gathered on fsaverage5; None where each is drawn in its own place.
    """

    way: str
    own: ChallengeSpace
    groups: VertexGroups | None = None

    @classmethod
    def of(cls, subject: Subject, way: str, surfaces: Path) -> MeshProjection:
        """Lay a subject's vertices onto the mesh of a way; ``surfaces`` holds converted ones."""
        space = subject.cortex()
        if way == MEAN:
            return cls(way, space, nearest_groups(space, nearest_on_fsaverage5(surfaces)))
        return cls(way, space, nested_groups(space) if way == NESTED else None)

    @property
    def shown(self) -> ChallengeSpace:
        """The vertices that get a value on the mesh."""
        return self.own if self.groups is None else self.groups.space

    def drawn(self, cortex_map: CortexMap) -> CortexMap:
        """Bring a map of the subject's own vertices onto the mesh."""
        if self.groups is None:
            return cortex_map
        scale, groups = cortex_map.scale, self.groups
        if scale.kind == "categorical":
            values, counts = groups.most_frequent(cortex_map.values)
        elif scale.kind == "cyclic":
            values, counts = groups.circular_mean(cortex_map.values, scale.low, scale.high)
        else:
            values, counts = groups.mean(cortex_map.values)
        reliability = cortex_map.reliability
        return replace(
            cortex_map,
            values=values,
            reliability=None if reliability is None else self.groups.mean(reliability)[0],
            counts=counts if self.way == MEAN else None,
        )

    def on_mesh(self, side: str, vertex: int) -> tuple[str, int] | None:
        """Where a vertex of the subject is drawn; None if it is not."""
        if self.groups is None:
            return side, vertex
        h = Hemisphere(side)
        place = np.flatnonzero(self.own.index[h] == vertex)
        if len(place) and self.way == MEAN:
            position = self.own.slice_of(h).start + int(place[0])
            at = int(np.flatnonzero(self.groups.order == position)[0])
            group = int(np.searchsorted(self.groups.starts, at, side="right")) - 1
            vertex = int(self.shown.index[h][group - self.shown.slice_of(h).start])
        return (side, vertex) if vertex < FSAVERAGE5_VERTICES else None

    def of_subject(self, side: str, vertex: int) -> int:
        """Which of the subject's vertices a click on a drawn one means.

        The vertex of the same number, or else the first of those averaged there. Where there are
        no data the drawn vertex's own number.
        """
        if self.groups is None:
            return vertex
        h = Hemisphere(side)
        place = np.flatnonzero(self.shown.index[h] == vertex)
        if not len(place):
            return vertex
        first = self.groups.members(self.shown.slice_of(h).start + int(place[0]))[0]
        return int(self.own.index[h][first - self.own.slice_of(h).start])

    def shown_positions(self, positions: np.ndarray) -> np.ndarray:
        """Return where, among the drawn values, some of the subject's vertices (n,) are.

        As for ROIs: where they are more than half of what is averaged, or the most.
        """
        return positions if self.groups is None else self.groups.holding(positions)

    def own_positions(self, shown: np.ndarray) -> np.ndarray:
        """Return the subject's vertices behind some of the drawn values, increasing."""
        if self.groups is None:
            return shown
        pieces = [self.groups.members(int(group)) for group in shown]
        return np.sort(np.concatenate(pieces)) if pieces else np.empty(0, dtype=np.int64)

    def in_short(self) -> str:
        """Say on what the subject is drawn."""
        if self.way == MEAN:
            return "Drawn on fsaverage5, averaged over the nearest vertices."
        if self.way == NESTED:
            return "Drawn on fsaverage5 by every 16th vertex."
        name = "fsaverage5" if self.way == OWN else "fsaverage"
        return f"Drawn on {name}, {self.own.n_template:,} vertices per hemisphere."

    def at_length(self) -> str:
        """Say how values and ROIs came to lie on another mesh; empty where they did not."""
        n, shown = self.own.n_vertices(), self.shown.n_vertices()
        if self.way == MEAN:
            return (
                f"Drawn on fsaverage5 (10,242 vertices per hemisphere): each of {shown:,} vertices "
                f"shows the mean over the nearest of the subject’s {n:,} on fsaverage (163,842); a "
                "ROI is outlined where it has more than half of them."
            )
        if self.way == NESTED:
            return (
                f"Drawn on fsaverage5 (10,242 vertices per hemisphere): every 16th vertex of "
                f"fsaverage (163,842), {shown:,} of the subject’s {n:,}."
            )
        return ""


def viewer_mesh(
    surface: HemisphereSurfaces, coarse: HemisphereSurfaces | None = None
) -> HemisphereMesh:
    """Hand a hemisphere to the viewer; ``coarse`` is a template nested in it, drawn in motion."""
    coarse_flat = None
    if coarse is not None:
        inside = np.zeros(len(surface.flat), dtype=bool)
        inside[surface.flat_faces.ravel()] = True
        coarse_flat = coarse.flat_faces[inside[coarse.flat_faces].all(axis=1)]
    return HemisphereMesh(
        pial=surface.pial,
        inflated=surface.inflated,
        flat=surface.flat,
        faces=surface.faces,
        flat_faces=surface.flat_faces,
        sulcal_depth=surface.sulcal_depth,
        coarse_faces=None if coarse is None else coarse.faces,
        coarse_flat_faces=coarse_flat,
    )


def viewer_geometry(surfaces: Path, *, full: bool) -> CortexGeometry:
    """Hand fsaverage5 to the viewer, or fsaverage with fsaverage5 to be drawn in motion.

    Parameters
    ----------
    surfaces : folder of converted surfaces.
    """
    coarse = load_fsaverage5(surfaces)
    drawn = load_fsaverage(surfaces) if full else coarse
    return CortexGeometry(
        *(viewer_mesh(drawn[h], coarse[h] if full else None) for h in HEMISPHERES)
    )


def cortex_space(subject: Subject, mesh: MeshProjection) -> CortexSpace:
    """Describe a subject's vertices and ROIs to the viewer, as they are drawn."""
    rois = []
    for name in subject.parcellation.roi_names:
        title, colour = roi_colour(subject.parcellation.class_of(name))
        for h in HEMISPHERES:
            positions = subject.parcellation.vertices(name, h)
            if mesh.groups is None:
                members = mesh.own.index[h][positions]
            else:
                held = mesh.groups.holding(positions + mesh.own.slice_of(h).start)
                members = mesh.shown.index[h][held - mesh.shown.slice_of(h).start]
            if len(members):
                rois.append(CortexRoi(name, title, h.value, members, colour.light))
    return CortexSpace(
        vertices={h.value: mesh.shown.index[h] for h in HEMISPHERES},
        rois=tuple(rois),
        shown_groups=roi_classes_shown(),
    )
