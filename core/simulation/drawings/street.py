"""Streets: rows of houses with windows, a pavement, a road with its markings, lamps and trees."""

from __future__ import annotations

import numpy as np

from cortiscope.core.simulation.drawings.brush import Brush
from cortiscope.core.simulation.drawings.palette import Colour, shade


def draw_street(brush: Brush, rng: np.random.Generator, colours: list[Colour]) -> str:
    """Fill the square from 0 to 1 with a street and return its noun phrase."""
    sky, road, pavement, lit = colours[:4]
    ground = float(rng.uniform(0.55, 0.7))
    brush.box(0, 0, 1, ground, sky)
    if rng.random() < 0.5:
        _skyline(brush, rng, colours[7], ground)
    if rng.random() < 0.6:
        _row(brush, rng, colours, ground, lit)
        _road_along(brush, rng, road, pavement, lit, ground)
    else:
        _canyon(brush, rng, colours, ground, lit)
    if rng.random() < 0.5:
        _street_lamp(brush, float(rng.uniform(0.1, 0.9)), ground, shade(colours[6], 0.4), lit)
    return "a street"


def _skyline(brush: Brush, rng: np.random.Generator, tone: Colour, ground: float) -> None:
    x = 0.0
    while x < 1:
        width = float(rng.uniform(0.06, 0.14))
        brush.box(x, float(rng.uniform(0.12, 0.35)), x + width, ground, tone)
        x += width


def _house(
    brush: Brush, rng: np.random.Generator, x0: float, x1: float, top: float, ground: float,
    tone: Colour, roof: Colour, pane: Colour,
) -> None:  # fmt: skip
    brush.box(x0, top, x1, ground, tone)
    if rng.random() < 0.45:
        brush.polygon([(x0 - 0.01, top), ((x0 + x1) / 2, top - 0.12), (x1 + 0.01, top)], roof)
    else:
        brush.box(x0 - 0.005, top - 0.025, x1 + 0.005, top + 0.01, roof)
    n_across = max(2, int((x1 - x0) / 0.075))
    storey = float(rng.uniform(0.1, 0.13))
    tall = rng.uniform(0.5, 0.68)
    y = top + 0.04
    while y + storey < ground - 0.06:
        for i in range(n_across):
            at = x0 + (i + 0.5) * (x1 - x0) / n_across
            half = 0.26 * (x1 - x0) / n_across
            tint = pane if rng.random() < 0.8 else shade(pane, 0.55)
            brush.box(at - half, y, at + half, y + storey * tall, tint)
        y += storey
    door = float(rng.uniform(x0 + 0.04, x1 - 0.04))
    brush.box(door - 0.025, ground - 0.1, door + 0.025, ground, shade(roof, 0.7))


def _row(
    brush: Brush, rng: np.random.Generator, colours: list[Colour], ground: float, pane: Colour
) -> None:
    x = float(rng.uniform(-0.1, 0))
    while x < 1:
        width = float(rng.uniform(0.16, 0.3))
        wall, roof = (colours[int(i)] for i in rng.integers(4, 8, 2))
        top = float(rng.uniform(0.08, 0.38))
        _house(brush, rng, x, x + width, top, ground, wall, roof, pane)
        x += width + (0.0 if rng.random() < 0.7 else 0.05)


def _road_along(
    brush: Brush,
    rng: np.random.Generator,
    road: Colour,
    pavement: Colour,
    lit: Colour,
    ground: float,
) -> None:
    kerb = ground + 0.09
    brush.box(0, ground, 1, kerb, pavement)
    for x in np.arange(float(rng.uniform(-0.1, 0)), 1, 0.12):
        brush.stroke([(x, ground), (x - 0.03, kerb)], 0.006, shade(pavement, 0.75))
    brush.box(0, kerb, 1, 1, road)
    brush.box(0, kerb, 1, kerb + 0.015, shade(pavement, 0.6))
    middle = (kerb + 1) / 2
    for x in np.arange(float(rng.uniform(-0.2, 0)), 1, 0.24):
        brush.polygon([(x, middle), (x + 0.13, middle), (x + 0.11, middle + 0.03),
                       (x - 0.02, middle + 0.03)], lit)  # fmt: skip
    if rng.random() < 0.3:
        at = float(rng.uniform(0.2, 0.7))
        for i in range(5):
            y = kerb + 0.03 + i * (1 - kerb) / 5
            brush.box(at - 0.02 * i, y, at + 0.16 + 0.01 * i, y + 0.03, lit)


def _canyon(
    brush: Brush, rng: np.random.Generator, colours: list[Colour], ground: float, pane: Colour
) -> None:
    """Look down a street: fronts on both sides run to a vanishing point."""
    centre, far = float(rng.uniform(0.4, 0.6)), ground - 0.08
    brush.box(0, far, 1, 1, colours[2])
    brush.polygon(
        [(centre - 0.04, far), (centre + 0.04, far), (1.05, 1.0), (-0.05, 1.0)], colours[1]
    )
    for t in (0.08, 0.26, 0.52, 0.86):
        y0, y1 = far + (1 - far) * t, far + (1 - far) * (t + 0.06 + 0.1 * t)
        w0, w1 = 0.004 + 0.02 * t, 0.005 + 0.026 * t
        c0, c1 = centre + (0.5 - centre) * t, centre + (0.5 - centre) * t
        brush.polygon([(c0 - w0, y0), (c0 + w0, y0), (c1 + w1, y1), (c1 - w1, y1)], pane)
    for side in (-1, 1):
        edge = 0.0 if side < 0 else 1.0
        marks = np.array([0.0, 0.3, 0.55, 0.75, 0.9])
        xs = edge + (centre + side * 0.06 - edge) * marks
        for i in range(3, -1, -1):
            top0, tone = float(rng.uniform(-0.1, 0.15)), colours[4 + (i + (side > 0)) % 4]
            near_y0, far_y0 = top0 + (far - top0) * marks[i], top0 + (far - top0) * marks[i + 1]
            near_y1, far_y1 = 0.95 + (far - 0.95) * marks[i], 0.95 + (far - 0.95) * marks[i + 1]
            x0, x1 = xs[i], xs[i + 1]
            brush.polygon([(x0, near_y0), (x1, far_y0), (x1, far_y1), (x0, near_y1)], tone)
            for u in (0.12, 0.56):
                for v in (0.12, 0.34, 0.56):
                    brush.polygon(
                        [(x0 + (x1 - x0) * p,
                          (near_y0 + (far_y0 - near_y0) * p) * (1 - q)
                          + (near_y1 + (far_y1 - near_y1) * p) * q)
                         for p, q in ((u, v), (u + 0.3, v), (u + 0.3, v + 0.13), (u, v + 0.13))],
                        pane,
                    )  # fmt: skip


def _street_lamp(brush: Brush, x: float, ground: float, pole: Colour, lit: Colour) -> None:
    brush.stroke([(x, ground + 0.07), (x, 0.24), (x + 0.03, 0.2), (x + 0.08, 0.2)], 0.018, pole)
    brush.ellipse(x + 0.09, 0.215, 0.035, 0.022, lit)
