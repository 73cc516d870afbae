"""Predicted against measured responses over held-out images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dashboard.charts.theme import MEASURED, PREDICTED, QUIET, layout, theme


def predicted_against_measured(
    measured: np.ndarray,
    predicted: np.ndarray,
    *,
    marked: int | None,
    captions: Sequence[str],
    stamp: str = "",
) -> dict[str, Any]:
    """Draw one dot per image, the identity line, and the image on screen.

    Parameters
    ----------
    measured, predicted : (n_images,) responses in z.
    marked : row of the image on screen, or None.
    captions : (n_images,) names shown on hover.
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
            "x": np.round(measured, 3).tolist(),
            "y": np.round(predicted, 3).tolist(),
            "text": list(captions),
            "marker": {"size": 5, "color": MEASURED[shade], "opacity": 0.45},
            "hovertemplate": "%{text}<br>measured %{x:.2f}<br>predicted %{y:.2f}<extra></extra>",
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
