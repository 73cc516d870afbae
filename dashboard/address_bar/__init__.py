"""The page's address, written by the browser alone, and links that change a part of it.

Streamlit can set the address from Python, but makes an entry in the browser's history of each
change. So Python only says what should stand there (``publish_address``, any number of times, from
fragments too); the browser replaces the address in place. ``address_bar`` mounts what does so.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from cortiscope.frontends import Frontend

_NAME = "cortiscope.address_bar"
FRONTEND = Frontend("address_bar", Path(__file__).parent / "frontend")

#: Class of anchors that lead to another state of the app: ``href`` names only what is to change.
LINK_CLASS = "cs-go"


def address_bar(*, key: str, keep: tuple[str, ...] = ()) -> None:
    """Mount the writer, once per full run; it has no height.

    Parameters
    ----------
    keep : parameters that something else in the page writes, left as they are.
    """
    _component()(data={"keep": list(keep)}, key=key)


def publish_address(address: Mapping[str, str], *, session: str, drop: str = "") -> None:
    """Draw the element, of no size, that says what should stand in the address; the newest counts.

    Parameters
    ----------
    address : its parameters; others are taken away, those of embedding excepted.
    session : names the session. Where another one takes over (the server was started again), it
        is asked to read the address that stands there before it writes.
    drop : a parameter to be taken away although it is kept otherwise.
    """
    st.html(
        f'<i class="cs-address" hidden data-address="{escape(urlencode(address))}" '
        f'data-turn="{time.time_ns() // 1000}" data-session="{escape(session)}" '
        f'data-drop="{escape(drop)}"></i>'
    )


@cache
def _component() -> Any:
    """Register with Streamlit on first use, so that importing this package does nothing."""
    return st.components.v2.component(_NAME, html="<i hidden></i>", js=FRONTEND.loader)
