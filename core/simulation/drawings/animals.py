"""Animals, mostly seen from the side: fur and feathers take any colour."""

from __future__ import annotations

import numpy as np

from cortiscope.core.simulation.drawings.brush import Brush, arc_points
from cortiscope.core.simulation.drawings.palette import INK, WHITE, Colours, shade

_PI = np.pi


def draw_animal(brush: Brush, rng: np.random.Generator, colours: Colours) -> str:
    """Draw one of the animals and return its noun phrase."""
    draw = (_dog, _cat, _bird, _fish, _rabbit, _elephant, _horse, _turtle)[int(rng.integers(8))]
    return draw(brush, rng, colours)


def _eye(brush: Brush, x: float, y: float, size: float = 0.06) -> None:
    brush.ellipse(x, y, size, size, INK)
    brush.ellipse(x + size * 0.3, y - size * 0.35, size * 0.35, size * 0.35, WHITE)


def _legs(
    brush: Brush, rng: np.random.Generator, places: list[float], top: float, bottom: float,
    width: float, near: tuple[int, int, int], far: tuple[int, int, int],
) -> None:  # fmt: skip
    """Draw four legs, those of the far side darker and a little inside."""
    stride = rng.normal(0, 0.09, len(places) * 2)
    for i, x in enumerate(places):
        brush.limb(
            [(x + 0.14, top), (x + 0.14 + stride[i], bottom - 0.03)], width, width * 0.8, far
        )
    for i, x in enumerate(places):
        swing = stride[len(places) + i]
        brush.limb([(x, top), (x + swing, bottom)], width * 1.1, width * 0.85, near)


