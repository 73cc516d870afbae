"""The responses of one vertex to all images of a split, in the order of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from cortiscope.charts.theme import MEASURED, PREDICTED, QUIET, as_written, layout, packed, theme
from cortiscope.core.datasets.conventions import Conventions

# Beyond this many dots SVG gets slow.
_MOST_SVG = 2000


def response_series(
    responses: np.ndarray,
    *,
    split: str,
    marked: int | None,
    captions: Sequence[str] = (),
    facts: Conventions,
    stamp: str = "",
) -> dict[str, Any]:
    """Draw one dot per image, joined in row order; mean and the image on screen are marked.

    Parameters
    ----------
    responses : (n_images,), in units that ``facts`` knows or not.
    split : ``train`` or ``test``, for names of images.
    marked : row of the image on screen, or None.
    captions : one per image, for the tooltip; or none.
    """
    shade, value = theme(), escape(facts.with_unit("%{y:.2f}"))
    n = len(responses)
    numbers = np.arange(1, n + 1)
    many = n > _MOST_SVG
    mean = float(np.nanmean(responses)) if np.isfinite(responses).any() else 0.0
    dots: dict[str, Any] = {
        "type": "scattergl" if many else "scatter",
        "mode": "markers" if many else "lines+markers",
        "x": packed(numbers),
        "y": packed(responses.astype(np.float32)),
        "line": {"color": QUIET[shade], "width": 0.6},
        "marker": {"size": 3 if many else 4, "color": MEASURED[shade], "opacity": 0.55},
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
                "marker": {"size": 11, "color": PREDICTED[shade]},
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
        "line": {"color": QUIET[shade], "width": 1, "dash": "dot"},
    }
    return {
        "data": traces,
        "layout": layout(
            stamp,
            shapes=[line],
            xaxis={"title": {"text": f"{split} image"}, "range": [-0.01 * n, 1.01 * n + 1]},
            yaxis={"title": {"text": facts.label("measured")}, "nticks": 5},
            clickmode="event+select",
            dragmode=False,
        ),
    }
