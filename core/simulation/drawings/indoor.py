"""Rooms: walls, a floor in perspective, windows, pictures and furniture along the wall."""

from __future__ import annotations

import numpy as np

from cortiscope.core.simulation.drawings.brush import Brush
from cortiscope.core.simulation.drawings.palette import Colour, shade


def draw_indoor(brush: Brush, rng: np.random.Generator, colours: list[Colour]) -> str:
    """Fill the square from 0 to 1 with a room and return its noun phrase."""
    wall, floor, side, trim = colours[:4]
    horizon = float(rng.uniform(0.56, 0.74))
    brush.box(0, 0, 1, horizon, wall)
    if rng.random() < 0.5:
        for x in np.arange(0, 1, rng.uniform(0.06, 0.12)):
            brush.box(x, 0, x + 0.02, horizon, shade(wall, 0.9))
    _floor(brush, rng, floor, horizon)
    corner = float(rng.uniform(0.1, 0.25))
    left = rng.random() < 0.5
    if rng.random() < 0.7:
        x0, x1 = (0, corner) if left else (1, 1 - corner)
        brush.polygon([(x0, 0), (x1, 0.08), (x1, horizon), (x0, horizon + 0.16)], side)
        brush.polygon([(x0, horizon + 0.12), (x1, horizon - 0.03), (x1, horizon),
                       (x0, horizon + 0.16)], trim)  # fmt: skip
    brush.box(0 if not left else corner, horizon - 0.03, 1 if left else 1 - corner, horizon, trim)
    free = [0.26, 0.5, 0.74]
    pieces = [_window, _picture, _shelf, _door, _sofa, _table]
    chosen = rng.permutation(len(pieces))[:3]
    if not {0, 3, 4} & set(chosen.tolist()):
        chosen[0] = 0  # something that only rooms have
    for x, i in zip(free, chosen, strict=True):
        pieces[int(i)](brush, rng, colours, x + float(rng.normal(0, 0.03)), horizon)
    return "a room"


def _floor(brush: Brush, rng: np.random.Generator, floor: Colour, horizon: float) -> None:
    brush.box(0, horizon, 1, 1, floor)
    seam = shade(floor, 0.78)
    for x in np.linspace(-1.2, 2.2, 15):
        brush.stroke([(0.5 + (x - 0.5) * 0.42, horizon), (x, 1.0)], 0.008, seam)
    if rng.random() < 0.5:
        for t in (0.12, 0.32, 0.62):
            y = horizon + (1 - horizon) * t
            brush.stroke([(0, y), (1, y)], 0.008, seam)
    if rng.random() < 0.45:
        brush.ellipse(0.5, (horizon + 1) / 2 + 0.04, 0.36, 0.1, shade(floor, 1.35))
        brush.ellipse(0.5, (horizon + 1) / 2 + 0.04, 0.29, 0.075, shade(floor, 0.7))


def _window(
    brush: Brush, rng: np.random.Generator, colours: list[Colour], x: float, horizon: float
) -> None:
    half, top, bottom = float(rng.uniform(0.11, 0.16)), 0.1, horizon - 0.18
    brush.box(x - half - 0.02, top - 0.02, x + half + 0.02, bottom + 0.02, colours[4])
    brush.box(x - half, top, x + half, bottom, colours[5])
    brush.box(x - 0.01, top, x + 0.01, bottom, colours[4])
    middle = (top + bottom) / 2
    brush.box(x - half, middle - 0.01, x + half, middle + 0.01, colours[4])
    if rng.random() < 0.6:
        for s in (-1, 1):
            edge = x + s * (half + 0.05)
            brush.polygon([(edge, top - 0.05), (x + s * half * 0.3, top - 0.05),
                           (x + s * half * 0.8, bottom), (edge, bottom + 0.05)],
                          colours[6])  # fmt: skip


def _picture(
    brush: Brush, rng: np.random.Generator, colours: list[Colour], x: float, horizon: float
) -> None:
    half, tall, y = rng.uniform(0.07, 0.11), rng.uniform(0.06, 0.1), 0.24
    brush.box(x - half, y - tall, x + half, y + tall, colours[6])
    brush.box(x - half + 0.02, y - tall + 0.02, x + half - 0.02, y + tall - 0.02, colours[5])
    brush.polygon([(x - half + 0.02, y + tall - 0.02), (x, y), (x + half - 0.02, y + tall - 0.02)],
                  colours[7])  # fmt: skip


def _shelf(
    brush: Brush, rng: np.random.Generator, colours: list[Colour], x: float, horizon: float
) -> None:
    half, top = 0.13, float(rng.uniform(0.12, 0.25))
    brush.box(x - half, top, x + half, horizon + 0.03, colours[4])
    rows = np.linspace(top + 0.02, horizon + 0.02, 4)
    for y0, y1 in zip(rows[:-1], rows[1:], strict=True):
        brush.box(x - half + 0.02, y0, x + half - 0.02, y1 - 0.015, shade(colours[4], 0.6))
        at = x - half + 0.025
        while at < x + half - 0.05:
            width, tall = rng.uniform(0.015, 0.035), rng.uniform(0.55, 0.95)
            brush.box(at, y1 - 0.015 - (y1 - y0 - 0.015) * tall, at + width, y1 - 0.015,
                      colours[int(rng.integers(3, 8))])  # fmt: skip
            at += width + 0.004


def _door(
    brush: Brush, rng: np.random.Generator, colours: list[Colour], x: float, horizon: float
) -> None:
    brush.box(x - 0.11, 0.14, x + 0.11, horizon, colours[6])
    brush.box(x - 0.09, 0.16, x + 0.09, horizon, colours[7])
    for y0, y1 in ((0.2, 0.34), (0.38, horizon - 0.05)):
        brush.box(x - 0.06, y0, x + 0.06, y1, shade(colours[7], 0.8))
    brush.ellipse(x + 0.07, 0.4, 0.012, 0.012, colours[4])


def _sofa(
    brush: Brush, rng: np.random.Generator, colours: list[Colour], x: float, horizon: float
) -> None:
    tone = colours[5]
    brush.box(x - 0.2, horizon - 0.17, x + 0.2, horizon + 0.06, tone, 0.04)
    brush.box(x - 0.2, horizon - 0.03, x + 0.2, horizon + 0.08, shade(tone, 0.82), 0.02)
    for s in (-1, 1):
        brush.box(x + s * 0.2 - 0.035, horizon - 0.09, x + s * 0.2 + 0.035, horizon + 0.09,
                  shade(tone, 0.7), 0.03)  # fmt: skip
    brush.box(x - 0.14, horizon - 0.11, x - 0.04, horizon - 0.02, colours[6], 0.02)


def _table(
    brush: Brush, rng: np.random.Generator, colours: list[Colour], x: float, horizon: float
) -> None:
    tone = colours[7]
    for dx in (-0.14, 0.14):
        brush.box(x + dx - 0.012, horizon - 0.1, x + dx + 0.012, horizon + 0.11, shade(tone, 0.7))
    brush.polygon([(x - 0.15, horizon - 0.14), (x + 0.15, horizon - 0.14),
                   (x + 0.18, horizon - 0.08), (x - 0.18, horizon - 0.08)], tone)  # fmt: skip
    brush.blob([(x - 0.03, horizon - 0.26), (x + 0.03, horizon - 0.26), (x + 0.05, horizon - 0.16),
                (x + 0.02, horizon - 0.11), (x - 0.02, horizon - 0.11), (x - 0.05, horizon - 0.16)],
               colours[5])  # fmt: skip
