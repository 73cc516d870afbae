"""Measured and predicted responses of one place, image by image."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

from cortiscope.charts.theme import MEASURED, PREDICTED, layout, packed, theme
from cortiscope.core.datasets.conventions import Conventions


def measured_and_predicted(
    measured: np.ndarray,
    predicted: np.ndarray,
    *,
    numbers: np.ndarray,
    label: str,
    facts: Conventions,
    stamp: str = "",
) -> dict[str, Any]:
    """Draw both as lines over the images, in the order of their rows.

    Parameters
    ----------
    measured, predicted : (n_images,), in units that ``facts`` knows or not.
    numbers, label : (n_images,) and what stands before them, for the tooltip.
    """
    shade, value = theme(), escape(facts.with_unit("%{y:.2f}"))
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
            "hovertemplate": f"{label}%{{customdata}}: {name} {value}<extra></extra>",
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
            yaxis={"title": {"text": facts.label("response")}, "nticks": 5},
        ),
    }
