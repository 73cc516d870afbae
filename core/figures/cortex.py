"""Maps of a subject on the cortex as one matplotlib figure, drawn by nilearn.

The live viewer (``cortiscope.cortex_view``) is for looking around; this is for notebooks, papers
and browsers without WebGL2. It is always drawn on fsaverage5: responses on fsaverage's 163,842
vertices are averaged over the nearest first, and the figure says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from mpl_toolkits.mplot3d import Axes3D

from cortiscope.core.brain import (
    HEMISPHERES,
    ROI_CLASSES,
    ChallengeSpace,
    CorticalSurfaces,
    Hemisphere,
    load_fsaverage5,
)
from cortiscope.core.brain.averaging import (
    VertexGroups,
    nearest_groups,
    nearest_on_fsaverage5,
    nested_groups,
)
from cortiscope.core.brain.spaces import FSAVERAGE5_VERTICES
from cortiscope.core.datasets import Subject
from cortiscope.core.errors import IncompatibleSpace, InvalidInput, unknown_name
from cortiscope.core.figures.hemisphere import (
    SURFACES,
    THEMES,
    VIEWS,
    Drawing,
    Outline,
    on_screen,
)
from cortiscope.core.figures.scale import Scale
from cortiscope.core.storage import Home

__all__ = ["SURFACES", "THEMES", "VIEWS", "Outline", "Scale", "cortex_figure", "default_outlines"]

WAYS = ("mean", "nested")
_HEAD, _FOOT, _ROW_WORDS, _SIDE_WORDS = 0.45, 0.62, 0.25, 0.13  # inches
_DPI = 100
_SAID = {
    "mean": "Drawn on fsaverage5: each vertex shows the mean over the nearest.",
    "nested": "Drawn on fsaverage5: every 16th vertex of fsaverage.",
}


class CortexFigure(Figure):
    """A figure that a notebook shows as it is, without pyplot and its global state."""

    def _repr_png_(self) -> bytes:
        picture = BytesIO()
        self.savefig(picture, format="png", dpi=_DPI)
        return picture.getvalue()


def default_outlines(subject: Subject) -> tuple[Outline, ...]:
    """Return a subject's ROIs but the streams, which cover everything."""
    streams = {name for c in ROI_CLASSES if c.name == "streams" for name in c.rois}
    return tuple(Outline(n) for n in subject.parcellation.roi_names if n not in streams)


def cortex_figure(
    values: np.ndarray | Mapping[str, np.ndarray],
    subject: Subject,
    *,
    views: Sequence[str] = ("lateral", "medial"),
    surface: str = "inflated",
    scale: Scale | Mapping[str, Scale] | None = None,
    outlines: Sequence[str | Outline] | None = None,
    labels: bool = True,
    marks: Sequence[tuple[str, int]] = (),
    stamp: str | None = None,
    theme: str = "light",
    size: tuple[float, float] | None = None,
    way: str = "mean",
    surfaces: CorticalSurfaces | None = None,
) -> CortexFigure:
    """Draw one map, or several side by side.

    Parameters
    ----------
    values : (n_vertices,) in the subject's order, or title -> such a map. NaN shows the cortex.
    views : rows of the figure, among ``VIEWS``; a flat surface has a single view, of its own.
    surface : ``pial``, ``inflated`` or ``flat``.
    scale : colours, one for all maps or one per title; None fits one to all values.
    outlines : ROIs to outline and name, () for none; None is ``default_outlines``.
    labels : whether the outlined ROIs' names are written.
    marks : vertices to ring, as (hemisphere, number on fsaverage5).
    stamp : printed below each title; None is the subject's own, which simulated data have.
    theme : ``light`` or ``dark``.
    size : width and height in inches; None gives every hemisphere 2.4 by 1.9.
    way : how fsaverage's vertices come to fsaverage5: ``mean`` of the nearest, or ``nested``, every
        16th alone.
    surfaces : fsaverage5, or another template with as many vertices as the subject's own; None
        loads fsaverage5 (``storage.Home``).

    Raises
    ------
    IncompatibleSpace : the subject's responses have no place on the cortex, or a map has another
        number of values.
    InvalidInput : a view, surface, theme or ROI is unknown.
    """
    maps = dict(values) if isinstance(values, Mapping) else {"": np.asarray(values)}
    _check(views, surface, theme, way, len(maps))
    surfaces = surfaces or _fsaverage5(Home.from_environment().surfaces)
    space = subject.cortex("A figure of the cortex")
    for title, each in maps.items():
        if np.shape(each) != (space.n_vertices(),):
            raise IncompatibleSpace(
                f"The map {title!r} has the shape {np.shape(each)}; {subject.id} has "
                f"{space.n_vertices():,} vertices."
            )
    groups = _groups(space, way, len(surfaces.left.pial))
    if not isinstance(scale, Mapping):
        fitted = scale or Scale.of(np.concatenate([np.ravel(v) for v in maps.values()]))
        scale = dict.fromkeys(maps, fitted)
    wanted = default_outlines(subject) if outlines is None else outlines
    rois = [o if isinstance(o, Outline) else Outline(o) for o in wanted]
    drawing = Drawing(surfaces, surface, theme, labels)
    rows = ("flat",) if surface == "flat" else tuple(views)
    page = _Page(drawing, list(maps), rows, size, len(set(scale.values())) > 1)
    where = {
        (o, h): _members(subject, space, groups, o.name, h)
        for o in rois
        for h in HEMISPHERES
        if o.hemisphere in (None, h)
    }
    for column, (title, each) in enumerate(maps.items()):
        shown = _on_mesh(each, space, groups, scale[title], len(surfaces.left.pial))
        for row, view in enumerate(rows):
            for h in HEMISPHERES:
                axes = page.axes(row, column, h)
                drawing.hemisphere(axes, h, view, shown[h], scale[title])
                here = [(o, m) for (o, side), m in where.items() if side is h and len(m)]
                drawing.outline(axes, h, view, here)
    page.fit()
    for (_, view, h), axes in page.cells():
        here = [(o, m) for (o, side), m in where.items() if side is h and len(m)]
        drawing.write_names(axes, h, view, here)
        drawing.ring(axes, h, view, [n for side, n in marks if side == h.value])
    page.write(scale, subject.stamp if stamp is None else stamp, groups is not None and way)
    return page.figure


