"""Predicted against measured responses over held-out images."""

from __future__ import annotations

from typing import Any

import numpy as np

from dashboard.charts.theme import MEASURED, PREDICTED, QUIET, layout, packed, theme


def predicted_against_measured(
    measured: np.ndarray,
    predicted: np.ndarray,
    *,
    marked: int | None,
    stamp: str = "",
) -> dict[str, Any]:
    """Draw one dot per image, the identity line, and the image on screen.

    Parameters
    ----------
    measured, predicted : (n_images,) responses in z.
    marked : row of the image on screen, or None.
    """
    shade = theme()
    ends = [
        float(min(measured.min(), predicted.min())),
        float(max(measured.max(), predicted.max())),
    ]
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
            "type": "scatter",
            "mode": "markers",
            "x": packed(measured),
            "y": packed(predicted),
            "customdata": packed(np.arange(1, len(measured) + 1)),
            "marker": {"size": 5, "color": MEASURED[shade], "opacity": 0.45},
            "hovertemplate": "test-%{customdata}<br>measured %{x:.2f}<br>"
            "predicted %{y:.2f}<extra></extra>",
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
                "hovertemplate": "image on screen<br>measured %{x:.2f}<br>predicted %{y:.2f}"
                "<extra></extra>",
            }
        )
    return {
        "data": traces,
        "layout": layout(
            stamp,
            xaxis={"title": {"text": "measured (z)"}},
            yaxis={"title": {"text": "predicted (z)"}},
        ),
    }
