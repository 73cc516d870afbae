"""Colour tables, built in OKLab from a few numbers, for light and dark backgrounds.

Diverging: two arms of equal lightness and chroma, blue below and red above, that leave from the
grey of the cortex itself, so zero looks like no data. Sequential: lightness runs one way from
near the cortex's grey at 0. On light backgrounds strong values are dark, on dark ones bright.
Blue against red or orange stays apart for the common colour-vision deficiencies, and lightness
alone carries the size of a value. Cyclic: lightness runs down and up again in even steps, one half
of the circle in blues and one in reds; both ends are one colour. Categorical: the colours of
models, or Okabe and Ito's. Each kind has other tables to choose from; the first is the default.

References
----------
Ottosson (2020), "A perceptual color space for image processing" (OKLab).
Okabe and Ito (2008), "Color Universal Design".
Tol (2021), "Colour Schemes", SRON technical note 09-002 (bright scheme).
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

KINDS = ("diverging", "sequential", "cyclic", "categorical")
THEMES = ("light", "dark")
N_COLOURS = 256

#: OKLab lightness of the cortex's mean grey, which is also the diverging tables' zero.
GREY_LIGHTNESS = {"light": 0.85, "dark": 0.43}

_OKLAB_TO_LMS = np.array(
    [[1.0, 0.3963377774, 0.2158037573], [1.0, -0.1055613458, -0.0638541728],
     [1.0, -0.0894841775, -1.2914855480]]
)  # fmt: skip
_LMS_TO_RGB = np.array(
    [[4.0767416621, -3.3077115913, 0.2309699292], [-1.2684380046, 2.6097574011, -0.3413193965],
     [-0.0041960863, -0.7034186147, 1.7076147010]]
)  # fmt: skip


class _Arms(NamedTuple):
    """A diverging table: lightness at the ends, peak chroma, hues (near zero, at the end)."""

    end: float
    chroma: float
    below: tuple[float, float]
    above: tuple[float, float]


_DIVERGING = {
    "blue red": {
        "light": _Arms(0.40, 0.175, below=(240.0, 266.0), above=(52.0, 26.0)),
        "dark": _Arms(0.86, 0.145, below=(264.0, 222.0), above=(28.0, 76.0)),
    },
    "purple green": {
        "light": _Arms(0.40, 0.150, below=(318.0, 304.0), above=(128.0, 150.0)),
        "dark": _Arms(0.86, 0.130, below=(300.0, 318.0), above=(155.0, 128.0)),
    },
}
# Control points from 0 to the top: lightness, chroma, hue in degrees.
_SEQUENTIAL: dict[str, dict[str, list[tuple[float, float, float]]]] = {
    "ember": {
        "light": [
            (0.90, 0.045, 92), (0.80, 0.125, 72), (0.67, 0.17, 45), (0.53, 0.18, 14),
            (0.40, 0.155, 342), (0.29, 0.12, 305),
        ],
        "dark": [
            (0.32, 0.09, 290), (0.44, 0.15, 312), (0.56, 0.18, 352), (0.68, 0.17, 36),
            (0.81, 0.15, 72), (0.95, 0.09, 100),
        ],
    },
    "lagoon": {
        "light": [(0.92, 0.035, 150), (0.72, 0.10, 185), (0.52, 0.11, 230), (0.30, 0.12, 272)],
        "dark": [(0.30, 0.10, 275), (0.52, 0.12, 240), (0.74, 0.12, 190), (0.95, 0.07, 130)],
    },
    "grey": {"light": [(0.92, 0, 0), (0.20, 0, 0)], "dark": [(0.30, 0, 0), (0.98, 0, 0)]},
}  # fmt: skip
# Lightness at the light and the dark turning point, chroma, hues of the two halves.
_CYCLIC = {
    "tide": (0.90, 0.32, 0.125, 250.0, 25.0),
    "orchard": (0.90, 0.32, 0.115, 310.0, 135.0),
}
# A colour, or one for light and one for dark backgrounds; by number from 0.
_CATEGORICAL: dict[str, tuple[str | tuple[str, str], ...]] = {
    # From 1: the models of a comparison, in the colours that charts give them.
    "models": (
        "#7f7f7f", ("#c2410c", "#fb923c"), ("#0e7490", "#38bdf8"), ("#7e22ce", "#d8b4fe"),
        ("#4d7c0f", "#a3e635"), ("#9d174d", "#f9a8d4"), ("#57534e", "#d6d3d1"), "#0072b2",
    ),
    "okabe ito": (
        "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442", "#7f7f7f",
    ),
    "tol bright": ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#bbbbbb"),
}  # fmt: skip

#: kind -> names of its tables, the default first.
TABLES = {
    "diverging": tuple(_DIVERGING),
    "sequential": tuple(_SEQUENTIAL),
    "cyclic": tuple(_CYCLIC),
    "categorical": tuple(_CATEGORICAL),
}


@cache
def colour_table(kind: str, theme: str = "light", name: str | None = None) -> np.ndarray:
    """Return a colour table.

    Parameters
    ----------
    kind : ``diverging``, ``sequential``, ``cyclic`` or ``categorical``.
    theme : ``light`` or ``dark`` background.
    name : one of ``TABLES[kind]``; None is the first.

    Returns
    -------
    table : (256, 3) uint8 sRGB, lowest value first, read-only. Categorical tables repeat their
        colours.
    """
    if kind not in KINDS:
        raise ValueError(f"kind is {kind!r}; allowed: {', '.join(KINDS)}.")
    if theme not in THEMES:
        raise ValueError(f"theme is {theme!r}; allowed: {', '.join(THEMES)}.")
    if name is None:
        name = TABLES[kind][0]
    if name not in TABLES[kind]:
        raise ValueError(f"The {kind} table is {name!r}; allowed: {', '.join(TABLES[kind])}.")
    if kind == "categorical":
        both = [(c, c) if isinstance(c, str) else c for c in _CATEGORICAL[name]]
        hexes = [pair[THEMES.index(theme)] for pair in both]
        colours = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in hexes])
        table = colours[np.arange(N_COLOURS) % len(colours)]
    else:
        build = {"diverging": _diverging, "sequential": _sequential, "cyclic": _cyclic}[kind]
        table = np.rint(_srgb_in_gamut(*build(name, theme)) * 255)
    table = table.astype(np.uint8)
    table.setflags(write=False)
    return table


def colour_tables() -> tuple[list[dict[str, str]], np.ndarray]:
    """Return all tables: their names and kinds, and (n_tables, 2 themes, 256, 3) uint8."""
    listing = [{"name": name, "kind": kind} for kind in KINDS for name in TABLES[kind]]
    tables = [[colour_table(e["kind"], theme, e["name"]) for theme in THEMES] for e in listing]
    return listing, np.array(tables)


def _encode(linear: np.ndarray) -> np.ndarray:
    """Linear light to sRGB, both 0..1."""
    rgb: np.ndarray = np.where(
        linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055
    )
    return rgb


def _diverging(name: str, theme: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Lightness, chroma and hue along the table, the same distance from zero on both sides."""
    spec = _DIVERGING[name][theme]
    signed = np.linspace(-1, 1, N_COLOURS)
    strength = np.abs(signed)
    grey = GREY_LIGHTNESS[theme]
    lightness = grey + (spec.end - grey) * strength
    # Chroma rises faster than lightness falls, then stays: a small response is already coloured.
    chroma = spec.chroma * np.sin(np.pi / 2 * np.minimum(1, strength * 1.25)) ** 0.9
    below, above = spec.below, spec.above
    hue = np.where(
        signed < 0,
        below[0] + (below[1] - below[0]) * strength,
        above[0] + (above[1] - above[0]) * strength,
    )
    return lightness, chroma, hue


