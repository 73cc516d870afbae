"""Faces: a head seen from the front or slightly turned, with hair, eyes, mouth and moods."""

from __future__ import annotations

import numpy as np

from cortiscope.core.simulation.drawings.brush import Brush, arc_points
from cortiscope.core.simulation.drawings.palette import (
    INK,
    WHITE,
    Colour,
    Colours,
    hsv,
    mix,
    random_hue,
    random_skin,
    shade,
)

_PI = np.pi


def draw_face(brush: Brush, rng: np.random.Generator, colours: Colours) -> str:
    """Draw a face and return its noun phrase."""
    skin = random_skin(rng)
    hair = _hair_colour(rng)
    width, height = rng.uniform(0.58, 0.7), rng.uniform(0.78, 0.9)
    turn = float(rng.uniform(-0.13, 0.13))
    style = str(rng.choice(["short", "long", "bob", "curly", "bald", "bun", "hat"]))

    _hair_behind(brush, style, hair, width)
    brush.ellipse(-width, 0.08, 0.12, 0.18, shade(skin, 0.88))
    brush.ellipse(width, 0.08, 0.12, 0.18, shade(skin, 0.88))
    jaw, chin = rng.uniform(0.64, 0.88), rng.uniform(0.2, 0.32)
    brush.blob(
        [
            (0, -height),
            (width * 0.75, -height * 0.72),
            (width, 0),
            (width * jaw, 0.55),
            (chin, 0.9),
            (-chin, 0.9),
            (-width * jaw, 0.55),
            (-width, 0),
            (-width * 0.75, -height * 0.72),
        ],
        skin,
    )
    cheeks = mix(skin, (235, 90, 90), 0.35)
    for side in (-1, 1):
        brush.ellipse(side * width * 0.62 + turn, 0.33, 0.13, 0.09, cheeks)
    if rng.random() < 0.2:
        _beard(brush, hair, width, jaw)
    _eyes(brush, rng, hair, turn)
    _nose(brush, rng, skin, turn)
    _mouth(brush, rng, turn)
    _hair_front(brush, rng, style, hair, colours, width, height)
    if rng.random() < 0.22:
        _glasses(brush, colours.dark, turn)
    return "a face"


def _hair_colour(rng: np.random.Generator) -> Colour:
    if rng.random() < 0.2:
        return hsv(random_hue(rng), 0.65, 0.75)
    natural = ((42, 32, 30), (84, 54, 36), (140, 84, 44), (206, 160, 84), (176, 74, 36))
    base = natural[int(rng.integers(len(natural)))]
    return (180, 178, 182) if rng.random() < 0.08 else base


def _hair_behind(brush: Brush, style: str, hair: Colour, width: float) -> None:
    if style == "long":
        brush.blob(
            [(0, -1), (width + 0.18, -0.6), (width + 0.22, 0.3), (width + 0.16, 0.98), (0, 0.8),
             (-width - 0.16, 0.98), (-width - 0.22, 0.3), (-width - 0.18, -0.6)],
            shade(hair, 0.8),
        )  # fmt: skip
    elif style == "bob":
        brush.blob(
            [(0, -0.98), (width + 0.2, -0.5), (width + 0.24, 0.35), (width, 0.5), (-width, 0.5),
             (-width - 0.24, 0.35), (-width - 0.2, -0.5)],
            shade(hair, 0.8),
        )  # fmt: skip
    elif style == "curly":
        for angle in np.linspace(0.85 * _PI, 2.15 * _PI, 9):
            brush.ellipse(
                (width + 0.08) * np.cos(angle), -0.2 + 0.66 * np.sin(angle), 0.27, 0.27,
                shade(hair, 0.85),
            )  # fmt: skip
    elif style == "bun":
        brush.ellipse(0, -0.93, 0.3, 0.26, shade(hair, 0.85))


def _hair_front(
    brush: Brush,
    rng: np.random.Generator,
    style: str,
    hair: Colour,
    colours: Colours,
    width: float,
    height: float,
) -> None:
    if style == "bald":
        return
    if style == "hat":
        brush.sector(0, -0.4, width + 0.1, 0.62, _PI, 2 * _PI, colours.main)
        brush.box(-width - 0.22, -0.46, width + 0.22, -0.3, colours.dark, 0.08)
        return
    if style == "curly":
        for x in np.linspace(-width * 0.75, width * 0.75, 5):
            brush.ellipse(x, -0.72 + 0.28 * (x / width) ** 2, 0.2, 0.18, hair)
        return
    part = float(rng.uniform(-0.4, 0.4))
    low = float(rng.uniform(-0.5, -0.36))
    outer = arc_points(0, -0.12, width + 0.06, height - 0.02, _PI, 2 * _PI, 14)
    fringe = [
        (width * 0.94, -0.12),
        (width * 0.62, low - 0.02),
        (part + 0.05, low - 0.2),
        (part - 0.15, low),
        (-width * 0.7, low + 0.06),
        (-width * 0.94, -0.12),
    ]
    brush.polygon(np.concatenate([outer, np.asarray(fringe)]), hair)


