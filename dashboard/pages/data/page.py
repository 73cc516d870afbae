"""Data: what is in a subject's folder, its problems, and a first look at the numbers."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from cortiscope import services, state
from cortiscope.access import Action, allowed
from cortiscope.address_bar import LINK_CLASS
from cortiscope.core.datasets import Subject
from cortiscope.core.errors import CoreError
from cortiscope.core.pipeline.methods import data_methods_text, references
from cortiscope.errors import errors_on_page, show_error
from cortiscope.markup import as_text, show_html, show_title
from cortiscope.navigation import Page, link_to
from cortiscope.pages.data.data_tables import (
    ceiling_html,
    headline,
    roi_rows,
    rois_html,
    show_side_by_side,
    splits_html,
    stated_html,
)
from cortiscope.pages.data.folder_status import show_status
from cortiscope.pages.data.layout_guide import LICENCE
from cortiscope.pages.data.open_folder import OPENING, show_folders, show_opening
from cortiscope.pages.data.random_images import categories_html, show_random_images
from cortiscope.pages.data.vertices import show_all_vertices, show_vertex_over_images
from cortiscope.panels.downloads import csv_button, csv_text
from cortiscope.panels.methods import show_simulation_note
from cortiscope.panels.one_image import show_image_over_vertices
from cortiscope.panels.run_states import show_all_run_states
from cortiscope.panels.sidebar import choose_subject, open_chosen
from cortiscope.panels.stimulus import StimulusChoice, pick_stimulus, show_search
from cortiscope.regions import region
from cortiscope.subject.locations import unit_of


def render() -> None:
    """Draw the page."""
    chosen = choose_subject()
    top = st.sidebar.container()
    folder = services.subject_folders()[chosen]
    head = st.container(key="data-head")  # its height, too, is kept (look.css)
    with errors_on_page():
        show_status(folder, name=chosen, key="data-check")
    try:
        subject = open_chosen(chosen)
    except CoreError as error:
        with head:
            show_error(error)
            st.caption(f"{as_text(folder)} cannot be opened; all its problems are listed below.")
        subject = None
    if subject is not None:
        with head:
            show_html(headline(subject))
    with head:
        show_html(
            '<p class="cs-note"><a class="{css}" href="#{place}">Open your own data</a>: folders '
            "and layouts that are understood, below</p>",
            css=LINK_CLASS,
            place=OPENING,
        )
    if subject is not None:
        with head, errors_on_page():
            show_all_run_states(subject)
        with errors_on_page():
            _tables(subject)
        gallery = top.container()
        with top:
            show_search(subject, redraws="data-responses")
        _exploration(subject, gallery)
    with errors_on_page():
        _other_subjects(chosen)
    left, right = st.columns([7, 4], gap="medium")
    with left, errors_on_page():
        show_opening()
    with right, errors_on_page():
        show_folders()
        show_title("Licences")
        st.caption(LICENCE)
    if subject is not None:
        show_simulation_note(subject, key="data")


def _tables(subject: Subject) -> None:
    described = services.described_splits(subject.id, subject.state)
    # Its height is kept until it is there (look.css).
    left, right = st.container(key="data-tables").columns([6, 5], gap="medium")
    with left:
        show_title("Images and responses")
        show_html(splits_html(subject, described))
    with right:
        show_title("How reliable are they?")
        show_html(ceiling_html(subject))
        show_title("What do the numbers mean?")
        show_html(stated_html(subject))
    show_title("ROIs")
    show_html(rois_html(subject))
    with st.container(horizontal=True, gap="medium", vertical_alignment="center"):
        if subject.parcellation.roi_names:

            def rois() -> str:
                header = ["roi", "class", "hemisphere", "n_vertices"]
                words = "vertices of each ROI; 0: the mapping names it, the subject lacks it"
                return csv_text(subject, words, header, roi_rows(subject))

            csv_button(subject, "ROIs (CSV)", "rois", rois)
        with st.popover("Methods", key="data-methods"):
            text = data_methods_text(subject)
            st.write(as_text(text))
            if cited := references(text):
                st.caption(as_text(cited))
        with st.popover("Show the code", key="data-code"):
            st.code(_code(subject), language="python")


@region("data-responses")
def _exploration(subject: Subject, gallery: st.delta_generator.DeltaGenerator) -> None:
    """Draw the choice of an image, into ``gallery``, and looks at responses and images."""
    with gallery:
        stimulus = pick_stimulus(subject, None)
    unit, units = unit_of(subject), subject.space.unit
    titles = [f"One {unit}", "One image", f"All {units}", "Random images"]
    looks: list[Callable[[], None]] = [
        lambda: show_vertex_over_images(subject, stimulus),
        lambda: _one_image(subject, stimulus),
        lambda: show_all_vertices(subject),
        lambda: _several_images(subject),
    ]
    # An address that names random images shows them.
    first = titles[-1] if state.current().drawn else titles[0]
    tabs = st.tabs(titles, default=first, key="data-look", on_change="rerun")
    for tab, show in zip(tabs, looks, strict=True):
        if tab.open:
            with tab, errors_on_page():
                show()


def _one_image(subject: Subject, stimulus: StimulusChoice) -> None:
    show_image_over_vertices(subject, stimulus)
    if subject.space.is_placed:
        link_to("explore", "See this image on the cortex, in Explore")


def _several_images(subject: Subject) -> None:
    show_random_images(subject)
    if words := categories_html(subject):
        show_html(words)


def _other_subjects(chosen: str) -> None:
    """Tabulate the subjects of the same data folder, if there are others."""
    for known in services.known_folders():
        if len(known.subjects) > 1 and chosen in [ref.id for ref in known.subjects]:
            show_title("All subjects of this folder")
            show_side_by_side(known.subjects, chosen)


def _code(subject: Subject) -> str:
    where, remark = str(subject.folder), ""
    if not allowed(Action.PATHS):
        where, remark = subject.folder.name, "  # where it is on your machine"
    return (
        "from pathlib import Path\n\n"
        "import cortiscope as cs\n"
        "from cortiscope.core.datasets.checking import check_folder\n"
        "from cortiscope.core.datasets.describe import describe_split, response_moments\n\n"
        f"folder = Path({where!r}){remark}\n"
        "print(check_folder(folder).to_json())\n"
        "subject = cs.open_subject(folder)\n"
        "print(describe_split(subject.train), describe_split(subject.test))\n"
        "moments = response_moments(subject.train)\n"
        "print(moments.mean, moments.sd, moments.n_images)\n"
    )


PAGE = Page("Data", "data", render)
