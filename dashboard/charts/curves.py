"""A statistic that is a curve for each ROI: identification by set size, r by training images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cortiscope.charts.style import MEASURED, PREDICTED, QUIET, as_written, layout

# What guessing gives is drawn as what it is: no finding.
_CHANCE = "chance"


def curves(
    curve: Mapping[str, Any], others: Mapping[str, Mapping[str, Any]], *, stamp: str, theme: str
) -> dict[str, Any]:
    """Draw the curves of everything, and of places beside them.

    Parameters
    ----------
    curve : the first list is x; each further one is a curve over it. What is no list is left out.
    others : words of a place -> its curves, over the same x.
    """
    x_name, *names = [name for name, values in curve.items() if isinstance(values, list)]
    traces = []
    for dash, (where, own) in zip(
        ("solid", "dash", "dot"), {"everything": curve, **others}.items(), strict=False
    ):
        colour = MEASURED[theme] if own is curve else PREDICTED[theme]
        for name in names:
            if name == _CHANCE and own is not curve:
                continue
            quiet = name == _CHANCE
            words = _CHANCE if quiet else f"{_words(name)}, {where}"
            traces.append(_line(own[x_name], own[name], words, QUIET[theme] if quiet else colour))
            traces[-1]["line"]["dash"] = "dot" if quiet else dash
    figure = layout(
        stamp,
        theme,
        xaxis={"title": {"text": as_written(_words(x_name))}, "type": "log"},
        yaxis={"title": {"text": as_written(_words(names[0]))}, "rangemode": "tozero"},
    )
    return {
        "data": traces,
        "layout": {**figure, "showlegend": True, "legend": {"orientation": "h", "y": 1.15}},
    }


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


def _words(name: str) -> str:
    return {"n_train": "training images"}.get(name, name.replace("_", " "))
