"""Under every panel: how the number came to be, and the code that gives it again."""

from __future__ import annotations

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
        text = f"{methods_text(subject, run)} {of_page}".strip()
        st.write(as_text(text))
        st.caption(as_text(references(text)))
    with row.popover("Show the code", key=f"{key}-code"):
        st.code(code, language="python")


def opening_lines(subject: Subject, run: Run) -> str:
    """Lines of Python that open the same subject and model in a notebook."""
    # Elsewhere it is found by its name, in the folders of CORTISCOPE_DATA.
    where = f"{str(subject.folder.parent)!r}, " if allowed(Action.PATHS) else ""
    return (
        "import cortiscope as cs\n\n"
        f"subject = cs.open_subject({where}{subject.id!r})\n"
        f"model = cs.load_run({run.id!r})\n"
    )
