"""One still picture of all maps: brains, outlines, names, titles, colour bars; PNG."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cortiscope.cortex_view.assets import AssetRef
from cortiscope.cortex_view.payload import CortexMap
from cortiscope.cortex_view.still.brain import read_brain, read_subject
from cortiscope.cortex_view.still.camera import Camera, Placed, cameras_of, place
from cortiscope.cortex_view.still.layout import Cell, layout_cells, sight_of
from cortiscope.cortex_view.still.raster import Fragments, rasterise
from cortiscope.cortex_view.still.request import StillRequest
from cortiscope.cortex_view.still.scene import Scene, ink_of
from cortiscope.cortex_view.still.shading import Relief, relief_of, shade
from cortiscope.cortex_view.still.text import SQUARE, draw_legend, draw_mark, draw_names, draw_title
from cortiscope.cortex_view.still.words import Words

FOOT = 34  # CSS pixels below the brains for the shared colour bar
_FOOT_OF_OWN_BARS = 8
_RATIO = 2  # pixels drawn per CSS pixel; a coarse screen gets half, which smooths


def draw_still(
    maps: Sequence[CortexMap],
    assets: AssetRef,
    request: StillRequest,
    *,
    view: Mapping[str, Any] | None = None,
    picks: Sequence[tuple[str, int]] = (),
    focus: tuple[str, str | None] | None = None,
    stamp: str = "SIMULATED",
    plain: bool = False,
) -> bytes:
    """Return a PNG of the maps as the viewer would show them.

    Parameters
    ----------
    maps : as for ``cortex_view``.
    assets : with the ``folder`` in which they are stored.
    request : size, side, surface and page colours.
    view : see ``payload.check_view``; what the request names goes before it.
    picks : vertices to mark.
    focus : a ROI to bring forward and its hemisphere, or both.
    plain : colours as in the table, without light, sulci, lines and words.
    """
    if assets.folder is None:
        raise ValueError("The assets name no folder; keep what register_assets returned.")
    brain = read_brain(assets.folder, assets.geometry)
    subject = read_subject(assets.folder, assets.space, assets.geometry)
    scene = Scene.of(brain, subject, request.over(view), request, focus, stamp, _RATIO, plain)
    inks = [ink_of(maps, i, scene.view, request.theme) for i in range(len(maps))]
    own_bars = len({m.scale for m in maps}) > 1
    squares = any(ink.reliable for ink in inks)
    brains = request.height - _FOOT_OF_OWN_BARS
    if not own_bars:
        brains = request.height - FOOT - (SQUARE + 6 if squares else 0)
    size = (request.width * _RATIO, request.height * _RATIO)
    image = Image.new("RGB", size, request.background)
    words = Words(image, _RATIO, request.text, request.background)
    cells = layout_cells(
        request.width, brains, len(maps), ("square" if squares else "bar") if own_bars else None
    )
    cameras = cameras_of(scene.view, len(maps))
    hints: dict[Camera, dict[tuple[str, str], tuple[float, float]]] = {}
    for cell, camera, shown, ink in zip(cells, cameras, maps, inks, strict=True):
        placed = _placed(assets.folder, assets.geometry, camera)
        fragments, relief = _seen(assets.folder, assets.geometry, camera, cell.body[2:])
        colours = shade(
            fragments,
            relief,
            brain,
            subject,
            brain.flat_faces if camera.is_flat else brain.faces,
            shown.values,
            shown.reliability,
            ink,
            scene.look,
        )
        _paste(image, cell, fragments, colours)
        if plain:
            continue
        sight = sight_of(cell, camera, placed)
        draw_title(words, scene, shown, cell)
        draw_names(words, scene, sight, placed, camera, fragments, hints.setdefault(camera, {}))
        for pick in picks:
            draw_mark(words, scene, sight, placed, camera, pick)
        if own_bars:
            draw_legend(words, scene, ink, shown, cell.x + cell.w, cell.y + cell.h, cell.w)
    if not own_bars and not plain:
        # Of views that share a scale one that fades stands for all.
        which = next((i for i, ink in enumerate(inks) if ink.reliable), 0)
        corner = (request.width, request.height - 8)
        draw_legend(words, scene, inks[which], maps[which], *corner, request.width)
    if request.ratio < _RATIO:
        image = image.reduce(_RATIO)
    stream = io.BytesIO()
    image.save(stream, "PNG", compress_level=6)
    return stream.getvalue()


def _paste(image: Image.Image, cell: Cell, fragments: Fragments, colours: Any) -> None:
    """Put fragments into a cell; the ground stays where no triangle is."""
    left, top, w, h = (value * _RATIO for value in cell.body)
    part = np.array(image.crop((left, top, left + w, top + h)))
    part.reshape(-1, 3)[fragments.pixel] = np.rint(colours * 255)
    image.paste(Image.fromarray(part), (left, top))


@lru_cache(maxsize=6)
def _placed(folder: Path, geometry: str, camera: Camera) -> Placed:
    return place(read_brain(folder, geometry), camera)


@lru_cache(maxsize=4)  # about 25 MB each
def _seen(
    folder: Path, geometry: str, camera: Camera, size: tuple[int, int]
) -> tuple[Fragments, Relief]:
    """Rasterise one camera's brains once: another image changes colours only."""
    brain, placed = read_brain(folder, geometry), _placed(folder, geometry, camera)
    sight = sight_of(Cell(0, 0, *size, title=0, foot=0), camera, placed)
    xyz = np.column_stack([sight.to_screen(placed.xyz) * _RATIO, placed.xyz[:, 2]])
    faces = brain.flat_faces if camera.is_flat else brain.faces
    width, height = (length * _RATIO for length in size)
    fragments = rasterise(xyz, faces, width, height, two_sided=camera.is_flat)
    return fragments, relief_of(fragments, placed.normals, brain, faces)
