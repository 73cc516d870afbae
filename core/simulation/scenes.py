"""The pictures shown to the simulated subjects: a place with up to three things in it.

Each scene is made by code from its seed alone, the same on every machine with the same versions.
Pose, size, place, colour and lighting are drawn from distributions that do not depend on the kind
of thing, so that what a picture shows cannot be read off its pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from cortiscope.core.simulation.backgrounds import render_background
from cortiscope.core.simulation.drawings.animals import draw_animal
from cortiscope.core.simulation.drawings.bodies import draw_body
from cortiscope.core.simulation.drawings.brush import Brush
from cortiscope.core.simulation.drawings.faces import draw_face
from cortiscope.core.simulation.drawings.food import draw_food
from cortiscope.core.simulation.drawings.palette import object_colours, shade
from cortiscope.core.simulation.drawings.things import draw_thing
from cortiscope.core.simulation.drawings.vehicles import draw_vehicle
from cortiscope.core.simulation.drawings.words import draw_word

OBJECT_KINDS = ("face", "body", "animal", "food", "vehicle", "word", "object")
BACKGROUNDS = ("texture", "indoor", "street", "nature")
LATENTS = OBJECT_KINDS + BACKGROUNDS
"""What a scene holds, as numbers: how much of the visual field each kind of thing fills.

Cortex gives more room to the centre of gaze, so a thing's size is weighted by eccentricity. The
category areas of the simulated subjects respond to the latents; encoding models never see them.
"""

FIELD_WIDTH = 8.4
"""Width of the picture in degrees of visual angle, as in the Natural Scenes Dataset."""

HALF_WEIGHT_ECCENTRICITY = 2.0
"""Eccentricity in degrees at which a piece of the picture counts half of one at the fovea."""


@cache
def eccentricity_weights(size: int) -> NDArray[np.float32]:
    """Return the weight of each pixel, (size, size); they sum to 1, gaze is at the centre."""
    steps = (np.arange(size) + 0.5) / size * FIELD_WIDTH - FIELD_WIDTH / 2
    eccentricity = np.hypot(steps[:, None], steps[None, :])
    weights = 1 / (1 + eccentricity / HALF_WEIGHT_ECCENTRICITY)
    return (weights / weights.sum()).astype(np.float32)


def compute_latents(
    kinds: tuple[str, ...], visible: list[NDArray[np.float32]], background: str
) -> NDArray[np.float32]:
    """Compute the latents of a scene.

    Parameters
    ----------
    kinds : the kind of each object.
    visible : the share of each pixel that shows this object, (size, size), 0..1, one per object.
    background : the place, one of ``BACKGROUNDS``.

    Returns
    -------
    latents : (n_latents,) in the order of ``LATENTS``; for kinds the weighted share of the field
        (0..1, usually below .4), for backgrounds 1 or 0.
    """
    latents = np.zeros(len(LATENTS), dtype=np.float32)
    for kind, mask in zip(kinds, visible, strict=True):
        weights = eccentricity_weights(mask.shape[0])
        latents[LATENTS.index(kind)] += float((weights * mask).sum())
    latents[LATENTS.index(background)] = 1.0
    return latents


SCENE_SIZE = 128
"""Width and height of a scene, pixels."""

SCENE_VERSION = 1
"""Raised whenever the same seed gives another picture."""

_OVERSAMPLING = 2
_N_OBJECTS = (0.08, 0.32, 0.36, 0.24)
_RADIUS = (19.0, 42.0)
# So that the kinds cover about the same area: a face fills its circle, a body does not.
_KIND_SCALE = {"face": 0.86, "body": 1.15, "animal": 1.06}
_DRAWINGS = {
    "face": draw_face,
    "body": draw_body,
    "animal": draw_animal,
    "food": draw_food,
    "vehicle": draw_vehicle,
    "word": draw_word,
    "object": draw_thing,
}


@dataclass(frozen=True)
class Scene:
    """A picture and what it shows.

    Attributes
    ----------
    pixels : (128, 128, 3), RGB.
    caption : a plain phrase, as "a face and a dog in front of a street".
    categories : the kinds of thing present, in the order of ``OBJECT_KINDS``, then the place.
    latents : (n_latents,) in the order of ``LATENTS``; see ``compute_latents``.
    """

    pixels: NDArray[np.uint8]
    caption: str
    categories: tuple[str, ...]
    latents: NDArray[np.float32]


@dataclass(frozen=True)
class _Placement:
    """Where an object goes: centre and radius in pixels, turn in radians."""

    x: float
    y: float
    radius: float
    angle: float
    flip: bool


def render_scene(seed: int) -> Scene:
    """Render the scene of a seed."""
    rng = np.random.default_rng(seed)
    background = str(rng.choice(BACKGROUNDS))
    n_objects = int(rng.choice(len(_N_OBJECTS), p=_N_OBJECTS))
    kinds = tuple(str(kind) for kind in rng.permutation(OBJECT_KINDS)[:n_objects])
    canvas, place = render_background(background, SCENE_SIZE, rng)
    light = _draw_light(rng)
    visible: list[NDArray[np.float32]] = []
    phrases: list[str] = []
    for kind, placement in zip(kinds, _draw_placements(rng, kinds), strict=True):
        phrase, alpha = _add_object(canvas, kind, placement, light, rng)
        visible = [mask * (1 - alpha) for mask in visible]
        visible.append(alpha)
        phrases.append(phrase)
    pixels = _expose(canvas, light, rng)
    present = tuple(kind for kind in OBJECT_KINDS if kind in kinds)
    return Scene(
        pixels=pixels,
        caption=_describe(phrases, place),
        categories=(*present, background),
        latents=compute_latents(kinds, visible, background),
    )


def _draw_light(rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw the direction of light: a vector whose length is its strength."""
    angle = rng.random() * 2 * np.pi
    return rng.uniform(0.0, 0.3) * np.array([np.cos(angle), np.sin(angle)])


