"""Links between pages; a session keeps its pages, since they are made anew in every run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

_KEY = "pages"


def remember_pages(pages: Mapping[str, Any]) -> None:
    """Take down the pages of this run, by address."""
    st.session_state[_KEY] = dict(pages)


def link_to(path: str, label: str) -> None:
    """Draw a link to a page; the selection comes along."""
    page = st.session_state.get(_KEY, {}).get(path)
    if page is not None:
        st.page_link(page, label=label, icon=":material/arrow_forward:")
