"""Which part of a photograph drives which ROI: maps side by side, on one scale."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image

from cortiscope.core.datasets import Subject
from cortiscope.core.evaluation import occlusion_drop
from cortiscope.core.runs import Run
from cortiscope.markup import Html, as_text, html, show_html, show_title, signed
from cortiscope.pages.your_image.photograph import data_url
from cortiscope.panels.detail import NamedLocations, default_locations, locations_on_screen
from cortiscope.panels.roi_responses import roi_places
from cortiscope.work.photographs import Photograph, as_seen
from cortiscope.work.picture_worker import occlusion_of

OCCLUSION_GRID = 9
_MOST_MAPS = 6
_ASKED, _DONE = "occlusion-asked", "occlusion-done"


def show_occlusion(
    subject: Subject,
    run: Run,
    photograph: Photograph,
    design: np.ndarray,
    seen: tuple[float, float, float, float],
    first: list[tuple[str, str]],
) -> None:
    """Draw the maps once they are asked for.

    Parameters
    ----------
    design : (n_columns,) of the photograph.
    seen : left, top, right and bottom of what the networks see of it, in pixels.
    first : ROIs and hemispheres whose maps are drawn at first, beside the picked place's.
    """
    show_title("which part drives which ROI?")
    key = f"{run.id}~{photograph.path.name}"

    def ask() -> None:
        st.session_state[_ASKED] = key

    if st.session_state.get(_ASKED) != key:
        st.button("Blur it patch by patch", key="occlusion-go", on_click=ask)
        st.caption(
            f"Predicts the response {OCCLUSION_GRID * OCCLUSION_GRID} times, each time with "
            "another patch blurred away; where the prediction falls most, that part drives it."
        )
        return
    shown = _places(subject, key, first)
    designs = _occluded(run, photograph, done=st.session_state.get(_DONE) == key)
    st.session_state[_DONE] = key
    drops = []
    for place in shown:
        predict = partial(run.fitted.predict, vertices=place.positions)
        drops.append(occlusion_drop(predict, design, designs))
    largest = max(float(drop.max()) for drop in drops)
    picture = as_seen(photograph, seen, 220)
    figures = [
        html(
            '<figure><img alt="occlusion map for {title}" src="{url}"><figcaption>{title}<br>'
            "<small>{fall}, {rise}</small></figcaption></figure>",
            title=place.title,
            url=data_url(_overlay(picture, drop, largest)),
            fall=signed(-max(float(drop.max()), 0), plus=True),
            rise=signed(max(-float(drop.min()), 0), plus=True),
        )
        for place, drop in zip(shown, drops, strict=True)
    ]
    unit = subject.conventions.with_unit(signed(-max(largest, 0), plus=True))
    show_html(
        '<div class="cs-maps">{figures}</div><p class="cs-note">bright: blurring this patch lowers '
        "the predicted mean response, on one scale for all ({unit} is brightest). Below each its "
        "largest fall and rise. {stamp}</p>",
        figures=Html("".join(figures)),
        unit=unit,
        stamp=subject.stamp,
    )


def _places(subject: Subject, key: str, first: list[tuple[str, str]]) -> list[NamedLocations]:
    """Draw the choice of ROIs; return them after the place that was picked last."""
    rois = {
        f"{p.roi} {p.hemisphere.value}": p.vertices for p in roi_places(subject) if len(p.vertices)
    }
    picked = locations_on_screen(subject)
    start = [f"{roi} {side}" for roi, side in first if f"{roi} {side}" in rois]
    named = []
    if rois:
        named = st.multiselect(
            "ROIs",
            list(rois),
            start[:_MOST_MAPS],
            max_selections=_MOST_MAPS,
            key=f"occlusion-rois-{key}",
            label_visibility="collapsed",
            placeholder="ROIs …",
        )
    shown = [] if picked is None else [picked]
    shown += [NamedLocations(t, rois[t], t) for t in named if picked is None or t != picked.title]
    return shown[:_MOST_MAPS] or [default_locations(subject)]


def _occluded(run: Run, photograph: Photograph, *, done: bool) -> np.ndarray:
    """Return designs (grid, grid, n_columns), saying meanwhile how far it is."""
    bar = st.empty()
    rows = []
    for k in range(OCCLUSION_GRID):
        if not done:
            bar.progress(k / OCCLUSION_GRID, as_text(f"row {k + 1} of {OCCLUSION_GRID}"))
        rows.append(_occluded_row(run.id, str(photograph.path), k))
    bar.empty()
    return np.concatenate(rows)


# Row by row: other visitors' questions come between.
@st.cache_data(show_spinner=False, max_entries=8 * OCCLUSION_GRID)
def _occluded_row(run_id: str, path: str, row: int) -> np.ndarray:
    return occlusion_of(run_id, Path(path), OCCLUSION_GRID, row)


def _overlay(picture: Image.Image, drop: np.ndarray, largest: float) -> Image.Image:
    """Darken what does not matter: the picture lit by the positive part of the map."""
    lit = np.maximum(drop, 0) / max(largest, 1e-9)
    mask = Image.fromarray((255 * (0.12 + 0.88 * lit)).astype(np.uint8), mode="L")
    mask = mask.resize(picture.size, Image.Resampling.BICUBIC)
    dark = Image.blend(picture.convert("L").convert("RGB"), Image.new("RGB", picture.size), 0.72)
    return Image.composite(picture, dark, mask)
