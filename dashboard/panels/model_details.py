"""What one says of the model on screen (name, note, tags), deleting it, and undoing that."""

from __future__ import annotations

import streamlit as st

from cortiscope import services, state
from cortiscope.access import Action, allowed, demand
from cortiscope.core.runs import About, Run
from cortiscope.core.runs.store import KEPT_DAYS
from cortiscope.errors import errors_on_page
from cortiscope.markup import as_text
from cortiscope.subject.model_menu import ModelKey, ModelMenu

_DELETED = "models-deleted"
_JUST_NOW = "models-deleted-now"


def model_details(menu: ModelMenu, shown: tuple[Run, ...], *, several: bool) -> None:
    """Draw them for whoever may change something; folded, as few do.

    Parameters
    ----------
    shown : the models on screen, of which the first is meant.
    several : whether the page compares them.
    """
    run, title = shown[0], menu.titles[shown[0].id]
    may_say, may_delete = allowed(Action.DESCRIBE), allowed(Action.DELETE)
    if not (may_say or may_delete):
        return
    which = "A" if several else "this model"
    with st.expander(f"Name, tags, deleting of {which}"), errors_on_page():
        if may_say:
            _say(run)
        if may_delete and st.button(f"Delete {which}", key="models-delete", help=as_text(title)):
            demand(Action.DELETE)
            services.run_store().delete(run.id)
            st.session_state[_DELETED] = (run.id, title)
            st.session_state[_JUST_NOW] = True
            _show_another(menu, shown, several=several)
            st.rerun()


def is_deleted_now() -> bool:
    """Whether a model was deleted in the run before this one."""
    return bool(st.session_state.pop(_JUST_NOW, False))


def _show_another(menu: ModelMenu, shown: tuple[Run, ...], *, several: bool) -> None:
    """Put what is left, or the nearest like it, in the place of the first."""
    gone, *left = shown
    if several and left:
        state.change(run=left[0].id, versus=state.listed(run.id for run in left[1:]))
        return
    rest = ModelMenu.of([run for run in menu.runs if run.id != gone.id])
    another = rest.nearest(ModelKey.of(gone), like=gone).id if rest.runs else ""
    state.change(run=another, backbone="", layer="", encoder="")


def _say(run: Run) -> None:
    about = run.about
    with st.form("models-about", border=False):
        name = st.text_input(
            "own name, shown first", about.name, max_chars=120, key=f"models-name-{run.id}"
        )
        tags = st.text_input(
            "tags, with commas between them", ", ".join(about.tags), key=f"models-tags-{run.id}"
        )
        note = st.text_area(
            "note", about.note, height=80, max_chars=2000, key=f"models-note-{run.id}"
        )
        if st.form_submit_button("Save"):
            demand(Action.DESCRIBE)
            said = About.of(name, note, tuple(tags.split(",")))
            services.run_store().describe(run.id, said)
            st.rerun()


def offer_undo() -> None:
    """Say which model was deleted last in this session, and offer to bring it back."""
    run_id, title = st.session_state.get(_DELETED, ("", ""))
    if not run_id:
        return
    store = services.run_store()
    if run_id not in store.deleted() or (store.root / run_id).exists():
        del st.session_state[_DELETED]  # brought back, fitted again or removed for good elsewhere
        return
    with errors_on_page():
        words = f"Deleted {title}; it can be brought back for {KEPT_DAYS} days."
        st.caption(as_text(words))
        if st.button("Undo", key="models-undo", type="tertiary"):
            demand(Action.DELETE)
            store.undelete(run_id)
            del st.session_state[_DELETED]
            state.change(run=run_id)
            st.rerun()
