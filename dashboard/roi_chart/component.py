"""The Streamlit call: mounts the chart and reads the ROI somebody picked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from cortiscope.frontends import Frontend, plain
from cortiscope.roi_chart.model import Axis, RoiPick, RoiRow, Series
from cortiscope.roi_chart.payload import encode_payload

_NAME = "cortiscope.roi_chart"
FRONTEND = Frontend("roi_chart", Path(__file__).parent / "frontend")
# Hidden until the style sheet is there, so that nothing unstyled is ever seen.
_HTML = '<div class="roi-chart" data-state="loading" style="visibility:hidden"></div>'


def roi_chart(
    rows: Sequence[RoiRow],
    series: Sequence[Series],
    axis: Axis,
    *,
    key: str,
    height: int = 260,
    title: str,
    definition: str,
    stamp: str = "",
    focus: tuple[str, str] | None = None,
    csv: str | None = None,
    on_pick: Callable[[RoiPick], None] | None = None,
) -> RoiPick | None:
    """Show values per ROI, left and right hemisphere side by side.

    Parameters
    ----------
    rows : in drawing order; a group's rows together, an ROI's two hemispheres in any order.
    series : one to six; ``measured`` and ``predicted`` are joined by a stem.
    axis : the value axis.
    key : stable name of this chart.
    height : pixels of the drawing, title apart. On a narrow screen the chart lies on its side and
        takes the height it needs.
    title : what is shown.
    definition : one sentence: what the number is, over which vertices, n and split.
    stamp : e.g. ``SIMULATED sim01``; printed on the chart and on every export.
    focus : the ROI and hemisphere in focus, marked until changed.
    csv : text of the CSV export; by default the values shown.
    on_pick : called before the script runs again, so that one run is enough.

    Returns
    -------
    The ROI clicked in this very run, else None.
    """
    data = encode_payload(
        rows,
        series,
        axis,
        height=height,
        title=title,
        definition=definition,
        stamp=stamp,
        focus=focus,
        csv=csv,
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


def _read_picked(raw: Mapping[str, Any] | None) -> RoiPick | None:
    if not raw:
        return None
    return RoiPick(str(raw["roi"]), str(raw["hemisphere"]), int(raw["count"]))