def _draw_placements(rng: np.random.Generator, kinds: tuple[str, ...]) -> list[_Placement]:
    """Place objects so that they may overlap, but none hides another.

    Of many random layouts the first without deep overlap is taken, else the best of them.
    """
    n_objects = len(kinds)
    scales = np.array([_KIND_SCALE.get(kind, 1.0) for kind in kinds])
    largest = _RADIUS[1] if n_objects < 3 else 0.8 * _RADIUS[1]
    closest = rng.uniform(0.62, 1.0)
    best = (-np.inf, np.empty((0, 2)), np.empty(0))
    for _ in range(30):
        radii = scales * rng.uniform(_RADIUS[0], largest, n_objects)
        reach = 0.86 * radii[:, None]
        centres = rng.uniform(reach, SCENE_SIZE - reach, (n_objects, 2))
        gaps = [
            np.hypot(*(centres[i] - centres[j])) / (radii[i] + radii[j])
            for i in range(n_objects)
            for j in range(i)
        ]
        gap = min(gaps, default=np.inf)
        if gap > best[0]:
            best = (gap, centres, radii)
        if gap >= closest:
            break
    _, centres, radii = best
    return [
        _Placement(x, y, radius, float(rng.normal(0, 0.14)), bool(rng.random() < 0.5))
        for (x, y), radius in zip(centres.tolist(), radii.tolist(), strict=True)
    ]


