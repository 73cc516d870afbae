"""What a browser without WebGL2 asks for, and how a map's colours are to be drawn for it.

The app draws: this component knows what was asked, checks it, and keeps pictures between runs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from cortiscope.cortex_view.colour import TABLES, THEMES, colour_table
from cortiscope.cortex_view.payload import PRESETS, CortexMap

_SIZES = {"width": (200, 2000), "height": (160, 1000)}
_SURFACES = ("pial", "inflated", "flat")
_SIDE = "ventral"  # most of what is recorded is seen from below
_KEPT = 32
Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class StillRequest:
    """One picture's size, side and colours.

    Parameters
    ----------
    width, height : of the picture in CSS pixels.
    ratio : pixels of the picture per CSS pixel, 1 or 2.
    theme : ``light`` or ``dark``.
    background, text : (r, g, b) 0 to 255.
    preset, surface : side and surface chosen; None leaves them to the app's ``view``.
    """

    width: int
    height: int
    ratio: int = 1
    theme: str = "light"
    background: Rgb = (255, 255, 255)
    text: Rgb = (49, 51, 63)
    preset: str | None = None
    surface: float | None = None

    def side(self, view: Mapping[str, Any] | None) -> tuple[str, str]:
        """Return the side and the surface's name: chosen here, else the view's, else our own."""
        view = view or {}
        surface = self.surface if self.surface is not None else view.get("surface", 1)
        return self.preset or view.get("preset", _SIDE), _SURFACES[round(surface)]


@dataclass(frozen=True)
class StillScale:
    """A map's colours, with what a view chooses for its scale.

    Parameters
    ----------
    low, high : the ends.
    colours : (256, 3) uint8 sRGB, lowest value first.
    hidden : values strictly between are not shown, or None.
    reliable : least reliability that is shown, or None for all.
    """

    low: float
    high: float
    colours: np.ndarray
    hidden: tuple[float, float] | None
    reliable: float | None


def read_request(raw: Any) -> StillRequest | None:
    """Return what was asked, sizes cut to what is sensible; None if it makes no sense."""
    if not isinstance(raw, Mapping) or raw.get("theme") not in THEMES:
        return None
    width, height = _size(raw, "width"), _size(raw, "height")
    background, text = (_rgb(raw.get(name)) for name in ("background", "text"))
    if not (width and height and background and text):
        return None
    preset, surface = raw.get("preset"), _number(raw.get("surface"))
    return StillRequest(
        width=width,
        height=height,
        ratio=2 if (_number(raw.get("ratio")) or 1) > 1 else 1,
        theme=raw["theme"],
        background=background,
        text=text,
        preset=preset if preset in PRESETS else None,
        surface=None if surface is None else min(2.0, max(0.0, surface)),
    )


def framing_of(view: Mapping[str, Any]) -> str:
    """Return what a view frames, ``data`` or ``whole``; zoom and pan were first of whole brains."""
    moved = "zoom" in view or "pan" in view
    return str(view.get("framing", "whole" if moved else "data"))


def still_scales(
    maps: Sequence[CortexMap], view: Mapping[str, Any] | None, theme: str
) -> list[StillScale]:
    """Return each map's colours as the viewer would have them.

    Where the viewer fades values by their reliability, a still picture leaves out those that would
    have less than half of their colour.
    """
    view = view or {}
    scales = list(dict.fromkeys(m.scale for m in maps))
    out = []
    for shown in maps:
        scale, which = shown.scale, scales.index(shown.scale)
        chosen = view if which == 0 else view.get("scales", {}).get(str(which), {})
        low, high = scale.low, scale.high
        if "range" in chosen and scale.kind != "categorical":
            low, high = chosen["range"]
        table = view.get("tables", {}).get(scale.kind)
        if which and chosen.get("table") in TABLES[scale.kind]:
            table = chosen["table"]
        fade = view.get("reliability") if shown.reliability is not None else None
        out.append(
            StillScale(
                low,
                high,
                colour_table(scale.kind, theme, table),
                _hidden(scale.kind, chosen.get("threshold", 0)),
                None if fade is None else (fade[0] + fade[1]) / 2,
            )
        )
    return out


def kept_picture(message: str, request: StillRequest, draw: Callable[[], bytes]) -> bytes:
    """Return a drawn picture; ``message`` is the id of all that it shows."""
    return _drawn()(message, request, draw)


@cache
def _drawn() -> Callable[[str, StillRequest, Callable[[], bytes]], bytes]:
    """Ask for Streamlit's cache on first use, so that importing this module does nothing."""
    import streamlit as st

    @st.cache_data(show_spinner=False, max_entries=_KEPT)
    def drawn(message: str, request: StillRequest, _draw: Callable[[], bytes]) -> bytes:
        return _draw()

    return drawn


def _hidden(kind: str, threshold: Any) -> tuple[float, float] | None:
    if kind not in ("diverging", "sequential"):
        return None
    if isinstance(threshold, list | tuple):
        return (threshold[0], threshold[1]) if threshold[0] < threshold[1] else None
    if threshold <= 0:
        return None
    return (-threshold if kind == "diverging" else -math.inf, threshold)


def _size(raw: Mapping[str, Any], name: str) -> int | None:
    value = _number(raw.get(name))
    if value is None:
        return None
    low, high = _SIZES[name]
    return min(high, max(low, round(value)))


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _rgb(value: Any) -> Rgb | None:
    if not isinstance(value, list | tuple) or len(value) != 3:
        return None
    red, green, blue = (_number(v) for v in value)
    if red is None or green is None or blue is None:
        return None
    if not all(0 <= v <= 255 for v in (red, green, blue)):
        return None
    return round(red), round(green), round(blue)
