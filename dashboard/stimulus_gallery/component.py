"""The Streamlit call: mounts the gallery and reads which picture somebody went to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from cortiscope.frontends import Frontend, plain
from cortiscope.stimulus_gallery.model import GalleryPick, Order, encode_payload

_NAME = "cortiscope.stimulus_gallery"
FRONTEND = Frontend("stimulus_gallery", Path(__file__).parent / "frontend")
# Hidden until the style sheet is there, so that nothing unstyled is ever seen.
_HTML = '<div class="gallery" data-state="loading" style="visibility:hidden"></div>'


def stimulus_gallery(
    *,
    key: str,
    base_url: str,
    order: Order,
    current: tuple[str, int],
    roles: str | Mapping[str, str],
    caption: str,
    role_text: str,
    stamp: str = "",
    on_pick: Callable[[GalleryPick], None] | None = None,
) -> GalleryPick | None:
    """Show the current picture and its neighbours, and let people go from one to the next.

    The picture changes in the browser before the app answers. At most one change is under way at
    a time, and the last one wanted is always sent.

    Parameters
    ----------
    key : stable name of this gallery.
    base_url : where ``stimulus_route`` serves the pictures, from ``stimulus_base_url``.
    order : ``{'train': 400, 'test': 200}`` for all pictures, or the (split, number) that passed a
        filter, in the order to show them.
    current : (split, number) of the picture shown; it need not be in ``order``.
    roles : what each picture was to the model on the screen: one letter per picture of
        ``order``, or a mapping from split to one letter, or to one letter per number.
        f: fitted on, v: validation, h: held out, -: not used.
    caption : of the current picture; its alternative text too.
    role_text : the current picture's role in words.
    stamp : e.g. ``SIMULATED sim01``.
    on_pick : called before the script runs again, so that one run is enough.

    Returns
    -------
    The picture gone to in this very run, else None.
    """
    data = encode_payload(
        base_url=base_url,
        order=order,
        current=current,
        roles=roles,
        caption=caption,
        role_text=role_text,
        stamp=stamp,
    )

    def report() -> None:
        picked = _read_picked(_stored(key).get("picked"))
        if on_pick is not None and picked is not None:
            on_pick(picked)

    result = _component()(data=plain(data), key=key, on_picked_change=report)
    return _read_picked(result.get("picked"))


@cache
def _component() -> Any:
    """Register with Streamlit on first use, so that importing this package does nothing."""
    import streamlit as st

    return st.components.v2.component(_NAME, html=_HTML, js=FRONTEND.loader)


def _stored(key: str) -> Mapping[str, Any]:
    import streamlit as st

    return st.session_state.get(key) or {}


def _read_picked(raw: Mapping[str, Any] | None) -> GalleryPick | None:
    return GalleryPick(str(raw["split"]), int(raw["number"])) if raw else None
