"""Predicted against measured responses, over images or over voxels."""

from __future__ import annotations

from typing import Any

import numpy as np

from cortiscope.charts.theme import MEASURED, PREDICTED, QUIET, layout, packed, theme
from cortiscope.core.datasets.conventions import Conventions

# Beyond this many dots SVG gets slow.
_MOST_SVG = 4000


def predicted_against_measured(
    measured: np.ndarray,
    predicted: np.ndarray,
    *,
    numbers: np.ndarray,
    label: str,
    marked: int | None,
    facts: Conventions,
    stamp: str = "",
) -> dict[str, Any]:
    """Draw one dot per image (or voxel), the identity line, and the one on screen.

    Parameters
    ----------
    measured, predicted : (n,) responses, in units that ``facts`` knows or not.
    numbers, label : (n,) and what stands before them, for the tooltip: ``test-`` and 1 to n.
    marked : which one is on screen, or None.
    """
    shade = theme()
    both = np.concatenate([measured, predicted])
    both = both[np.isfinite(both)]
    ends = [float(both.min()), float(both.max())] if len(both) else [-1.0, 1.0]
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": ends,
            "y": ends,
            "line": {"color": QUIET[shade], "width": 1, "dash": "dot"},
            "hoverinfo": "skip",
        },
        {
            "type": "scattergl" if len(measured) > _MOST_SVG else "scatter",
            "mode": "markers",
            "x": packed(measured),
            "y": packed(predicted),
            "customdata": packed(numbers),
            "marker": {"size": 5, "color": MEASURED[shade], "opacity": 0.45},
            "hovertemplate": f"{label}%{{customdata}}<br>"
            "measured %{x:.2f}<br>predicted %{y:.2f}<extra></extra>",
        },
    ]
    if marked is not None:
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [round(float(measured[marked]), 3)],
                "y": [round(float(predicted[marked]), 3)],
                "marker": {"size": 11, "color": PREDICTED[shade], "line": {"width": 0}},
                "hovertemplate": f"{label}{numbers[marked]}, on screen<br>"
                "measured %{x:.2f}<br>predicted %{y:.2f}<extra></extra>",
            }
        )
    return {
        "data": traces,
        "layout": layout(
            stamp,
            xaxis={"title": {"text": facts.label("measured")}},
            yaxis={"title": {"text": facts.label("predicted")}},
        ),
    }
