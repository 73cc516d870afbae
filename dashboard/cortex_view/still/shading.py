"""Colours of fragments, as the viewer's fragment shader gives them (``draw/shaders.js``)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dashboard.cortex_view.still.brain import Brain, Subject
from dashboard.cortex_view.still.raster import Fragments


@dataclass(frozen=True)
class Look:
    """What all views share; colours are (3,) in 0..1.

    Parameters
    ----------
    roi_colours : (n_names, 3) by bit.
    shown : ROIs outlined; raised : those brought forward, per side.
    pixel : pixels of the picture per CSS pixel.
    plain : colours as in the table: no light, sulci or lines.
    """

    gyri: np.ndarray
    sulci: np.ndarray
    grey: np.ndarray
    halo: np.ndarray
    roi_colours: np.ndarray
    shown: int
    raised: dict[str, int]
    pixel: float
    plain: bool = False


@dataclass(frozen=True)
class Ink:
    """How one view's values become colours.

    Parameters
    ----------
    table : (256, 3) uint8.
    hidden : values strictly between are not shown, or None.
    reliable : from faint to solid, or None.
    """

    kind: str
    low: float
    high: float
    table: np.ndarray
    hidden: tuple[float, float] | None = None
    opacity: float = 1.0
    reliable: tuple[float, float] | None = None


def shade(
    fragments: Fragments,
    normals: np.ndarray,
    brain: Brain,
    subject: Subject,
    faces: np.ndarray,
    values: np.ndarray,
    reliability: np.ndarray | None,
    ink: Ink,
    look: Look,
) -> np.ndarray:
    """Return (n_fragments, 3) colours, 0..1.

    Parameters
    ----------
    normals : (n_vertices, 3) in view axes.
    faces : the triangles that ``fragments.face`` counts.
    values, reliability : (n_values,) in the subject's order; NaN shows the cortex.
    """
    corners = faces[fragments.face]
    bary = fragments.bary
    value, valid = _spread(values, subject, len(brain.depth))
    trust = np.ones(len(brain.depth))
    if reliability is not None:
        trust[subject.vertices] = np.nan_to_num(reliability)
    shown, weight = _between(value[corners], valid[corners], bary, ink)
    amount = _coverage(shown, weight, valid[corners], fragments, ink)
    if not look.plain:
        amount = amount * ink.opacity
    if ink.reliable is not None:
        solid = (bary * valid[corners] * trust[corners]).sum(1)
        solid /= np.maximum((bary * valid[corners]).sum(1), 1e-6)
        start, end = ink.reliable
        amount = amount * np.clip((solid - start) / max(end - start, 1e-6), 0, 1)
    data = ink.table[_entries(shown, ink)] / 255
    amount = amount[:, None]
    if look.plain:
        return look.grey + (data - look.grey) * amount

    sulcus = _smoothstep(0.22, 0.78, (bary * brain.depth[corners]).sum(1))[:, None]
    cortex = look.gyri + (look.sulci - look.gyri) * sulcus
    rgb = cortex + (data * (1.03 - 0.16 * sulcus) - cortex) * amount
    normal = (bary[:, :, None] * normals[corners]).sum(1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    facing = np.clip(normal[:, 2], 0, 1)
    light = 0.56 + 0.46 * facing**0.8 + 0.07 * normal[:, 1] * (1 - facing)
    rgb = rgb * np.minimum(light, 1.04)[:, None]
    _outline(rgb, fragments, subject.masks[corners], corners[:, 0], brain, look)
    rgb[~fragments.front] = look.sulci * 0.55
    clipped: np.ndarray = np.clip(rgb, 0, 1)
    return clipped


def entry_of(kind: str, low: float, high: float, value: np.ndarray) -> np.ndarray:
    """Return the table's entries 0..255 of values."""
    if kind == "categorical":
        return np.floor(value + 0.5).astype(np.int64) & 255
    u = (value - low) / (high - low)
    if kind == "cyclic":
        return np.minimum(255, ((u - np.floor(u)) * 256).astype(np.int64))
    return (np.clip(u, 0, 1) * 255 + 0.5).astype(np.int64)


