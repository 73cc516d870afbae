"""The app's look beyond Streamlit's theme: one small style sheet, the stamp, charts."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import plotly.io
import streamlit as st
from _plotly_utils.utils import convert_to_base64
from plotly.basedatatypes import BaseFigure

from cortiscope.access import visitor, way_in_short
from cortiscope.serving import gate
from cortiscope.svg_chart import Chart, svg_chart

_STYLE = Path(__file__).parent / "look.css"


@cache
def look_style() -> str:
    """Return the style sheet without comments and indentation, for the app's document."""
    text = re.sub(r"/\*.*?\*/", "", _STYLE.read_text(encoding="utf-8"), flags=re.DOTALL)
    return re.sub(r"\s*([{};:,])\s+", r"\1", " ".join(text.split()))


def stamp(text: str) -> None:
    """Print the stamp of simulated data into the header, where it stays on every page."""
    if text:
        # The container takes no row, not even while the element in it is on its way.
        st.container(key="stamp-place").html(
            f'<div class="cs-stamp" role="note" title="Simulated: its hierarchy is built in '
            f'by construction and is not evidence about brains.">{escape(text)}</div>'
        )


def show_way_of_serving() -> None:
    """Print at the foot how the app is served, leading to where a token is given."""
    if words := way_in_short(gate(), visitor()):
        st.html(
            f'<a class="cs-way" href="./presenter" target="_self" title="What you may do here, and '
            f'where a token is given">{escape(words)}</a>'
        )


def theme() -> str:
    """Return ``light`` or ``dark``, as the browser shows the app."""
    kind = st.context.theme.type
    return "dark" if kind == "dark" else "light"


def show_chart(
    chart: Chart,
    *,
    key: str,
    height: int,
    filename: str = "",
    on_pick: Callable[[int], None] | None = None,
) -> None:
    """Draw a chart.

    Parameters
    ----------
    height : px.
    filename : of what is saved; empty takes the key.
    on_pick : called with the number of a dot that was clicked, before the script runs again.
    """
    named = filename or f"cortiscope-{key}"
    svg_chart(chart, key=key, height=height, filename=named, on_pick=on_pick)


def show_plotly(
    figure: dict[str, Any],
    *,
    key: str,
    height: int,
    tools: Sequence[str] = (),
    filename: str = "",
    **extra: Any,
) -> Any:
    """Draw a chart that needs Plotly, with quiet tools: nothing of a page's first view.

    A third of a first visit's bytes come with the first of them.

    Parameters
    ----------
    tools : Plotly's buttons besides the one that saves it as SVG.
    filename : of what is saved; empty takes the key.
    extra : for ``st.plotly_chart``, such as ``on_select``.
    """
    config = {
        "displaylogo": False,
        "modeBarButtons": [[*tools], ["toImage"]] if tools else [["toImage"]],
        "toImageButtonOptions": {"format": "svg", "filename": filename or f"cortiscope-{key}"},
    }
    figure["layout"]["height"] = height
    plain = _Checked(figure)
    # The height twice: Plotly draws in it, and Streamlit keeps it free until Plotly is there.
    return st.plotly_chart(plain, key=key, height=height, theme="streamlit", config=config, **extra)


class _Checked(BaseFigure):
    """A figure that needs no check: charts write plain dicts, which tests hold to Plotly's rules.

    Streamlit would make a whole ``go.Figure`` of one, value by value: a tenth of an update.
    """

    def __init__(self, figure: Mapping[str, Any]) -> None:
        self.__dict__["_plain"] = figure

    def to_dict(self) -> dict[str, Any]:
        """Return what a ``go.Figure`` of it would."""
        plain = self.__dict__["_plain"]
        # Arrays become base64 in place: in copies of the dicts that hold them.
        made = {"data": [_copy(trace) for trace in plain["data"]], "layout": _copy(plain["layout"])}
        convert_to_base64(made)
        made["layout"] = {"template": _template(), **made["layout"]}
        return made


def _copy(value: Any) -> Any:
    return {k: _copy(v) for k, v in value.items()} if isinstance(value, dict) else value


@cache
def _template() -> dict[str, Any]:
    """Return Streamlit's own template, whose colours the browser replaces by the theme's."""
    found: dict[str, Any] = plotly.io.templates[plotly.io.templates.default].to_plotly_json()
    convert_to_base64(found)
    return found
