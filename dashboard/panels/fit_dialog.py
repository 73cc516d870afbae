"""Fit another encoding model from the app: choose, start, watch, cancel."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from cortiscope import services, state
from cortiscope.access import Action, allowed, demand
from cortiscope.core.datasets import Subject
from cortiscope.core.errors import CoreError, MissingWeights
from cortiscope.core.recipes import get_recipe, recipe_names, resolve
from cortiscope.core.runs import Run
from cortiscope.errors import show_error, show_words
from cortiscope.markup import as_text
from cortiscope.panels.free_choice import free_choice
from cortiscope.subject.model_menu import order_of_choice
from cortiscope.work.jobs import Job, registry

_JOB = "fit"
_OWN, _SEEN, _ENDED, _OPEN = "fit-own", "fit-seen", "fit-ended", "fit-open-dialog"
_ASKED = "fit-asked"


@dataclass(frozen=True)
class _Ended:
    """How a fit ended that this window started or watched.

    Parameters
    ----------
    run : id of the fitted run, the best on the validation images; empty if there is none.
    """

    job: Job
    run: str = ""


def show_fits(subject: Subject) -> None:
    """Show the state of the work once it has been started, here or elsewhere."""
    if not allowed(Action.FIT):
        return
    job = registry().get(_JOB)
    if job is not None and job.running:
        st.session_state[_SEEN] = job
    if any(st.session_state.get(name) for name in (_OWN, _SEEN)):
        _watch(subject)
    _say_how_the_last_one_ended()


def fit_button(
    subject: Subject, *, key: str = "fit-open", then: Callable[[], None] | None = None
) -> None:
    """Draw the button that opens the dialog, over the whole page.

    Parameters
    ----------
    then : called when it is pressed, such as to close what holds the button.
    """

    def ask() -> None:
        st.session_state.pop(_ENDED, None)
        st.session_state[_ASKED] = True
        if then is not None:
            then()

    if not allowed(Action.FIT):
        return
    another = "another" if services.runs_of(subject.id) else "an"
    st.button(f"Fit {another} encoding model …", key=key, width="stretch", on_click=ask)


def fit_is_asked_for() -> bool:
    """Whether the button was pressed, and the dialog has not been opened yet."""
    return bool(st.session_state.get(_ASKED))


def open_fit_dialog(subject: Subject) -> None:
    """Open the dialog if it was asked for; a run of the whole page does, so its end is one too."""
    st.session_state[_OPEN] = st.session_state.pop(_ASKED, False)
    if st.session_state[_OPEN]:
        _dialog(subject)


def _say_how_the_last_one_ended() -> None:
    """Say why the last work gave no model, or offer the one that is not on screen."""
    ended: _Ended | None = st.session_state.get(_ENDED)
    if ended is None:
        return
    if ended.job.error:
        message, hint = ended.job.error
        show_words(message, hint, calm=ended.job.cancelled)
        return
    st.info(as_text(f"{ended.job.title} has been fitted."))
    run = services.find_run(ended.run)
    if run is not None and st.button("Show it", key="fit-show", width="stretch"):
        st.session_state.pop(_ENDED, None)
        state.change(subject=run.subject, run=run.id)
        st.rerun()


@st.fragment(run_every=0.7)
def _watch(subject: Subject) -> None:
    # This window's own work comes first: what another window has started since hides nothing.
    own: Job | None = st.session_state.get(_OWN)
    job: Job | None = own or st.session_state.get(_SEEN)
    if job is None:
        return
    is_own = job is own
    if job.running:
        left = job.seconds_left
        remaining = f" · {left:.0f} s left" if left is not None else ""
        elsewhere = "" if is_own else "; started in another window"
        words = f"{job.title}: {job.message}{remaining}{elsewhere}"
        st.progress(min(job.progress, 1.0), text=as_text(words))
        if st.button("Cancel", key="fit-cancel"):
            demand(Action.FIT)
            job.cancel()
        return
    if st.session_state.get(_OPEN):
        # What is being chosen in the dialog must not be lost: reported when that is closed.
        st.caption(as_text(f"{job.title} has ended."))
        return
    for name in (_OWN, _SEEN):
        if st.session_state.get(name) == job:
            del st.session_state[name]
    st.session_state.pop(_ENDED, None)
    best = _best(job)
    if is_own and best is not None and best.subject == subject.id:
        state.change(run=best.id)
    elif job.error is None or is_own:
        st.session_state[_ENDED] = _Ended(job, best.id if best is not None else "")
    st.rerun()


def _best(job: Job) -> Run | None:
    """Return the best of what was fitted, on the validation images."""
    if not job.result:
        return None
    reported = job.result.get("runs", [job.result])
    runs = [run for one in reported if (run := services.find_run(one["run"])) is not None]
    return max(runs, key=order_of_choice, default=None)


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
    busy = registry().get(_JOB)
    if busy is not None and busy.running:
        st.warning(as_text(f"{busy.so_far} Another fit can be started when it has ended."))
    if st.button("Fit", type="primary", disabled=not words, key="fit-go"):
        folder = services.subject_folders()[subject.id]
        start = ["fit", "--data", str(folder), "--subject", subject.id]
        try:
            demand(Action.FIT)
            job = registry().start(_JOB, f"{title} on {subject.id}", [*start, *words], given)
        except CoreError as error:
            show_error(error)
            return
        st.session_state[_OWN] = job
        st.session_state.pop(_ENDED, None)
        st.rerun()


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
