"""Lab: what differs, what a place likes, who goes along, and why; one question at a time."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from cortiscope import services, state
from cortiscope.core.datasets import Subject
from cortiscope.core.runs import Run
from cortiscope.errors import errors_on_page
from cortiscope.markup import as_text, show_html, show_title
from cortiscope.navigation import Page, link_to, link_with
from cortiscope.pages.lab.best import show_best
from cortiscope.pages.lab.contrast import show_contrast
from cortiscope.pages.lab.seed import show_seed
from cortiscope.panels.detail import default_locations, locations_on_screen
from cortiscope.panels.methods import show_simulation_note
from cortiscope.panels.sidebar import offer_first_fit, pick_model_if_any, pick_subject
from cortiscope.subject.model_menu import model_title

_WORDS = {
    "contrast": "What differs between two sets?",
    "best": "What does it like?",
    "seed": "Who goes along?",
    "why": "Why here?",
}
_KEY = "lab-tool"


def render() -> None:
    """Draw the page."""
    subject = pick_subject()
    run = pick_model_if_any(subject)
    tool = _choose()
    drawn: dict[str, Callable[[Subject, Run | None], None]] = {
        "contrast": show_contrast,
        "best": _with_model(show_best),
        "seed": show_seed,
        "why": _with_model(_why),
    }
    with errors_on_page():
        drawn[tool](subject, run)
    if run is None:
        offer_first_fit(subject)
    show_simulation_note(subject, key="lab")


def _choose() -> str:
    """Draw the four questions and return the one that is asked."""
    asked = state.current().tool
    if asked and asked not in _WORDS:
        state.tell(f"There is no tool “{asked}” in the Lab; there are {', '.join(_WORDS)}.")
        state.change(tool="")
    chosen = asked if asked in _WORDS else "contrast"
    st.session_state[_KEY] = chosen

    def take() -> None:
        # A second click takes the mark away, and asks nothing else.
        state.change(tool=st.session_state[_KEY] or chosen, map="")

    # Below the bar, which lies over the page's upper edge.
    st.container(key="lab-questions").segmented_control(
        "question",
        list(_WORDS),
        format_func=_WORDS.__getitem__,
        key=_KEY,
        label_visibility="collapsed",
        on_change=take,
    )
    return chosen


def _with_model(draw: Callable[[Subject, Run], None]) -> Callable[[Subject, Run | None], None]:
    """Draw where there is a model to ask; else the page offers to fit one."""

    def drawn(subject: Subject, run: Run | None) -> None:
        if run is not None:
            draw(subject, run)

    return drawn


def _why(subject: Subject, run: Run) -> None:
    """Lead to where a photograph's parts are blurred, and to what a ROI attends to."""
    place = locations_on_screen(subject) or default_locations(subject)
    show_title("Which part of a picture drives {place}?", place=place.title)
    st.write(
        as_text(
            "Your image blurs a photograph patch by patch: where the prediction for the selected "
            "place falls most, that part drives it."
        )
    )
    link_to("your-image", f"Blur a photograph for {as_text(place.title)}")
    attending = [own for own in services.runs_of(subject.id) if own.regressor == "roi_attention"]
    if attending:
        st.write("What a ROI’s query looks at is drawn over the picture on Explore, by")
        for own in attending[:5]:
            link = link_with(model_title(own), page="", run=own.id)
            show_html('<p class="cs-note">{link}</p>', link=link)
    else:
        st.caption(
            as_text(
                f"No model of {subject.id} attends to places. One of the regressor roi_attention "
                "shows what each ROI’s query looks at, on Explore."
            )
        )


PAGE = Page("Lab", "lab", render)
