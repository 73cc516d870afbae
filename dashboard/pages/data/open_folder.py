"""Which folders the app looks into, and how to open another one."""

from __future__ import annotations

from html import escape

import streamlit as st

from cortiscope import services, state
from cortiscope.access import Action, allowed, demand
from cortiscope.core.errors import CoreError
from cortiscope.errors import show_error
from cortiscope.markup import as_text, show_html, show_note, show_title
from cortiscope.pages.data.folder_status import show_status
from cortiscope.pages.data.layout_guide import guides
from cortiscope.subject.data_folders import OPENED, DataFolder, close_folder, open_folder

#: Where on the page another folder is opened.
OPENING = "open-your-own-data"


def show_folders() -> None:
    """List the known folders; those without a subject say why."""
    show_title("Data folders")
    for k, known in enumerate(services.known_folders()):
        words, close = st.columns([3, 1], vertical_alignment="center")
        with words:
            show_html(_words(known))
        may_close = known.origin == OPENED and allowed(Action.FOLDER)
        if may_close and close.button("Close", key=f"folder-close-{k}", width="stretch"):
            demand(Action.FOLDER)
            close_folder(services.home(), known.path)
            services.look_again()
            st.rerun()
        if known.error is not None and known.path.is_dir():
            with st.expander(f"What was looked for in {as_text(known.path.name)}"):
                show_status(known.path, name=known.path.name, key=f"folder-{k}")


def _words(known: DataFolder) -> str:
    if known.error is not None:
        found = f"{known.error.message} {known.error.hint}"
    else:
        found = ", ".join(ref.id for ref in known.subjects) or "no subject of its own"
    hidden = (
        f" Not in the menu, since a folder above has a subject of the same name: "
        f"{', '.join(known.hidden)}."
        if known.hidden
        else ""
    )
    return (
        f'<p class="cs-note"><code>{escape(str(known.path))}</code> ({escape(known.origin)})<br>'
        f"<b>{escape(found)}</b>{escape(hidden)}</p>"
    )


def show_opening() -> None:
    """Draw the field for another folder, and the layouts that are understood."""
    show_html(
        '<p class="cs-title" id="{place}" tabindex="-1">Open your own data</p>', place=OPENING
    )
    if allowed(Action.FOLDER):
        with st.form("open-folder", border=False):
            left, right = st.columns([6, 1], vertical_alignment="bottom")
            text = left.text_input(
                "folder on this machine",
                placeholder="/data/algonauts_2023",
                key="open-folder-path",
                help="It is read, never written to, and remembered for the next start.",
            )
            if right.form_submit_button("Open", width="stretch"):
                _open(text)
    else:
        st.caption(
            "This app is served to others, so folders are opened by whoever runs it. "
            "They are named when it is started, as below."
        )
    show_note(
        "Or name folders when the app is started, several separated by a colon (on Windows a "
        "semicolon):"
    )
    st.code("CORTISCOPE_DATA=/data/algonauts_2023 streamlit run dashboard/app.py", language="bash")
    show_note("The same check from a shell:")
    st.code("cortiscope check /data/algonauts_2023 --deep", language="bash")
    known = guides()
    for tab, guide in zip(st.tabs([g.title for g in known]), known, strict=True):
        with tab:
            st.code(guide.tree, language=None)
            st.caption(guide.notes)


def _open(text: str) -> None:
    try:
        demand(Action.FOLDER)
        found = open_folder(services.home(), text)
    except CoreError as error:
        show_error(error)
        return
    services.look_again()
    offered = [ref.id for ref in found if ref.id in services.subject_folders()]
    if offered:
        state.change(subject=offered[0], vertex="", image="", roi="")
    st.rerun()
