"""Titles, captions, ROI names, marks and colour bars (``frontend/draw/overlay.js``)."""

from __future__ import annotations

import numpy as np

from cortiscope.cortex_view.payload import CortexMap
from cortiscope.cortex_view.space import SIDES
from cortiscope.cortex_view.still.camera import Camera, Placed
from cortiscope.cortex_view.still.labels import Box, choose_labels, place_labels
from cortiscope.cortex_view.still.layout import Cell, Sight
from cortiscope.cortex_view.still.raster import Fragments
from cortiscope.cortex_view.still.scene import Scene
from cortiscope.cortex_view.still.shading import Ink
from cortiscope.cortex_view.still.words import Words, format_number

SQUARE = 34  # CSS pixels: the height of the legend of value by reliability
_INSET = 14
DIMMED = 0.45  # opacity of names of ROIs while another one is brought forward
_QUIET = 0.68  # of the text colour
_BEHIND = 3.0  # mm behind what is seen and still in sight


def draw_title(words: Words, scene: Scene, shown: CortexMap, cell: Cell) -> None:
    """Write title and subtitle, with the stamp at the right."""
    baseline = cell.y + 22
    colour = scene.accent if shown.role == "predicted" else words.text
    x, right = float(cell.x + _INSET), float(cell.x + cell.w - _INSET)
    is_marked = shown.role in ("measured", "predicted")
    below = right
    if shown.simulated and scene.stamp:
        room = right - x - 15 * is_marked - words.width(shown.title, 14, 600) - 12
        stamp, width, row = _stamp_beside(words, scene.stamp, room)
        words.box(right - width, baseline + 17 * row - 12.5, width, 17, alpha=0.4, radius=3)
        words.write(stamp, right - width + 6, baseline + 17 * row - 0.5, 10, weight=600, alpha=0.72)
        if row:
            below -= width + 12
        else:
            right -= width + 12
    if is_marked:
        words.ring(x + 4, baseline - 4.5, 3.6, 1.6, colour, full=shown.role == "measured")
        x += 15
    title = words.fit(shown.title, right - x, 14, 600)
    words.write(title, x, baseline, 14, weight=600, colour=colour)
    if not shown.subtitle:
        return
    after = x + words.width(title, 14, 600) + 10
    if right - after > 120:
        subtitle = words.fit(shown.subtitle, right - after, 12.5)
        words.write(subtitle, after, baseline, 12.5, alpha=_QUIET)
    else:
        subtitle = words.fit(shown.subtitle, below - cell.x - _INSET, 12.5)
        words.write(subtitle, cell.x + _INSET, baseline + 17, 12.5, alpha=_QUIET)


def _stamp_beside(words: Words, stamp: str, room: float) -> tuple[str, float, int]:
    """Return what leaves the title whole: the stamp, its first word, or that one row below."""
    for text in (stamp, stamp.split(" ")[0]):
        width = words.width(text, 10, 600) + 12
        if width <= room:
            return text, width, 0
    return text, width, 1


def captions(sight: Sight, placed: Placed) -> list[tuple[str, float, float]]:
    """Return left and right with their places under the brains, or at the foot of the view."""
    cell = sight.cell
    below = sight.y + placed.height / 2 * sight.scale + 20
    y = min(below, cell.y + cell.h - cell.foot + 13)
    places = []
    for side in SIDES:
        box = placed.boxes[side]
        x = sight.x + (box[0] + box[2]) / 2 * sight.scale
        places.append(min(cell.x + cell.w - 24, max(cell.x + 24, x)))
    up = f" · {placed.upward} up" if placed.upward else ""
    if up and places[1] - places[0] < 130:
        return [(f"left{up} · right", sum(places) / 2, y)]
    return [(side + up, x, y) for side, x in zip(SIDES, places, strict=True)]


def draw_names(
    words: Words,
    scene: Scene,
    sight: Sight,
    placed: Placed,
    camera: Camera,
    fragments: Fragments,
    hints: dict[tuple[str, str], tuple[float, float]],
) -> None:
    """Write the hemispheres and the ROIs that are in sight."""
    taken: list[Box] = []
    for text, x, y in captions(sight, placed):
        words.write(text, x, y, 12, alpha=_QUIET, anchor="m", halo=True)
        half = words.width(text, 12) / 2
        taken.append((x - half, y - 13, x + half, y + 4))
    labels = choose_labels(
        scene.brain,
        scene.subject,
        placed,
        flat=camera.is_flat,
        wanted=scene.labelled(),
        raised=scene.is_raised,
        visible=lambda vertex: _in_sight(vertex, words.ratio, sight, placed, fragments),
    )
    size = 11 if sight.scale < 1.2 else 12.5
    for label, x, y in place_labels(
        labels,
        sight,
        placed,
        width_of=lambda name: words.width(name, size, 600),
        height=size + 4,
        taken=taken,
        hints=hints,
    ):
        colour = scene.line_colours[label.roi.bit]
        at = (x, y + size * 0.34)
        alpha = 1.0 if scene.stands_out(label.roi) else DIMMED
        words.write(
            label.roi.name, *at, size, weight=600, colour=colour, alpha=alpha, anchor="m", halo=True
        )