def _entries(shown: np.ndarray, ink: Ink) -> np.ndarray:
    return entry_of(ink.kind, ink.low, ink.high, shown)


def _spread(values: np.ndarray, subject: Subject, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (n_vertices,) values, 0 where there is none, and 1 where there is one."""
    finite = np.isfinite(values)
    value, valid = np.zeros(n), np.zeros(n)
    # Exactly what a float32 texture holds.
    value[subject.vertices] = np.where(finite, values, 0).astype(np.float32)
    valid[subject.vertices] = finite
    return value, valid


def _between(
    value: np.ndarray, valid: np.ndarray, bary: np.ndarray, ink: Ink
) -> tuple[np.ndarray, np.ndarray]:
    """Return each fragment's value and how much of its weight is data."""
    rows = np.arange(len(bary))
    if ink.kind == "categorical":
        nearest = np.argmax(bary, axis=1)
        return value[rows, nearest], valid[rows, nearest]
    weight = (bary * valid).sum(1)
    real = bary * valid
    total = np.maximum(weight, 1e-6)
    if ink.kind != "cyclic":
        return (real * value).sum(1) / total, weight
    # Round the circle the short way: the others are measured from the first real value.
    turn = ink.high - ink.low
    origin = value[rows, np.argmax(valid > 0, axis=1)]
    off = value - origin[:, None]
    off -= turn * np.floor(off / turn + 0.5)
    return origin + (real * off).sum(1) / total, weight


def _coverage(
    shown: np.ndarray, weight: np.ndarray, valid: np.ndarray, fragments: Fragments, ink: Ink
) -> np.ndarray:
    """(n,) 0..1: how much of the fragment is data that is to be shown."""
    if ink.kind == "categorical":
        edge = weight
    else:
        slope = np.hypot((valid * fragments.dx).sum(1), (valid * fragments.dy).sum(1))
        edge = np.clip((weight - 0.5) / np.maximum(slope, 1e-6) + 0.5, 0, 1)
    if ink.hidden is not None:
        edge = np.where((shown > ink.hidden[0]) & (shown < ink.hidden[1]), 0, edge)
    return edge


def _outline(
    rgb: np.ndarray,
    fragments: Fragments,
    masks: np.ndarray,
    first: np.ndarray,
    brain: Brain,
    look: Look,
) -> None:
    """Draw ROI borders half way between members and others, in place."""
    on_right = first >= brain.slices["right"].start
    everyone = masks[:, 0] & masks[:, 1] & masks[:, 2]
    someone = masks[:, 0] | masks[:, 1] | masks[:, 2]
    raised_all = np.where(on_right, np.uint64(look.raised["right"]), np.uint64(look.raised["left"]))
    differ = someone & ~everyone & (np.uint64(look.shown) | raised_all)
    for bit in range(len(look.roi_colours)):
        flag = np.uint64(1 << bit)
        at = np.flatnonzero(differ & flag)
        if not len(at):
            continue
        inside = (masks[at] & flag) != 0
        slope = np.hypot((inside * fragments.dx[at]).sum(1), (inside * fragments.dy[at]).sum(1))
        away = np.abs((inside * fragments.bary[at]).sum(1) - 0.5) / np.maximum(slope, 1e-9)
        lifted = (raised_all[at] & flag) != 0
        strength = np.where(~lifted & (raised_all[at] != 0), 0.3, 1.0)
        half = np.where(lifted, 1.4, 0.75) * look.pixel
        wide = half + np.where(lifted, 1.6, 0.9) * look.pixel
        for colour, width, most in ((look.halo, wide, 0.4), (look.roi_colours[bit], half, 1.0)):
            cover = np.clip(width + 0.5 - away, 0, 1)[:, None] * (strength * most)[:, None]
            rgb[at] += (colour - rgb[at]) * cover


def _smoothstep(low: float, high: float, value: np.ndarray) -> np.ndarray:
    t = np.clip((value - low) / (high - low), 0, 1)
    out: np.ndarray = t * t * (3 - 2 * t)
    return out
