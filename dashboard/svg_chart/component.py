"""The Streamlit call: shows a chart and reads which of its dots somebody picked."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from cortiscope.frontends import Frontend, plain
from cortiscope.svg_chart.drawing import UNITS, Chart

_NAME = "cortiscope.svg_chart"
FRONTEND = Frontend("svg_chart", Path(__file__).parent / "frontend")
# Hidden until the style sheet is there, so that nothing unstyled is ever seen.
_HTML = '<div class="svg-chart" data-state="loading" style="visibility:hidden"></div>'


def svg_chart(
    chart: Chart,
    *,
    key: str,
    height: int,
    filename: str,
    on_pick: Callable[[int], None] | None = None,
) -> None:
    """Show a chart, in a place whose height is kept until it is there.

    Parameters
    ----------
    key : stable name of this chart.
    height : px, margins included.
    filename : of the SVG that it is saved as, without ending.
    on_pick : called with the number of a dot that was clicked, before the script runs again.
    """

    def report() -> None:
        import streamlit as st

        picked = (st.session_state.get(key) or {}).get("picked")
        if on_pick is not None and picked:
            on_pick(int(picked["number"]))

    data = {
        "svg": chart.svg,
        "words": chart.words,
        "margins": chart.margins,
        "height": height,
        "units": UNITS,
        "ends": (*chart.x_ends, *chart.y_ends),
        "dots": chart.dots,
        "bins": tuple(chart.bins),
        "links": chart.has_links,
        "least": chart.least_width,
        "beside": chart.beside,
        "picks": on_pick is not None,
        "filename": filename,
    }
    listens = {} if on_pick is None else {"on_picked_change": report}
    _component()(data=plain(data), key=key, height=height, **listens)


@cache
def _component() -> Any:
    """Register with Streamlit on first use, so that importing this package does nothing."""
    import streamlit as st

    return st.components.v2.component(_NAME, html=_HTML, js=FRONTEND.loader)
