"""Fit another encoder from the app: choose, start, watch, cancel."""

from __future__ import annotations

import streamlit as st

from core.datasets import Subject
from core.errors import MissingWeights
from core.recipes import get_recipe, recipe_names, resolve
from dashboard import services, state
from dashboard.jobs import Job, registry
from dashboard.panels.free_choice import free_choice

_JOB = "fit"
_ENDED = "fit-ended"


def fit_button(subject: Subject) -> None:
    """Draw the button, and the state of the work once it has been started."""
    job = registry().get(_JOB)
    if job is not None:
        _watch(subject)
    _tell_how_the_last_one_ended()
    if (job is None or not job.running) and st.button(
        "Fit another encoder …", key="fit-open", width="stretch"
    ):
        st.session_state.pop(_ENDED, None)
        _dialog(subject)


def _tell_how_the_last_one_ended() -> None:
    """Say why the last work gave no encoder, until the next one is chosen."""
    if ended := st.session_state.get(_ENDED):
        message, hint, cancelled = ended
        (st.info if cancelled else st.error)(f"**{message}**  \n{hint}")


@st.fragment(run_every=0.7)
def _watch(subject: Subject) -> None:
    job = registry().get(_JOB)
    if job is None:
        return
    if job.running:
        left = job.seconds_left
        remaining = f" · {left:.0f} s left" if left is not None else ""
        st.progress(min(job.progress, 1.0), text=f"{job.title}: {job.message}{remaining}")
        if st.button("Cancel", key="fit-cancel"):
            job.cancel()
        return
    registry().forget(_JOB)
    if job.error:
        st.session_state[_ENDED] = (*job.error, job.cancelled)
    elif job.result:
        _select(job, subject)
    st.rerun()


def _select(job: Job, subject: Subject) -> None:
    """Put the new encoder on screen."""
    from dashboard.encoder_menu import EncoderKey

    assert job.result is not None  # noqa: S101 - the caller looked
    results = job.result.get("runs", [job.result])
    # Chosen on the validation images: the report's are for reporting.
    best = max(results, key=lambda r: r["validation_median_r"] or -1)
    key = EncoderKey.of(services.run(best["run"]))
    if subject.id == services.run(best["run"]).subject:
        state.change(backbone=key.backbone, layer=key.layer, encoder=key.encoder)


@st.dialog("Fit another encoder", width="medium")
def _dialog(subject: Subject) -> None:
    way = st.segmented_control(
        "what to fit",
        ["free choice", "recipe"],
        default="free choice",
        required=True,
        key="fit-way",
        help="A recipe is a whole published system, or one of ours, by name.",
    )
    choose = _recipe if way == "recipe" else free_choice
    title, arguments = choose(subject)
    if st.button("Fit", type="primary", disabled=not arguments, key="fit-go"):
        folder = services.subject_folders()[subject.id]
        start = ["fit", "--data", str(folder), "--subject", subject.id]
        registry().start(_JOB, f"{title} on {subject.id}", [*start, *arguments])
        st.rerun()


def _recipe(subject: Subject) -> tuple[str, list[str]]:
    """Draw the choice of a recipe; return a title and the command's options, none if it cannot."""
    name = st.selectbox(
        "recipe",
        recipe_names(),
        format_func=lambda n: f"{get_recipe(n).title} · {get_recipe(n).origin}",
        index=recipe_names().index("stacked"),
        key="fit-recipe",
    )
    recipe = get_recipe(name)
    st.markdown(recipe.summary)
    if recipe.ours:
        st.caption(f"Ours, or not as in the source: {recipe.ours}")
    try:
        stand_ins = resolve(recipe).stand_ins
    except MissingWeights as error:
        st.error(f"**{error.message}**  \n{error.hint}")
        return recipe.title, []
    if stand_ins:
        listed = "".join(f"\n- {words}" for words in stand_ins)
        st.warning(f"Weights that are not on this machine are stood in for:{listed}")
    return recipe.title, ["--recipe", name]
