"""The page of ``example.py``: the gallery in the sidebar and the picture's name beside it.

``?wait=0.5`` makes each answer late; ``?main=1`` puts the gallery into the main column.
"""

from __future__ import annotations

import time

import streamlit as st

from cortiscope.stimulus_gallery import GalleryPick, stimulus_base_url, stimulus_gallery


def go(pick: GalleryPick) -> None:
    """Keep the picture somebody went to, and count the messages."""
    st.session_state.current = (pick.split, pick.number)
    st.session_state.changes = st.session_state.get("changes", 0) + 1


def main() -> None:
    """Draw the gallery and say what the script knows."""
    st.set_page_config(layout="wide")
    split, number = st.session_state.setdefault("current", ("train", 112))
    few = st.query_params.get("few") == "1"
    order = [("train", n) for n in range(100, 130, 3)] if few else {"train": 9000, "test": 841}
    roles = {"train": "f" * 8000 + "v" * 1000, "test": "h"}
    role = {"test": "held out"}.get(split, "fitted on" if number < 8000 else "validation")
    place = st.container() if st.query_params.get("main") == "1" else st.sidebar
    with place:
        stimulus_gallery(
            key="gallery",
            base_url=stimulus_base_url("example"),
            order=order,
            current=(split, number),
            roles=roles,
            caption=f"A white disc on a coloured ground, number {number}",
            role_text=role,
            stamp="SIMULATED sim01",
            on_pick=go,
        )
        st.text_input("search", key="search")
    time.sleep(float(st.query_params.get("wait", "0")))
    st.write(f"script: {split} {number}, {st.session_state.get('changes', 0)} changes")


main()