def _add_object(
    canvas: NDArray[np.float32],
    kind: str,
    placement: _Placement,
    light: NDArray[np.float64],
    rng: np.random.Generator,
) -> tuple[str, NDArray[np.float32]]:
    """Paint an object over the canvas, in place.

    Returns
    -------
    phrase : what it is, as "a dog".
    alpha : (SCENE_SIZE, SCENE_SIZE), how much of each pixel it covers.
    """
    half = int(np.ceil(1.22 * placement.radius)) + 3
    left, top = round(placement.x) - half, round(placement.y) - half
    tile = Image.new("RGBA", (2 * half * _OVERSAMPLING, 2 * half * _OVERSAMPLING))
    centre = ((placement.x - left) * _OVERSAMPLING, (placement.y - top) * _OVERSAMPLING)
    brush = Brush(tile, centre, placement.radius * _OVERSAMPLING, placement.angle, placement.flip)
    colours = object_colours(rng)
    phrase = _DRAWINGS[kind](brush, rng, colours)
    tile = tile.reduce(_OVERSAMPLING)
    outline = rng.choice(["dark", "ink", "white", "none"], p=[0.45, 0.25, 0.15, 0.15])
    rim = {"dark": shade(colours.main, 0.35), "ink": (34, 30, 40), "white": (252, 250, 246)}.get(
        str(outline)
    )
    colour, alpha = _finish_tile(tile, rim, light, placement)
    shadow = _opacity(tile.getchannel("A").filter(ImageFilter.BoxBlur(3))) * np.float32(0.35)
    drop = (-12 * light).round().astype(int) + (0, 1)
    _blend(canvas, np.zeros(3, np.float32), shadow, left + drop[0], top + drop[1])
    full = np.zeros((SCENE_SIZE, SCENE_SIZE), dtype=np.float32)
    _blend(canvas, colour, alpha, left, top, full)
    return phrase, full


def _finish_tile(
    tile: Image.Image,
    rim: tuple[int, int, int] | None,
    light: NDArray[np.float64],
    placement: _Placement,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Give an object its outline and shading; return colour (h, w, 3) and alpha (h, w)."""
    colour = np.asarray(tile, dtype=np.float32)[..., :3]
    alpha = _opacity(tile.getchannel("A"))
    if rim is not None:
        wide = _opacity(tile.getchannel("A").filter(ImageFilter.MaxFilter(3)))
        share = (alpha / np.maximum(wide, np.float32(1e-3)))[..., None]
        ink = np.array(rim, dtype=np.float32)
        colour, alpha = (ink + (colour - ink) * share).astype(np.float32), wide
    side = alpha.shape[0]
    steps = (np.arange(side, dtype=np.float32) - side / 2) / placement.radius
    glow = (1 + light[0] * steps[None, :] + light[1] * steps[:, None]).astype(np.float32)
    return np.clip(colour * glow[..., None], 0, 255), alpha


def _opacity(channel: Image.Image) -> NDArray[np.float32]:
    """Return an alpha channel as shares, 0..1."""
    return np.asarray(channel, dtype=np.float32) * np.float32(1 / 255)


def _blend(
    canvas: NDArray[np.float32],
    colour: NDArray[np.float32],
    alpha: NDArray[np.float32],
    left: int,
    top: int,
    cover: NDArray[np.float32] | None = None,
) -> None:
    """Blend a tile into the canvas at a place that may reach over its edges."""
    height, width = alpha.shape
    y0, y1 = max(top, 0), min(top + height, SCENE_SIZE)
    x0, x1 = max(left, 0), min(left + width, SCENE_SIZE)
    if y0 >= y1 or x0 >= x1:
        return
    window = (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left))
    share = alpha[window][..., None]
    paint = colour[window] if colour.ndim == 3 else colour
    canvas[y0:y1, x0:x1] += share * (paint - canvas[y0:y1, x0:x1])
    if cover is not None:
        cover[y0:y1, x0:x1] = alpha[window]


def _expose(
    canvas: NDArray[np.float32], light: NDArray[np.float64], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Light the whole picture from one side and add a little sensor noise."""
    steps = np.linspace(-1, 1, SCENE_SIZE, dtype=np.float32)
    glow = 1 + 0.6 * (light[0] * steps[None, :] + light[1] * steps[:, None])
    noise = rng.standard_normal(canvas.shape[:2], dtype=np.float32) * 6 * rng.random() ** 2
    lit = canvas * glow[..., None].astype(np.float32) + noise[..., None]
    return np.clip(lit + 0.5, 0, 255).astype(np.uint8)


def _describe(phrases: list[str], place: str) -> str:
    if not phrases:
        return place
    # Named front to back: what is painted last is nearest.
    named = phrases[::-1]
    listed = named[0] if len(named) == 1 else ", ".join(named[:-1]) + " and " + named[-1]
    return f"{listed} in front of {place}"