def _check(views: Sequence[str], surface: str, theme: str, way: str, n_maps: int) -> None:
    for view in views:
        if view not in VIEWS:
            raise unknown_name("view", view, VIEWS)
    for what, name, allowed in (
        ("surface", surface, SURFACES),
        ("theme", theme, tuple(THEMES)),
        ("way", way, WAYS),
    ):
        if name not in allowed:
            raise unknown_name(what, name, allowed)
    if not views or not n_maps:
        raise InvalidInput("The figure has no map or no view; give at least one of each.")


@lru_cache(maxsize=2)
def _fsaverage5(cache: Path) -> CorticalSurfaces:
    return load_fsaverage5(cache)


def _groups(space: ChallengeSpace, way: str, n_drawn: int) -> VertexGroups | None:
    """Return how vertices are gathered on the mesh that is drawn; None where each is in place."""
    if space.n_template == n_drawn:
        return None
    if n_drawn != FSAVERAGE5_VERTICES:
        raise IncompatibleSpace(
            f"The surfaces have {n_drawn:,} vertices a hemisphere; the subject's template has "
            f"{space.n_template:,}."
        )
    if way == "nested":
        return nested_groups(space)
    return nearest_groups(space, nearest_on_fsaverage5(Home.from_environment().surfaces))


def _on_mesh(
    values: np.ndarray,
    space: ChallengeSpace,
    groups: VertexGroups | None,
    scale: Scale,
    n_drawn: int,
) -> dict[Hemisphere, np.ndarray]:
    """Return (n_drawn,) per hemisphere, NaN where nothing is shown."""
    if groups is not None:
        space, values = groups.space, _gathered(values, groups, scale)
    out = {}
    for h, own in space.split(np.asarray(values, dtype=np.float32)).items():
        full = np.full(n_drawn, np.nan, dtype=np.float32)
        full[space.index[Hemisphere(h)]] = own
        if scale.hidden is not None:
            full[(full > scale.hidden[0]) & (full < scale.hidden[1])] = np.nan
        out[Hemisphere(h)] = full
    return out


def _gathered(values: np.ndarray, groups: VertexGroups, scale: Scale) -> np.ndarray:
    if scale.kind == "cyclic":
        return groups.circular_mean(values, scale.low, scale.high)[0]
    return (groups.most_frequent if scale.kind == "categorical" else groups.mean)(values)[0]


def _members(
    subject: Subject, space: ChallengeSpace, groups: VertexGroups | None, name: str, h: Hemisphere
) -> np.ndarray:
    """Return a ROI's vertices (n,) on the mesh that is drawn."""
    positions = subject.parcellation.vertices(name, h)
    if groups is None:
        return space.index[h][positions]
    held = groups.holding(positions + space.slice_of(h).start)
    return groups.space.index[h][held - groups.space.slice_of(h).start]


