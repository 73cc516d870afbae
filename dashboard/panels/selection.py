"""What is selected on the cortex: picked vertices, in the address, and a brushed region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from cortiscope import state
from cortiscope.core.brain import HEMISPHERES, ChallengeSpace, Hemisphere
from cortiscope.core.datasets import Subject
from cortiscope.cortex_view import CortexRegion, read_picks, read_region
from cortiscope.subject.locations import find_location, unit_of
from cortiscope.subject.mesh_projection import MeshProjection

_REGION = "brushed_region"


@dataclass(frozen=True, eq=False)
class BrushedRegion:
    """A region and the moment it was brushed.

    Parameters
    ----------
    subject : whose vertices these are.
    positions : (n,) theirs in the subject's arrays; of a coarser mesh all that are behind it.
    place : vertex and ROI that were selected then: while they still are, the region came last.
    """

    subject: str
    positions: np.ndarray
    place: tuple[str, str]


def check_places(subject: Subject) -> None:
    """Tell which vertex and ROI of the selection a subject lacks, and select none instead.

    A vertex is looked at where an address names it: on the cortex, people click at grey ones too.
    """
    now, name, roi = state.current(), state.current().vertex_name, state.current().roi_name
    if now.vertex and state.is_from_address(now) and find_location(subject, name) is None:
        called = f"“{now.vertex}”" if name is None else f"{name.number}"
        side = f" with data in the {name.part} hemisphere" if name and name.part != "voxels" else ""
        state.tell(f"{subject.id} has no {unit_of(subject)} {called}{side}; none is selected.")
        state.change(vertex="")
    if now.roi and not _has_roi(subject, roi):
        called = f"“{now.roi}”" if roi is None else f"{roi.name} in the {roi.hemisphere} hemisphere"
        state.tell(f"{subject.id} has no ROI {called}; none is in focus.")
        state.change(roi="")


def _has_roi(subject: Subject, roi: state.RoiName | None) -> bool:
    if roi is None or not subject.space.is_placed:
        return False
    known = roi.name in subject.parcellation.roi_names
    return known and len(subject.roi_vertices(roi.name, Hemisphere(roi.hemisphere))) > 0


def take_selection(subject: Subject, mesh: MeshProjection, viewer: str) -> None:
    """Take over what was selected in a viewer since the last run, before anything is drawn.

    Parameters
    ----------
    mesh : what the subject is drawn on there.
    viewer : the key of the ``cortex_view``.
    """
    said: Any = st.session_state.get(viewer) or {}
    if picked := said.get("picked"):
        take_picks(mesh, picked)
    if brushed := said.get("region"):
        _take_region(subject, mesh, read_region(brushed))


def take_picks(mesh: MeshProjection, raw: Mapping[str, Any]) -> None:
    """Select the subject's vertices that were picked; the last one's first ROI comes forward."""
    picks = read_picks(raw)
    if not picks:
        state.change(vertex="")
        return
    *others, last = [
        state.VertexName(pick.hemisphere, mesh.of_subject(pick.hemisphere, pick.vertex))
        for pick in picks
    ]
    rois = picks[-1].rois
    roi = state.RoiName(rois[0], last.part) if rois else None
    state.change(vertex=last, picks=state.joined(others), roi=roi)


def picked_vertices() -> list[state.VertexName]:
    """Return the picks that lie on a hemisphere, in order; the last is the selected vertex."""
    return [name for name in state.current().picked if name.part in ("left", "right")]


def _take_region(subject: Subject, mesh: MeshProjection, region: CortexRegion) -> None:
    brush(subject, mesh.own_positions(region.positions) if len(region) else region.positions)


def brush(subject: Subject, positions: np.ndarray) -> None:
    """Select a region: positions (n,) in the subject's arrays; none of them clears it."""
    if not len(positions):
        st.session_state.pop(_REGION, None)
        return
    now = state.current()
    st.session_state[_REGION] = BrushedRegion(subject.id, positions, (now.vertex, now.roi))


def _brushed(subject: Subject) -> BrushedRegion | None:
    kept = st.session_state.get(_REGION)
    return kept if kept is not None and kept.subject == subject.id else None


def region_positions(subject: Subject) -> np.ndarray | None:
    """Return the brushed vertices (n,) as positions in the subject's arrays; None without any."""
    kept = _brushed(subject)
    return None if kept is None else kept.positions


def marked_region(subject: Subject, mesh: MeshProjection) -> CortexRegion:
    """Return the region for the viewer to mark; empty without one."""
    kept = _brushed(subject)
    shown = mesh.shown_positions(np.zeros(0, np.int64) if kept is None else kept.positions)
    numbers = vertex_numbers(mesh.shown, shown)
    return CortexRegion(numbers["left"], numbers["right"], shown)


def vertex_numbers(space: ChallengeSpace, positions: np.ndarray) -> dict[str, np.ndarray]:
    """Return hemisphere -> template vertex numbers of positions (n,) in a space."""
    numbers = {}
    for h in HEMISPHERES:
        own = space.slice_of(h)
        here = positions[(positions >= own.start) & (positions < own.stop)]
        numbers[h.value] = space.index[h][here - own.start]
    return numbers


def region_came_last(subject: Subject) -> bool:
    """Whether nothing else was selected since the region was brushed."""
    kept = _brushed(subject)
    now = state.current()
    return kept is not None and kept.place == (now.vertex, now.roi)