def _eyes(brush: Brush, rng: np.random.Generator, hair: Colour, turn: float) -> None:
    spread, open_by = rng.uniform(0.25, 0.31), rng.uniform(0.085, 0.125)
    iris = hsv(rng.choice([0.07, 0.08, 0.3, 0.55, 0.58]), 0.65, rng.uniform(0.35, 0.75))
    gaze = float(np.clip(turn * 0.4 + rng.normal(0, 0.02), -0.06, 0.06))
    brow_tilt = float(rng.normal(0, 0.035))
    brow = shade(hair, 0.65)
    asleep = rng.random() < 0.06
    for side in (-1, 1):
        x = side * spread + turn
        if asleep:
            brush.stroke(arc_points(x, 0, 0.14, 0.07, 0, _PI, 7), 0.05, INK)
        else:
            brush.ellipse(x, 0, 0.16, open_by + 0.02, INK)
            brush.ellipse(x, 0.01, 0.145, open_by, WHITE)
            brush.ellipse(x + gaze, 0.01, 0.088, min(0.092, open_by), iris)
            brush.ellipse(x + gaze, 0.01, 0.048, 0.05, INK)
            brush.ellipse(x + gaze + 0.03, -0.025, 0.022, 0.022, WHITE)
        brush.stroke(
            [(x - side * 0.13, -0.2 + brow_tilt), (x + side * 0.02, -0.25),
             (x + side * 0.16, -0.2 - brow_tilt)],
            0.065, brow,
        )  # fmt: skip


def _nose(brush: Brush, rng: np.random.Generator, skin: Colour, turn: float) -> None:
    x, size = 1.25 * turn, rng.uniform(0.07, 0.11)
    dark = shade(skin, 0.74)
    if rng.random() < 0.5:
        brush.stroke([(x - 0.02, 0.08), (x + size, 0.29), (x - size * 0.6, 0.31)], 0.045, dark)
    else:
        brush.ellipse(x, 0.27, size * 1.1, size * 0.8, dark)
        brush.ellipse(x, 0.245, size * 0.95, size * 0.72, shade(skin, 1.08))


def _mouth(brush: Brush, rng: np.random.Generator, turn: float) -> None:
    x, wide = turn, rng.uniform(0.18, 0.28)
    lips = (150, 48, 52)
    mood = rng.choice(["smile", "grin", "open", "calm", "sad"], p=[0.35, 0.25, 0.15, 0.15, 0.1])
    if mood == "smile":
        brush.stroke(arc_points(x, 0.5, wide, 0.14, 0.1, _PI - 0.1, 9), 0.06, lips)
    elif mood == "grin":
        brush.sector(x, 0.5, wide, 0.2, 0, _PI, lips)
        brush.sector(x, 0.51, wide * 0.86, 0.11, 0.1, _PI - 0.1, WHITE)
    elif mood == "open":
        brush.ellipse(x, 0.58, wide * 0.5, 0.13, lips)
        brush.ellipse(x, 0.59, wide * 0.32, 0.085, (70, 20, 28))
    elif mood == "calm":
        brush.ellipse(x, 0.56, wide * 0.85, 0.055, (192, 88, 86))
        brush.stroke([(x - wide * 0.8, 0.56), (x + wide * 0.8, 0.56)], 0.03, lips)
    else:
        brush.stroke(arc_points(x, 0.68, wide, 0.12, _PI + 0.2, 2 * _PI - 0.2, 9), 0.06, lips)


def _beard(brush: Brush, hair: Colour, width: float, jaw: float) -> None:
    brush.blob(
        [(-width * 0.96, 0.1), (-width * 0.62, 0.42), (-0.25, 0.4), (0.25, 0.4),
         (width * 0.62, 0.42), (width * 0.96, 0.1), (width * jaw, 0.68), (0.2, 0.97),
         (-0.2, 0.97), (-width * jaw, 0.68)],
        shade(hair, 0.92),
    )  # fmt: skip


def _glasses(brush: Brush, colour: Colour, turn: float) -> None:
    for side in (-1, 1):
        ring = arc_points(side * 0.28 + turn, 0.0, 0.2, 0.17, 0, 2 * _PI, 18)
        brush.stroke(ring, 0.045, colour)
    brush.stroke([(turn - 0.08, 0), (turn + 0.08, 0)], 0.045, colour)
