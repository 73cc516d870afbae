"""The Streamlit call: mounts the viewer and reads what happened in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from cortiscope.cortex_view.assets import AssetRef
from cortiscope.cortex_view.payload import CortexMap, encode_payload
from cortiscope.cortex_view.selection import CortexRegion, PickedVertex, read_picks, read_region

_NAME = "cortiscope.cortex_view"
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
        draw=_pen(key, maps, assets, _vertices(given or ()), focus_roi, view, stamp),
        address=address,
        key=key,
    )
    callbacks = dict.fromkeys(("on_picked_change", "on_region_change", "on_still_change"), _nothing)
    if publish_view:
        callbacks["on_view_change"] = _nothing
    result = _component()(data=data, key=key, height=height, **callbacks)
    told, brushed = result.get("picked"), result.get("region")
    marked = read_picks(told) if told else tuple(map(_as_picked, given or ()))
    return CortexEvent(
        picked=marked[-1] if told and marked else None,
        picks=marked,
        region=read_region(brushed) if brushed else region,
        view=result.get("view"),
    )


def _pen(
    key: str,
    maps: Sequence[CortexMap],
    assets: AssetRef,
    picks: Sequence[tuple[str, int]],
    focus_roi: str | tuple[str, str] | None,
    view: Mapping[str, Any] | None,
    stamp: str,
) -> Callable[[str], bytes] | None:
    """Return what draws this message's picture, if the browser has said that it cannot."""
    import streamlit as st

    raw = (st.session_state.get(key) or {}).get("still")
    if raw is None or assets.folder is None:
        return None
    # Only such browsers' sessions need Pillow.
    from cortiscope.cortex_view.still import kept_still, read_request

    request = read_request(raw)
    if request is None:
        return None
    focus = (focus_roi, None) if isinstance(focus_roi, str) else focus_roi
    return lambda message: kept_still(
        message, maps, assets, request, view=view, picks=picks, focus=focus, stamp=stamp
    )


def _vertices(picks: Iterable[PickedVertex | tuple[str, int]]) -> list[tuple[str, int]]:
    return [(p.hemisphere, p.vertex) if isinstance(p, PickedVertex) else p for p in picks]


@cache
def _component() -> Any:
    """Register with Streamlit on first use, so that importing this package does nothing."""
    import streamlit as st

    return st.components.v2.component(_NAME, html=_HTML, css="style.css", js="index.js")


def _as_picked(pick: PickedVertex | tuple[str, int]) -> PickedVertex:
    return pick if isinstance(pick, PickedVertex) else PickedVertex(*pick)


def _nothing() -> None:
    """Streamlit keeps only events that have a callback."""
