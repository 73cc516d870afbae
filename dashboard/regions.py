"""Parts of a page that are drawn again alone, when something in them is used.

A page's ``render`` draws what subject and model decide, and calls its regions. What is used within
a region (a picture, a vertex, an option) runs that region and those inside it; the rest of the page
stays as it is, untouched and unsent. A region may draw into containers made outside of it, the
sidebar's too, as long as it draws into them every time. Streamlit knows a region by its place, so
nothing that comes and goes may stand above it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn

import streamlit as st
from streamlit.errors import StreamlitAPIException
from streamlit.runtime.scriptrunner import RerunData, RerunException, get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_run_context import ThreadState

from cortiscope import state
from cortiscope.errors import errors_on_page


def region(name: str, *, every: float | None = None) -> Callable[[Any], Any]:
    """Make a function that draws a region: its errors stay in it, and the address follows it.

    Parameters
    ----------
    name : for ``redraw``; one of a kind in the app.
    every : seconds after which it is drawn again by itself, for what goes on elsewhere.
    """

    def decorate(draw: Callable[..., None]) -> Callable[..., None]:
        @st.fragment(key=name, run_every=every)
        @wraps(draw)
        def drawn(*args: Any, **kwargs: Any) -> None:
            with errors_on_page():
                draw(*args, **kwargs)
            if is_alone():
                state.publish()

        return drawn

    return decorate


def redraw(*names: str) -> None:
    """Draw other regions than a widget's own, at the end of that widget's callback.

    Those that the page lacks are left out; if it has none of them, the widget's own follows.
    """
    if there := [name for name in names if _is_there(name)]:
        st.rerun(there)


def _is_there(name: str) -> bool:
    run = get_script_run_ctx()
    try:
        return run is not None and bool(run.fragment_storage.resolve_target(name))
    except StreamlitAPIException:
        return False


def draw_instead(name: str) -> NoReturn:
    """End the region at hand and draw another, such as the one that holds it.

    For what a timer draws: it has no callback, by which ``redraw`` goes, and its timer ends only
    when what holds it is drawn without it.
    """
    run = get_script_run_ctx()
    if run is None:
        raise RuntimeError("A region is drawn in a session.")
    raise RerunException(
        RerunData(
            query_string=run.query_string,
            page_script_hash=run.page_script_hash,
            fragment_id_queue=run.fragment_storage.resolve_target(name),
            is_fragment_scoped_rerun=True,
            cached_message_hashes=run.cached_message_hashes,
            context_info=run.context_info,
        )
    )


def draw_again() -> None:
    """Draw the region at hand from its start, or the page if that is what the script runs for."""
    st.rerun(scope="fragment" if is_alone() else "app")


def is_alone() -> bool:
    """Whether the script runs for this region, not for the page or a region around it."""
    run = get_script_run_ctx()
    return run is not None and ThreadState.get().fragment_id in (run.fragment_ids_this_run or ())
