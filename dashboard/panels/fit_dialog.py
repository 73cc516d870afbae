"""Fit another encoding model from the app: choose it, and put it into the queue."""

from __future__ import annotations

import json
from collections.abc import Callable

import streamlit as st

from cortiscope import services
from cortiscope.access import Action, allowed
from cortiscope.core.datasets import Subject
from cortiscope.core.errors import CoreError, MissingWeights
from cortiscope.core.pipeline.jobs import kind_of
from cortiscope.core.recipes import get_recipe, recipe_names, resolve
from cortiscope.errors import show_error
from cortiscope.markup import as_text
from cortiscope.panels.free_choice import free_choice
from cortiscope.work.jobs import queue, submit, waiting_words

_ASKED = "fit-asked"


def fit_button(
    subject: Subject, *, key: str = "fit-open", then: Callable[[], None] | None = None
) -> None:
    """Draw the button that opens the dialog, over the whole page, for whoever may fit.

    Parameters
    ----------
    then : called when it is pressed, such as to close what holds the button.
    """
    if not allowed(Action.FIT):
        return

    def ask() -> None:
        st.session_state[_ASKED] = True
        if then is not None:
            then()

    another = "another" if services.runs_of(subject.id) else "an"
    st.button(f"Fit {another} encoding model …", key=key, width="stretch", on_click=ask)


def fit_is_asked_for() -> bool:
    """Whether the button was pressed, and the dialog has not been opened yet."""
    return bool(st.session_state.get(_ASKED))


def open_fit_dialog(subject: Subject) -> None:
    """Open the dialog if the button was pressed: what holds the button may be closed by now."""
    if st.session_state.pop(_ASKED, False):
        _dialog(subject)


@st.dialog("Fit an encoding model", width="medium", on_dismiss="rerun")
def _dialog(subject: Subject) -> None:
    way = st.segmented_control(
        "what to fit",
        ["free choice", "recipe"],
        default="free choice",
        required=True,
        key="fit-way",
        help="A recipe is a whole published system, or one of ours, by name.",
    )
    words: list[str] = []
    given = ""
    if way == "recipe":
        title, recipe = _recipe()
        words = ["--recipe", recipe] if recipe else []
    else:
        title, spec = free_choice(subject)
        if spec:
            words, given = ["--spec", "-", "--each-layer"], json.dumps(spec)
    go = st.button("Fit", type="primary", disabled=not words, key="fit-go")
    _what_is_before()
    if go:
        folder = services.subject_folders()[subject.id]
        start = ["fit", "--data", str(folder), "--subject", subject.id]
        try:
            job = submit("fit", f"{title} on {subject.id}", [*start, *words], given)
        except CoreError as error:
            show_error(error)
            return
        before = [other for other in queue().before(job) if other.id != job.id]
        if before:
            st.toast(as_text(f"{job.title}: {waiting_words(before)}."))
        st.rerun()


@st.fragment(run_every=2.0)
def _what_is_before() -> None:
    """Say how many jobs a fit would wait for, as it stands while one chooses."""
    jobs = [job for job in queue().jobs() if job.active and not kind_of(job).quick]
    if len(jobs) >= queue().workers:
        st.caption(as_text(f"A fit waits for its turn: {waiting_words(jobs)}."))


def _recipe() -> tuple[str, str]:
    """Draw the choice of a recipe; return its title and its name, empty if it cannot be fitted."""
    name = st.selectbox(
        "recipe",
        recipe_names(),
        format_func=lambda n: f"{get_recipe(n).title} · {get_recipe(n).origin}",
        index=recipe_names().index("stacked"),
        key="fit-recipe",
    )
    recipe = get_recipe(name)
    st.write(as_text(recipe.summary))
    if recipe.departures:
        st.caption(as_text(f"Ours, or different from the source: {' '.join(recipe.departures)}"))
    try:
        stand_ins = resolve(recipe).stand_ins
    except MissingWeights as error:
        show_error(error)
        return recipe.title, ""
    if stand_ins:
        listed = "".join(f"\n- {as_text(words)}" for words in stand_ins)
        st.warning(f"In place of weights that are not on this machine, others are used:{listed}")
    return recipe.title, name
