"""Which layer predicts which ROI best: one cell per layer and ROI."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from cortiscope.cortex_view import colour_table
from cortiscope.markup import Html, html, signed
from cortiscope.roi_chart import MODEL_COLOURS
from cortiscope.svg_chart import Chart, stamped

# Beyond this many columns numbers would run into each other; the tooltip has them.
_MOST_WRITTEN = 14
# Narrower, cells are neither read nor hit (px); with numbers in them, and without.
_WRITTEN_PX, _BARE_PX = 22, 14
# Longer names of layers lose their beginnings, which they share; the tooltip has them whole.
_LONGEST = 16
# Between the blocks of two models, and at both ends, in columns.
_APART, _ROOM = 0.2, 0.05


@dataclass(frozen=True)
class LayerColumn:
    """One column of the heatmap.

    Parameters
    ----------
    block : which model's backbone: ``a`` to ``f``.
    layer : name of the layer, or how many there are where several are joined.
    key : name of the run behind it, which a click selects.
    shown_as : letter of the model where this layer is one being compared, else empty.
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
    link: Callable[[LayerColumn, Html], Html],
    *,
    high: float,
    stamp: str = "",
) -> Chart:
    """Draw ROIs downward in visual order and layers to the right, A's block before B's ...

    Parameters
    ----------
    titles : of the blocks, after their letters.
    link : puts a cell of a column into a link to its layer.
    high : top of the colour scale, which starts at 0.
    """
    values = np.stack([c.values for c in columns], axis=1).astype(float)
    best, tables = _best_per_block(values, columns), _tables()
    edges = _edges(columns)
    width, height = 100 / (edges[-1] + 1 + _ROOM), 100 / len(rois)
    few = len(columns) <= _MOST_WRITTEN
    cells = []
    for i, j in zip(*np.nonzero(np.isfinite(values)), strict=True):
        number = signed(values[i, j]).replace("0.", ".", 1) if few else ""
        shade = round(float(np.clip(values[i, j] / high, 0, 1)) * 255)
        (light, dark), (ink, dark_ink) = tables[0][shade], tables[1][shade]
        cell = html(
            "<title>{roi} · {layer}: mean r {r}\nclick: compare this layer</title>"
            '<rect class="cell" x="{x}%" y="{y}%" width="{width}%" '
            'height="{height}%" fill="light-dark({light},{dark})"/>'
            '<text x="{middle}%" y="{centre}%" dy=".35em" text-anchor="middle" '
            'font-size="10" font-weight="{weight}" fill="light-dark({ink},{dark_ink})">'
            "{star}{number}</text>",
            **{"roi": rois[i], "layer": columns[j].layer, "r": signed(values[i, j], 3)},
            **_box(edges[j] * width, i * height, width, height),
            **{"light": light, "dark": dark, "ink": ink, "dark_ink": dark_ink},
            **{"weight": 700 if best[i, j] else 400, "number": number},
            star="★" if best[i, j] else "",
        )
        cells.append(link(columns[j], cell))
    frames = [
        html(
            '<rect class="frame" x="{x}%" y="0" width="{width}%" height="100%" fill="none" '
            'stroke="light-dark({light},{dark})" stroke-width="2.5"/>',
            **{"x": round(edge * width, 2), "width": round(width, 2)},
            **MODEL_COLOURS["abcdef".index(column.shown_as)]._asdict(),
        )
        for edge, column in zip(edges, columns, strict=True)
        if column.shown_as
    ]
    names, above = _names(columns, titles, edges * width, width)
    return Chart(
        svg="".join([*cells, *frames, *names, stamped(stamp, below=True)]),
        words=_words(rois, columns, values),
        margins=(above, 6, 22, 78),
        has_links=True,
        least_width=round(len(edges) * (_WRITTEN_PX if few else _BARE_PX)),
        beside=_roi_names(rois),
    )


def _roi_names(rois: Sequence[str]) -> str:
    """Write a name at the middle of each row."""
    return "".join(
        html(
            '<text x="100%" dx="-6" y="{y}%" dy=".35em" text-anchor="end">{roi}</text>',
            y=round((i + 0.5) * 100 / len(rois), 2),
            roi=roi,
        )
        for i, roi in enumerate(rois)
    )


