"""Marks on two axes as SVG text. Nothing here knows Streamlit, or how wide a chart will be.

The plot area is the root element, of whatever size its place gives it. Marks lie in a square of
``UNITS`` by ``UNITS`` that is stretched over it, whose strokes keep their width; words stand at
shares of the area, and those of the axes hang over its edge into margins. Colours are pairs, for
a light and a dark page: the browser takes the one that fits, whenever the page changes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np

#: Side of the square that marks are placed in; y runs downward, as in SVG.
UNITS = 100_000

Colour = tuple[str, str]

# What a mark needs so that stretching does not touch its stroke.
_KEPT = 'vector-effect="non-scaling-stroke"'
# Overlapping dots are darker than one: within one path they would not be. Six are near black.
_LAYERS = 6
_LINE_PX = 16  # of the key


@dataclass(frozen=True)
class Axis:
    """One of the two axes.

    Parameters
    ----------
    title : with its unit.
    low, high : ends.
    n_ticks : about how many.
    """

    title: str
    low: float
    high: float
    n_ticks: int = 6

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError(f"The axis needs low < high, got {self.low} and {self.high}.")

    def shares(self, values: np.ndarray | Sequence[float]) -> np.ndarray:
        """Return where values (n,) are, from 0 at the low end to 1 at the high one."""
        return (np.asarray(values, float) - self.low) / (self.high - self.low)

    def ticks(self) -> list[tuple[float, str]]:
        """Return round values, with how they are written."""
        raw = (self.high - self.low) / self.n_ticks
        power = 10.0 ** math.floor(math.log10(raw))
        step = power * next(f for f in (1, 2, 5, 10) if f * power >= raw * 0.999)
        digits = max(0, -math.floor(math.log10(step) + 1e-9))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [(k * step, _number(k * step, digits)) for k in range(first, last + 1)]


@dataclass(frozen=True)
class Dots:
    """Dots that say what they are, and that can be picked, by their numbers.

    Parameters
    ----------
    x, y : (n,); a dot without both is left out.
    numbers : (n,) int, each dot's name after ``label``.
    label : before a number, such as ``test-``.
    says : what is said below the name, with ``{x}`` and ``{y}`` for the values.
    captions : one per dot, or none.
    size : diameter in px; 0 leaves the drawing to other marks.
    """

    x: np.ndarray
    y: np.ndarray
    numbers: np.ndarray
    label: str
    says: str
    colour: Colour
    captions: Sequence[str] = ()
    size: float = 5
    opacity: float = 0.45

    def path(self, x: Axis, y: Axis) -> tuple[str, dict[str, Any]]:
        """Return them as SVG, and as what the browser needs to name the one pointed at."""
        known = np.isfinite(self.x) & np.isfinite(self.y)
        places = _places(x, y, self.x[known], self.y[known])
        shapes = []
        for k in range(_LAYERS):
            own = places[k::_LAYERS]
            # A line of no length with round ends: a dot that stays round.
            text = "M%d %dh0" * len(own) % tuple(own.ravel().tolist())
            shapes.append(f'<path d="{text}"/>' if text else "")
        # In the order of the layers, in which the browser reads them.
        order = np.concatenate([np.flatnonzero(known)[k::_LAYERS] for k in range(_LAYERS)])
        said: dict[str, Any] = {
            "label": self.label,
            "says": self.says,
            "numbers": self.numbers[order].tolist(),
        }
        if self.captions:
            said["captions"] = [self.captions[k] for k in order]
        look = (
            f'stroke="{_css(self.colour)}" stroke-opacity="{self.opacity:g}"'
            if self.size
            else 'stroke="none"'
        )
        group = (
            f'<g data-dots="" fill="none" stroke-width="{self.size:g}" stroke-linecap="round" '
            f"{look}>{''.join(shapes)}</g>"
        )
        return group.replace("<path ", f"<path {_KEPT} "), said


@dataclass(frozen=True)
class Bins:
    """What is said of equal parts of the x axis, from its low end to its high one."""

    says: Sequence[str]


@dataclass(frozen=True)
class Chart:
    """A drawn chart.

    Parameters
    ----------
    svg : content of the plot area's element.
    words : the chart in a sentence, with its numbers, for whoever does not see it.
    margins : top, right, bottom, left, in px.
    x_ends, y_ends : of the axes, by which the browser knows what a dot's place means.
    dots, bins : what is said of them.
    has_links : cells that lead somewhere are reached by key.
    least_width : px of the plot area; in a narrower place it is scrolled sideways.
    beside : SVG left of the plot area, as high as it, that stays where it is then.
    """

    svg: str
    words: str
    margins: tuple[int, int, int, int]
    x_ends: tuple[float, float] = (0.0, 1.0)
    y_ends: tuple[float, float] = (0.0, 1.0)
    dots: list[dict[str, Any]] = field(default_factory=list)
    bins: Sequence[str] = ()
    has_links: bool = False
    least_width: int = 0
    beside: str = ""


def draw(
    x: Axis,
    y: Axis,
    marks: Sequence[str | Dots | Bins],
    *,
    words: str,
    key: Sequence[tuple[str, Colour]] = (),
    stamp: str = "",
) -> Chart:
    """Put marks, lowest first, between two axes.

    Parameters
    ----------
    marks : as the functions below return them for the same axes, and dots.
    words : the chart in a sentence, with its numbers.
    key : what is drawn in which colour, one line each, above the plot.
    stamp : e.g. ``SIMULATED sim01``.
    """
    shapes, said, bins = [], [], Bins(())
    for one in marks:
        if isinstance(one, Dots):
            path, what = one.path(x, y)
            shapes.append(path)
            said.append(what)
        elif isinstance(one, Bins):
            bins = one
        else:
            shapes.append(one)
    return Chart(
        svg="".join(
            [
                _axes(x, y),
                f'<svg width="100%" height="100%" viewBox="0 0 {UNITS} {UNITS}" '
                f'preserveAspectRatio="none" overflow="visible">',
                *(s for s in shapes if not s.startswith("<svg")),
                "</svg>",
                *(s for s in shapes if s.startswith("<svg")),
                _key(key),
                stamped(stamp),
            ]
        ),
        words=words,
        margins=(16 + _LINE_PX * len(key), 10, 40, 48),
        x_ends=(x.low, x.high),
        y_ends=(y.low, y.high),
        dots=said,
        bins=bins.says,
    )


# ---- marks ---------------------------------------------------------------------------------------


def line(
    x: Axis,
    y: Axis,
    xs: np.ndarray | Sequence[float],
    ys: np.ndarray | Sequence[float],
    colour: Colour,
    *,
    width: float = 1.0,
    dots: bool = False,
    opacity: float = 1.0,
) -> str:
    """Join points (n,); where one is unknown the line is broken. ``dots``: a dotted line."""
    known = np.isfinite(np.asarray(xs, float)) & np.isfinite(np.asarray(ys, float))
    parts = []
    for run in np.split(np.arange(len(known)), np.flatnonzero(~known)):
        own = run[known[run]]
        if len(own) > 1:
            places = _places(x, y, np.asarray(xs)[own], np.asarray(ys)[own])
            parts.append("M" + ("L%d %d" * len(own) % tuple(places.ravel().tolist()))[1:])
    return _stroked("".join(parts), colour, width, dots, opacity)


def cross(x: Axis, at: float, colour: Colour, *, dots: bool = False, width: float = 1.0) -> str:
    """Draw an upright line through the whole plot."""
    place = round(float(x.shares([at])[0]) * UNITS)
    return _stroked(f"M{place} 0V{UNITS}", colour, width, dots, 1.0)


def bars(y: Axis, counts: np.ndarray, colour: Colour) -> str:
    """Draw bars (n,) side by side over the whole of x, a little apart, from the foot of y."""
    width, tops = UNITS / len(counts), _down(y, counts)
    text = "".join(
        f"M{(k + 0.04) * width:.0f} {UNITS}V{top}h{0.92 * width:.0f}V{UNITS}z"
        for k, top in enumerate(tops.tolist())
        if top < UNITS
    )
    return f'<path d="{text}" fill="{_css(colour)}" fill-opacity="0.75"/>'


def steps(y: Axis, counts: np.ndarray, colour: Colour) -> str:
    """Draw the outline of bars (n,) over the whole of x."""
    width, tops = UNITS / len(counts), _down(y, counts).tolist()
    text = "".join(f"V{top}H{(k + 1) * width:.0f}" for k, top in enumerate(tops))
    shade = _css(colour)
    return (
        f'<path d="M0 {UNITS}{text}V{UNITS}" {_KEPT} fill="{shade}" fill-opacity="0.1" '
        f'stroke="{shade}" stroke-width="1.8"/>'
    )


def mark(x: Axis, y: Axis, at: tuple[float, float], colour: Colour, says: str) -> str:
    """Draw one dot apart from the others, which says what it is."""
    said = escape(says).replace("\n", "&#10;")  # XML would make a blank of it
    return (
        f'<svg x="{_percent(x.shares(at[:1])[0])}" y="{_percent(1 - y.shares(at[1:])[0])}" '
        f'overflow="visible"><circle r="5.5" fill="{_css(colour)}" data-says="{said}"/>'
        "</svg>"
    )


def note(x: Axis, at: float, lines: Sequence[str], colour: Colour) -> str:
    """Write beside an upright line, on the side with more room."""
    share = float(x.shares([at])[0])
    aside, anchor = (-5, "end") if share > 0.5 else (5, "start")
    words = "".join(
        f'<text x="{aside}" y="{10 + 13 * k}" text-anchor="{anchor}" fill="{_css(colour)}">'
        f"{escape(one)}</text>"
        for k, one in enumerate(lines)
    )
    return f'<svg x="{_percent(share)}" y="0" overflow="visible">{words}</svg>'


def stamped(stamp: str, *, below: bool = False) -> str:
    """Write the stamp at the plot's upper or lower right corner."""
    if not stamp:
        return ""
    y, dy = ("100%", 12) if below else ("0", -4)
    return (
        f'<svg x="100%" y="{y}" overflow="visible"><text y="{dy}" text-anchor="end" '
        f'font-size="9" opacity="0.7">{escape(stamp)}</text></svg>'
    )


