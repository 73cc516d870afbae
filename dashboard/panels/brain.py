"""Maps of one subject on the cortex: titles, scales and the click back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape

import numpy as np
import streamlit as st

from core.brain import FSAVERAGE5_VERTICES
from core.datasets import Subject
from dashboard import services, state
from dashboard.cortex_view import ColourScale, CortexMap, cortex_view
from dashboard.panels.selection import (
    marked_region,
    picked_vertices,
    take_selection,
    vertex_numbers,
)

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


def show_brain(
    subject: Subject,
    maps: Sequence[CortexMap],
    *,
    key: str,
    height: int = 540,
    lit: np.ndarray | None = None,
) -> None:
    """Draw the maps; picked vertices and a brushed region become the selection.

    ``lit`` are positions (n,) that a chart has selected; they are outlined.

    Of a subject with more vertices than the mesh those that it has are drawn, and that is said.
    """
    drawn = services.drawn_positions(subject.id, subject.fingerprint)
    if drawn is not None:
        maps = [replace(m, values=np.asarray(m.values)[drawn]) for m in maps]
    # What was selected since the last run is known before drawing, so one run is enough.
    take_selection(subject, key)
    now = state.current()
    cortex_view(
        maps,
        assets=services.brain_assets(subject.id),
        key=key,
        height=height,
        picks=[pick for pick in picked_vertices() if pick[1] < FSAVERAGE5_VERTICES],
        region=marked_region(subject),
        lit=None if lit is None else vertex_numbers(subject, lit),
        focus_roi=focus_roi(now.roi),
        stamp=subject.stamp,
    )
    if drawn is not None:
        st.html(
            f'<p class="cs-note">Drawn: {len(drawn):,} of {subject.space.n_vertices():,} vertices, '
            "those that fsaverage5 (10,242 per hemisphere) has in common with fsaverage (163,842). "
            "Charts, tables and numbers are over all of them.</p>"
        )


def focus_roi(text: str) -> tuple[str, str] | None:
    """Read ``FFA-1~right``."""
    name, _, side = text.partition("~")
    return (name, side) if name and side in ("left", "right") else None