def _box(x: float, y: float, width: float, height: float) -> dict[str, float]:
    """Return a cell's corner, size and centre, in percent."""
    numbers = {"x": x, "y": y, "width": width, "height": height}
    numbers |= {"middle": x + width / 2, "centre": y + height / 2}
    return {name: round(value, 2) for name, value in numbers.items()}


def _edges(columns: Sequence[LayerColumn]) -> np.ndarray:
    """Return where the columns begin (n_columns,), in columns; the blocks stand apart."""
    blocks = list(dict.fromkeys(c.block for c in columns))
    apart = np.array([blocks.index(c.block) for c in columns])
    return _ROOM + np.arange(len(columns)) + _APART * apart


@cache
def _tables() -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the scale's 256 colours and those of numbers on them, for light and dark pages."""
    shades = [colour_table("sequential", theme)[:, :3] for theme in ("light", "dark")]
    colours = [["#{:02x}{:02x}{:02x}".format(*rgb) for rgb in table] for table in shades]
    inks = [
        np.where(table @ np.array([0.299, 0.587, 0.114]) > 140, "#15181d", "#ffffff").tolist()
        for table in shades
    ]
    return list(zip(*colours, strict=True)), list(zip(*inks, strict=True))


def _names(
    columns: Sequence[LayerColumn], titles: dict[str, str], lefts: np.ndarray, width: float
) -> tuple[list[str], int]:
    """Return the names of layers and blocks, and how much room they take above, in px.

    Parameters
    ----------
    lefts, width : of the columns, in percent.
    """
    # Names that would run into each other are turned upright.
    shown = [
        c.layer if len(c.layer) <= _LONGEST else f"…{c.layer[1 - _LONGEST :]}" for c in columns
    ]
    longest = max(map(len, shown))
    turned = len(columns) * longest > 36
    tall = 10 + (6 * longest if turned else 12)
    stacked = _run_into_each_other(titles, columns)
    names: list[str] = [
        html(
            '<svg x="{x}%" y="0" overflow="visible"><text {where}>{layer}</text></svg>',
            x=round(left + width / 2, 2),
            where=Html('transform="rotate(-90)" x="6" y="4"')
            if turned
            else Html('y="-6" text-anchor="middle"'),
            layer=layer,
        )
        for left, layer in zip(lefts, shown, strict=True)
    ]
    for k, (block, title) in enumerate(titles.items()):
        own = [x for x, c in zip(lefts, columns, strict=True) if c.block == block]
        # On a line of its own a title at the right runs to the left: there is room.
        back = stacked and own[0] > 50
        names.append(
            html(
                '<text x="{x}%" y="{y}" text-anchor="{anchor}"><tspan font-weight="700">{letter}'
                "</tspan> {title}</text>",
                x=round(own[-1] + width if back else own[0], 2),
                y=-tall - 4 - (16 * (len(titles) - 1 - k) if stacked else 0),
                anchor="end" if back else "start",
                letter=block.upper(),
                title=title,
            )
        )
    return names, tall + 20 + (16 * (len(titles) - 1) if stacked else 0)


def _words(rois: Sequence[str], columns: Sequence[LayerColumn], values: np.ndarray) -> str:
    said = f"Mean r of {len(columns)} layers in {len(rois)} ROIs"
    if not np.isfinite(values).any():
        return f"{said}, none of which is known."
    i, j = divmod(int(np.nanargmax(values)), values.shape[1])
    ends = f"{signed(np.nanmin(values))} to {signed(values[i, j])}"
    return f"{said}, from {ends}: {columns[j].layer} in {rois[i]}."


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


def _run_into_each_other(titles: dict[str, str], columns: Sequence[LayerColumn]) -> bool:
    """Whether a block is too narrow for its title: about 6 px a letter, 34 px a column."""
    wide = {b: sum(c.block == b for c in columns) * 34 for b in titles}
    return len(titles) > 1 and any(6 * len(t) > wide[b] for b, t in titles.items())
