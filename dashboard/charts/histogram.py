"""How numbers are distributed over vertices, voxels or images: one histogram, or several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cortiscope.charts.style import MEASURED, QUIET, as_written, layout
from cortiscope.markup import signed


def vertex_histogram(
    values: np.ndarray,
    *,
    low: float,
    high: float,
    width: float,
    label: str,
    stamp: str = "",
    theme: str,
    unit: str = "vertices",
) -> dict[str, Any]:
    """Count vertices in bins, and mark the median.

    Parameters
    ----------
    values : (n_vertices,); NaN is left out.
    low, high : ends of the axis; values beyond it are counted in the outermost bins.
    width : of a bin.
    label : of the axis, with its unit.
    unit : what is counted, in the plural.
    """
    defined = values[np.isfinite(values)]
    edges = np.arange(round((high - low) / width) + 1) * width + low
    counts, _ = np.histogram(np.clip(defined, low, high), edges)
    middles = (edges[:-1] + edges[1:]) / 2
    shapes, notes = [], []
    if len(defined):
        median = float(np.median(defined))
        shapes.append(
            {
                "type": "line",
                "x0": median,
                "x1": median,
                "yref": "paper",
                "y0": 0,
                "y1": 1,
                "line": {"color": MEASURED[theme], "width": 1.5},
            }
        )
        right = median > (low + high) / 2
        notes.append(
            {
                "text": f"median {median:.3g}<br>n {len(defined):,}",
                "x": median,
                "yref": "paper",
                "y": 1,
                "xanchor": "right" if right else "left",
                "align": "right" if right else "left",
                "xshift": -5 if right else 5,
                "yanchor": "top",
                "showarrow": False,
                "font": {"size": 11, "color": MEASURED[theme]},
            }
        )
    bars = {
        "type": "bar",
        "x": [float(f"{m:.6g}") for m in middles],
        "y": counts.tolist(),
        "width": width * 0.92,
        "marker": {"color": QUIET[theme], "opacity": 0.75},
        "customdata": [
            [f"{a:.3g}", f"{b:.3g}"] for a, b in zip(edges[:-1], edges[1:], strict=True)
        ],
        "hovertemplate": f"%{{y}} {unit}<br>"
        "%{customdata[0]} to %{customdata[1]}<extra></extra>",
    }
    return {
        "data": [bars],
        "layout": layout(
            stamp,
            theme,
            annotations=notes,
            shapes=shapes,
            xaxis={"title": {"text": label}, "range": [low, high]},
            # Room above the highest bar for the median's label.
            yaxis={
                "title": {"text": unit},
                "nticks": 4,
                "range": [0, 1.45 * max(1, int(counts.max()))],
            },
            bargap=0,
        ),
    }


def round_bins(values: np.ndarray, n_bins: int = 50) -> tuple[float, float, float]:
    """Return low end, high end and width of round bins for all finite values.

    Values farther than ten interquartile ranges from the middle half do not stretch them.

    Parameters
    ----------
    values : any shape.
    n_bins : about how many.
    """
    finite = values[np.isfinite(values)].astype(float)
    if not len(finite):
        return 0.0, 1.0, 0.1
    first, third = np.quantile(finite, [0.25, 0.75])
    reach = 10 * (third - first) or np.inf
    low = float(max(finite.min(), first - reach))
    high = float(min(finite.max(), third + reach))
    raw = max((high - low) / n_bins, 1e-6 * max(abs(low), abs(high), 1e-3))
    power = 10.0 ** np.floor(np.log10(raw))
    width = float(power * min(f for f in (1, 2, 2.5, 5, 10) if f * power >= raw * 0.999))
    start, stop = np.floor(low / width), np.ceil(high / width)
    return float(start * width), float(max(stop, start + 1) * width), width


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
    theme: str,
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
            theme,
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
