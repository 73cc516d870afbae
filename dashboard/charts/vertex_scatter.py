"""Two models' scores against each other, one dot per vertex."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cortiscope.charts.style import QUIET, as_written, layout, packed
from cortiscope.roi_chart import Shades

# Beyond this many dots SVG gets slow.
_MOST_SVG = 6000


@dataclass(frozen=True)
class DotGroup:
    """Vertices drawn in one colour.

    Parameters
    ----------
    positions : (n,) in arrays over both hemispheres.
    """

    title: str
    colour: Shades
    positions: np.ndarray


def a_against_b(
    a: np.ndarray,
    b: np.ndarray,
    groups: Sequence[DotGroup],
    *,
    names: Sequence[str],
    titles: Sequence[str],
    letters: Sequence[str] = ("A", "B"),
    ends: tuple[float, float],
    label: str = "r",
    tick: float = 0.2,
    stamp: str = "",
    theme: str,
) -> dict[str, Any]:
    """Draw A upward against B, with the line on which they are equal.

    Parameters
    ----------
    a, b : (n_vertices,) scores; dots without both are left out.
    groups : one trace each, in drawing order; every dot carries its position as ``customdata``.
    names : (n_vertices,) words for the tooltip.
    titles, letters : of A and B.
    ends : of both axes.
    label : what the scores are.
    tick : distance of the ticks.
    """
    many = sum(len(g.positions) for g in groups) > _MOST_SVG
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "x": list(ends),
            "y": list(ends),
            "line": {"color": getattr(QUIET, theme), "width": 1, "dash": "dot"},
            "hoverinfo": "skip",
            "showlegend": False,
        }
    ]
    for group in groups:
        own = group.positions[np.isfinite(a[group.positions]) & np.isfinite(b[group.positions])]
        traces.append(
            {
                "type": "scattergl" if many else "scatter",
                "mode": "markers",
                "name": as_written(group.title),
                "x": packed(b[own].astype(np.float32)),
                "y": packed(a[own].astype(np.float32)),
                "customdata": own.tolist(),
                "text": [as_written(names[k]) for k in own],
                "marker": {
                    "size": 4,
                    "color": getattr(group.colour, theme),
                    "opacity": 0.6,
                },
                "unselected": {"marker": {"opacity": 0.12}},
                "selected": {"marker": {"opacity": 0.9}},
                "hovertemplate": f"%{{text}}<br>{letters[0]} {label} %{{y:.2f}}, "
                f"{letters[1]} {label} %{{x:.2f}}<extra></extra>",
            }
        )
    (title_a, title_b), (a_named, b_named) = titles, letters[:2]
    axis = {"range": list(ends), "dtick": tick, "tickformat": ".1f" if tick < 1 else ".0f"}
    return {
        "data": traces,
        "layout": layout(
            stamp,
            theme,
            xaxis={**axis, "title": {"text": f"{label} of {b_named}: {as_written(title_b)}"}},
            yaxis={**axis, "title": {"text": f"{label} of {a_named}: {as_written(title_a)}"}},
            dragmode="lasso",
            showlegend=True,
            legend={
                "orientation": "h",
                "x": 0,
                "y": 1.02,
                "xanchor": "left",
                "yanchor": "bottom",
                "itemsizing": "constant",
                "entrywidth": 68,
                "font": {"size": 11},
            },
        ),
    }
