"""The cortex's greys and the ROI lines' colours on light and dark (``frontend/pure/colour.js``)."""

from __future__ import annotations

import numpy as np

from cortiscope.cortex_view.colour import GREY_LIGHTNESS, from_oklab, to_oklab

_GYRI = {"light": 0.90, "dark": 0.49}
_SULCI = {"light": 0.79, "dark": 0.37}
_LINE = {"light": 0.5, "dark": 0.82}  # lightness at most, or at least


def greys(theme: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return gyri, sulci and their mean, (3,) sRGB 0..1 each."""
    gyri, sulci, mean = (
        from_oklab(np.array([level[theme], 0.0, 0.0])) for level in (_GYRI, _SULCI, GREY_LIGHTNESS)
    )
    return gyri, sulci, mean


def line_colour(colour: str, theme: str) -> np.ndarray:
    """Return (3,) sRGB 0..1 of ``#rrggbb``, moved in lightness until it stands out."""
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    lab = to_oklab(rgb)
    lab[0] = max(lab[0], _LINE["dark"]) if theme == "dark" else min(lab[0], _LINE["light"])
    return from_oklab(lab)
