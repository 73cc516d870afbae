"""Explore: one stimulus, the measured and the predicted cortex, and each ROI's mean response."""

from __future__ import annotations

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
    own_sd,
    response_scale,
    show_brain,
    show_no_cortex,
)
from cortiscope.panels.detail import show_detail
from cortiscope.panels.image_map import show_images_as_map
from cortiscope.panels.maps import MapKind, Shown, map_kinds, map_menu
from cortiscope.panels.methods import (
    methods_or_code_are_open,
    opening_lines,
    show_methods_and_code_if_open,
    show_simulation_note,
)
from cortiscope.panels.one_image import show_image_over_vertices
from cortiscope.panels.receptive_fields import pick_by_place
from cortiscope.panels.roi_responses import mean_range, mean_rows, take_roi
from cortiscope.panels.sidebar import offer_first_fit, pick_model_if_any, pick_subject
from cortiscope.panels.stimulus import (
    ROLE_WORDS,
    StimulusChoice,
    pick_stimulus,
    show_search,
    stimulus_on_screen,
)
from cortiscope.panels.trust import spread_words, with_reliability
from cortiscope.regions import is_alone, redraw, region
from cortiscope.roi_chart import Axis, Series, roi_chart
from cortiscope.stimulus_files import stimulus_address
from cortiscope.subject.locations import has_rois
from cortiscope.subject.model_menu import model_title

_KNOWN = "explore-known"
# What follows a vertex or ROI.
_OF_PLACES = ("explore-brain", "explore-places", "explore-map")
_SCALES = {"": "one scale", "own": "each to its own SD"}


def render() -> None:
    """Draw the page."""
    subject = pick_subject()
    # The picture's mark depends on the model, of which all but the name comes below it.
    head = st.sidebar.container()
    picture = st.sidebar.container(key="explore-picture")  # its room is kept (look.css)
    gallery = picture.container()
    with picture:
        show_search(subject, redraws="explore-image")
    run = pick_model_if_any(subject, head)
    # The menu of maps follows no image, though it stands between what does.
    above, between, below = st.container(), st.container(), st.container()
    with below:
        _image(subject, run, gallery, above)
    # What is opened seldom stands outside of the image's region.
    show_images_as_map(subject, run)
    if run is not None:
        if subject.space.is_placed:
            with st.container(key="explore-size"):
                show_note("{words}", words=spread_words(run))
        _how(subject, run)
    with between:
        if run is None:
            offer_first_fit(subject)
        elif subject.space.is_placed:
            _options(subject, run)
    show_simulation_note(subject, key="explore")


@region("explore-image")
def _image(
    subject: Subject,
    run: Run | None,
    gallery: DeltaGenerator,
    above: DeltaGenerator,
) -> None:
    """Draw the choice of an image, into ``gallery``, and all that follows it."""

    def follow() -> tuple[str, ...]:
        return ("explore-image", "explore-how") if methods_or_code_are_open("explore") else ()

    with gallery:
        stimulus = pick_stimulus(subject, run, redraws=follow)
    responses = _responses(subject, run, stimulus.split, stimulus.row)
    if is_alone() and st.session_state.get(_KNOWN, known := _known(responses)) != known:
        st.rerun()  # the menu of maps is another one for this image
    # A region called in a container of outside would be added to it each time: in one of its own.
    with above.container():
        _brain(subject, run, stimulus, responses)
    _places(subject, run, stimulus, responses)


@region("explore-how")
def _how(subject: Subject, run: Run) -> None:
    """Draw methods and code of the image on screen."""
    stimulus = stimulus_on_screen(subject, run)
    show_methods_and_code_if_open(
        subject,
        run,
        lambda: _code(subject, run, stimulus),
        key="explore",
        of_page=lambda: _of_page(subject, stimulus),
    )


@region("explore-places")
def _places(
    subject: Subject,
    run: Run | None,
    stimulus: StimulusChoice,
    responses: Shown,
) -> None:
    """Draw what follows the vertex, region or ROI that is selected, below the cortex."""
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
def _brain(subject: Subject, run: Run | None, stimulus: StimulusChoice, responses: Shown) -> None:
    """Draw the cortex."""
    # On a phone the sidebar is folded away, and the picture with it.
    show_html(
        '<img class="cs-phone" alt="{words}" src="{base}/{split}/{row}?s=320">',
        words=stimulus.note.caption or stimulus.name,
        base=stimulus_address(subject),
        split=stimulus.split,
        row=stimulus.row,
    )
    if not subject.space.is_placed:
        show_no_cortex(subject, "The responses of all voxels are shown as a distribution.")
    elif maps := _maps(subject, run, stimulus, responses):
        show_brain(subject, maps, key="explore-brain", height=460, redraws=_OF_PLACES)


def _measured_alone(subject: Subject, stimulus: StimulusChoice, responses: Shown) -> None:
    """Draw what there is without a model."""
    with errors_on_page():
        if responses.measured is not None and has_rois(subject):
            _roi_chart(subject, None, stimulus, responses)
        else:
            show_image_over_vertices(subject, stimulus)
    link_to("data", f"What the folder of {as_text(subject.id)} holds")