def _in_sight(
    vertex: int, ratio: float, sight: Sight, placed: Placed, fragments: Fragments
) -> bool:
    """Whether nothing lies in front of a vertex, which must be within the view."""
    left, top, w, h = sight.cell.body
    x, y = sight.to_screen(placed.xyz[vertex]) - [left, top]
    if not (0 <= x < w and 0 <= y < h):
        return False
    seen = fragments.depth[int(y * ratio) * int(w * ratio) + int(x * ratio)]
    return bool(placed.xyz[vertex, 2] > seen - _BEHIND)


def draw_mark(
    words: Words,
    scene: Scene,
    sight: Sight,
    placed: Placed,
    camera: Camera,
    selected: tuple[str, int],
) -> None:
    """Ring a vertex, paler where it faces away."""
    side, number = selected
    vertex = scene.brain.slices[side].start + number
    if vertex >= scene.brain.slices[side].stop:
        return
    if camera.is_flat and not scene.brain.in_flat[vertex]:
        return
    x, y = sight.to_screen(placed.xyz[vertex])
    left, top, w, _ = sight.cell.body
    if not (left <= x <= left + w and y >= top):
        return
    alpha = 1.0 if placed.normals[vertex, 2] > 0 else 0.3
    words.ring(x, y, 6.5, 5, words.background, alpha=alpha)
    words.ring(x, y, 6.5, 2.5, scene.accent, alpha=alpha)


def draw_legend(
    words: Words,
    scene: Scene,
    ink: Ink,
    shown: CortexMap,
    right: float,
    bottom: float,
    room: float,
) -> None:
    """Draw a colour bar with its ends in numbers, or the square of value by reliability."""
    low = format_number(ink.low)
    high = f"{format_number(ink.high)} {shown.scale.unit}".strip()
    colours = _bar_colours(ink, scene.look.grey)
    x = right - _INSET
    if ink.reliable is None:
        width, y = min(110, room * 0.3), bottom - 16
        words.write(high, x, y + 9, 11.5, alpha=0.8, anchor="r")
        x -= words.width(high, 11.5) + 6
        words.paste(colours, x - width, y, width, 10)
        words.box(x - width, y, width, 10, alpha=0.25)
        words.write(low, x - width - 6, y + 9, 11.5, alpha=0.8, anchor="r")
        return
    width, foot = min(120, room * 0.34), bottom - 3
    left, y = x - width, foot - 15 - SQUARE
    start, end = ink.reliable
    # Reliability 1 at the top; the middle of each of 64 rows.
    trust = 1 - (np.arange(64) + 0.5)[:, None, None] / 64
    solid = np.clip((trust - start) / max(end - start, 1e-6), 0, 1)
    grey = scene.look.grey * 255
    square = np.rint(grey + (colours.astype(float) - grey) * solid).astype(np.uint8)
    words.paste(square, left, y, width, SQUARE)
    words.box(left, y, width, SQUARE, alpha=0.25)
    words.write(low, left, foot - 1, 11, alpha=0.8)
    words.write(high, x, foot - 1, 11, alpha=0.8, anchor="r")
    ticks = [(0.0, "0", 1), (1.0, "1", 8)]
    if 0.28 < end < 0.72:
        ticks.append((end, format_number(end), 4))
    for at, text, down in ticks:
        words.write(text, left - 6, y + SQUARE * (1 - at) + down, 11, alpha=0.8, anchor="r")
    widest = max(words.width(text, 11) for _, text, _ in ticks)
    at_y = y + SQUARE / 2 + 4
    words.write(shown.reliability_label, left - 13 - widest, at_y, 11, alpha=0.8, anchor="r")


def _bar_colours(ink: Ink, grey: np.ndarray) -> np.ndarray:
    """(1, n, 3) uint8; values that are hidden show the cortex's grey."""
    if ink.kind == "categorical":
        colours = ink.table[int(ink.low) : int(ink.high) + 1].copy()
    else:
        colours = ink.table.copy()
        values = np.linspace(ink.low, ink.high, len(colours))
        if ink.hidden is not None:
            colours[(values > ink.hidden[0]) & (values < ink.hidden[1])] = np.rint(grey * 255)
    return colours[None]
