"""Everyday objects that belong to no other kind."""

from __future__ import annotations

import numpy as np

from cortiscope.core.simulation.drawings.brush import Brush, arc_points
from cortiscope.core.simulation.drawings.palette import INK, WHITE, Colours, shade

_PI = np.pi


def draw_thing(brush: Brush, rng: np.random.Generator, colours: Colours) -> str:
    """Draw an object of the household and return its noun phrase."""
    things = (_chair, _lamp, _cup, _ball, _clock, _book, _umbrella, _guitar, _key, _vase)
    return things[int(rng.integers(len(things)))](brush, rng, colours)


def _chair(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    for x, tone in ((-0.28, c.dark), (0.62, c.dark), (-0.5, c.main), (0.4, c.main)):
        brush.limb([(x, 0.18), (x * 1.05, 0.94 if tone is c.main else 0.78)], 0.11, 0.09, tone)
    for x in (-0.46, -0.24):
        brush.limb([(x, 0.1), (x - 0.08, -0.94 - 0.2 * x)], 0.11, 0.1, c.main)
    brush.polygon([(-0.62, -0.92), (-0.26, -0.98), (-0.2, -0.3), (-0.54, -0.2)], c.main)
    if rng.random() < 0.5:
        brush.polygon([(-0.55, -0.8), (-0.34, -0.84), (-0.28, -0.42), (-0.48, -0.36)], c.light)
    brush.polygon([(-0.6, 0.08), (-0.28, -0.1), (0.7, -0.1), (0.5, 0.08)], c.second)
    brush.polygon([(-0.6, 0.08), (0.5, 0.08), (0.5, 0.22), (-0.6, 0.22)], shade(c.second, 0.75))
    brush.polygon([(0.5, 0.08), (0.7, -0.1), (0.7, 0.03), (0.5, 0.22)], shade(c.second, 0.6))
    return "a chair"


def _lamp(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    brush.ellipse(0, 0.86, 0.46, 0.13, c.dark)
    if rng.random() < 0.5:
        brush.stroke([(0, -0.1), (0, 0.84)], 0.1, c.dark)
    else:
        brush.blob([(0, 0.0), (0.16, 0.2), (0.34, 0.55), (0.18, 0.84), (-0.18, 0.84),
                    (-0.34, 0.55), (-0.16, 0.2)], c.second)  # fmt: skip
    top = float(rng.uniform(0.25, 0.45))
    brush.polygon([(-top, -0.92), (top, -0.92), (0.74, 0.04), (-0.74, 0.04)], c.main)
    brush.polygon([(-top * 0.4, -0.92), (top * 0.3, -0.92), (0.24, 0.04), (-0.3, 0.04)], c.light)
    brush.ellipse(0, 0.04, 0.74, 0.1, (255, 240, 176))
    return "a lamp"


def _cup(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    brush.stroke(arc_points(0.56, 0.12, 0.34, 0.32, -1.5, 1.6, 12), 0.14, c.dark)
    brush.blob([(-0.72, -0.36), (0.62, -0.36), (0.56, 0.4), (0.36, 0.8), (-0.46, 0.8),
                (-0.66, 0.4)], c.main)  # fmt: skip
    if rng.random() < 0.6:
        for x in (-0.45, -0.05, 0.35):
            brush.ellipse(x, 0.24, 0.12, 0.12, c.second)
    brush.ellipse(-0.05, -0.38, 0.68, 0.18, c.light)
    brush.ellipse(-0.05, -0.36, 0.58, 0.13, (96, 58, 36))
    for x in (-0.3, 0.1):
        brush.stroke([(x, -0.56), (x + 0.1, -0.68), (x, -0.8), (x + 0.1, -0.94)], 0.06,
                     (226, 226, 230))  # fmt: skip
    return "a cup"


def _ball(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    brush.ellipse(0, 0, 0.9, 0.9, c.main)
    if rng.random() < 0.5:
        for i in range(6):
            a = i * _PI / 3
            wedge = arc_points(0, 0, 0.9, 0.9, a, a + _PI / 3, 7)
            tone = (c.main, c.second, WHITE)[i % 3]
            brush.polygon(np.concatenate([[(-0.15, -0.2)], wedge]), tone)
        brush.ellipse(-0.15, -0.2, 0.14, 0.14, c.accent)
    else:
        brush.ellipse(0, 0, 0.9, 0.9, WHITE)
        penta = np.arange(5) * 2 * _PI / 5 - _PI / 2
        brush.polygon(np.stack([0.3 * np.cos(penta), 0.3 * np.sin(penta)], 1), c.dark)
        for a in penta:
            brush.stroke([(0.3 * np.cos(a), 0.3 * np.sin(a)), (0.62 * np.cos(a), 0.62 * np.sin(a))],
                         0.05, c.dark)  # fmt: skip
            spots = np.array([a - 0.26, a, a + 0.26])
            far = np.stack([0.88 * np.cos(spots), 0.88 * np.sin(spots)], 1)
            near = [(0.6 * np.cos(a + 0.12), 0.6 * np.sin(a + 0.12)),
                    (0.6 * np.cos(a - 0.12), 0.6 * np.sin(a - 0.12))]  # fmt: skip
            brush.polygon(np.concatenate([far, near]), c.dark)
    brush.ellipse(-0.34, -0.42, 0.14, 0.09, WHITE, -0.7)
    return "a ball"


def _clock(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    alarm = rng.random() < 0.5
    if alarm:
        for s in (-1, 1):
            brush.ellipse(s * 0.48, -0.68, 0.28, 0.2, c.second, s * 0.6)
            brush.limb([(s * 0.45, 0.7), (s * 0.6, 0.94)], 0.13, 0.1, c.dark)
    brush.ellipse(0, 0.05, 0.84, 0.84, c.main)
    brush.ellipse(0, 0.05, 0.68, 0.68, WHITE)
    for i in range(12):
        a = i * _PI / 6
        r = 0.52 if i % 3 else 0.48
        x, y = np.cos(a), np.sin(a)
        brush.stroke([(r * x, 0.05 + r * y), (0.6 * x, 0.05 + 0.6 * y)], 0.05, INK)
    hour, minute = rng.random(2) * 2 * _PI
    brush.stroke([(0, 0.05), (0.3 * np.cos(hour), 0.05 + 0.3 * np.sin(hour))], 0.08, INK)
    brush.stroke([(0, 0.05), (0.47 * np.cos(minute), 0.05 + 0.47 * np.sin(minute))], 0.05, c.accent)
    brush.ellipse(0, 0.05, 0.06, 0.06, INK)
    return "an alarm clock" if alarm else "a clock"


def _book(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    brush.polygon([(-0.96, -0.5), (0, -0.4), (0.96, -0.5), (0.96, 0.58), (0, 0.7), (-0.96, 0.58)],
                  c.main)  # fmt: skip
    for s in (-1, 1):
        brush.blob([(0, -0.44), (s * 0.3, -0.6), (s * 0.86, -0.58), (s * 0.86, 0.44),
                    (s * 0.3, 0.44), (0, 0.6)], WHITE)  # fmt: skip
        for y in (-0.34, -0.18, -0.02, 0.14):
            end = float(rng.uniform(0.55, 0.74))
            brush.stroke([(s * 0.16, y), (s * end, y - 0.04)], 0.035, (150, 150, 156))
    brush.stroke([(0, -0.44), (0, 0.62)], 0.04, c.dark)
    brush.polygon([(0.3, -0.5), (0.42, -0.52), (0.42, 0.84), (0.36, 0.76), (0.3, 0.84)], c.accent)
    return "a book"


def _umbrella(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    brush.stroke([(0, -0.95), (0, 0.7)], 0.07, c.dark)
    brush.stroke(arc_points(0.14, 0.7, 0.14, 0.18, 0, _PI, 8), 0.09, c.dark)
    brush.sector(0, 0.06, 0.96, 0.9, _PI, 2 * _PI, c.main)
    brush.polygon(np.concatenate([arc_points(0, 0.06, 0.34, 0.9, _PI, 2 * _PI, 14)]), c.second)
    edge = shade(c.main, 0.8)
    for x in (-0.8, -0.48, -0.16, 0.16, 0.48, 0.8):
        brush.sector(x, 0.04, 0.16, 0.12, 0, _PI, edge)
    return "an umbrella"


def _guitar(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    brush.box(-0.07, -0.86, 0.07, 0.1, c.dark)
    brush.box(-0.13, -1.0, 0.13, -0.78, shade(c.dark, 0.7), 0.04)
    brush.blob([(0, -0.12), (0.3, -0.16), (0.4, 0.08), (0.32, 0.3), (0.54, 0.52), (0.46, 0.88),
                (0, 0.98), (-0.46, 0.88), (-0.54, 0.52), (-0.32, 0.3), (-0.4, 0.08),
                (-0.3, -0.16)], c.main)  # fmt: skip
    brush.ellipse(0, 0.3, 0.17, 0.17, INK)
    brush.box(-0.22, 0.66, 0.22, 0.74, c.dark)
    for x in (-0.04, 0.0, 0.04):
        brush.stroke([(x, -0.95), (x * 1.6, 0.7)], 0.016, WHITE)
    return "a guitar"


def _key(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    brush.stroke(arc_points(-0.55, 0, 0.3, 0.3, 0, 2 * _PI, 22), 0.2, c.main)
    brush.stroke([(-0.24, 0), (0.92, 0)], 0.19, c.main)
    for x, length in ((0.5, 0.34), (0.7, 0.24), (0.88, 0.36)):
        brush.box(x - 0.06, 0, x + 0.06, length * float(rng.uniform(0.8, 1.3)), c.main)
    brush.stroke([(-0.2, -0.04), (0.88, -0.04)], 0.05, c.light)
    return "a key"


def _vase(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    for i, x in enumerate((-0.42, 0.0, 0.42)):
        y = -0.62 - 0.14 * (i == 1) + rng.normal(0, 0.05)
        brush.stroke([(x * 0.3, 0.05), (x, y)], 0.05, shade(c.second, 0.6))
        for a in np.arange(6) * _PI / 3:
            brush.ellipse(x + 0.13 * np.cos(a), y + 0.13 * np.sin(a), 0.1, 0.1, c.accent)
        brush.ellipse(x, y, 0.09, 0.09, (255, 224, 120))
    brush.blob([(-0.2, -0.02), (0.2, -0.02), (0.22, 0.16), (0.46, 0.46), (0.34, 0.86), (0.22, 0.96),
                (-0.22, 0.96), (-0.34, 0.86), (-0.46, 0.46), (-0.22, 0.16)], c.main)  # fmt: skip
    brush.stroke(arc_points(0, 0.4, 0.42, 0.12, 0.1, _PI - 0.1, 10), 0.09, c.second)
    return "a vase of flowers"
