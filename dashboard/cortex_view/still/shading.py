"""Colours of fragments, as the viewer's fragment shader gives them (``draw/shaders.js``)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cortiscope.cortex_view.payload import reliability_steps
from cortiscope.cortex_view.still.brain import Brain, Subject
from cortiscope.cortex_view.still.raster import Fragments


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


@dataclass(frozen=True)
class Relief:
    """What a camera's fragments look like whatever is drawn on them; (n, 1) each.

    Parameters
    ----------
    sulcus : 0 on gyri, 1 in sulci.
    light : from the camera, a little from above; matte, so it only ever takes away.
    """

    sulcus: np.ndarray
    light: np.ndarray


def relief_of(fragments: Fragments, normals: np.ndarray, brain: Brain, faces: np.ndarray) -> Relief:
    """Return depth and light of fragments; ``normals`` (n_vertices, 3) are in view axes."""
    corners = faces[fragments.face]
    sulcus = _smoothstep(
        0.22, 0.78, _mixed(fragments.bary, brain.depth.astype(np.float32)[corners])
    )
    x, y, z = (
        _mixed(fragments.bary, normals[:, axis].astype(np.float32)[corners]) for axis in range(3)
    )
    length = np.sqrt(x * x + y * y + z * z)
    facing = np.clip(z / length, 0, 1)
    light = 0.56 + 0.46 * facing**0.8 + 0.07 * y / length * (1 - facing)
    return Relief(sulcus[:, None], np.minimum(light, 1.04)[:, None])


def shade(
    fragments: Fragments,
    relief: Relief,
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
    faces : the triangles that ``fragments.face`` counts.
    values, reliability : (n_values,) in the subject's order; NaN shows the cortex.
    """
    corners = faces[fragments.face]
    bary = fragments.bary
    value, valid = (part[corners] for part in _spread(values, subject, len(brain.depth)))
    shown, weight = _between(value, valid, bary, ink)
    amount = _coverage(shown, weight, valid, fragments, ink)
    if not look.plain:
        amount = amount * ink.opacity
    if ink.reliable is not None and reliability is not None:
        trust = np.zeros(len(brain.depth), np.float32)
        trust[subject.vertices] = reliability_steps(reliability) / 255
        solid = _mixed(bary, valid * trust[corners]) / np.maximum(_mixed(bary, valid), 1e-6)
        start, end = ink.reliable
        amount = amount * np.clip((solid - start) / max(end - start, 1e-6), 0, 1)
    data = (ink.table / np.float32(255)).astype(np.float32)[_entries(shown, ink)]
    amount = amount[:, None].astype(np.float32)
    grey, gyri, sulci = (np.asarray(c, np.float32) for c in (look.grey, look.gyri, look.sulci))
    if look.plain:
        return grey + (data - grey) * amount

    rgb = gyri + (sulci - gyri) * relief.sulcus
    rgb += (data * (1.03 - 0.16 * relief.sulcus) - rgb) * amount
    rgb *= relief.light
    _outline(rgb, fragments, corners, brain, subject, look)
    rgb[~fragments.front] = sulci * 0.55
    return np.clip(rgb, 0, 1, out=rgb)


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
    value, valid = np.zeros(n, np.float32), np.zeros(n, np.float32)
    value[subject.vertices] = np.where(finite, values, 0)
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
    weight = _mixed(bary, valid)
    total = np.maximum(weight, 1e-6)
    if ink.kind != "cyclic":
        return _mixed(bary, valid * value) / total, weight
    # Round the circle the short way: the others are measured from the first real value.
    turn = ink.high - ink.low
    origin = value[rows, np.argmax(valid > 0, axis=1)]
    off = value - origin[:, None]
    off -= turn * np.floor(off / turn + 0.5)
    return origin + _mixed(bary, valid * off) / total, weight


def _coverage(
    shown: np.ndarray, weight: np.ndarray, valid: np.ndarray, fragments: Fragments, ink: Ink
) -> np.ndarray:
    """(n,) 0..1: how much of the fragment is data that is to be shown."""
    if ink.kind == "categorical":
        edge = weight
    else:
        slope = np.hypot(_mixed(valid, fragments.dx), _mixed(valid, fragments.dy))
        edge = np.clip((weight - 0.5) / np.maximum(slope, 1e-6) + 0.5, 0, 1)
    if ink.hidden is not None:
        edge = np.where((shown > ink.hidden[0]) & (shown < ink.hidden[1]), 0, edge)
    return edge


def _outline(
    rgb: np.ndarray,
    fragments: Fragments,
    corners: np.ndarray,
    brain: Brain,
    subject: Subject,
    look: Look,
) -> None:
    """Draw ROI borders half way between members and others, in place."""
    a, b, c = (subject.masks[corners[:, k]] for k in range(3))
    on_right = corners[:, 0] >= brain.slices["right"].start
    raised = np.where(on_right, np.uint64(look.raised["right"]), np.uint64(look.raised["left"]))
    focused = any(look.raised.values())
    differ = (a | b | c) & ~(a & b & c) & (np.uint64(look.shown) | raised)
    near = np.flatnonzero(differ)
    for bit in range(len(look.roi_colours)):
        flag = np.uint64(1 << bit)
        at = near[(differ[near] & flag) != 0]
        if not len(at):
            continue
        inside = np.stack([(mask[at] & flag) != 0 for mask in (a, b, c)], 1)
        slope = np.hypot(_mixed(inside, fragments.dx[at]), _mixed(inside, fragments.dy[at]))
        away = np.abs(_mixed(inside, fragments.bary[at]) - 0.5) / np.maximum(slope, 1e-9)
        lifted = (raised[at] & flag) != 0
        strength = np.where(~lifted & focused, 0.3, 1.0)
        half = np.where(lifted, 1.4, 0.75) * look.pixel
        wide = half + np.where(lifted, 1.6, 0.9) * look.pixel
        for colour, width, most in ((look.halo, wide, 0.4), (look.roi_colours[bit], half, 1.0)):
            cover = np.clip(width + 0.5 - away, 0, 1)[:, None] * (strength * most)[:, None]
            rgb[at] += (colour - rgb[at]) * cover


def _mixed(weights: np.ndarray, parts: np.ndarray) -> np.ndarray:
    """(n,) sums over the three corners."""
    out: np.ndarray = np.einsum("nk,nk->n", weights, parts)
    return out


def _smoothstep(low: float, high: float, value: np.ndarray) -> np.ndarray:
    t = np.clip((value - low) / (high - low), 0, 1)
    out: np.ndarray = t * t * (3 - 2 * t)
    return out
