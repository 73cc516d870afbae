"""Maps of one subject on the cortex: titles, scales and the click back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from html import escape
from typing import Any

import numpy as np
import streamlit as st

from core.datasets import Subject
from dashboard import services, state
from dashboard.cortex_view import ColourScale, CortexMap, cortex_view
from dashboard.drawn_mesh import FULL
from dashboard.panels.mesh_menu import current_mesh

RESPONSE_UNIT = "z"
RESPONSE_MEANING = "single-trial z, averaged over repeats"


def response_scale(subject: Subject) -> ColourScale:
    """Return one symmetric scale for all images of a subject, so that images compare.

    Its end is the 99th percentile of measured test (else training) responses, to half a unit.
    """
    limit = services.response_limit(subject.id)
    return ColourScale("diverging", -limit, limit, RESPONSE_UNIT, "response")


def own_sd(values: np.ndarray) -> np.ndarray:
    """Express a map in units of its own SD over vertices; zero stays zero."""
    sd = np.nanstd(values)
    return values / sd if sd > 0 else values


def no_cortex(subject: Subject, instead: str) -> None:
    """Say in one sentence why there is no brain; ``instead`` is what the page shows."""
    n = subject.space.n_vertices()
    st.html(
        f'<p class="cs-nowhere"><b>No cortex:</b> nobody knows where the {n:,} voxels of '
        f"{escape(subject.id)} are, since its folder (layout {escape(subject.layout)}) tells no "
        f"positions, hemispheres or ROIs. {instead}</p>"
    )


def show_brain(subject: Subject, maps: Sequence[CortexMap], *, key: str, height: int = 540) -> None:
    """Draw the maps on the mesh that was chosen; a click on a vertex becomes the selection."""
    mesh = current_mesh(subject)
    # What was clicked since the last run is known before drawing, so one run is enough.
    stored = st.session_state.get(key) or {}
    if clicked := stored.get("picked"):
        own = mesh.of_subject(clicked["hemisphere"], int(clicked["vertex"]))
        take_pick({**clicked, "vertex": own})
    # The full cortex takes seconds to prepare, once; shown only if it does.
    with st.spinner("Preparing the full cortex …") if mesh.way == FULL else nullcontext():
        assets = services.brain_assets(subject.id, subject.fingerprint, mesh.way)
    now = state.current()
    picked = selected_vertex(now.vertex)
    cortex_view(
        [mesh.drawn(m) for m in maps],
        assets=assets,
        key=key,
        height=height,
        selected=mesh.on_mesh(*picked) if picked else None,
        focus_roi=focus_roi(now.roi),
        view=state.current_view(),
        address=state.VIEW,
        stamp=subject.stamp,
    )
    if mesh.groups is not None:
        st.html(
            f'<p class="cs-note">{mesh.at_length()} Charts, tables and numbers are over the '
            "subject’s own vertices.</p>"
        )


def take_pick(clicked: Mapping[str, Any]) -> None:
    """Turn a click into the selection: the vertex, and the first ROI that holds it."""
    rois = clicked.get("rois") or []
    roi = f"{rois[0]}~{clicked['hemisphere']}" if rois else ""
    state.change(vertex=f"{clicked['hemisphere']}~{clicked['vertex']}", roi=roi)


def selected_vertex(text: str) -> tuple[str, int] | None:
    """Read ``left~4711``."""
    side, _, number = text.partition("~")
    return (side, int(number)) if side in ("left", "right") and number.isdigit() else None


def focus_roi(text: str) -> tuple[str, str] | None:
    """Read ``FFA-1~right``."""
    name, _, side = text.partition("~")
    return (name, side) if name and side in ("left", "right") else None
