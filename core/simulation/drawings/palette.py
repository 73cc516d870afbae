"""Colours, drawn from one distribution for every kind of thing and place.

Colour must not give away what is in a picture: if skies were blue and roads grey, raw pixels would
predict place areas. So hues come from one shared distribution, half of it warm (where skin, fur,
wood and bread live anyway), and no drawing prefers its own beyond skin.
"""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import numpy as np

Colour = tuple[int, int, int]

WHITE: Colour = (250, 248, 244)
INK: Colour = (38, 34, 44)
SKIN: tuple[Colour, ...] = (
    (255, 222, 196),
    (243, 200, 166),
    (226, 172, 132),
    (198, 138, 98),
    (158, 104, 70),
    (112, 72, 50),
)


@dataclass(frozen=True)
class Colours:
    """The colours of one object.

    Attributes
    ----------
    main, second, accent : of different hue.
    dark, light : shades of main.
    """

    main: Colour
    second: Colour
    accent: Colour
    dark: Colour
    light: Colour


def hsv(hue: float, saturation: float, value: float) -> Colour:
    """Return a colour from hue (wraps at 1), saturation and value (clipped to 0..1)."""
    r, g, b = colorsys.hsv_to_rgb(
        hue % 1.0, min(max(saturation, 0.0), 1.0), min(max(value, 0.0), 1.0)
    )
    return round(255 * r), round(255 * g), round(255 * b)


def shade(colour: Colour, factor: float) -> Colour:
    """Darken (factor < 1) or lighten towards white (factor > 1; 2 is white)."""
    if factor <= 1:
        r, g, b = (round(c * factor) for c in colour)
    else:
        r, g, b = (round(c + (255 - c) * min(factor - 1, 1.0)) for c in colour)
    return r, g, b


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Blend two colours; ``share`` is that of the second."""
    r, g, b = (round(a + (c - a) * share) for a, c in zip(first, second, strict=True))
    return r, g, b


def pick(rng: np.random.Generator, colours: tuple[Colour, ...]) -> Colour:
    """Pick one of several colours."""
    return colours[int(rng.integers(len(colours)))]


def random_hue(rng: np.random.Generator) -> float:
    """Draw a hue: half of them warm, the others anywhere."""
    return float(rng.normal(0.07, 0.05) if rng.random() < 0.5 else rng.random()) % 1.0


def random_skin(rng: np.random.Generator) -> Colour:
    """Draw a skin tone between two of the fixed ones."""
    place = rng.random() * (len(SKIN) - 1.001)
    i = int(place)
    return mix(SKIN[i], SKIN[i + 1], place - i)


def object_colours(rng: np.random.Generator) -> Colours:
    """Draw the colours of one object."""
    hue = random_hue(rng)
    saturation, value = rng.uniform(0.3, 0.8), rng.uniform(0.42, 0.97)
    main = hsv(hue, saturation, value)
    step = float(rng.choice([0.12, 0.33, 0.5, -0.2]))
    second = hsv(hue + step, rng.uniform(0.25, 0.75), rng.uniform(0.55, 0.97))
    accent = hsv(random_hue(rng), rng.uniform(0.45, 0.85), rng.uniform(0.6, 0.98))
    return Colours(main, second, accent, shade(main, 0.62), shade(main, 1.45))


def background_colours(rng: np.random.Generator, n_colours: int = 8) -> list[Colour]:
    """Draw colours for a place: hues round two centres, values spread evenly, in random order.

    The order is random, so that no part of a place (sky, floor) is on average lighter than another.
    """
    base = random_hue(rng)
    other = base + float(rng.choice([0.1, 0.25, 0.4, 0.5, -0.25]))
    values = np.linspace(0.28, 0.98, n_colours) + rng.normal(0, 0.03, n_colours)
    colours = [
        hsv(
            (base if rng.random() < 0.55 else other) + rng.normal(0, 0.025),
            rng.uniform(0.2, 0.65),
            value,
        )
        for value in values
    ]
    return [colours[i] for i in rng.permutation(n_colours)]