# ---- parts ---------------------------------------------------------------------------------------


def _axes(x: Axis, y: Axis) -> str:
    ticks = [
        f'<svg x="{_percent(share)}" y="100%" overflow="visible"><path d="M0 0v4" '
        f'stroke="currentColor" stroke-opacity="0.5"/><text y="16" text-anchor="middle">{text}'
        "</text></svg>"
        for share, text in _ticks(x)
    ]
    ticks += [
        f'<svg x="0" y="{_percent(1 - share)}" overflow="visible"><path d="M0 0h-4" '
        f'stroke="currentColor" stroke-opacity="0.5"/><text x="-7" y="4" text-anchor="end">{text}'
        "</text></svg>"
        for share, text in _ticks(y)
    ]
    return (
        '<g stroke="currentColor" stroke-opacity="0.5"><line x2="100%" y1="100%" y2="100%"/>'
        f'<line y2="100%"/></g>{"".join(ticks)}'
        '<svg x="50%" y="100%" overflow="visible"><text y="33" text-anchor="middle">'
        f"{escape(x.title)}</text></svg>"
        '<svg x="0" y="50%" overflow="visible"><text y="-36" text-anchor="middle" '
        f'transform="rotate(-90)">{escape(y.title)}</text></svg>'
    )


def _ticks(axis: Axis) -> list[tuple[float, str]]:
    ticks = axis.ticks()
    shares = axis.shares([value for value, _ in ticks])
    return [(share, text) for share, (_, text) in zip(shares.tolist(), ticks, strict=True)]


