"""Runs that no menu offers, and the run on screen whose data are in doubt: said quietly."""

from __future__ import annotations

import streamlit as st

from cortiscope import services
from cortiscope.core.datasets import Subject
from cortiscope.core.runs import FORMER_WORDS, Belonging, Run, SetAside, belonging
from cortiscope.core.runs.belonging import state_words
from cortiscope.markup import as_text
from cortiscope.subject.model_menu import model_title

_LISTED = 8


def show_run_states(subject: Subject, run: Run | None = None) -> None:
    """Say in the sidebar what is to be known of a subject's runs; nothing if all are as usual.

    Parameters
    ----------
    run : the one on screen.
    """
    if run is not None:
        for words in _about(run, subject):
            st.caption(as_text(words))
    kept = services.subject_runs(subject.id)
    _show(subject, kept.of_other_data, kept.set_aside)


def _about(run: Run, subject: Subject) -> list[str]:
    lines = []
    if belonging(run, subject) is Belonging.FORMER:
        lines.append(f"This encoding model was {FORMER_WORDS}. Fit it again to be certain.")
    if again := run.facts.scored_again:
        changed = ", ".join(again.changed)
        lines.append(f"Scored again on {again.when[:10]}, not fitted: {changed} changed.")
    return lines


def show_all_run_states(subject: Subject) -> None:
    """Say the same on the Data page, and what else lies in the folder of runs."""
    _show(subject, services.subject_runs(subject.id).of_other_data, services.all_set_aside())


def _show(subject: Subject, of_other_data: list[Run], set_aside: list[SetAside]) -> None:
    n = len(of_other_data) + len(set_aside)
    if not n:
        return
    with st.expander(f"{n} {'run is' if n == 1 else 'runs are'} not in the menus"):
        if of_other_data:
            st.caption(as_text(state_words(of_other_data, subject)))
            _list([model_title(run) for run in of_other_data])
        if set_aside:
            st.caption(
                "Set aside, since they cannot be used; fitting the same again replaces them."
            )
            _list([f"{one.name}: {one.reason}" for one in set_aside])


def _list(lines: list[str]) -> None:
    more = [f"and {len(lines) - _LISTED} more"] if len(lines) > _LISTED else []
    st.caption("\n".join(f"- {as_text(line)}" for line in [*lines[:_LISTED], *more]))
