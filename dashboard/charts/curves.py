"""A statistic that is a curve for each ROI: identification by set size, a training over epochs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from cortiscope.charts.style import MEASURED, PREDICTED, QUIET, as_written, layout

# What guessing gives is drawn as what it is: no finding.
_CHANCE = "chance"
# x of which every step counts as much as the first.
_EVEN = ("epoch",)
_GAP = 0.08
ENDS = ("low", "high")
"""Names of the ends of a 95 % interval about the curve before them, which are drawn as a band."""


def curves(
    curve: Mapping[str, Any] | None,
    others: Mapping[str, Mapping[str, Any]],
    *,
    stamp: str,
    theme: str,
) -> dict[str, Any]:
    """Draw the curves of everything, and of places beside them.

    Parameters
    ----------
    curve : the first list is x; each further one is a curve over it. What is no list is left out,
        but for ``kept_X``, a place on the axis X that is marked. Curves that end in the same word
        as another (train and validation *loss*) get a panel for each such word. None where there
        are curves of places alone.
    others : words of a place -> its curves.
    """
    drawn = {**({} if curve is None else {"everything": curve}), **others}
    first = next(iter(drawn.values()))
    lists = [name for name, values in first.items() if isinstance(values, list)]
    x_name, *names = [name for name in lists if name not in ENDS]
    panels = _panels(names)
    traces, marks = [], []
    for dash, (where, own) in zip(("solid", "dash", "dot"), drawn.items(), strict=False):
        colour = getattr(MEASURED if own is curve else PREDICTED, theme)
        for name in names:
            if name == _CHANCE and own is not first:
                continue
            quiet = name == _CHANCE or name.startswith("train_")
            words = _CHANCE if name == _CHANCE else f"{_words(name)}, {where}"
            shade = getattr(QUIET, theme) if quiet else colour
            line = _line(own[x_name], own[name], words, shade)
            line["line"]["dash"] = "dot" if name == _CHANCE else dash
            line["yaxis"] = f"y{panels[name] or ''}"
            traces.append(line)
        if ENDS[0] in own:
            traces.insert(0, _band(own[x_name], own["low"], own["high"], colour))
        kept = own.get(f"kept_{x_name}")
        if kept is not None:
            marks.append(_mark(kept, colour))
    figure = layout(
        stamp,
        theme,
        xaxis={
            "title": {"text": as_written(_words(x_name))},
            "type": "linear" if x_name in _EVEN else "log",
            "anchor": f"y{max(panels.values()) or ''}",
        },
        shapes=marks,
    )
    return {
        "data": traces,
        "layout": {
            **figure,
            **_axes(panels, figure["yaxis"]),
            "showlegend": True,
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom"},
        },
    }


def _panels(names: Sequence[str]) -> dict[str, int]:
    """Return the number of each curve's axis: 0 for the first, 2 for the second, as Plotly does."""
    of_word = Counter(name.rpartition("_")[2] for name in names)
    if min(of_word.values()) == 1:
        return dict.fromkeys(names, 0)
    number = {word: k + (k > 0) for k, word in enumerate(of_word)}
    return {name: number[name.rpartition("_")[2]] for name in names}


def _axes(panels: Mapping[str, int], axis: Mapping[str, Any]) -> dict[str, Any]:
    """Put the panels below each other, the first on top."""
    rows = list(dict.fromkeys(panels.values()))
    height = (1 - _GAP * (len(rows) - 1)) / len(rows)
    found = {}
    for k, number in enumerate(rows):
        bottom = (len(rows) - 1 - k) * (height + _GAP)
        name = next(name for name, row in panels.items() if row == number)
        words = _words(name) if len(rows) == 1 else name.rpartition("_")[2]
        found[f"yaxis{number or ''}"] = {
            **axis,
            "title": {"text": as_written(words)},
            # An r may be below 0, a loss begins far above it.
            "rangemode": "tozero" if len(rows) == 1 else "normal",
            "domain": [bottom, bottom + height],
        }
    return found


def _mark(x: float, colour: str) -> dict[str, Any]:
    line = {"color": colour, "width": 1, "dash": "dot"}
    return {"type": "line", "x0": x, "x1": x, "yref": "paper", "y0": 0, "y1": 1, "line": line}


def _line(x: Sequence[float], y: Sequence[float | None], words: str, colour: str) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": list(x),
        "y": list(y),
        "name": as_written(words),
        "line": {"color": colour, "width": 2},
        "hovertemplate": f"%{{x}}: %{{y:.3f}}<extra>{as_written(words)}</extra>",
    }


def _band(
    x: Sequence[float],
    low: Sequence[float | None],
    high: Sequence[float | None],
    colour: str,
) -> dict[str, Any]:
    known = [own for own in zip(x, low, high, strict=True) if None not in own]
    return {
        "type": "scatter",
        "mode": "lines",
        "x": [own[0] for own in (*known, *reversed(known))],
        "y": [*(own[1] for own in known), *(own[2] for own in reversed(known))],
        "fill": "toself",
        "fillcolor": colour,
        "opacity": 0.15,
        "line": {"width": 0, "color": colour},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _words(name: str) -> str:
    return {"n_train": "training images"}.get(name, name.replace("_", " "))