def _key(entries: Sequence[tuple[str, Colour]]) -> str:
    lines = []
    for k, (words, colour) in enumerate(entries):
        up = -8 - _LINE_PX * (len(entries) - k - 1)
        lines.append(
            f'<path d="M0 {up - 4}h14" stroke="{_css(colour)}" stroke-width="2.5"/>'
            f'<text x="20" y="{up}">{escape(words)}</text>'
        )
    return "".join(lines)


def _stroked(text: str, colour: Colour, width: float, dots: bool, opacity: float) -> str:
    dash = ' stroke-dasharray="1.5 3"' if dots else ""
    return (
        f'<path d="{text}" {_KEPT} fill="none" stroke="{_css(colour)}" '
        f'stroke-width="{width:g}" stroke-opacity="{opacity:g}"{dash}/>'
    )


def _places(x: Axis, y: Axis, xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
    """Return (n, 2) int places in the square."""
    both = np.stack([x.shares(xs), 1 - y.shares(ys)], axis=1)
    return np.rint(both * UNITS).astype(int)


def _down(y: Axis, values: np.ndarray) -> np.ndarray:
    return np.rint((1 - y.shares(values)) * UNITS).astype(int)


def _percent(share: float) -> str:
    return f"{100 * float(share):.4g}%"


def _css(colour: Colour) -> str:
    return f"light-dark({colour[0]},{colour[1]})"


def _number(value: float, digits: int) -> str:
    text = f"{value:,.{digits}f}"
    return text.replace("-", "\u2212") if float(text.replace(",", "")) else text.lstrip("-")
