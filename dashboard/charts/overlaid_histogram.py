"""Two or more distributions over the same vertices, voxels or images, as outlines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cortiscope.charts.theme import as_written, layout, signed


@dataclass(frozen=True)
class Distribution:
    """One outline.

    Parameters
    ----------
    title : in the key, where its median is added.
    values : any shape; NaN is left out.
    colour : ``#rrggbb``.
    """

    title: str
    values: np.ndarray
    colour: str


def overlaid_histogram(
    shown: Sequence[Distribution],
    *,
    low: float,
    high: float,
    width: float,
    label: str,
    unit: str,
    stamp: str = "",
) -> dict[str, Any]:
    """Draw the outlines on common bins, each with its median in the key.

    Parameters
    ----------
    low, high : ends of the axis; values beyond it are counted in the outermost bins.
    width : of a bin.
    label : of the axis, with its unit.
    unit : what is counted, in the plural.
    """
    edges = np.arange(round((high - low) / width) + 1) * width + low
    middles = [float(f"{m:.6g}") for m in (edges[:-1] + edges[1:]) / 2]
    traces, marks = [], []
    highest = 1
    for one in shown:
        defined = one.values[np.isfinite(one.values)]
        counts, _ = np.histogram(np.clip(defined, low, high), edges)
        highest = max(highest, int(counts.max()))
        median = f" · median {signed(np.median(defined))}" if len(defined) else ""
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": f"{as_written(one.title)}{median}",
                "x": middles,
                "y": counts.tolist(),
                "line": {"color": one.colour, "width": 1.8, "shape": "hvh"},
                "fill": "tozeroy",
                "fillcolor": f"rgba({_rgb(one.colour)},0.10)",
                "hovertemplate": f"{as_written(one.title)}: %{{y}} {unit} at %{{x}}<extra></extra>",
            }
        )
        if len(defined):
            place = float(np.median(defined))
            marks.append(
                {
                    "type": "line",
                    "x0": place,
                    "x1": place,
                    "yref": "paper",
                    "y0": 0,
                    "y1": 0.92,
                    "line": {"color": one.colour, "width": 1, "dash": "dot"},
                }
            )
    return {
        "data": traces,
        "layout": layout(
            stamp,
            shapes=marks,
            showlegend=True,
            legend={
                "orientation": "h",
                "x": 0,
                "y": 1.02,
                "xanchor": "left",
                "yanchor": "bottom",
                "font": {"size": 11},
            },
            margin={"l": 46, "r": 10, "t": 34, "b": 40},
            xaxis={"title": {"text": label}, "range": [low, high]},
            yaxis={"title": {"text": unit}, "nticks": 4, "range": [0, 1.12 * highest]},
        ),
    }


def _rgb(colour: str) -> str:
    return ",".join(str(int(colour[k : k + 2], 16)) for k in (1, 3, 5))
