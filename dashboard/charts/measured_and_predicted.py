"""Measured and predicted responses of one place, image by image."""

from __future__ import annotations

from typing import Any

import numpy as np

from dashboard.charts.theme import MEASURED, PREDICTED, layout, packed, theme


def measured_and_predicted(
    measured: np.ndarray,
    predicted: np.ndarray,
    *,
    numbers: np.ndarray,
    label: str,
    stamp: str = "",
) -> dict[str, Any]:
    """Draw both as lines over the images, in the order of their rows.

    Parameters
    ----------
    measured, predicted : (n_images,) in z.
    numbers, label : (n_images,) and what stands before them, for the tooltip.
    """
    shade = theme()
    places = np.arange(1, len(measured) + 1)
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": packed(places),
            "y": packed(values),
            "customdata": packed(numbers),
            "line": {"color": colour[shade], "width": 1.2},
            "opacity": 0.9,
            "hovertemplate": f"{label}%{{customdata}}: {name} %{{y:.2f}} z<extra></extra>",
        }
        for name, values, colour in (
            ("measured", measured, MEASURED),
            ("predicted", predicted, PREDICTED),
        )
    ]
    return {
        "data": traces,
        "layout": layout(
            stamp,
            showlegend=True,
            legend={
                "orientation": "h",
                "x": 0,
                "y": 1.0,
                "xanchor": "left",
                "yanchor": "bottom",
                "font": {"size": 11},
            },
            margin={"l": 46, "r": 10, "t": 26, "b": 40},
            xaxis={"title": {"text": "images, in row order"}},
            yaxis={"title": {"text": "response (z)"}, "nticks": 5},
        ),
    }
