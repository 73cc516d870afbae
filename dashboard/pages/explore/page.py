"""Explore: one stimulus, the measured and the predicted cortex, and each ROI's mean response."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cortiscope import services, state
from cortiscope.core.datasets import Subject
from cortiscope.core.runs import Run
from cortiscope.cortex_view import ColourScale, CortexMap
from cortiscope.errors import errors_on_page
from cortiscope.markup import as_text, show_html, show_note
from cortiscope.navigation import Page, link_to
from cortiscope.pages.explore.image_responses import show_image_responses
from cortiscope.pages.explore.selected_vertices import ImageResponses, show_selected
from cortiscope.panels.brain import (
    difference_scale,
    own_sd,
    response_scale,
    show_brain,
    show_no_cortex,
)
from cortiscope.panels.detail import show_detail
from cortiscope.panels.methods import opening_lines, show_methods_and_code, show_simulation_note
from cortiscope.panels.one_image import show_image_over_vertices
from cortiscope.panels.roi_responses import mean_rows, take_roi
from cortiscope.panels.sidebar import none_is_fitted, pick_model_if_any, pick_subject
from cortiscope.panels.stimulus import ROLE_WORDS, StimulusChoice, pick_stimulus
from cortiscope.panels.trust import spread_words, with_reliability
from cortiscope.regions import region
from cortiscope.roi_chart import Axis, Series, roi_chart
from cortiscope.stimulus_files import stimulus_address
from cortiscope.subject.locations import has_rois
from cortiscope.subject.model_menu import model_title

_THIRD = {"": "two brains", "difference": "+ difference", "truth": "+ noise-free truth"}
_PLACES = "explore-places"
_SCALES = {"": "one scale", "own": "each to its own SD"}


@dataclass(frozen=True)
class Responses:
    """Measured, predicted and (simulated subjects) noise-free responses to one image.

    Measured ones may be withheld; predicted ones need a model.
    """

    measured: np.ndarray | None
    predicted: np.ndarray | None
    truth: np.ndarray | None


def render() -> None:
    """Draw the page."""
    subject = pick_subject()
    # The picture's mark depends on the model, of which all but the name comes below it.
    head, picture = st.sidebar.container(), st.sidebar.container()
    run = pick_model_if_any(subject, head)
    with st.container():
        if run is None:
            st.info(none_is_fitted(subject))
    _image(subject, run, picture)
    show_simulation_note(subject, key="explore")


@region("explore-image")
def _image(subject: Subject, run: Run | None, picture: DeltaGenerator) -> None:
    """Draw the choice of an image, into ``picture``, and all that follows it."""
    with picture:
        stimulus = pick_stimulus(subject, run)
    # On a phone the sidebar is folded away, and the picture with it.
    show_html(
        '<img class="cs-phone" alt="{words}" src="{base}/{split}/{row}?s=320">',
        words=stimulus.note.caption or stimulus.name,
        base=stimulus_address(subject),
        split=stimulus.split,
        row=stimulus.row,
    )
    _places(subject, run, stimulus, _responses(subject, run, stimulus))
    if run is not None:
        code = _code(subject, run, stimulus)
        of_page = _of_page(subject, stimulus)
        show_methods_and_code(subject, run, code, key="explore", of_page=of_page)


@region(_PLACES)
def _places(
    subject: Subject, run: Run | None, stimulus: StimulusChoice, responses: Responses
) -> None:
    """Draw the cortex, and what follows the vertex, region or ROI that is selected."""
    placed = subject.space.is_placed
    if placed:
        _brain(subject, run, stimulus, responses)
    else:
        show_no_cortex(subject, "The responses of all voxels are shown as a distribution.")
    predicted = responses.predicted
    if run is None or predicted is None:
        _measured_alone(subject, stimulus, responses)
        return
    chart, panel = st.columns([7, 4], gap="medium")
    with chart, errors_on_page():
        if has_rois(subject):
            _roi_chart(subject, run, stimulus, responses)
        else:
            show_image_responses(subject, run, stimulus.name, responses.measured, predicted)
    with panel, errors_on_page():
        shown = ImageResponses(stimulus.name, responses.measured, predicted)
        current = (stimulus.split, stimulus.row)
        show_selected(subject, run, shown, lambda: show_detail(subject, run, current))


@region("explore-brain")
def _brain(
    subject: Subject, run: Run | None, stimulus: StimulusChoice, responses: Responses
) -> None:
    """Draw the cortex and the options of how."""
    with errors_on_page():
        if maps := _maps(subject, run, stimulus, responses):
            maps = maps if run is None else with_reliability(maps, run)
            show_brain(subject, maps, key="explore-brain", height=480, redraws=_PLACES)
    if run is not None:
        _options(subject, run)


def _measured_alone(subject: Subject, stimulus: StimulusChoice, responses: Responses) -> None:
    """Draw what there is without a model."""
    with errors_on_page():
        if responses.measured is not None and has_rois(subject):
            _roi_chart(subject, None, stimulus, responses)
        else:
            show_image_over_vertices(subject, stimulus)
    link_to("data", f"What the folder of {as_text(subject.id)} holds")


def _responses(subject: Subject, run: Run | None, stimulus: StimulusChoice) -> Responses:
    rows = np.array([stimulus.row])
    split = subject.split(stimulus.split)
    measured = None if split.responses is None else split.response_rows(rows)[0]
    truth = split.truth_rows(rows)
    predicted = None if run is None else run.predict_rows(stimulus.split, rows)[0]
    return Responses(measured, predicted, None if truth is None else truth[0])


def _maps(
    subject: Subject, run: Run | None, stimulus: StimulusChoice, responses: Responses
) -> list[CortexMap]:
    now = state.current()
    scale = response_scale(subject)
    own = now.scale == "own"
    if own:
        scale = ColourScale("diverging", -3.0, 3.0, "SD", "each map in units of its own SD")
    predicted_note = "" if run is None else model_title(run)
    if stimulus.role == "fit":
        predicted_note += " · fitted on this image"
    parts = [
        ("measured", "measured", responses.measured, subject.conventions.meaning),
        ("predicted", "predicted", responses.predicted, predicted_note),
    ]
    measured, predicted = responses.measured, responses.predicted
    if now.show == "difference" and measured is not None and predicted is not None:
        difference = measured - predicted
        parts.append(("difference", "measured − predicted", difference, "what the model misses"))
    if now.show == "truth" and responses.truth is not None:
        parts.append(("score", "noise-free truth", responses.truth, "known only in a simulation"))
    return [
        CortexMap(
            title=title,
            subtitle=subtitle,
            values=(own_sd(values) if own else values).astype(np.float32),
            scale=difference_scale(scale) if role == "difference" else scale,
            role=role,
            simulated=subject.simulated,
        )
        for role, title, values, subtitle in parts
        if values is not None
    ]


def _options(subject: Subject, run: Run) -> None:
    left, middle, right = st.columns([7, 10, 9], vertical_alignment="center")
    thirds = {k: v for k, v in _THIRD.items() if k != "truth" or subject.test.truth is not None}
    for column, name, label, words in (
        (left, "scale", "scale", _SCALES),
        (middle, "show", "third brain", thirds),
    ):
        chosen, key = getattr(state.current(), name), f"explore-{name}"
        # The selection leads, whoever changed it.
        st.session_state[key] = chosen if chosen in words else ""
        column.segmented_control(
            label,
            list(words),
            format_func=words.__getitem__,
            label_visibility="collapsed",
            required=True,
            key=key,
            on_change=_take_option,
            args=(name, key),
        )
    with right:
        show_note("{words}", words=spread_words(run))


def _take_option(name: str, key: str) -> None:
    state.change(**{name: st.session_state[key] or ""})


def _roi_chart(
    subject: Subject, run: Run | None, stimulus: StimulusChoice, responses: Responses
) -> None:
    maps = [m for m in (responses.measured, responses.predicted) if m is not None]
    names = [
        n
        for n, m in (("measured", responses.measured), ("predicted", responses.predicted))
        if m is not None
    ]
    series = [Series(n, role=n, mark="dot" if n == "measured" else "ring") for n in names]
    rows = mean_rows(subject, maps)
    scale = response_scale(subject)
    definition = (
        f"mean over the ROI’s vertices of the response to image {stimulus.name} "
        f"({subject.conventions.meaning})"
    )
    if run is not None:
        definition += f"; predicted by {model_title(run)}"
    roi_chart(
        rows,
        series,
        Axis("response", scale.unit, scale.low, scale.high, zero_line=scale.low < 0 < scale.high),
        key="explore-rois",
        height=330,
        title="Response of each ROI to this image",
        definition=definition,
        stamp=subject.stamp,
        focus=state.current().roi_name,
        on_pick=take_roi,
    )


def _of_page(subject: Subject, stimulus: StimulusChoice) -> str:
    """Say how this page's own numbers come about."""
    measured, shown = "test", subject.test
    if shown.responses is None:
        measured, shown = "training", subject.train
    n = min(200, len(shown))
    which = f"first {n} {measured}" if n < len(shown) else f"{n} {measured}"
    rois = "; values of ROIs are means over their vertices" if has_rois(subject) else ""
    low, high = services.response_range(subject.id)
    ends = (
        f"end at the 99th percentile of the absolute responses to the {which} images, rounded up"
        if low == -high
        else f"run from the 1st to the 99th percentile of the responses to the {which} images"
    )
    words = (
        f"Shown are responses to {stimulus.name}. Colours and axes {ends}, the same for all "
        f"images{rois}."
    )
    return f"{words} {ROLE_WORDS[stimulus.role]}".strip()


def _code(subject: Subject, run: Run, stimulus: StimulusChoice) -> str:
    parts = "left, right" if subject.space.is_placed else "(voxels,)"
    return opening_lines(subject, run) + (
        f"rows = [{stimulus.row}]  # {stimulus.name}\n"
        f"measured = subject.{stimulus.split}.response_rows(rows)[0]\n"
        f"predicted = model.predict_rows({stimulus.split!r}, rows)[0]\n"
        f"{parts} = subject.space.split(predicted).values()\n"
    )


PAGE = Page("Explore", "explore", render)
