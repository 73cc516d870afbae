"""Who goes along with a vertex: its response profile against all others'."""

from __future__ import annotations

from functools import lru_cache, partial

import numpy as np
import streamlit as st

from cortiscope import services, state
from cortiscope.core.datasets import Subject
from cortiscope.core.pipeline.seed_map import RESPONSES, SeedMap, seed_map
from cortiscope.core.runs import Run
from cortiscope.cortex_view import ColourScale, CortexMap
from cortiscope.markup import as_text, show_note, show_title
from cortiscope.panels.brain import show_brain, show_no_cortex
from cortiscope.panels.detail import default_locations, locations_on_screen
from cortiscope.panels.downloads import csv_button, csv_text, numbering, place_columns, rounded
from cortiscope.panels.methods import opening_lines
from cortiscope.panels.roi_responses import mean_rows, roi_places, rows_as_csv, take_roi
from cortiscope.regions import region
from cortiscope.roi_chart import Axis, Series, roi_chart
from cortiscope.subject.locations import Location, location_at
from cortiscope.subject.model_menu import model_title

_SCALE = ColourScale("diverging", -1.0, 1.0, "", "r with the seed")


@region("lab-seed")
def show_seed(subject: Subject, run: Run | None) -> None:
    """Draw the map of the vertex that is selected, and each ROI's mean."""
    place = locations_on_screen(subject) or default_locations(subject)
    seed = location_at(subject, int(place.positions[0]))
    responses = _choose(run)
    found = _mapped(subject, run, seed.position, responses)
    where = f" · {seed.where}" if seed.where else ""
    show_title("Seed: {seed}{where}. Click another on the cortex.", seed=seed.title, where=where)
    if subject.space.is_placed:
        of_model = "" if run is None or responses == "measured" else f" · {model_title(run)}"
        role = "measured" if responses == "measured" else "predicted"
        words = f"{found.n_images:,} {found.images}{of_model}"
        values = found.r.astype(np.float32)
        shown = CortexMap("r with the seed", values, _SCALE, words, role, subject.simulated)
        show_brain(subject, [shown], key="lab-seed-brain", height=460, redraws=("lab-seed",))
    else:
        show_no_cortex(subject, "Correlations are in the file below.")
    show_note("{words} {stamp}", words=found.words, stamp=subject.stamp)
    if roi_places(subject):
        rows = mean_rows(subject, [found.r])
        definition = f"Mean over the ROI’s vertices. {found.words}"
        roi_chart(
            rows,
            [Series("mean r", mark="bar")],
            Axis("mean r with the seed", "", *_ends(found.r, rows)),
            key="lab-seed-rois",
            height=300,
            title=f"How {seed.title} goes along with each ROI",
            definition=definition,
            stamp=subject.stamp,
            focus=state.current().roi_name,
            on_pick=partial(take_roi, redraws=()),
            csv=rows_as_csv(rows, ["mean r"], f"{subject.stamp} {definition}".strip()),
        )
    with st.container(horizontal=True, gap="small"):
        unit = subject.space.unit
        write = partial(_csv, subject, found, seed)
        csv_button(subject, f"{unit} (CSV)", f"lab-seed-{unit}", write)
        with st.popover("Methods", key="lab-seed-methods"):
            st.write(as_text(f"{seed.title} of {subject.id}. {found.words}"))
        with st.popover("Show the code", key="lab-seed-code"):
            model = ", model, responses='predicted'" if responses == "predicted" else ""
            st.code(
                opening_lines(subject, run)
                + f"found = cs.seed_map(subject, {seed.position}{model})\n"
                "r = found.r  # (n_vertices,)\n",
                language="python",
            )


def _choose(run: Run | None) -> str:
    key = "lab-seed-responses"
    asked = state.current().map
    chosen = asked if asked in RESPONSES and run is not None else "measured"
    st.session_state[key] = chosen
    st.segmented_control(
        "responses",
        RESPONSES if run is not None else RESPONSES[:1],
        key=key,
        label_visibility="collapsed",
        on_change=lambda: state.change(map=st.session_state[key] or chosen),
    )
    return chosen


def _mapped(subject: Subject, run: Run | None, position: int, responses: str) -> SeedMap:
    run_id = "" if run is None or responses == "measured" else run.id
    return _of(subject.id, subject.state, run_id, position, responses)


@lru_cache(maxsize=32)
def _of(subject_id: str, data: str, run_id: str, position: int, responses: str) -> SeedMap:
    run = services.run(run_id) if run_id else None
    return seed_map(services.subject(subject_id), position, run, responses=responses)


def _ends(r: np.ndarray, rows: list) -> tuple[float, float]:
    """Return round ends that hold every ROI's mean, 0 included."""
    values = [mark.value for row in rows for mark in row.marks if mark is not None]
    low, high = min([0.0, *values]), max([0.1, *values])
    return float(np.floor(low * 10) / 10), float(np.ceil(high * 10) / 10)


def _csv(subject: Subject, found: SeedMap, seed: Location) -> str:
    header, places = place_columns(subject)
    rows = ((*place, r) for place, r in zip(places, rounded(found.r), strict=True))
    words = f"seed {seed.title}; {found.words} {numbering(subject)}"
    return csv_text(subject, words, [*header, "r"], rows)
