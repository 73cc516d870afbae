"""Under every panel: how the number came to be, and the code that gives it again."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cortiscope.access import Action, allowed
from cortiscope.core.datasets import Subject
from cortiscope.core.pipeline.methods import methods_text, references
from cortiscope.core.runs import Run
from cortiscope.core.simulation.recipe import CAVEAT, DESCRIPTION
from cortiscope.markup import as_text, show_note


def show_simulation_note(subject: Subject, *, key: str) -> None:
    """Say of a simulated subject that it is one, and how it was made."""
    if not subject.simulated:
        return
    left, right = st.columns([4, 1], vertical_alignment="center")
    with left:
        show_note("<b>Simulated, not measured.</b> {caveat}", caveat=CAVEAT)
    with right.popover("How it was made", key=f"{key}-simulation", width="stretch"):
        st.write(DESCRIPTION)


def show_methods_and_code(
    subject: Subject, run: Run, code: str, *, key: str, of_page: str = ""
) -> None:
    """Draw the two quiet buttons, each as wide as its words: a column's width would cut them.

    Parameters
    ----------
    of_page : how the page's own numbers come about, beside the model's.
    """
    methods_and_code(subject, run, key=key, of_page=of_page).show(of_page, code)


class MethodsAndCode(NamedTuple):
    """The places in both buttons of what follows the page's choices."""

    words: DeltaGenerator
    code: DeltaGenerator

    def show(self, of_page: str, code: str) -> None:
        """Draw it."""
        if of_page:
            self.words.write(as_text(of_page))
        self.code.code(code, language="python")


def methods_and_code(subject: Subject, run: Run, *, key: str, of_page: str = "") -> MethodsAndCode:
    """Draw the two buttons and what follows the model alone; a region may draw the rest.

    Parameters
    ----------
    of_page : whose references are given beside the model's.
    """
    row = st.container(horizontal=True, gap="small")
    with row.popover("Methods", key=f"{key}-methods"):
        text = methods_text(subject, run)
        st.write(as_text(text))
        words = st.container()
        st.caption(as_text(references(f"{text} {of_page}".strip())))
    place = row.popover("Show the code", key=f"{key}-code")
    return MethodsAndCode(words, place)


def opening_lines(subject: Subject, run: Run) -> str:
    """Lines of Python that open the same subject and model in a notebook."""
    # Elsewhere it is found by its name, in the folders of CORTISCOPE_DATA.
    where = f"{str(subject.folder.parent)!r}, " if allowed(Action.PATHS) else ""
    return (
        "import cortiscope as cs\n\n"
        f"subject = cs.open_subject({where}{subject.id!r})\n"
        f"model = cs.load_run({run.id!r})\n"
    )
