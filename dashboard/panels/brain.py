"""Maps of one subject on the cortex: titles, scales and the click back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import streamlit as st

from cortiscope import services, state
from cortiscope.core.cli.answers import encode_array
from cortiscope.core.datasets import Subject
from cortiscope.cortex_view import (
    ColourScale,
    CortexMap,
    StillRequest,
    StillScale,
    cortex_view,
    framing_of,
    still_scales,
)
from cortiscope.markup import show_html, show_note
from cortiscope.panels.mesh_menu import current_mesh, pick_mesh
from cortiscope.panels.selection import (
    marked_region,
    picked_vertices,
    take_selection,
    vertex_numbers,
)
from cortiscope.regions import redraw
from cortiscope.subject.mesh_projection import FULL, MEAN, NESTED
from cortiscope.subject.roi_style import roi_classes_shown, roi_colour
from cortiscope.work.picture_worker import cortex_picture


def response_scale(subject: Subject) -> ColourScale:
    """Return one scale for all images of a subject, so that images compare.

    Its ends are those of measured test (else training) responses, symmetric where they lie about 0.
    """
    low, high = services.response_range(subject)
    kind = "diverging" if low == -high else "sequential"
    return ColourScale(kind, low, high, subject.conventions.unit, "response")


def own_sd(values: np.ndarray) -> np.ndarray:
    """Express a map in units of its own SD over vertices; zero stays zero."""
    sd = np.nanstd(values)
    return values / sd if sd > 0 else values


def show_no_cortex(subject: Subject, instead: str) -> None:
    """Say in one sentence why there is no brain; ``instead`` is what the page shows."""
    n = subject.space.n_vertices()
    show_html(
        '<p class="cs-nowhere"><b>No cortex:</b> the positions of the {n} voxels of {id} are '
        "unknown, since its folder (layout {layout}) gives no positions, hemispheres or ROIs. "
        "{instead}</p>",
        n=f"{n:,}",
        id=subject.id,
        layout=subject.layout,
        instead=instead,
    )


def show_brain(
    subject: Subject,
    maps: Sequence[CortexMap],
    *,
    key: str,
    height: int = 540,
    lit: np.ndarray | None = None,
    redraws: Sequence[str] = (),
) -> None:
    """Draw the maps on the mesh that was chosen; what is selected there becomes the selection.

    Parameters
    ----------
    lit : positions (n,) that a chart has selected; they are outlined.
    redraws : the regions that follow a vertex; without any the one in which the cortex stands.
    """
    mesh = current_mesh(subject)
    # The full cortex takes seconds to prepare, once; shown only if it does.
    with st.spinner("Preparing the full cortex …") if mesh.way == FULL else nullcontext():
        assets = services.brain_assets(subject.id, subject.state, mesh.way)
    now = state.current()
    picks = [spot for pick in picked_vertices() if (spot := mesh.on_mesh(*pick)) is not None]
    cortex_view(
        [mesh.drawn(m) for m in maps],
        assets=assets,
        key=key,
        height=height,
        picks=picks,
        region=marked_region(subject, mesh),
        lit=None if lit is None else vertex_numbers(mesh.shown, mesh.shown_positions(lit)),
        focus_roi=now.roi_name,
        view=state.current_view(),
        address=state.VIEW,
        stamp=subject.stamp,
        on_select=lambda: _take(subject, key, redraws),
        draw_still=lambda request: _still(
            subject,
            maps,
            request,
            way=NESTED if mesh.way == NESTED else MEAN,
            view=state.current_view() or {},
            focus=now.roi_name,
            marks=picks,
        ),
    )
    if mesh.groups is not None:
        show_note(
            "{drawn} Charts, tables and numbers are over the subject’s own vertices.",
            drawn=mesh.at_length(),
        )
    pick_mesh(subject)


def _take(subject: Subject, key: str, redraws: Sequence[str]) -> None:
    take_selection(subject, current_mesh(subject), key)
    redraw(*redraws)


def _still(
    subject: Subject,
    maps: Sequence[CortexMap],
    request: StillRequest,
    *,
    way: str,
    view: Mapping[str, Any],
    focus: tuple[str, str] | None,
    marks: Sequence[tuple[str, int]],
) -> bytes:
    """Return a PNG of maps on the cortex (``core.figures.cortex``), for a browser without WebGL2.

    Parameters
    ----------
    maps : of the subject's own vertices.
    way : how they come to be on fsaverage5: ``mean`` or ``nested``.
    view : what is chosen of scales and ROIs; see ``cortex_view.payload.check_view``.
    focus : the one ROI to outline, and its hemisphere; None outlines the groups that are on.
    marks : vertices to ring, on fsaverage5.
    """
    scales = still_scales(maps, view, request.theme)
    side, surface = request.side(view)
    faded = [
        f"Shown where {m.reliability_label} is above {s.reliable:.2g}."
        for m, s in zip(maps, scales, strict=True)
        if s.reliable is not None
    ]
    gyri, sulci = (0.1, 0.21) if request.theme == "light" else (0.55, 0.68)
    return cortex_picture(
        subject=str(subject.folder),
        state=subject.state,
        maps=[_asked(m, scale) for m, scale in zip(maps, scales, strict=True)],
        side=side,
        surface=surface,
        outlines=_outlines(subject, view, focus, dark=request.theme == "dark"),
        labels=view.get("labels", True) or focus is not None,
        marks=list(marks),
        theme={
            "background": "#{:02x}{:02x}{:02x}".format(*request.background),
            "text": "#{:02x}{:02x}{:02x}".format(*request.text),
            "gyri": gyri,
            "sulci": sulci,
        },
        note=next(iter(faded), ""),
        width=request.width,
        height=request.height,
        ratio=request.ratio,
        way=way,
        framing=framing_of(view),
    )


def _asked(shown: CortexMap, scale: StillScale) -> dict[str, Any]:
    values = np.asarray(shown.values, dtype=np.float32)
    if scale.reliable is not None and shown.reliability is not None:
        values = np.where(np.nan_to_num(shown.reliability) > scale.reliable, values, np.nan)
    return {
        "title": ", ".join(filter(None, (shown.title, shown.subtitle))),
        "values": encode_array(values),
        "scale": {
            "low": float(scale.low),
            "high": float(scale.high),
            "unit": shown.scale.unit,
            "label": shown.scale.label,
            "kind": shown.scale.kind,
            "colours": encode_array(scale.colours / 255),
            "hidden": scale.hidden,
        },
    }


def _outlines(
    subject: Subject, view: Mapping[str, Any], focus: tuple[str, str] | None, *, dark: bool
) -> list[tuple[str, str, str | None]]:
    """Return name, colour and hemisphere of each ROI to outline."""
    groups = view.get("groups", roi_classes_shown())
    out = []
    for name in subject.parcellation.roi_names:
        title, colour = roi_colour(subject.parcellation.class_of(name))
        if name == focus[0] if focus else title in groups:
            out.append((name, colour.dark if dark else colour.light, focus[1] if focus else None))
    return out
