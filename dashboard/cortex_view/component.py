"""The Streamlit call: mounts the viewer and reads what happened in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from cortiscope.cortex_view.assets import AssetRef
from cortiscope.cortex_view.payload import CortexMap, encode_payload
from cortiscope.cortex_view.selection import CortexRegion, PickedVertex, read_picks, read_region
from cortiscope.cortex_view.still import StillRequest, kept_picture, read_request
from cortiscope.frontends import Frontend

_NAME = "cortiscope.cortex_view"
FRONTEND = Frontend("cortex_view", Path(__file__).parent / "frontend")
# Shown until the script runs: a quiet panel, never a blank page.
_HTML = (
    '<div class="cortex" data-state="loading"><div class="skeleton" aria-hidden="true"></div></div>'
)


@dataclass(frozen=True)
class CortexEvent:
    """What the viewer reports back.

    Parameters
    ----------
    picked : the vertex picked in this very run, the last of ``picks``; else None.
    picks : the vertices marked, in the order of their numbers: as picked in this very run, else as
        given.
    region : the region as brushed or cleared (then it is empty) in this very run, else as given.
    view : the camera and surface after the last interaction, with ``publish_view`` only; may be
        given back as ``view``, or kept in a URL.
    """

    picked: PickedVertex | None = None
    picks: tuple[PickedVertex, ...] = ()
    region: CortexRegion | None = None
    view: dict[str, Any] | None = None


def cortex_view(
    maps: Sequence[CortexMap],
    *,
    assets: AssetRef,
    key: str,
    height: int = 520,
    picks: Iterable[PickedVertex | tuple[str, int]] | None = None,
    region: CortexRegion | None = None,
    lit: Mapping[str, np.ndarray] | None = None,
    focus_roi: str | tuple[str, str] | None = None,
    view: Mapping[str, Any] | None = None,
    stamp: str = "SIMULATED",
    publish_view: bool = False,
    address: str | None = None,
    on_select: Callable[[], None] | None = None,
    draw_still: Callable[[StillRequest], bytes] | None = None,
) -> CortexEvent:
    """Show one to six maps on one cortex.

    Parameters
    ----------
    maps : the views, side by side; one camera until a view is unlocked.
    assets : from ``register_assets``, for the subject whose values these are.
    key : stable name of this viewer; camera and choices live as long as it.
    height : pixels, controls included.
    picks : vertices to mark, in order: ``PickedVertex`` or ``(hemisphere, vertex)``; None leaves
        those that were clicked. Give ``event.picks`` back to keep them over reruns and pages.
    region : a region to mark, empty for none; None leaves the one that was brushed.
    lit : what a chart has selected, outlined: ``left`` and ``right`` -> template vertex numbers.
    focus_roi : a ROI to bring forward: its name, or ``(name, hemisphere)``.
    view : camera to start from (see ``payload.check_view``); given again unchanged, it leaves the
        camera alone.
    stamp : printed on maps with ``simulated``.
    publish_view : report the camera after each interaction, which reruns the app.
    address : query parameter in which the browser keeps the view while somebody looks, without
        the server; ``read_view`` reads it. None leaves the address alone.
    on_select : called before the script runs again when vertices were picked or a region was
        brushed or cleared; ``st.session_state[key]`` then holds ``picked`` or ``region``
        (``read_picks``, ``read_region``).
    draw_still : returns a PNG of the maps, for browsers without WebGL2; without it these get the
        table alone. What it draws is kept as long as the maps stay.
    """
    given = None if picks is None else tuple(picks)
    data = encode_payload(
        maps,
        assets,
        height=height,
        picks=given,
        region=region,
        lit=lit,
        focus_roi=focus_roi,
        view=view,
        stamp=stamp,
        publish_view=publish_view,
        draw=_pen(key, draw_still),
        address=address,
        key=key,
    )
    selected = on_select or _nothing
    callbacks = {
        "on_picked_change": selected,
        "on_region_change": selected,
        "on_still_change": _nothing,
    }
    if publish_view:
        callbacks["on_view_change"] = _nothing
    result = _component()(data=data, key=key, height=height, **callbacks)
    said, brushed = result.get("picked"), result.get("region")
    marked = read_picks(said) if said else tuple(map(_as_picked, given or ()))
    return CortexEvent(
        picked=marked[-1] if said and marked else None,
        picks=marked,
        region=read_region(brushed) if brushed else region,
        view=result.get("view"),
    )


def _pen(
    key: str, draw_still: Callable[[StillRequest], bytes] | None
) -> Callable[[str], bytes] | None:
    """Return what draws this message's picture, if the browser has said that it cannot."""
    import streamlit as st

    request = read_request((st.session_state.get(key) or {}).get("still"))
    if request is None or draw_still is None:
        return None
    return lambda message: kept_picture(message, request, lambda: draw_still(request))


@cache
def _component() -> Any:
    """Register with Streamlit on first use, so that importing this package does nothing."""
    import streamlit as st

    return st.components.v2.component(_NAME, html=_HTML, js=FRONTEND.loader)


def _as_picked(pick: PickedVertex | tuple[str, int]) -> PickedVertex:
    return pick if isinstance(pick, PickedVertex) else PickedVertex(*pick)


def _nothing() -> None:
    """Streamlit keeps only events that have a callback."""