def _sequential(name: str, theme: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    points = np.array(_SEQUENTIAL[name][theme], dtype=np.float64)
    at = np.linspace(0, 1, len(points))
    along = np.linspace(0, 1, N_COLOURS)
    hue = np.interp(along, at, np.rad2deg(np.unwrap(np.deg2rad(points[:, 2]))))
    lightness = points[0, 0] + (points[-1, 0] - points[0, 0]) * along
    return lightness, np.interp(along, at, points[:, 1]), hue


def _cyclic(name: str, theme: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Down in lightness through one hue, up through the other; the same on both backgrounds."""
    light, dark, chroma, first, second = _CYCLIC[name]
    # Half a step in: the last entry's neighbour is the first.
    phase = (np.arange(N_COLOURS) + 0.5) / N_COLOURS
    depth = 1 - np.abs(2 * phase - 1)
    hue = np.where(phase < 0.5, first, second)
    return light + (dark - light) * depth, chroma * np.sin(np.pi * depth), hue


def _srgb_in_gamut(lightness: np.ndarray, chroma: np.ndarray, hue: np.ndarray) -> np.ndarray:
    """Convert to (n, 3) sRGB 0..1, lowering chroma (never lightness) where sRGB ends.

    The two arms of a diverging table are lowered together, so they stay symmetric.
    """
    share = np.ones(len(lightness))
    for _ in range(200):
        linear = _linear_rgb(lightness, chroma * share, hue)
        outside = ((linear < -1e-4) | (linear > 1 + 1e-4)).any(axis=1)
        if not outside.any():
            break
        share = np.where(outside, share * 0.985, share)
    if np.allclose(lightness, lightness[::-1]):
        share = np.minimum(share, share[::-1])
    return _encode(np.clip(_linear_rgb(lightness, chroma * share, hue), 0, 1))


def _linear_rgb(lightness: np.ndarray, chroma: np.ndarray, hue: np.ndarray) -> np.ndarray:
    angle = np.deg2rad(hue)
    lab = np.stack([lightness, chroma * np.cos(angle), chroma * np.sin(angle)], axis=1)
    linear: np.ndarray = ((lab @ _OKLAB_TO_LMS.T) ** 3) @ _LMS_TO_RGB.T
    return linear
