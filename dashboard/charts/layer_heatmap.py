"""Which layer predicts which ROI best: one cell per layer and ROI."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cortiscope.charts.style import QUIET, as_written, layout
from cortiscope.cortex_view import colour_table
from cortiscope.markup import signed
from cortiscope.roi_chart import MODEL_COLOURS


@dataclass(frozen=True)
class LayerColumn:
    """One column of the heatmap.

    Parameters
    ----------
    block : which model's backbone: ``a`` or ``b``.
    layer : name of the layer, or how many there are where several are joined.
    key : name of the run behind it, which a click selects.
    shown_as : ``a`` or ``b`` where this layer is the one being compared, else empty.
    values : (n_rois,) scores; NaN where a ROI has none.
    """

    block: str
    layer: str
    key: str
    shown_as: str
    values: np.ndarray


def layer_by_roi(
    rois: Sequence[str],
    columns: Sequence[LayerColumn],
    titles: dict[str, str],
    *,
    high: float,
    stamp: str = "",
    theme: str,
) -> dict[str, Any]:
    """Draw ROIs downward in visual order and layers to the right, A's block before B's.

    Parameters
    ----------
    titles : of the blocks, after their letters.
    high : top of the colour scale, which starts at 0.
    """
    table = colour_table("sequential", theme)
    places = _places(columns)
    values = np.stack([c.values for c in columns], axis=1).astype(float)
    best = _best_per_block(values, columns)
    cells: dict[str, Any] = {
        "type": "heatmap",
        "x": places,
        "y": list(range(len(rois))),
        "z": [[None if np.isnan(v) else round(float(v), 3) for v in row] for row in values],
        "zmin": 0,
        "zmax": high,
        "colorscale": [
            [k / 16, "rgb({},{},{})".format(*table[round(k * 255 / 16)])] for k in range(17)
        ],
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
        "hoverinfo": "skip",
    }
    # Plotly selects dots, not cells: these carry the numbers and take the clicks.
    xs, ys, words, hover, keys, ink = [], [], [], [], [], []
    for i, roi in enumerate(rois):
        for j, column in enumerate(columns):
            if np.isnan(values[i, j]):
                continue
            xs.append(places[j])
            ys.append(i)
            number = signed(values[i, j]).replace("0.", ".", 1)
            words.append(f"<b>★{number}</b>" if best[i, j] else number)
            named = as_written(f"{roi} · {column.layer}")
            hover.append(f"{named}: mean r {signed(values[i, j], 3)}")
            keys.append([column.block, column.key])
            rgb = table[round(float(np.clip(values[i, j] / high, 0, 1)) * 255)]
            ink.append("#15181d" if rgb @ (0.299, 0.587, 0.114) > 140 else "#ffffff")
    few = len(columns) <= 14
    if not few:  # numbers would run into each other; the tooltip has them
        words = ["<b>★</b>" if w.startswith("<b>") else "" for w in words]
    clicks = {
        "type": "scatter",
        "mode": "markers+text",
        "x": xs,
        "y": ys,
        "text": words,
        "customdata": keys,
        "hovertext": hover,
        "hovertemplate": "%{hovertext}<br>click: compare this layer<extra></extra>",
        "textfont": {"size": 10, "color": ink},
        "marker": {"size": 18 if few else 10, "opacity": 0},
        "selected": {"marker": {"opacity": 0}},
        "unselected": {"marker": {"opacity": 0}},
    }
    marks = [_block_title(b, t, columns, places) for b, t in titles.items()]
    boxes = [
        {
            "type": "rect",
            "x0": places[j] - 0.5,
            "x1": places[j] + 0.5,
            "y0": -0.5,
            "y1": len(rois) - 0.5,
            "line": {"color": _colour(c.shown_as, theme), "width": 2.5},
        }
        for j, c in enumerate(columns)
        if c.shown_as
    ]
    plain = {"showline": False, "ticks": "", "fixedrange": True}
    # Names that would run into each other are turned upright.
    longest = max(len(c.layer) for c in columns)
    turned = len(columns) * longest > 36
    names = 10 + (6 * longest if turned else 12)
    stacked = _run_into_each_other(titles, columns)
    for k, mark in enumerate(marks):
        mark["yshift"] = names + 8 + (16 * (len(marks) - 1 - k) if stacked else 0)
    above = names + (16 * (len(marks) - 1) if stacked else 0)
    figure = layout(
        "",
        theme,
        annotations=marks + _stamp(stamp, QUIET[theme]),
        shapes=boxes,
        margin={"l": 78, "r": 6, "t": above + 20, "b": 22},
        dragmode=False,
        clickmode="event+select",
        xaxis={
            **plain,
            "side": "top",
            "tickvals": places,
            "ticktext": [as_written(c.layer) for c in columns],
            "tickangle": -90 if turned else 0,
            "range": [places[0] - 0.55, places[-1] + 0.55],
        },
        yaxis={
            **plain,
            "tickvals": list(range(len(rois))),
            "ticktext": [as_written(roi) for roi in rois],
            "range": [len(rois) - 0.4, -0.6],
        },
    )
    return {"data": [cells, clicks], "layout": figure}


def _colour(letter: str, theme: str) -> str:
    """Return the colour that model A or B has in the ROI chart, too."""
    shades = MODEL_COLOURS["ab".index(letter)]
    return shades.light if theme == "light" else shades.dark


def _places(columns: Sequence[LayerColumn]) -> list[float]:
    """Set the two blocks apart by a fifth of a column."""
    return [j + (0.2 if c.block != columns[0].block else 0.0) for j, c in enumerate(columns)]


def _best_per_block(values: np.ndarray, columns: Sequence[LayerColumn]) -> np.ndarray:
    """Mark (n_rois, n_columns) the best layer of each ROI within its block."""
    best = np.zeros(values.shape, bool)
    for block in {c.block for c in columns}:
        own = np.array([j for j, c in enumerate(columns) if c.block == block])
        if len(own) < 2:  # of one layer, none is the best
            continue
        for i, row in enumerate(values[:, own]):
            if np.isfinite(row).any():
                best[i, own[np.nanargmax(row)]] = True
    return best


def _block_title(
    block: str, title: str, columns: Sequence[LayerColumn], places: Sequence[float]
) -> dict[str, Any]:
    own = [x for x, c in zip(places, columns, strict=True) if c.block == block]
    return {
        "text": f"<b>{block.upper()}</b> {as_written(title)}",
        "x": own[0] - 0.5,
        "y": 1,
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "middle",
        "showarrow": False,
        "font": {"size": 11},
    }


def _run_into_each_other(titles: dict[str, str], columns: Sequence[LayerColumn]) -> bool:
    """Whether a block is too narrow for its title: about 6 px a letter, 34 px a column."""
    wide = {b: sum(c.block == b for c in columns) * 34 for b in titles}
    return len(titles) > 1 and any(6 * len(t) > wide[b] for b, t in titles.items())


def _stamp(stamp: str, colour: str) -> list[dict[str, Any]]:
    if not stamp:
        return []
    return [
        {
            "text": as_written(stamp),
            "xref": "paper",
            "yref": "paper",
            "x": 1,
            "y": 0,
            "xanchor": "right",
            "yanchor": "top",
            "yshift": -4,
            "showarrow": False,
            "font": {"size": 9, "color": colour},
        }
    ]
