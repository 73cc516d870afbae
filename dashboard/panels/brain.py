"""Maps of one subject on the cortex: titles, scales and the click back."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from html import escape

import numpy as np
import streamlit as st

from cortiscope import services, state
from cortiscope.core.datasets import Subject
from cortiscope.cortex_view import ColourScale, CortexMap, cortex_view
from cortiscope.panels.mesh_menu import current_mesh
from cortiscope.panels.selection import (
    marked_region,
    picked_vertices,
    take_selection,
    vertex_numbers,
)
from cortiscope.subject.mesh_projection import FULL


def response_scale(subject: Subject) -> ColourScale:
    """Return one scale for all images of a subject, so that images compare.

    Its ends are those of measured test (else training) responses, symmetric where they lie about 0.
    """
    low, high = services.response_range(subject.id)
    kind = "diverging" if low == -high else "sequential"
    return ColourScale(kind, low, high, subject.conventions.unit, "response")


def difference_scale(scale: ColourScale) -> ColourScale:
    """Return the scale of differences between maps of a scale: its own if that lies about 0."""
    if scale.kind == "diverging":
        return scale
    half = (scale.high - scale.low) / 2
    return ColourScale("diverging", -half, half, scale.unit, "difference of responses")


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


def show_brain(
    subject: Subject,
    maps: Sequence[CortexMap],
    *,
    key: str,
    height: int = 540,
    lit: np.ndarray | None = None,
) -> None:
    """Draw the maps on the mesh that was chosen; what is selected there becomes the selection.

    ``lit`` are positions (n,) that a chart has selected; they are outlined.
    """
    mesh = current_mesh(subject)
    # What was selected since the last run is known before drawing, so one run is enough.
    take_selection(subject, mesh, key)
    # The full cortex takes seconds to prepare, once; shown only if it does.
    with st.spinner("Preparing the full cortex …") if mesh.way == FULL else nullcontext():
        assets = services.brain_assets(subject.id, subject.state, mesh.way)
    now = state.current()
    cortex_view(
        [mesh.drawn(m) for m in maps],
        assets=assets,
        key=key,
        height=height,
        picks=[
            location for pick in picked_vertices() if (location := mesh.on_mesh(*pick)) is not None
        ],
        region=marked_region(subject, mesh),
        lit=None if lit is None else vertex_numbers(mesh.shown, mesh.shown_positions(lit)),
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


def focus_roi(text: str) -> tuple[str, str] | None:
    """Read ``FFA-1~right``."""
    name, _, side = text.partition("~")
    return (name, side) if name and side in ("left", "right") else None
