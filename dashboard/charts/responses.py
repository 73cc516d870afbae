"""Responses over images: predicted against measured, both in a row, one vertex's alone."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from cortiscope.charts.style import MEASURED, PREDICTED, QUIET, as_written, layout, packed
from cortiscope.core.datasets.conventions import Conventions

#: The trace of ``predicted_against_measured`` that holds a dot for each image.
DOTS = 1

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
    theme: str,
    choice: bool = False,
) -> dict[str, Any]:
    """Draw one dot per image (or voxel), the identity line, and the one on screen.

    Parameters
    ----------
    measured, predicted : (n,) responses, in units that ``facts`` knows or not.
    numbers, label : (n,) and what stands before them, for the tooltip: ``test-`` and 1 to n.
    marked : which one is on screen, or None.
    choice : a click at a dot chooses it; those of trace ``DOTS`` are in the order given.
    """
    both = np.concatenate([measured, predicted])
    both = both[np.isfinite(both)]
    faded = {"marker": {"opacity": 0.45}}
    ends = [float(both.min()), float(both.max())] if len(both) else [-1.0, 1.0]
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": ends,
            "y": ends,
            "line": {"color": QUIET[theme], "width": 1, "dash": "dot"},
            "hoverinfo": "skip",
        },
        {
            "type": "scattergl" if len(measured) > _MOST_SVG else "scatter",
            "mode": "markers",
            "x": packed(measured),
            "y": packed(predicted),
            "customdata": packed(numbers),
            "marker": {"size": 5, "color": MEASURED[theme], "opacity": 0.45},
            # A dot stands for its image: choosing one must not fade the others.
            **({"selected": faded, "unselected": faded} if choice else {}),
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
                "marker": {"size": 11, "color": PREDICTED[theme], "line": {"width": 0}},
                "hovertemplate": f"{label}{numbers[marked]}, on screen<br>"
                "measured %{x:.2f}<br>predicted %{y:.2f}<extra></extra>",
            }
        )
    return {
        "data": traces,
        "layout": layout(
            stamp,
            theme,
            xaxis={"title": {"text": facts.label("measured")}},
            yaxis={"title": {"text": facts.label("predicted")}},
            **({"clickmode": "event+select", "dragmode": False} if choice else {}),
        ),
    }


def measured_and_predicted(
    measured: np.ndarray,
    predicted: np.ndarray,
    *,
    numbers: np.ndarray,
    label: str,
    facts: Conventions,
    stamp: str = "",
    theme: str,
) -> dict[str, Any]:
    """Draw both as lines over the images, in the order of their rows.

    Parameters
    ----------
    measured, predicted : (n_images,), in units that ``facts`` knows or not.
    numbers, label : (n_images,) and what stands before them, for the tooltip.
    """
    value = escape(facts.with_unit("%{y:.2f}"))
    places = np.arange(1, len(measured) + 1)
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": packed(places),
            "y": packed(values),
            "customdata": packed(numbers),
            "line": {"color": colour[theme], "width": 1.2},
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
            theme,
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


# The same where they are joined by lines.
_MOST_JOINED = 2000


def response_series(
    responses: np.ndarray,
    *,
    split: str,
    marked: int | None,
    captions: Sequence[str] = (),
    facts: Conventions,
    stamp: str = "",
    theme: str,
) -> dict[str, Any]:
    """Draw one dot per image, joined in row order; mean and the image on screen are marked.

    Parameters
    ----------
    responses : (n_images,), in units that ``facts`` knows or not.
    split : ``train`` or ``test``, for names of images.
    marked : row of the image on screen, or None.
    captions : one per image, for the tooltip; or none.
    """
    value = escape(facts.with_unit("%{y:.2f}"))
    n = len(responses)
    numbers = np.arange(1, n + 1)
    many = n > _MOST_JOINED
    mean = float(np.nanmean(responses)) if np.isfinite(responses).any() else 0.0
    dots: dict[str, Any] = {
        "type": "scattergl" if many else "scatter",
        "mode": "markers" if many else "lines+markers",
        "x": packed(numbers),
        "y": packed(responses.astype(np.float32)),
        "line": {"color": QUIET[theme], "width": 0.6},
        "marker": {"size": 3 if many else 4, "color": MEASURED[theme], "opacity": 0.55},
        # A dot stands for its image: choosing one must not fade the others.
        "selected": {"marker": {"opacity": 0.55}},
        "unselected": {"marker": {"opacity": 0.55}},
        "hovertemplate": f"{split}-%{{x}}: {value}<extra></extra>",
    }
    if captions and not many:
        dots["text"] = [as_written(caption) for caption in captions]
        dots["hovertemplate"] = f"{split}-%{{x}}: {value}<br>%{{text}}<extra></extra>"
    traces = [dots]
    if marked is not None and np.isfinite(responses[marked]):
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "x": [marked + 1],
                "y": [round(float(responses[marked]), 3)],
                "marker": {"size": 11, "color": PREDICTED[theme]},
                "hovertemplate": f"image on screen: {value}<extra></extra>",
            }
        )
    line = {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": mean,
        "y1": mean,
        "line": {"color": QUIET[theme], "width": 1, "dash": "dot"},
    }
    return {
        "data": traces,
        "layout": layout(
            stamp,
            theme,
            shapes=[line],
            xaxis={"title": {"text": f"{split} image"}, "range": [-0.01 * n, 1.01 * n + 1]},
            yaxis={"title": {"text": facts.label("measured")}, "nticks": 5},
            clickmode="event+select",
            dragmode=False,
        ),
    }