def _dog(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    tail = rng.uniform(-0.75, -0.45)
    brush.limb([(-0.62, -0.12), (-0.82, -0.3), (-0.9, tail)], 0.15, 0.08, c.main)
    _legs(brush, rng, [-0.52, 0.26], 0.1, 0.78, 0.18, c.main, c.dark)
    brush.blob([(-0.7, -0.1), (-0.4, -0.28), (0.2, -0.26), (0.5, -0.2), (0.48, 0.2), (0.1, 0.26),
                (-0.35, 0.2), (-0.66, 0.24)], c.main)  # fmt: skip
    if rng.random() < 0.5:
        brush.ellipse(-0.2, -0.1, 0.2, 0.14, c.second)
    brush.limb([(0.34, -0.1), (0.5, -0.45)], 0.36, 0.3, c.main)
    brush.ellipse(0.53, -0.52, 0.28, 0.25, c.main)
    brush.limb([(0.62, -0.46), (0.86, -0.4)], 0.26, 0.2, c.light)
    brush.ellipse(0.94, -0.47, 0.075, 0.065, INK)
    brush.stroke(arc_points(0.78, -0.38, 0.12, 0.07, 0.3, 2.4, 6), 0.035, INK)
    if rng.random() < 0.5:
        brush.blob(
            [(0.4, -0.72), (0.28, -0.6), (0.22, -0.25), (0.36, -0.18), (0.48, -0.45)], c.dark
        )
    else:
        brush.polygon([(0.3, -0.6), (0.34, -0.98), (0.56, -0.72)], c.dark)
    _eye(brush, 0.62, -0.58)
    brush.stroke([(0.3, -0.2), (0.54, -0.12)], 0.08, c.accent)
    return "a dog"


def _cat(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    side = rng.random()
    brush.limb([(0.4, 0.75), (0.78, 0.62), (0.82, 0.2), (0.66, 0.02 - 0.2 * side)], 0.17, 0.12,
               c.main)  # fmt: skip
    brush.blob([(0, -0.2), (0.34, 0.15), (0.5, 0.7), (0.3, 0.88), (-0.3, 0.88), (-0.5, 0.7),
                (-0.34, 0.15)], c.main)  # fmt: skip
    brush.ellipse(0, 0.35, 0.22, 0.34, c.light)
    for s in (-1, 1):
        brush.limb([(s * 0.15, 0.35), (s * 0.16, 0.83)], 0.17, 0.15, c.main)
        brush.ellipse(s * 0.17, 0.87, 0.13, 0.08, c.light)
        brush.polygon([(s * 0.13, -0.66), (s * 0.46, -0.98), (s * 0.47, -0.4)], c.main)
        brush.polygon([(s * 0.24, -0.66), (s * 0.41, -0.84), (s * 0.41, -0.5)], c.second)
    brush.ellipse(0, -0.36, 0.5, 0.4, c.main)
    if rng.random() < 0.6:
        for x in (-0.14, 0, 0.14):
            brush.stroke([(x, -0.74), (x * 0.8, -0.57)], 0.06, c.dark)
        for s in (-1, 1):
            for y in (0.3, 0.46):
                brush.stroke([(s * 0.3, y), (s * 0.42, y + 0.02)], 0.06, c.dark)
    brush.ellipse(0, -0.2, 0.2, 0.15, c.light)
    for s in (-1, 1):
        brush.ellipse(s * 0.2, -0.4, 0.11, 0.11, c.accent)
        brush.ellipse(s * 0.2, -0.4, 0.04, 0.1, INK)
        for dy in (-0.04, 0.05):
            brush.stroke([(s * 0.16, -0.2), (s * 0.68, -0.22 + 2 * dy)], 0.025, INK)
    brush.polygon([(-0.06, -0.27), (0.06, -0.27), (0, -0.19)], INK)
    return "a cat"


def _bird(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    flying = rng.random() < 0.5
    brush.polygon([(-0.4, 0.05), (-0.98, -0.08), (-0.94, 0.12), (-0.86, 0.3), (-0.35, 0.3)], c.dark)
    if not flying:
        for x in (-0.02, 0.16):
            brush.stroke([(x, 0.4), (x + 0.03, 0.86), (x + 0.17, 0.88)], 0.05, c.dark)
    brush.blob([(-0.5, 0.1), (-0.1, -0.22), (0.3, -0.3), (0.55, 0.0), (0.4, 0.38), (0, 0.5),
                (-0.35, 0.36)], c.main)  # fmt: skip
    brush.ellipse(0.3, 0.18, 0.24, 0.24, c.light)
    brush.ellipse(0.48, -0.34, 0.29, 0.27, c.main)
    brush.polygon([(0.72, -0.44), (0.99, -0.3), (0.71, -0.2)], c.accent)
    if flying:
        lift = float(rng.uniform(-1.0, -0.7))
        brush.blob([(0.2, -0.1), (0.05, -0.55), (-0.35, lift), (-0.62, lift + 0.1),
                    (-0.55, -0.35), (-0.35, 0.05), (0, 0.22)], c.second)  # fmt: skip
        for x, y in ((-0.4, -0.55), (-0.25, -0.45)):
            brush.stroke([(x, y), (x + 0.25, 0.0)], 0.04, shade(c.second, 0.7))
    else:
        brush.blob(
            [(0.22, -0.05), (0.1, 0.22), (-0.45, 0.3), (-0.6, 0.22), (-0.2, -0.08)], c.second
        )
    _eye(brush, 0.55, -0.4, 0.065)
    return "a bird"


def _fish(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    tall = float(rng.uniform(0.4, 0.62))
    brush.blob([(-0.5, 0), (-0.95, -0.42), (-0.84, 0), (-0.95, 0.42)], c.second)
    brush.blob([(-0.1, -tall * 0.8), (0.05, -tall - 0.28), (-0.35, -tall - 0.16),
                (-0.42, -tall * 0.4)], c.second)  # fmt: skip
    brush.blob([(0.1, tall * 0.8), (-0.2, tall + 0.24), (-0.34, tall * 0.5)], c.second)
    brush.blob([(0.92, 0.02), (0.55, -tall * 0.8), (0.05, -tall), (-0.45, -tall * 0.45), (-0.62, 0),
                (-0.45, tall * 0.45), (0.05, tall), (0.55, tall * 0.8)], c.main)  # fmt: skip
    for x in np.linspace(-0.3, 0.25, int(rng.integers(2, 4))):
        h = tall * (0.85 - abs(x) * 0.6)
        brush.stroke([(x, -h), (x + 0.07, 0), (x, h)], 0.09, c.accent)
    brush.blob([(0.25, 0.05), (-0.02, 0.26), (0.12, 0.34)], c.dark)
    brush.stroke(arc_points(0.5, 0, 0.14, tall * 0.6, 1.9, 4.4, 7), 0.04, c.dark)
    brush.ellipse(0.63, -0.1, 0.1, 0.1, WHITE)
    brush.ellipse(0.65, -0.1, 0.055, 0.055, INK)
    brush.stroke([(0.9, 0.08), (0.76, 0.13)], 0.04, INK)
    return "a fish"


def _rabbit(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    droop = float(rng.uniform(-0.1, 0.25))
    brush.ellipse(-0.62, 0.5, 0.17, 0.16, c.light)
    brush.blob([(-0.55, 0.5), (-0.3, 0.02), (0.1, -0.04), (0.42, 0.2), (0.42, 0.6), (0.2, 0.85),
                (-0.4, 0.85)], c.main)  # fmt: skip
    brush.ellipse(-0.22, 0.58, 0.3, 0.28, shade(c.main, 0.86))
    brush.ellipse(-0.08, 0.85, 0.3, 0.1, c.light)
    brush.ellipse(0.36, 0.83, 0.16, 0.1, c.light)
    for dx, tilt, tone in ((0.16, -0.25 - droop, c.dark), (0.3, 0.12 + droop, c.main)):
        brush.ellipse(dx + 0.5 * np.sin(tilt), -0.62, 0.12, 0.38, tone, tilt)
        brush.ellipse(dx + 0.5 * np.sin(tilt), -0.62, 0.055, 0.28, c.second, tilt)
    brush.ellipse(0.38, -0.12, 0.33, 0.29, c.main)
    brush.ellipse(0.56, -0.02, 0.15, 0.13, c.light)
    brush.ellipse(0.68, -0.1, 0.05, 0.04, INK)
    _eye(brush, 0.44, -0.2, 0.075)
    return "a rabbit"


def _elephant(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    brush.limb([(-0.72, -0.15), (-0.9, 0.1), (-0.88, 0.35)], 0.09, 0.05, c.dark)
    _legs(brush, rng, [-0.56, 0.08], 0.2, 0.82, 0.26, c.main, c.dark)
    brush.blob([(-0.78, 0.0), (-0.5, -0.46), (0.0, -0.52), (0.35, -0.4), (0.4, 0.2), (0.1, 0.4),
                (-0.5, 0.4), (-0.76, 0.28)], c.main)  # fmt: skip
    brush.ellipse(0.45, -0.3, 0.34, 0.34, c.main)
    end = float(rng.uniform(-0.3, 0.75))
    brush.limb([(0.66, -0.25), (0.84, 0.1), (0.84, 0.35), (0.96, end)], 0.3, 0.12, c.main)
    brush.limb([(0.62, 0.0), (0.78, 0.16)], 0.09, 0.05, WHITE)
    brush.blob([(0.36, -0.58), (0.08, -0.6), (-0.08, -0.3), (0.04, 0.08), (0.24, 0.04),
                (0.36, -0.2)], c.dark)  # fmt: skip
    _eye(brush, 0.56, -0.38, 0.055)
    return "an elephant"


def _horse(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    brush.limb([(-0.6, -0.1), (-0.82, 0.0), (-0.86, 0.5)], 0.16, 0.1, c.second)
    _legs(brush, rng, [-0.52, 0.16], 0.1, 0.9, 0.15, c.main, c.dark)
    brush.blob([(-0.66, 0.0), (-0.4, -0.24), (0.1, -0.18), (0.36, -0.26), (0.42, 0.1), (0.15, 0.28),
                (-0.3, 0.22), (-0.6, 0.26)], c.main)  # fmt: skip
    brush.limb([(0.26, -0.05), (0.52, -0.64)], 0.42, 0.26, c.main)
    brush.limb([(0.52, -0.68), (0.86, -0.42)], 0.28, 0.19, c.main)
    brush.ellipse(0.88, -0.41, 0.1, 0.1, c.light)
    brush.polygon([(0.42, -0.74), (0.46, -0.99), (0.58, -0.76)], c.main)
    brush.blob([(0.5, -0.9), (0.34, -0.78), (0.12, -0.36), (0.1, -0.12), (0.26, -0.22),
                (0.4, -0.55)], c.second)  # fmt: skip
    _eye(brush, 0.62, -0.66, 0.05)
    return "a horse"


def _turtle(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    brush.limb([(0.4, 0.2), (0.72, float(rng.uniform(-0.25, 0.1)))], 0.24, 0.3, c.second)
    head_y = float(rng.uniform(-0.2, -0.05))
    brush.ellipse(0.76, head_y, 0.2, 0.18, c.second)
    for x in (-0.5, 0.3):
        brush.limb([(x, 0.3), (x - 0.05 + rng.normal(0, 0.05), 0.62)], 0.26, 0.22, c.second)
    brush.polygon([(-0.6, 0.25), (-0.92, 0.4), (-0.6, 0.42)], c.second)
    brush.sector(-0.08, 0.34, 0.68, 0.8, _PI, 2 * _PI, c.main)
    for x in (-0.42, -0.08, 0.26):
        top = 0.24 - 0.34 * (1 - abs(x + 0.08))
        brush.polygon([(x - 0.13, top + 0.22), (x - 0.08, top), (x + 0.08, top),
                       (x + 0.13, top + 0.22), (x, top + 0.34)], c.dark)  # fmt: skip
    brush.box(-0.8, 0.28, 0.64, 0.4, c.light, 0.06)
    _eye(brush, 0.82, head_y - 0.05, 0.05)
    return "a turtle"
