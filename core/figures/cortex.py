"""Maps of a subject on the cortex as one matplotlib figure, drawn by nilearn.

The live viewer (``cortiscope.cortex_view``) is for looking around; this is for notebooks, papers
and browsers without WebGL2. It is always drawn on fsaverage5: responses on fsaverage's 163,842
vertices are averaged over the nearest first, and the figure says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

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
from cortiscope.core.datasets.subject import vertex_maps
from cortiscope.core.errors import IncompatibleSpace, InvalidInput, unknown_name
from cortiscope.core.figures.grid import CortexFigure, Grid
from cortiscope.core.figures.hemisphere import (
    SURFACES,
    THEMES,
    VIEWS,
    Drawing,
    Outline,
    Theme,
)
from cortiscope.core.figures.scale import Scale
from cortiscope.core.storage import Home

__all__ = [
    "CortexFigure",
    "SURFACES",
    "THEMES",
    "VIEWS",
    "Outline",
    "Scale",
    "Theme",
    "cortex_figure",
    "default_outlines",
]

WAYS = ("mean", "nested")
FRAMINGS = ("whole", "data")
_MOST = 0.7  # of the vertices: data that cover more are the whole cortex, or nearly
_SAID = {
    "mean": "Drawn on fsaverage5: each vertex shows the mean over the nearest.",
    "nested": "Drawn on fsaverage5: every 16th vertex of fsaverage.",
}


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
    theme: str | Theme = "light",
    note: str = "",
    size: tuple[float, float] | None = None,
    way: str = "mean",
    framing: str = "whole",
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
    theme : ``light``, ``dark``, or colours of one's own.
    note : printed at the foot, after what is said there of the mesh.
    size : width and height in inches; None gives every hemisphere 2.4 by 1.9.
    way : how fsaverage's vertices come to fsaverage5: ``mean`` of the nearest, or ``nested``, every
        16th alone.
    framing : ``whole`` hemispheres, or the subject's vertices (``data``) where they are a part.
    surfaces : fsaverage5, or another template with as many vertices as the subject's own; None
        loads fsaverage5 (``storage.Home``).

    Raises
    ------
    IncompatibleSpace : the subject's responses have no place on the cortex, or a map has another
        number of values.
    InvalidInput : a view, surface, theme or ROI is unknown.
    """
    space = subject.cortex("A figure of the cortex")
    maps = vertex_maps(subject.id, space, values)
    _check(views, surface, theme, way, framing, len(maps))
    surfaces = surfaces or _fsaverage5(Home.from_environment().surfaces)
    groups = _groups(space, way, len(surfaces.left.pial))
    if not isinstance(scale, Mapping):
        fitted = scale or Scale.of(np.concatenate([np.ravel(v) for v in maps.values()]))
        scale = dict.fromkeys(maps, fitted)
    wanted = default_outlines(subject) if outlines is None else outlines
    rois = [o if isinstance(o, Outline) else Outline(o) for o in wanted]
    theme = THEMES[theme] if isinstance(theme, str) else theme
    drawing = Drawing(surfaces, surface, theme, labels)
    views = ("flat",) if surface == "flat" else tuple(views)
    grid = Grid(drawing, list(maps), views, size, len(set(scale.values())) > 1)
    members = {
        h: [
            (o, _members(subject, space, groups, o.name, h))
            for o in rois
            if o.hemisphere in (None, h)
        ]
        for h in HEMISPHERES
    }
    for number, (title, each) in enumerate(maps.items()):
        shown = _on_mesh(each, space, groups, scale[title], len(surfaces.left.pial))
        for view in views:
            for h in HEMISPHERES:
                axes = grid.add(number, view, h)
                drawing.hemisphere(axes, h, view, shown[h], scale[title])
                drawing.outline(axes, h, view, members[h])
    drawn_space = space if groups is None else groups.space
    n_drawn = sum(len(surfaces[h].pial) for h in HEMISPHERES)
    partial = sum(len(drawn_space.index[h]) for h in HEMISPHERES) < _MOST * n_drawn
    grid.fit(drawn_space.index if framing == "data" and partial else None)
    for (_, view, h), axes in grid.axes():
        drawing.write_names(axes, h, view, members[h])
        drawing.ring(axes, h, view, [n for side, n in marks if side == h.value])
    said = _SAID[way] if groups is not None else ""
    grid.write(scale, subject.stamp if stamp is None else stamp, f"{said} {note}".strip())
    return grid.figure


def _check(
    views: Sequence[str], surface: str, theme: str | Theme, way: str, framing: str, n_maps: int
) -> None:
    for view in views:
        if view not in VIEWS:
            raise unknown_name("view", view, VIEWS)
    for what, name, allowed in (
        ("surface", surface, SURFACES),
        ("theme", "light" if isinstance(theme, Theme) else theme, tuple(THEMES)),
        ("way", way, WAYS),
        ("framing", framing, FRAMINGS),
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
