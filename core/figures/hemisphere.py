"""One hemisphere seen from one side: its map, the outlines and names of ROIs, marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patheffects import withStroke
from mpl_toolkits.mplot3d import Axes3D, proj3d
from mpl_toolkits.mplot3d.art3d import Line3DCollection
from nilearn.plotting import plot_surf

from cortiscope.core.brain import HEMISPHERES, CorticalSurfaces, Hemisphere
from cortiscope.core.figures.scale import Scale

SURFACES = ("pial", "inflated", "flat")

# Elevation and azimuth in degrees, for left and right; brain axes: x right, y anterior, z superior.
_VIEWS = {
    "lateral": ((0, 180), (0, 0)),
    "medial": ((0, 0), (0, 180)),
    "ventral": ((-90, -90), (-90, -90)),
    "dorsal": ((90, -90), (90, -90)),
    "anterior": ((0, 90), (0, 90)),
    "posterior": ((0, -90), (0, -90)),
}
VIEWS = tuple(_VIEWS)
_FLAT = (90, -90)  # x and y of the flat map as they are drawn
_FACING = 0.25  # cosine between a vertex's normal and the view, below which no word is written
_CELL, _BEHIND = 4.0, 8.0  # mm across within which faces hide one another, and by how much
_MARK = "#c2410c"


@dataclass(frozen=True)
class Theme:
    """Colours of the ground and of words, and the cortex's grey on gyri and sulci (1 is black)."""

    background: str
    text: str
    gyri: float = 0.12
    sulci: float = 0.3


THEMES = {"light": Theme("white", "#31333f"), "dark": Theme("#0e1117", "#fafafa", 0.5, 0.66)}


@dataclass(frozen=True)
class Outline:
    """A ROI to outline and name: its colour (None for the text's) and its side (None for both)."""

    name: str
    colour: str | None = None
    hemisphere: Hemisphere | None = None


@dataclass(frozen=True)
class Sight:
    """A hemisphere from one side.

    Parameters
    ----------
    points : (n_vertices, 3) mm about their mean, as nilearn centres them.
    faces : (n_faces, 3), only those that face the viewer: they are drawn one by one.
    in_front : (n_faces,) bool, those that no fold hides.
    facing : (n_vertices,) cosine of normal and view; 0 at vertices that are not to be seen.
    depth : (n_vertices,) the cortex's grey.
    direction : elevation and azimuth in degrees.
    """

    points: np.ndarray
    faces: np.ndarray
    in_front: np.ndarray
    facing: np.ndarray
    depth: np.ndarray
    direction: tuple[int, int]


