"""Food and drink of the party table, in any colour."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cortiscope.core.simulation.drawings.brush import Brush, arc_points
from cortiscope.core.simulation.drawings.palette import WHITE, Colours, hsv, mix, shade

_PI = np.pi
_CRUST = (214, 160, 92)


def draw_food(brush: Brush, rng: np.random.Generator, colours: Colours) -> str:
    """Draw something to eat and return its noun phrase."""
    if rng.random() < 0.35:
        # Some food in the colours of food: few enough that colour hardly gives it away.
        ripe = hsv(rng.uniform(0.97, 1.17), rng.uniform(0.55, 0.85), rng.uniform(0.75, 0.98))
        leaf = hsv(rng.uniform(0.22, 0.36), rng.uniform(0.4, 0.7), rng.uniform(0.45, 0.75))
        colours = replace(colours, main=ripe, second=leaf, dark=shade(ripe, 0.62),
                          light=shade(ripe, 1.45))  # fmt: skip
    dishes = (_apple, _pizza, _banana, _cake, _ice_cream, _burger, _doughnut, _carrot, _cherries)
    return dishes[int(rng.integers(len(dishes)))](brush, rng, colours)


def _apple(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    pear = rng.random() < 0.35
    brush.stroke([(0, -0.5), (0.06, -0.92)], 0.09, (92, 62, 40))
    brush.blob([(0.06, -0.66), (0.3, -0.9), (0.6, -0.82), (0.38, -0.6)], c.second)
    if pear:
        brush.blob([(0, -0.66), (0.24, -0.5), (0.32, -0.1), (0.62, 0.35), (0.42, 0.84),
                    (0, 0.92), (-0.42, 0.84), (-0.62, 0.35), (-0.32, -0.1), (-0.24, -0.5)],
                   c.main)  # fmt: skip
    else:
        brush.blob([(0, -0.46), (0.36, -0.6), (0.76, -0.3), (0.74, 0.3), (0.4, 0.84), (0.1, 0.8),
                    (-0.1, 0.8), (-0.4, 0.84), (-0.74, 0.3), (-0.76, -0.3), (-0.36, -0.6)],
                   c.main)  # fmt: skip
    brush.ellipse(-0.36, -0.02, 0.1, 0.24, c.light, 0.35)
    return "a pear" if pear else "an apple"


def _pizza(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    if rng.random() < 0.5:
        brush.blob([(-0.86, -0.62), (0, -0.86), (0.86, -0.62), (0.8, -0.36), (-0.8, -0.36)], _CRUST)
        brush.polygon([(-0.76, -0.46), (0, -0.62), (0.76, -0.46), (0.02, 0.95)], c.light)
        for x, y in ((-0.34, -0.24), (0.3, -0.3), (-0.02, 0.12), (0.06, -0.36), (0.1, 0.5)):
            x, y = x + rng.normal(0, 0.03), y + rng.normal(0, 0.03)
            brush.ellipse(x, y, 0.15, 0.14, c.accent)
            brush.ellipse(x - 0.03, y - 0.03, 0.06, 0.05, shade(c.accent, 1.4))
        return "a slice of pizza"
    brush.ellipse(0, 0, 0.95, 0.95, _CRUST)
    brush.ellipse(0, 0, 0.8, 0.8, c.light)
    for i in range(9):
        angle, r = 2.4 * i + rng.random(), 0.16 + 0.055 * i
        brush.ellipse(r * np.cos(angle), r * np.sin(angle), 0.13, 0.13, c.accent)
    for _ in range(8):
        angle, r = rng.random() * 6.28, rng.uniform(0.2, 0.7)
        brush.ellipse(r * np.cos(angle), r * np.sin(angle), 0.09, 0.045, c.second, angle)
    if rng.random() < 0.5:
        for angle in np.arange(4) * _PI / 4 + 0.2:
            x, y = 0.8 * np.cos(angle), 0.8 * np.sin(angle)
            brush.stroke([(-x, -y), (x, y)], 0.035, shade(_CRUST, 0.75))
    return "a pizza"


def _banana(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    for shift, tone in ((-0.2, c.dark), (0.0, c.main)):
        outer = arc_points(shift, -0.5, 0.92, 1.2, 0.12, _PI - 0.12, 14)
        inner = arc_points(shift, -0.5, 0.86, 0.66, _PI - 0.3, 0.3, 14)
        brush.polygon(np.concatenate([outer, inner]), tone)
    brush.stroke(arc_points(0, -0.5, 0.86, 0.94, 0.4, _PI - 0.4, 10), 0.05, c.light)
    brush.stroke([(0.84, -0.34), (0.9, -0.62)], 0.14, (96, 74, 40))
    brush.ellipse(-0.88, -0.34, 0.07, 0.06, (70, 56, 36))
    for _ in range(3):
        a = rng.uniform(0.7, 2.4)
        brush.ellipse(0.88 * np.cos(a), -0.5 + 1.05 * np.sin(a), 0.05, 0.03, c.dark)
    return "bananas"


def _cake(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    brush.ellipse(0, 0.74, 0.98, 0.2, WHITE)
    brush.ellipse(0, 0.72, 0.84, 0.14, shade(c.second, 1.5))
    brush.box(-0.72, -0.1, 0.72, 0.7, c.main, 0.08)
    brush.ellipse(0, 0.68, 0.72, 0.12, c.main)
    brush.box(-0.72, 0.26, 0.72, 0.38, c.light)
    brush.ellipse(0, -0.1, 0.74, 0.18, c.second)
    for x, drip in zip(np.linspace(-0.64, 0.64, 7), rng.uniform(0.08, 0.3, 7), strict=True):
        brush.limb([(x, -0.06), (x, drip - 0.02)], 0.24, 0.2, c.second)
    n_candles = int(rng.integers(1, 5))
    for x in np.linspace(-0.38, 0.38, n_candles) if n_candles > 1 else [0.0]:
        brush.box(x - 0.06, -0.58, x + 0.06, -0.1, c.accent)
        brush.ellipse(x, -0.72, 0.075, 0.15, (255, 196, 64))
        brush.ellipse(x, -0.68, 0.035, 0.08, (255, 244, 190))
    return "a birthday cake"


def _ice_cream(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    brush.polygon([(-0.44, 0.0), (0.44, 0.0), (0, 0.98)], _CRUST)
    for t in (-0.24, 0.0, 0.24):
        brush.stroke([(t - 0.16, 0.04), (t * 0.3 + 0.12, 0.66)], 0.035, shade(_CRUST, 0.75))
        brush.stroke([(t + 0.16, 0.04), (t * 0.3 - 0.12, 0.66)], 0.035, shade(_CRUST, 0.75))
    third = rng.random() < 0.6
    if third:
        brush.ellipse(0.0, -0.62, 0.36, 0.34, c.accent)
    for x in (-0.28, 0.28):
        brush.ellipse(x, -0.16, 0.36, 0.34, c.main if x < 0 else c.second)
    brush.ellipse(-0.36, -0.28, 0.1, 0.07, c.light)
    for x in (-0.4, -0.14, 0.14, 0.4):
        brush.ellipse(x, 0.08, 0.15, 0.1, c.main if x < 0 else c.second)
    brush.ellipse(0.04, -0.94 if third else -0.52, 0.1, 0.1, (206, 36, 60))
    return "an ice cream"


def _burger(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    bun = mix(_CRUST, c.main, 0.35)
    brush.box(-0.82, 0.46, 0.82, 0.82, bun, 0.2)
    brush.box(-0.9, 0.24, 0.9, 0.5, shade(c.dark, 0.7), 0.12)
    brush.polygon([(-0.88, 0.16), (0.88, 0.16), (0.6, 0.28), (0.3, 0.46), (0.05, 0.28),
                   (-0.5, 0.26)], c.accent)  # fmt: skip
    x = np.linspace(-0.94, 0.94, 13)
    wave = np.stack([x, 0.16 + 0.08 * (np.arange(13) % 2)], axis=1)
    brush.polygon(np.concatenate([[(-0.9, -0.02)], wave, [(0.9, -0.02)]]), c.second)
    brush.sector(0, 0.04, 0.88, 0.84, _PI, 2 * _PI, bun)
    for _ in range(12):
        a, r = rng.uniform(_PI * 1.15, _PI * 1.85), rng.uniform(0.35, 0.85)
        brush.ellipse(0.82 * r * np.cos(a), 0.04 + 0.78 * r * np.sin(a), 0.05, 0.028, WHITE, a)
    return "a burger"


def _doughnut(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    hole = shade(_CRUST, 0.5)
    brush.ellipse(0, 0.06, 0.94, 0.84, _CRUST)
    angles = np.linspace(0, 2 * _PI, 16, endpoint=False)
    wobble = 1 + 0.05 * np.sin(5 * angles + rng.random() * 6)
    brush.blob(
        np.stack([0.86 * wobble * np.cos(angles), 0.72 * wobble * np.sin(angles)], 1), c.main
    )
    for _ in range(26):
        a, r = rng.random() * 2 * _PI, rng.uniform(0.45, 0.76)
        tone = (c.second, c.accent, WHITE)[int(rng.integers(3))]
        x, y, t = r * np.cos(a), 0.82 * r * np.sin(a), rng.random() * _PI
        step = (0.05 * np.cos(t), 0.05 * np.sin(t))
        brush.stroke([(x - step[0], y - step[1]), (x + step[0], y + step[1])], 0.045, tone)
    brush.ellipse(0, 0, 0.31, 0.25, c.light)
    brush.ellipse(0, 0.04, 0.26, 0.2, hole)
    return "a doughnut"


def _carrot(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    for tilt in (-0.5, -0.15, 0.2, 0.55):
        t = tilt + rng.normal(0, 0.06)
        brush.ellipse(0.42 * np.sin(t), -0.72 + 0.1 * abs(t), 0.11, 0.32, c.second, t)
    brush.blob([(-0.3, -0.42), (0, -0.52), (0.3, -0.42), (0.32, -0.2), (0.14, 0.5), (0, 0.98),
                (-0.14, 0.5), (-0.32, -0.2)], c.main)  # fmt: skip
    for y, side in ((-0.2, -1), (0.0, 1), (0.2, -1), (0.42, 1)):
        reach = 0.28 * (0.75 - y * 0.7)
        brush.stroke([(side * reach, y), (side * reach * 0.15, y + 0.03)], 0.05, c.dark)
    return "a carrot"


def _cherries(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    top = (float(rng.uniform(0.0, 0.3)), -0.9)
    for x, y in ((-0.42, 0.4), (0.44, 0.5)):
        bend = (x * 0.6 + 0.04, -0.3)
        brush.stroke([top, bend, (x, y - 0.3)], 0.06, (86, 92, 40))
    brush.blob(
        [top, (top[0] + 0.3, -0.98), (top[0] + 0.62, -0.72), (top[0] + 0.3, -0.66)], c.second
    )
    for x, y in ((-0.42, 0.4), (0.44, 0.5)):
        brush.ellipse(x, y, 0.42, 0.4, c.main)
        brush.ellipse(x - 0.14, y - 0.16, 0.1, 0.07, c.light, -0.6)
        brush.sector(x, y, 0.42, 0.4, 0.1, 1.5, shade(c.main, 0.8))
    return "cherries"