def _responses(subject: Subject, run: Run | None, name: str, row: int) -> Shown:
    rows, split = np.array([row]), subject.split(name)
    measured = None if split.responses is None else split.response_rows(rows)[0]
    truth = split.truth_rows(rows)
    predicted = None if run is None else services.predicted_row(run, name, row)
    return Shown(subject, run, measured, predicted, None if truth is None else truth[0])


def _known(responses: Shown) -> tuple[bool, bool]:
    """Say what is known of an image, on which the maps that can be shown depend."""
    return responses.measured is not None, responses.truth is not None


def _maps(
    subject: Subject, run: Run | None, stimulus: StimulusChoice, responses: Shown
) -> list[CortexMap]:
    """Return measured and predicted responses, and the map beside them that was chosen."""
    own = state.current().scale == "own"
    scale = response_scale(subject)
    if own:
        scale = ColourScale("diverging", -3.0, 3.0, "SD", "each map in units of its own SD")
    predicted_note = "" if run is None else model_title(run)
    if stimulus.role == "fit":
        predicted_note += " · fitted on this image"
    # Title, subtitle, role; of responses, or of the model.
    parts = [
        ("measured", subject.conventions.meaning, "measured", responses.measured, scale, True),
        ("predicted", predicted_note, "predicted", responses.predicted, scale, True),
    ]
    if (kind := _beside(responses)) is not None:
        third = kind.values(responses), kind.scale(scale, responses), kind.of_image
        parts.append((kind.title, kind.definition, kind.role, *third))
    maps = []
    for title, subtitle, role, values, colours, of_image in parts:
        if values is None:
            continue
        shown = (own_sd(values) if own and of_image else values).astype(np.float32)
        one = CortexMap(title, shown, colours, subtitle, role, subject.simulated)
        maps += [one] if run is None else with_reliability([one], run, of_scores=not of_image)
    return maps


def _beside(responses: Shown) -> MapKind | None:
    """Return the map beside the responses; None where none was asked for or it lacks something."""
    asked = state.current().show
    return next((k for k in map_kinds() if k.name == asked and not k.lacks(responses)), None)


@region("explore-options")
def _options(subject: Subject, run: Run) -> None:
    """Draw the menu of maps, with how they are scaled."""
    image = state.current().image_name
    if image is None:
        return
    responses = _responses(subject, run, image.split, image.number - 1)
    st.session_state[_KNOWN] = _known(responses)
    third = _beside(responses)
    line = st.container(horizontal=True, key="explore-options-line")  # slim (look.css)
    with line:
        menu = map_menu(
            [kind for kind in map_kinds() if not kind.lacks(responses)],
            "" if third is None else third.name,
            lambda name: _take_option(show=name),
            key="explore-map",
            label="measured, predicted" if third is None else f"+ {third.title}",
            without="measured and predicted alone",
        )
    chosen, key = state.current().scale, "explore-scale"
    # The selection leads, whoever changed it.
    st.session_state[key] = chosen if chosen in _SCALES else ""
    menu.segmented_control(
        "responses are drawn on",
        list(_SCALES),
        format_func=_SCALES.__getitem__,
        required=True,
        key=key,
        on_change=lambda: _take_option(scale=st.session_state[key] or ""),
    )
    with line:
        pick_by_place(subject, run, redraws=_OF_PLACES)


def _take_option(**changed: str) -> None:
    state.change(**changed)
    redraw("explore-brain", "explore-options")


def _roi_chart(
    subject: Subject, run: Run | None, stimulus: StimulusChoice, responses: Shown
) -> None:
    maps = [m for m in (responses.measured, responses.predicted) if m is not None]
    names = [
        n
        for n, m in (("measured", responses.measured), ("predicted", responses.predicted))
        if m is not None
    ]
    series = [Series(n, role=n, mark="dot" if n == "measured" else "ring") for n in names]
    rows = mean_rows(subject, maps)
    low, high = mean_range(subject)
    definition = (
        f"mean over the ROI’s vertices, image {stimulus.name} ({subject.conventions.meaning})"
    )
    if run is not None:
        definition += f"; predicted: {model_title(run)}"
    roi_chart(
        rows,
        series,
        Axis("response", subject.conventions.unit, low, high, zero_line=low < 0 < high),
        key="explore-rois",
        height=284,
        title="Response of each ROI to this image",
        definition=definition,
        stamp=subject.stamp,
        focus=state.current().roi_name,
        on_pick=lambda roi: take_roi(roi, redraws=_OF_PLACES),
    )


def _of_page(subject: Subject, stimulus: StimulusChoice) -> str:
    """Say how this page's own numbers come about."""
    measured, shown = "test", subject.test
    if shown.responses is None:
        measured, shown = "training", subject.train
    n = min(200, len(shown))
    which = f"first {n} {measured}" if n < len(shown) else f"{n} {measured}"
    rois = (
        "; values of ROIs are means over their vertices, on an axis whose ends are found in the "
        "same way of such means"
        if has_rois(subject)
        else ""
    )
    low, high = services.response_range(subject)
    ends = (
        f"end at the 99th percentile of the absolute responses to the {which} images, rounded up"
        if low == -high
        else f"run from the 1st to the 99th percentile of the responses to the {which} images"
    )
    words = (
        f"Shown are responses to {stimulus.name}. Colours {ends}, the same for all images{rois}."
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


PAGE = Page("Explore", "explore", render, for_class=True)