class Drawing:
    """Draws hemispheres into 3D axes, and words over them."""

    def __init__(
        self, surfaces: CorticalSurfaces, surface: str, theme: Theme, labels: bool
    ) -> None:
        self._surfaces, self._surface, self._labels = surfaces, surface, labels
        self.theme = theme
        self._seen: dict[tuple[Hemisphere, str], Sight] = {}

    def sight(self, h: Hemisphere, view: str) -> Sight:
        """Return one hemisphere as a view has it."""
        if (h, view) not in self._seen:
            self._seen[h, view] = self._look(h, view)
        return self._seen[h, view]

    def _look(self, h: Hemisphere, view: str) -> Sight:
        side, flat = self._surfaces[h], self._surface == "flat"
        points = np.array(getattr(side, self._surface), dtype=np.float64)
        faces = side.flat_faces if flat else side.faces
        if flat:
            # Vertices beside the cut have coordinates of no meaning.
            kept = np.unique(faces)
            points[np.setdiff1d(np.arange(len(points)), kept)] = points[kept].mean(axis=0)
        points -= points.mean(axis=0)
        direction = _FLAT if flat else _VIEWS[view][HEMISPHERES.index(h)]
        towards = _towards(direction)
        if not flat:  # a flat map may be seen from its inside
            a, b, c = (points[faces[:, k]] for k in range(3))
            faces = faces[np.cross(b - a, c - a) @ towards > 0]
        in_front = _in_front(points, faces, towards)
        facing = np.zeros(len(points))
        seen = np.unique(faces[in_front])
        facing[seen] = 1.0 if flat else (_normals(points, side.faces) @ towards)[seen]
        low, high = np.percentile(side.sulcal_depth, [2, 98])
        depth = np.clip((side.sulcal_depth - low) / max(high - low, 1e-9), 0, 1)
        # nilearn leaves greys within 0 to 1 as they are.
        greys = self.theme.gyri + (self.theme.sulci - self.theme.gyri) * depth
        return Sight(points, faces, in_front, facing, greys, direction)

    def hemisphere(
        self, axes: Axes3D, h: Hemisphere, view: str, values: np.ndarray, scale: Scale
    ) -> None:
        """Draw one map on one hemisphere."""
        sight = self.sight(h, view)
        plot_surf(
            [sight.points.copy(), sight.faces],
            values,
            bg_map=sight.depth,
            hemi=h.value,
            view=sight.direction,
            cmap=scale.colour_map(),
            vmin=scale.low,
            vmax=scale.high,
            avg_method="median" if scale.kind == "categorical" else "mean",
            colorbar=False,
            axes=axes,
            figure=axes.figure,
        )
        reach = float(np.abs(sight.points).max())
        axes.set(xlim=(-reach, reach), ylim=(-reach, reach), zlim=(-reach, reach))
        axes.set_proj_type("ortho")
        # The axes are a square inside their part of the figure, which is wider.
        axes.collections[0].set_clip_on(False)

    def outline(
        self, axes: Axes3D, h: Hemisphere, view: str, rois: Sequence[tuple[Outline, np.ndarray]]
    ) -> None:
        """Draw the borders of ROIs where they are to be seen."""
        sight = self.sight(h, view)
        for roi, members in rois:
            inside = np.zeros(len(sight.points), dtype=bool)
            inside[members] = True
            lines = Line3DCollection(
                _border(sight.points, sight.faces[sight.in_front], inside),
                colors=roi.colour or self.theme.text,
                linewidths=1.1,
                zorder=5,
            )
            lines.set_clip_on(False)
            axes.add_collection3d(lines, autolim=False)

    def write_names(
        self, axes: Axes3D, h: Hemisphere, view: str, rois: Sequence[tuple[Outline, np.ndarray]]
    ) -> None:
        """Write names at their ROIs' middles, larger ROIs first and none over another."""
        if not self._labels:
            return
        sight = self.sight(h, view)
        renderer = FigureCanvasAgg(axes.figure).get_renderer()
        taken: list[Any] = []
        for roi, members in sorted(rois, key=lambda item: -len(item[1])):
            seen = members[sight.facing[members] != 0]
            if not len(seen):
                continue
            away = ((sight.points[seen] - sight.points[seen].mean(axis=0)) ** 2).sum(axis=1)
            middle = int(seen[np.argmin(away)])
            if sight.facing[middle] < _FACING:
                continue
            word = axes.text2D(
                *on_screen(axes, sight.points[[middle]])[0],
                roi.name,
                transform=axes.transData,
                ha="center",
                va="center",
                fontsize=6.5,
                color=self.theme.text,
                path_effects=[withStroke(linewidth=2, foreground=self.theme.background)],
                zorder=10,
            )
            box = word.get_window_extent(renderer)
            if any(box.overlaps(other) for other in taken):
                word.remove()
            else:
                taken.append(box)

    def ring(self, axes: Axes3D, h: Hemisphere, view: str, vertices: Sequence[int]) -> None:
        """Ring vertices that face the viewer."""
        sight = self.sight(h, view)
        for vertex in vertices:
            if vertex < len(sight.points) and sight.facing[vertex] > 0:
                axes.annotate(
                    " ",
                    tuple(on_screen(axes, sight.points[[vertex]])[0]),
                    bbox={"boxstyle": "circle,pad=0.3", "fc": "none", "ec": _MARK, "lw": 1.5},
                    fontsize=6,
                    ha="center",
                    va="center",
                    zorder=11,
                )


def _in_front(points: np.ndarray, faces: np.ndarray, towards: np.ndarray) -> np.ndarray:
    """Return (n_faces,) bool: whether a face is among the nearest to the viewer around it."""
    middles = points[faces].mean(axis=1)
    plane = np.delete(middles, np.argmax(np.abs(towards)), axis=1)
    _, cell = np.unique(np.floor(plane / _CELL), axis=0, return_inverse=True)
    depth = middles @ towards
    nearest = np.full(cell.max() + 1, -np.inf)
    np.maximum.at(nearest, cell.ravel(), depth)
    return np.asarray(depth > nearest[cell.ravel()] - _BEHIND)


def _border(points: np.ndarray, faces: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Return segments (n, 2, 3) half way between the vertices inside and those outside."""
    within = inside[faces]
    crossed = within.any(axis=1) & ~within.all(axis=1)
    corners, within = faces[crossed], within[crossed]
    # One corner differs from both others; its two edges are crossed.
    alone = np.where(within.sum(axis=1) == 1, within.argmax(axis=1), within.argmin(axis=1))
    row = np.arange(len(corners))
    one, two, three = (points[corners[row, (alone + k) % 3]] for k in range(3))
    return np.stack([(one + two) / 2, (one + three) / 2], axis=1)


def on_screen(axes: Axes3D, points: np.ndarray) -> np.ndarray:
    """Return (n, 2) places of (n, 3) points in the axes' own plane."""
    x, y, _ = proj3d.proj_transform(*points.T, axes.get_proj())
    return np.stack([x, y], axis=-1)


def _towards(direction: tuple[int, int]) -> np.ndarray:
    """Return the unit vector (3,) from the brain to the viewer."""
    elevation, azimuth = np.deg2rad(direction)
    flat = np.cos(elevation)
    return np.array([flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(elevation)])


def _normals(points: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Return (n_vertices, 3) unit normals, larger triangles weighing more."""
    a, b, c = (points[faces[:, k]] for k in range(3))
    crossed = np.cross(b - a, c - a)
    normals = np.zeros_like(points)
    for corner in faces.T:
        for axis in range(3):
            normals[:, axis] += np.bincount(corner, crossed[:, axis], len(points))
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    return np.asarray(normals / np.where(lengths > 0, lengths, 1))
