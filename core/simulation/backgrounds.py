"""The places behind the objects, matched in colour and luminance over kinds of place.

A place may be known by its layout only. So after drawing, every background is moved to a mean and
a spread of luminance and of both colour axes that were drawn from one distribution before the
kind of place was looked at.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from cortiscope.core.simulation.drawings.brush import Brush
from cortiscope.core.simulation.drawings.indoor import draw_indoor
from cortiscope.core.simulation.drawings.nature import draw_nature
from cortiscope.core.simulation.drawings.palette import Colour, background_colours
from cortiscope.core.simulation.drawings.street import draw_street
from cortiscope.core.simulation.drawings.textures import draw_texture

_DRAWINGS = {
    "texture": draw_texture,
    "indoor": draw_indoor,
    "street": draw_street,
    "nature": draw_nature,
}
_OVERSAMPLING = 2
_LARGEST_GAIN = 2.5
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


def render_background(
    kind: str, size: int, rng: np.random.Generator
) -> tuple[NDArray[np.float32], str]:
    """Render a place.

    Returns
    -------
    pixels : (size, size, 3), 0..255.
    phrase : what it shows, as "a street".
    """
    target = _draw_target(rng)
    colours = background_colours(rng)
    canvas = Image.new("RGB", (size * _OVERSAMPLING, size * _OVERSAMPLING))
    brush = Brush(canvas, (0, 0), size * _OVERSAMPLING, 0.0)
    phrase = _DRAWINGS[kind](brush, rng, colours)
    _scatter_clutter(brush, rng, colours)
    picture = canvas.reduce(_OVERSAMPLING)
    if rng.random() < 0.35:
        picture = picture.filter(ImageFilter.BoxBlur(rng.uniform(0.3, 1.1)))
    pixels = np.asarray(picture, dtype=np.float32)
    if rng.random() < 0.35:
        pixels = pixels + _hatching(size, rng)[..., None]
    return match_statistics(pixels, *target), phrase


def _draw_target(rng: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Draw means and spreads of luminance, blue-luminance and red-luminance."""
    means = [rng.uniform(105, 175), rng.normal(0, 17), rng.normal(0, 17)]
    spreads = [rng.uniform(26, 46), rng.uniform(9, 24), rng.uniform(9, 24)]
    return np.array(means, dtype=np.float32), np.array(spreads, dtype=np.float32)


def match_statistics(
    pixels: NDArray[np.float32], means: NDArray[np.float32], spreads: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Move luminance, blue-luminance and red-luminance to given means and spreads.

    Clipping to 0..255 shifts them a little, so the step is done twice.
    """
    for _ in range(2):
        luminance = pixels @ _LUMA
        planes = [luminance, pixels[..., 2] - luminance, pixels[..., 0] - luminance]
        moved = []
        for plane, mean, spread in zip(planes, means, spreads, strict=True):
            # A flat plane would have its noise blown up to the wanted spread: bound the gain.
            gain = min(float(spread / (plane.std() + 1e-3)), _LARGEST_GAIN)
            moved.append((plane - plane.mean()) * gain + mean)
        luminance, blue, red = moved
        green = -(_LUMA[0] * red + _LUMA[2] * blue) / _LUMA[1]
        pixels = np.stack([luminance + red, luminance + green, luminance + blue], axis=-1)
        pixels = np.clip(pixels, 0, 255)
    return pixels.astype(np.float32)


def _hatching(size: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return fine parallel pencil lines, (size, size): oriented energy that means nothing."""
    lines = Image.new("L", (size, size))
    draw = ImageDraw.Draw(lines)
    angle = rng.random() * np.pi
    along = np.array([np.cos(angle), np.sin(angle)])
    count = int(rng.integers(40, 130))
    starts, lengths = rng.uniform(-10, size, (count, 2)), rng.uniform(8, 40, count)
    for (x, y), (dx, dy) in zip(starts.tolist(), (lengths[:, None] * along).tolist(), strict=True):
        draw.line([(x, y), (x + dx, y + dy)], fill=255, width=1)
    depth = rng.uniform(8, 24) * rng.choice([-1, 1]) / 255
    return np.asarray(lines, dtype=np.float32) * np.float32(depth)


def _scatter_clutter(brush: Brush, rng: np.random.Generator, colours: list[Colour]) -> None:
    """Strew small shapes over the place, the same ones everywhere: energy that means nothing."""
    for _ in range(int(rng.integers(0, 14))):
        x, y, r = rng.random(), rng.random(), rng.uniform(0.008, 0.03)
        tone = colours[int(rng.integers(len(colours)))]
        angle = rng.random() * np.pi
        shape = rng.integers(3)
        if shape == 0:
            brush.ellipse(x, y, r, r * 0.7, tone, angle)
        elif shape == 1:
            dx, dy = 2 * r * np.cos(angle), 2 * r * np.sin(angle)
            brush.stroke([(x - dx, y - dy), (x + dx, y + dy)], 0.01, tone)
        else:
            turn = angle + np.arange(3) * 2 * np.pi / 3
            brush.polygon(np.stack([x + r * np.cos(turn), y + r * np.sin(turn)], 1), tone)
