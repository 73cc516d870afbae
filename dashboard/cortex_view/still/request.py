"""What a browser without WebGL2 asks for; checked, since anybody may send anything."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cortiscope.cortex_view.colour import THEMES
from cortiscope.cortex_view.payload import PRESETS

_SIZES = {"width": (200, 2000), "height": (160, 1000)}
Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class StillRequest:
    """One picture's size, side and colours.

    Parameters
    ----------
    width, height : of the picture in CSS pixels.
    ratio : pixels of the picture per CSS pixel, 1 or 2.
    theme : ``light`` or ``dark``.
    background, text, accent : (r, g, b) 0 to 255.
    preset, surface : side and surface chosen; None leaves them to the app's ``view``.
    """

    width: int
    height: int
    ratio: int = 1
    theme: str = "light"
    background: Rgb = (255, 255, 255)
    text: Rgb = (49, 51, 63)
    accent: Rgb = (194, 65, 12)
    preset: str | None = None
    surface: float | None = None

    def over(self, view: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return a view with the side and surface chosen here."""
        out = dict(view or {})
        if self.preset is not None:
            out.pop("rotation", None)
            out["preset"] = self.preset
        if self.surface is not None:
            out["surface"] = self.surface
        return out


def read_request(raw: Any) -> StillRequest | None:
    """Return what was asked, sizes cut to what is sensible; None if it makes no sense."""
    if not isinstance(raw, Mapping) or raw.get("theme") not in THEMES:
        return None
    width, height = _size(raw, "width"), _size(raw, "height")
    background, text, accent = (_rgb(raw.get(name)) for name in ("background", "text", "accent"))
    if not (width and height and background and text and accent):
        return None
    preset, surface = raw.get("preset"), _number(raw.get("surface"))
    return StillRequest(
        width=width,
        height=height,
        ratio=2 if (_number(raw.get("ratio")) or 1) > 1 else 1,
        theme=raw["theme"],
        background=background,
        text=text,
        accent=accent,
        preset=preset if preset in PRESETS else None,
        surface=None if surface is None else min(2.0, max(0.0, surface)),
    )


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