class _Page:
    """The grid: a row for each view, a column for each map with its two hemispheres."""

    def __init__(
        self,
        drawing: Drawing,
        titles: Sequence[str],
        rows: Sequence[str],
        size: tuple[float, float] | None,
        own_bars: bool,
    ) -> None:
        self.drawing, self.titles, self.rows, self.own_bars = drawing, titles, rows, own_bars
        self.width, self.height = size or (
            4.8 * len(titles) + _ROW_WORDS,
            1.9 * len(rows) + _HEAD + _FOOT,
        )
        self.figure = CortexFigure(
            figsize=(self.width, self.height), dpi=_DPI, facecolor=drawing.background
        )
        self._axes: dict[tuple[int, int, Hemisphere], Axes3D] = {}

    def axes(self, row: int, column: int, h: Hemisphere) -> Axes3D:
        """Add the axes of one hemisphere."""
        left = _ROW_WORDS if len(self.rows) > 1 else 0.0
        wide = (self.width - left) / len(self.titles) / 2
        high = max(self.height - _HEAD - _FOOT, 0.5) / len(self.rows)
        # From the front the left hemisphere is on the right.
        place = HEMISPHERES.index(h) ^ (self.rows[row] == "anterior")
        x = left + (2 * column + place) * wide
        y = _FOOT + (len(self.rows) - 1 - row) * high
        box = (x, y + _SIDE_WORDS, wide, high - _SIDE_WORDS)
        axes: Axes3D = self.figure.add_axes(
            tuple(np.array(box) / [self.width, self.height, self.width, self.height]),
            projection="3d",
            computed_zorder=False,
        )
        axes.patch.set_alpha(0)
        self._say(x + wide / 2, y, h.value, 7, alpha=0.8)
        self._axes[row, column, h] = axes
        return axes

    def cells(self) -> list[tuple[tuple[int, str, Hemisphere], Axes3D]]:
        """List ((column, view, hemisphere), axes)."""
        return [((c, self.rows[r], h), axes) for (r, c, h), axes in self._axes.items()]

    def fit(self) -> None:
        """Enlarge all hemispheres alike until the first touches the edge of its axes."""
        zooms = []
        for (_, view, h), axes in self.cells():
            axes.set_box_aspect((1, 1, 1), zoom=1)
            axes.apply_aspect()
            sight = self.drawing.sight(h, view)
            corners = sight.points[np.unique(sight.faces)]
            places = axes.transData.transform(on_screen(axes, corners))
            box = axes.figure.transFigure.transform_bbox(axes.get_position(original=True))
            half = np.abs(places - [(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2]).max(axis=0)
            zooms.append(float((np.array([box.width, box.height]) / 2 / half).min()))
        for axes in self._axes.values():
            axes.set_box_aspect((1, 1, 1), zoom=0.94 * min(zooms))

    def write(self, scale: Mapping[str, Scale], stamp: str, way: str | bool) -> None:
        """Write titles, stamp, names of the views, colour bars, and how the mesh came about."""
        left = _ROW_WORDS if len(self.rows) > 1 else 0.0
        wide = (self.width - left) / len(self.titles)
        for column, title in enumerate(self.titles):
            middle = left + (column + 0.5) * wide
            self._say(middle, self.height - 0.2, title, 10, room=wide)
            self._say(middle, self.height - 0.37, stamp, 8, room=wide, weight="bold")
            if self.own_bars or column == 0:
                self._bar(scale[title], middle if self.own_bars else self.width / 2)
        high = (self.height - _HEAD - _FOOT) / len(self.rows)
        for row, name in enumerate(self.rows if left else ()):
            y = _FOOT + (len(self.rows) - row - 0.5) * high
            self._say(left / 2, y, name, 8, rotation=90, va="center")
        if way:
            self._say(0.05, 0.05, _SAID[str(way)], 6.5, ha="left")

    def _say(
        self, x: float, y: float, words: str, size: float, *, room: float = np.inf, **style: Any
    ) -> None:
        """Write at a place in inches; what is wider than ``room`` is cut to its first word."""
        style = {"ha": "center", "va": "bottom", "color": self.drawing.text, **style}
        text = self.figure.text(x / self.width, y / self.height, words, fontsize=size, **style)
        wide = text.get_window_extent(FigureCanvasAgg(self.figure).get_renderer()).width
        if wide > room * _DPI and " " in words:
            text.set_text(words.split()[0])

    def _bar(self, scale: Scale, middle: float) -> None:
        box = (middle - 0.65, 0.42, 1.3, 0.1)
        axes = self.figure.add_axes(
            tuple(np.array(box) / [self.width, self.height, self.width, self.height])
        )
        mappable = ScalarMappable(Normalize(scale.low, scale.high), scale.colour_map())
        bar = self.figure.colorbar(mappable, cax=axes, orientation="horizontal")
        ends = [scale.low, scale.high]
        bar.set_ticks(ends, labels=[f"{v:.3g}".replace("-", "−") for v in ends])
        both = scale.label and scale.unit
        words = f"{scale.label} ({scale.unit})" if both else scale.label or scale.unit
        bar.set_label(words, fontsize=8, labelpad=-7, color=self.drawing.text)
        axes.tick_params(labelsize=8, colors=self.drawing.text, length=2, pad=2)
        bar.outline.set_visible(False)
