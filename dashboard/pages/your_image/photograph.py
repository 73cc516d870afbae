"""The photograph on screen: somebody's own, kept for the session, or a sample."""

from __future__ import annotations

import streamlit as st

from cortiscope import state
from cortiscope.access import UPLOADS, visitor
from cortiscope.core.errors import CoreError
from cortiscope.errors import show_error
from cortiscope.markup import as_text
from cortiscope.work.photographs import Photograph, samples, take_sample, take_upload

#: In the address: a photograph that was uploaded. It stays with the session that has it.
OWN = "own"
_UPLOAD, _TAKEN, _KEPT, _PROBLEM = "photo-upload", "photo-taken", "photo-kept", "photo-problem"
_REMOVED = "photo-removed"


def choose_photograph() -> Photograph | None:
    """Draw the uploader and the choice; return what was chosen last, None if there is nothing.

    An upload that cannot be read says so and leaves on screen what was there.
    """
    most, files = UPLOADS[visitor().role]
    upload = st.file_uploader(
        "your photograph",
        # All types are let through: what is wrong with a file is said by us, in full.
        key=_UPLOAD,
        on_change=_forget_what_was_removed,
        help="JPEG, PNG, WebP, GIF, BMP or TIFF. It stays on the app’s machine, for this session. "
        f"A session takes {files:,} files and {most // 2**20:,} MB; a reload begins another.",
    )
    if upload is not None and upload.file_id != st.session_state.get(_TAKEN):
        st.session_state[_TAKEN] = upload.file_id
        try:
            st.session_state[_KEPT] = take_upload(upload)
        except CoreError as error:
            st.session_state[_PROBLEM] = error
            if (removed := st.session_state.pop(_REMOVED, None)) is not None:
                st.session_state[_KEPT] = removed
                state.change(photo=OWN)
        else:
            for name in (_PROBLEM, _REMOVED):
                st.session_state.pop(name, None)
            state.change(photo=OWN)
    if upload is not None and (problem := st.session_state.get(_PROBLEM)) is not None:
        show_error(problem)
    return _chosen(st.session_state.get(_KEPT))


def _forget_what_was_removed() -> None:
    """Take an upload back when somebody takes it out of the widget; another page does not.

    A browser that puts another file in its place takes it out first: where that other file
    cannot be read, the photograph that was on screen comes back.
    """
    if st.session_state.get(_UPLOAD) is None:
        if state.current().photo == OWN:
            st.session_state[_REMOVED] = st.session_state.get(_KEPT)
        for name in (_TAKEN, _KEPT, _PROBLEM):
            st.session_state.pop(name, None)
        if state.current().photo == OWN:
            state.change(photo="")


def _chosen(own: Photograph | None) -> Photograph | None:
    """Draw the choice between the samples and the upload."""
    found = samples()
    names = [*([OWN] if own is not None else []), *found]
    asked = state.current().photo
    if asked and asked not in names:
        state.tell(
            "The address asks for an uploaded photograph, which ended with its session. "
            "Upload it again."
            if asked == OWN
            else f"There is no photograph “{asked}”; there are {', '.join(found)}."
        )
    if not names:
        st.info("No sample photograph is on this machine; upload one.")
        return None
    start = asked if asked in names else next(iter(found), names[0])
    chosen = st.segmented_control(
        "photograph" if own is not None else "or a sample",
        names,
        default=start,
        format_func=lambda name: _short(own.name) if name == OWN and own is not None else name,
        key=state.widget_key("photo", start),
        required=True,
    )
    state.seen("photo", str(chosen))
    state.change(photo=str(chosen))
    if chosen == OWN:
        return own
    try:
        return take_sample(found[str(chosen)])
    except CoreError as error:
        show_error(error)
        return None


def _short(name: str, longest: int = 24) -> str:
    return as_text(name if len(name) <= longest else f"{name[: longest - 1]}…")
