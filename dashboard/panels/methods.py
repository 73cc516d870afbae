"""Under every panel: how the number came to be, and the code that gives it again."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

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
    row = st.container(horizontal=True, gap="small")
    with row.popover("Methods", key=f"{key}-methods"):
        _methods(subject, run, of_page)
    row.popover("Show the code", key=f"{key}-code").code(code, language="python")


def show_methods_and_code_if_open(
    subject: Subject, run: Run, code: Callable[[], str], *, key: str, of_page: Callable[[], str]
) -> None:
    """Draw the two buttons alone, and what is in them for whoever opens one.

    For a region, which is drawn again when one opens, and with each image while one is open.
    """
    row = st.container(horizontal=True, gap="small")
    words = row.popover("Methods", key=f"{key}-methods", on_change="rerun")
    place = row.popover("Show the code", key=f"{key}-code", on_change="rerun")
    if words.open:
        with words:
            _methods(subject, run, of_page())
    if place.open:
        place.code(code(), language="python")


def methods_or_code_are_open(key: str) -> bool:
    """Whether somebody looks at what ``show_methods_and_code_if_open`` draws."""
    return any(st.session_state.get(f"{key}-{name}") for name in ("methods", "code"))


def _methods(subject: Subject, run: Run, of_page: str) -> None:
    text = methods_text(subject, run)
    st.write(as_text(text))
    if of_page:
        st.write(as_text(of_page))
    st.caption(as_text(references(f"{text} {of_page}".strip())))


def opening_lines(subject: Subject, run: Run | None) -> str:
    """Lines of Python that open the same subject, and the model if any, in a notebook."""
    # Elsewhere it is found by its name, in the folders of CORTISCOPE_DATA.
    where = f"{str(subject.folder.parent)!r}, " if allowed(Action.PATHS) else ""
    return f"import cortiscope as cs\n\nsubject = cs.open_subject({where}{subject.id!r})\n" + (
        "" if run is None else f"model = cs.load_run({run.id!r})\n"
    )
