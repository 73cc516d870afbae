"""The Streamlit call: mounts the viewer and reads what happened in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from dashboard.cortex_view.assets import AssetRef
from dashboard.cortex_view.payload import CortexMap, encode_payload

_NAME = "dashboard.cortex_view"
# Shown until the script runs: a quiet panel, never a blank page.
_HTML = (
    '<div class="cortex" data-state="loading"><div class="skeleton" aria-hidden="true"></div></div>'
)


@dataclass(frozen=True)
class PickedVertex:
    """A vertex somebody clicked.

    Parameters
    ----------
    hemisphere : ``left`` or ``right``.
    vertex : template vertex number.
    position : place in the maps' values (left vertices, then right); None without data there.
    rois : names of the ROIs that hold it.
    """

    hemisphere: str
    vertex: int
    position: int | None
    rois: tuple[str, ...] = ()


@dataclass(frozen=True)
class CortexEvent:
    """What the viewer reports back.

    Parameters
    ----------
    picked : the vertex clicked in this very run, else None.
    view : the camera and surface after the last interaction, with ``publish_view`` only; may be
        given back as ``view``, or kept in a URL.
    """

    picked: PickedVertex | None = None
    view: dict[str, Any] | None = None


def cortex_view(
    maps: Sequence[CortexMap],
    *,
    assets: AssetRef,
    key: str,
    height: int = 520,
    selected: PickedVertex | tuple[str, int] | None = None,
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
    selected : a vertex to mark: a ``PickedVertex`` or ``(hemisphere, vertex)``.
    focus_roi : a ROI to bring forward: its name, or ``(name, hemisphere)``.
    view : camera to start from (see ``payload.check_view``); given again unchanged, it leaves the
        camera alone.
    stamp : printed on maps with ``simulated``.
    publish_view : report the camera after each interaction, which reruns the app.
    address : query parameter in which the browser keeps the view while somebody looks, without
        the server; ``read_view`` reads it. None leaves the address alone.
    """
    vertex = (
        (selected.hemisphere, selected.vertex) if isinstance(selected, PickedVertex) else selected
    )
    data = encode_payload(
        maps,
        assets,
        height=height,
        selected=vertex,
        focus_roi=focus_roi,
        view=view,
        stamp=stamp,
        publish_view=publish_view,
        draw=_pen(key, maps, assets, [vertex] if vertex else [], focus_roi, view, stamp),
        address=address,
        key=key,
    )
    callbacks = {"on_picked_change": _nothing, "on_still_change": _nothing}
    if publish_view:
        callbacks["on_view_change"] = _nothing
    result = _component()(data=data, key=key, height=height, **callbacks)
    picked = result.get("picked")
    return CortexEvent(_read_picked(picked) if picked else None, result.get("view"))


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
    from dashboard.cortex_view.still import kept_still, read_request

    request = read_request(raw)
    if request is None:
        return None
    focus = (focus_roi, None) if isinstance(focus_roi, str) else focus_roi
    return lambda message: kept_still(
        message, maps, assets, request, view=view, picks=picks, focus=focus, stamp=stamp
    )


@cache
def _component() -> Any:
    """Register with Streamlit on first use, so that importing this package does nothing."""
    import streamlit as st

    return st.components.v2.component(_NAME, html=_HTML, css="style.css", js="index.js")


def _read_picked(raw: Mapping[str, Any]) -> PickedVertex:
    return PickedVertex(
        hemisphere=str(raw["hemisphere"]),
        vertex=int(raw["vertex"]),
        position=None if raw.get("position") is None else int(raw["position"]),
        rois=tuple(str(name) for name in raw.get("rois", ())),
    )


def _nothing() -> None:
    """Streamlit keeps only events that have a callback."""
