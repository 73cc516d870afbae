"""Charts of two axes as SVG: made on the server, as wide as their place, with what a dot says."""

from cortiscope.svg_chart.component import FRONTEND, svg_chart
from cortiscope.svg_chart.drawing import (
    Axis,
    Bins,
    Chart,
    Colour,
    Dots,
    bars,
    cross,
    draw,
    line,
    mark,
    note,
    stamped,
    steps,
)

__all__ = [
    "FRONTEND",
    "Axis",
    "Bins",
    "Chart",
    "Colour",
    "Dots",
    "bars",
    "cross",
    "draw",
    "line",
    "mark",
    "note",
    "stamped",
    "steps",
    "svg_chart",
]
