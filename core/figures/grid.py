"""Where the hemispheres of a still figure stand, and the words and colour bars around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from math import ceil
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.transforms import TransformedBbox
from mpl_toolkits.mplot3d import Axes3D

from cortiscope.core.brain import HEMISPHERES, Hemisphere
from cortiscope.core.figures.hemisphere import Drawing, on_screen
from cortiscope.core.figures.scale import Scale

_HEAD, _FOOT, _VIEW_WORDS, _SIDE_WORDS = 0.45, 0.62, 0.25, 0.13  # inches
_DPI = 100


class CortexFigure(Figure):
    """A figure that a notebook shows as it is, without pyplot and its global state."""

    def _repr_png_(self) -> bytes:
        picture = BytesIO()
        self.savefig(picture, format="png", dpi=_DPI)
        return picture.getvalue()


class Grid:
    """A column for each map with its two hemispheres, a row for each view.

    Maps of a single view go on in the next line where that makes the brains larger.
    """

    def __init__(
        self,
        drawing: Drawing,
        titles: Sequence[str],
        views: Sequence[str],
        size: tuple[float, float] | None,
        own_bars: bool,
    ) -> None:
        self._drawing, self._titles, self._views = drawing, titles, views
        self._own_bars = own_bars
        self._left = _VIEW_WORDS if len(views) > 1 else 0.0
        self._width, self._height = size or (
            4.8 * len(titles) + self._left,
            1.9 * len(views) + _HEAD + _FOOT,
        )
        self._across = self._best_across() if len(views) == 1 else len(titles)
        self.figure = CortexFigure(
            figsize=(self._width, self._height), dpi=_DPI, facecolor=drawing.theme.background
        )
        self._axes: dict[tuple[int, str, Hemisphere], Axes3D] = {}

    def _best_across(self) -> int:
        """Return how many maps stand beside one another; brains are about twice as wide as high."""
        sizes = {}
        for across in range(1, len(self._titles) + 1):
            _, _, wide, high = self._block(0, across)
            sizes[across] = min(wide / 2, high - _HEAD)
        return max(sizes, key=lambda across: (round(sizes[across], 2), across))

    def _block(self, number: int, across: int) -> tuple[float, float, float, float]:
        """Return left, bottom, width and height in inches of a map's part, title included."""
        lines = ceil(len(self._titles) / across)
        foot = 0 if self._own_bars else _FOOT
        wide = (self._width - self._left) / across
        high = (self._height - foot) / lines
        line, column = divmod(number, across)
        bottom = self._height - (line + 1) * high + (_FOOT - foot)
        return self._left + column * wide, bottom, wide, high - (_FOOT - foot)

    def add(self, number: int, view: str, h: Hemisphere) -> Axes3D:
        """Add the axes of one hemisphere of one map."""
        left, bottom, wide, high = self._block(number, self._across)
        high = max(high - _HEAD, 0.3) / len(self._views)
        # From the front the left hemisphere is on the right.
        x = left + (HEMISPHERES.index(h) ^ (view == "anterior")) * wide / 2
        y = bottom + (len(self._views) - 1 - self._views.index(view)) * high
        axes: Axes3D = self.figure.add_axes(
            self._share(x, y + _SIDE_WORDS, wide / 2, high - _SIDE_WORDS),
            projection="3d",
            computed_zorder=False,
        )
        axes.patch.set_alpha(0)
        self._say(x + wide / 4, y, h.value, 7, alpha=0.8)
        self._axes[number, view, h] = axes
        return axes

    def axes(self) -> list[tuple[tuple[int, str, Hemisphere], Axes3D]]:
        """List ((number of the map, view, hemisphere), axes)."""
        return list(self._axes.items())

    def fit(self, framed: Mapping[Hemisphere, np.ndarray] | None = None) -> None:
        """Enlarge all hemispheres alike until the first touches the edge of its part.

        With ``framed`` its vertices (n,) of each hemisphere are fitted, and what lies beyond the
        part is cut off; a hemisphere that shows none of them stays whole.
        """
        zooms = []
        for (_, view, h), axes in self.axes():
            axes.set_box_aspect((1, 1, 1), zoom=1)
            sight = self._drawing.sight(h, view)
            corners = sight.points[np.unique(sight.faces)]
            if framed is not None:
                shown = sight.points[np.intersect1d(np.unique(sight.faces), framed[h])]
                corners = shown if len(shown) > 2 else corners
                reach, middle = axes.get_xlim()[1], (corners.min(axis=0) + corners.max(axis=0)) / 2
                ends = np.stack([middle - reach, middle + reach], axis=1)
                axes.set(xlim=ends[0], ylim=ends[1], zlim=ends[2])
                part = TransformedBbox(axes.get_position(original=True), self.figure.transFigure)
                for drawn in axes.collections:
                    drawn.set_clip_path(None)
                    drawn.set_clip_box(part)
                    drawn.set_clip_on(True)
            axes.apply_aspect()
            places = axes.transData.transform(on_screen(axes, corners))
            box = axes.figure.transFigure.transform_bbox(axes.get_position(original=True))
            half = np.abs(places - [(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2]).max(axis=0)
            zooms.append(float((np.array([box.width, box.height]) / 2 / half).min()))
        for axes in self._axes.values():
            axes.set_box_aspect((1, 1, 1), zoom=0.94 * min(zooms))

    def write(self, scale: Mapping[str, Scale], stamp: str, note: str) -> None:
        """Write titles with the stamp, names of views, colour bars, and a note at the foot."""
        for number, title in enumerate(self._titles):
            left, bottom, wide, high = self._block(number, self._across)
            middle, top = left + wide / 2, bottom + high
            self._say(middle, top - 0.2, title, 10, room=wide)
            self._say(middle, top - 0.37, stamp, 8, room=wide, weight="bold")
            if self._own_bars:
                self._bar(scale[title], middle, bottom)
            elif number == 0:
                self._bar(scale[title], self._width / 2, _FOOT)
        if self._left:
            _, bottom, _, high = self._block(0, self._across)
            high = (high - _HEAD) / len(self._views)
            for row, view in enumerate(reversed(self._views)):
                y = bottom + (row + 0.5) * high
                self._say(self._left / 2, y, view, 8, rotation=90, va="center")
        self._say(0.05, 0.05, note, 6.5, ha="left")

    def _share(
        self, x: float, y: float, wide: float, high: float
    ) -> tuple[float, float, float, float]:
        """Return inches as shares of the figure."""
        return (x / self._width, y / self._height, wide / self._width, high / self._height)

    def _say(
        self, x: float, y: float, words: str, size: float, *, room: float = np.inf, **style: Any
    ) -> None:
        """Write at a place in inches; what is wider than ``room`` is cut to its first word."""
        style = {"ha": "center", "va": "bottom", "color": self._drawing.theme.text, **style}
        text = self.figure.text(x / self._width, y / self._height, words, fontsize=size, **style)
        wide = text.get_window_extent(FigureCanvasAgg(self.figure).get_renderer()).width
        if wide > room * _DPI and " " in words:
            text.set_text(words.split()[0].rstrip(",:"))

    def _bar(self, scale: Scale, middle: float, top: float) -> None:
        axes = self.figure.add_axes(self._share(middle - 0.65, top - 0.2, 1.3, 0.1))
        mappable = ScalarMappable(Normalize(scale.low, scale.high), scale.colour_map())
        bar = self.figure.colorbar(mappable, cax=axes, orientation="horizontal")
        ends = [scale.low, scale.high]
        bar.set_ticks(ends, labels=[f"{v:.3g}".replace("-", "−") for v in ends])
        both = scale.label and scale.unit
        words = f"{scale.label} ({scale.unit})" if both else scale.label or scale.unit
        text = self._drawing.theme.text
        bar.set_label(words, fontsize=8, labelpad=-7, color=text)
        axes.tick_params(labelsize=8, colors=text, length=2, pad=2)
        bar.outline.set_visible(False)
