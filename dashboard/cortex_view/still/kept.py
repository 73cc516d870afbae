"""Pictures kept between runs of a page: a rerun that changes no map draws nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from cortiscope.cortex_view.assets import AssetRef
from cortiscope.cortex_view.payload import CortexMap
from cortiscope.cortex_view.still.picture import draw_still
from cortiscope.cortex_view.still.request import StillRequest

_KEPT = 32


def kept_still(
    message: str,
    maps: Sequence[CortexMap],
    assets: AssetRef,
    request: StillRequest,
    **options: Any,
) -> bytes:
    """Return ``draw_still``'s picture; ``message`` is the id of all that it shows."""
    return _drawn()(message, request, lambda: draw_still(maps, assets, request, **options))


@cache
def _drawn() -> Callable[[str, StillRequest, Callable[[], bytes]], bytes]:
    """Ask for Streamlit's cache on first use, so that importing this module does nothing."""
    import streamlit as st

    @st.cache_data(show_spinner=False, max_entries=_KEPT)
    def drawn(message: str, request: StillRequest, _draw: Callable[[], bytes]) -> bytes:
        return _draw()

    return drawn
