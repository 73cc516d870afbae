"""What is selected on the cortex: picked vertices, in the address, and a brushed region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from core.brain import HEMISPHERES
from core.datasets import Subject
from dashboard import services, state
from dashboard.cortex_view import CortexRegion, read_picks, read_region

_REGION = "brushed_region"
_BETWEEN = "."


@dataclass(frozen=True, eq=False)
class BrushedRegion:
    """A region and the moment it was brushed.

    Parameters
    ----------
    subject : whose vertices these are.
    space : the viewer's space, in which the region's positions count.
    place : vertex and ROI that were selected then: while they still are, the region came last.
    """

    subject: str
    space: str
    region: CortexRegion
    place: tuple[str, str]


def take_selection(subject: Subject, viewer: str) -> None:
    """Take over what was selected in a viewer since the last run, before anything is drawn.

    Parameters
    ----------
    viewer : the key of the ``cortex_view``.
    """
    told: Any = st.session_state.get(viewer) or {}
    if picked := told.get("picked"):
        take_picks(picked)
    if brushed := told.get("region"):
        _take_region(subject, read_region(brushed))


def take_picks(raw: Mapping[str, Any]) -> None:
    """Select the vertices picked; the last one's first ROI is brought forward."""
    picks = read_picks(raw)
    if not picks:
        state.change(vertex="")
        return
    *others, last = [f"{pick.hemisphere}~{pick.vertex}" for pick in picks]
    rois = picks[-1].rois
    roi = f"{rois[0]}~{picks[-1].hemisphere}" if rois else ""
    state.change(vertex=last, picks=_BETWEEN.join(others), roi=roi)


def picked_keys() -> list[str]:
    """Return all picks as in the address, in order; the last is the selected vertex."""
    now = state.current()
    others = [key for key in now.picks.split(_BETWEEN) if key]
    return [*others, now.vertex] if now.vertex else []


def picked_vertices() -> list[tuple[str, int]]:
    """Return the picks as hemisphere and template vertex; what cannot be read is left out."""
    return [found for key in picked_keys() if (found := selected_vertex(key)) is not None]


def selected_vertex(text: str) -> tuple[str, int] | None:
    """Read ``left~4711``."""
    side, _, number = text.partition("~")
    known = side in ("left", "right") and number.isascii() and number.isdigit()
    return (side, int(number)) if known and len(number) < 10 else None


def _take_region(subject: Subject, region: CortexRegion) -> None:
    if not len(region):
        st.session_state.pop(_REGION, None)
        return
    space = services.brain_assets(subject.id).space
    now = state.current()
    st.session_state[_REGION] = BrushedRegion(subject.id, space, region, (now.vertex, now.roi))


def _brushed(subject: Subject) -> BrushedRegion | None:
    kept = st.session_state.get(_REGION)
    return kept if kept is not None and kept.subject == subject.id else None


def marked_region(subject: Subject) -> CortexRegion:
    """Return the region for the viewer to mark; empty without one."""
    kept = _brushed(subject)
    if kept is None or kept.space != services.brain_assets(subject.id).space:
        none = np.zeros(0, np.int64)
        return CortexRegion(none, none, none)
    return kept.region


def region_positions(subject: Subject) -> np.ndarray | None:
    """Return the brushed vertices (n,) as positions in the subject's arrays; None without any."""
    kept = _brushed(subject)
    if kept is None:
        return None
    space = subject.cortex()
    numbers = {"left": kept.region.left, "right": kept.region.right}
    return np.concatenate(
        [
            space.slice_of(h).start + np.flatnonzero(np.isin(space.index[h], numbers[h.value]))
            for h in HEMISPHERES
        ]
    )


def vertex_numbers(subject: Subject, positions: np.ndarray) -> dict[str, np.ndarray]:
    """Return hemisphere -> template vertex numbers of positions (n,) in the subject's arrays."""
    space = subject.cortex()
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
