"""The menu of the mesh that a subject on fsaverage is drawn on, and how to get the full one."""

from __future__ import annotations

import streamlit as st

from cortiscope import services, state
from cortiscope.access import Action, allowed
from cortiscope.core.brain.fsaverage import find_fsaverage, missing_files
from cortiscope.core.datasets import Subject
from cortiscope.core.errors import CoreError
from cortiscope.errors import show_error
from cortiscope.markup import as_text, show_html, show_note
from cortiscope.subject.mesh_projection import FULL, OWN, WAYS, MeshProjection, default_way
from cortiscope.work.jobs import end_words, latest, progress_words, submit

_JOB = "fetch-fsaverage"


def current_mesh(subject: Subject) -> MeshProjection:
    """Return the mesh that a placed subject is drawn on."""
    return services.mesh_projection(subject.id, subject.fingerprint, _way(subject)[0])


def say_mesh(subject: Subject) -> None:
    """Say in the sidebar, in one sentence, how a placed subject is drawn."""
    if not subject.space.is_placed:
        return
    way, complaint = _way(subject)
    if complaint:
        state.tell(complaint)
        state.change(mesh="")
    with st.sidebar:
        if way != OWN and state.current().mesh == FULL and find_fsaverage() is None:
            _how_to_get_it()
        show_html('<p class="cs-score">{drawn}</p>', drawn=current_mesh(subject).in_short())


def pick_mesh(subject: Subject) -> None:
    """Draw the menu where there is a choice, under the cortex: the sidebar has its five controls.

    What is chosen redraws the page, whose sidebar says how the subject is drawn.
    """
    way, _ = _way(subject)
    if way == OWN:
        return
    asked = state.current().mesh
    shown = asked if asked in WAYS else way
    chosen = st.selectbox(
        "drawn by",
        list(WAYS),
        index=list(WAYS).index(shown),
        key=state.widget_key("mesh", shown),
        format_func=WAYS.__getitem__,
        width=260,
    )
    state.seen("mesh", chosen)
    if chosen != shown:
        state.change(mesh=chosen)
        st.rerun()


def _way(subject: Subject) -> tuple[str, str]:
    """Return how the subject is drawn, and a complaint about what the address asks for."""
    if default_way(subject.cortex(), full_is_here=False) == OWN:
        return OWN, ""  # whatever lies on the disk, which is not looked through then
    usual = default_way(subject.cortex(), full_is_here=find_fsaverage() is not None)
    asked = state.current().mesh
    if not asked:
        return usual, ""
    if asked not in WAYS:
        return usual, (
            f"There is no mesh “{asked}”; there are {', '.join(WAYS)}. Showing the usual one."
        )
    return (usual if asked == FULL else asked), ""


def _how_to_get_it() -> None:
    """Say where the files belong, and offer to download them."""
    job = latest(_JOB)
    if job is not None and job.active:
        _watch()
        return
    if job is not None and job.error:
        show_error(CoreError(*end_words(job)))
    folder, absent = missing_files()
    show_note(
        "<b>Full fsaverage is not on this machine.</b> <code>{folder}</code> lacks {listed}.",
        folder=str(folder),
        listed=", ".join(absent),
    )
    if not allowed(Action.FETCH):
        return
    if st.button("Download it from osf.io", key="fetch-fsaverage", width="stretch"):
        submit(_JOB, "fsaverage", ["fetch-fsaverage"], action=Action.FETCH)
        st.rerun()


@st.fragment(run_every=1.0)
def _watch() -> None:
    job = latest(_JOB)
    if job is None or not job.active:
        st.rerun()
    else:
        st.progress(job.share, text=as_text(f"{job.title}: {progress_words(job)}"))
