"""Vehicles seen from the side."""

from __future__ import annotations

import numpy as np

from cortiscope.core.simulation.drawings.brush import Brush, arc_points
from cortiscope.core.simulation.drawings.palette import INK, WHITE, Colour, Colours, shade

_PI = np.pi
_GLASS: Colour = (188, 214, 226)


def draw_vehicle(brush: Brush, rng: np.random.Generator, colours: Colours) -> str:
    """Draw a vehicle and return its noun phrase."""
    fleet = (_car, _bus, _bicycle, _sailing_boat, _truck, _aeroplane, _engine, _car)
    return fleet[int(rng.integers(len(fleet)))](brush, rng, colours)


def _wheel(brush: Brush, x: float, y: float, radius: float, hub: Colour) -> None:
    brush.ellipse(x, y, radius, radius, INK)
    brush.ellipse(x, y, radius * 0.55, radius * 0.55, hub)
    brush.ellipse(x, y, radius * 0.2, radius * 0.2, INK)


def _car(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    roof = float(rng.uniform(-0.5, -0.4))
    back = float(rng.uniform(-0.72, -0.5))
    cabin = [(back - 0.1, 0.02), (back + 0.1, roof), (0.2, roof), (0.56, 0.02)]
    brush.polygon(cabin, c.main)
    brush.polygon([(back + 0.04, 0.0), (back + 0.16, roof + 0.09), (-0.16, roof + 0.09),
                   (-0.16, 0.0)], _GLASS)  # fmt: skip
    brush.polygon([(-0.06, 0.0), (-0.06, roof + 0.09), (0.16, roof + 0.09), (0.42, 0.0)], _GLASS)
    brush.blob([(-0.92, 0.02), (-0.5, -0.06), (0.5, -0.04), (0.9, 0.08), (0.97, 0.3), (0.9, 0.42),
                (-0.9, 0.42), (-0.97, 0.25)], c.main)  # fmt: skip
    brush.box(-0.94, 0.3, 0.95, 0.42, c.dark, 0.05)
    if rng.random() < 0.4:
        brush.box(-0.9, 0.14, 0.9, 0.22, c.second)
    brush.stroke([(-0.11, 0.02), (-0.11, 0.3)], 0.03, c.dark)
    brush.stroke([(-0.28, 0.1), (-0.18, 0.1)], 0.04, c.dark)
    brush.ellipse(0.88, 0.14, 0.08, 0.07, (255, 236, 150))
    brush.ellipse(-0.93, 0.14, 0.04, 0.07, (214, 50, 48))
    for x in (-0.54, 0.54):
        brush.ellipse(x, 0.42, 0.27, 0.27, c.dark)
        _wheel(brush, x, 0.44, 0.22, WHITE)
    if rng.random() < 0.15:
        brush.box(-0.3, roof - 0.14, 0.02, roof, c.accent)
        return "a taxi"
    return "a car"


def _bus(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    decks = rng.random() < 0.3
    top = -0.82 if decks else -0.52
    brush.box(-0.97, top, 0.97, 0.48, c.main, 0.12)
    brush.box(-0.97, 0.2, 0.97, 0.32, c.second)
    rows = [(-0.36, -0.02)] if not decks else [(-0.7, -0.42), (-0.2, 0.1)]
    for y0, y1 in rows:
        for x in np.linspace(-0.88, 0.36, 5):
            brush.box(x, y0, x + 0.24, y1, _GLASS, 0.03)
    brush.box(0.7, -0.3, 0.94, 0.4, _GLASS, 0.03)
    brush.stroke([(0.82, -0.28), (0.82, 0.4)], 0.03, c.dark)
    brush.ellipse(0.94, 0.38, 0.05, 0.06, (255, 236, 150))
    for x in (-0.58, 0.46):
        _wheel(brush, x, 0.5, 0.21, WHITE)
    return "a double-decker bus" if decks else "a bus"


def _bicycle(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    width = 0.085
    for x in (-0.56, 0.56):
        brush.stroke(arc_points(x, 0.34, 0.39, 0.39, 0, 2 * _PI, 26), 0.1, INK)
        for a in np.arange(4) * _PI / 4 + rng.random():
            dx, dy = 0.36 * np.cos(a), 0.36 * np.sin(a)
            brush.stroke([(x - dx, 0.34 - dy), (x + dx, 0.34 + dy)], 0.022, (196, 196, 200))
    rear, crank, seat, head, front = (-0.56, 0.34), (-0.06, 0.36), (-0.26, -0.26), (0.36, -0.26), (
        0.56, 0.34)  # fmt: skip
    brush.stroke([rear, crank, head, seat, rear], width, c.main)
    brush.stroke([crank, seat], width, c.main)
    brush.stroke([front, head, (0.31, -0.48)], width, c.main)
    brush.stroke([seat, (-0.3, -0.4)], 0.07, INK)
    brush.limb([(-0.44, -0.42), (-0.16, -0.42)], 0.13, 0.09, INK)
    brush.stroke([(0.31, -0.5), (0.5, -0.54), (0.56, -0.44)], 0.08, INK)
    brush.ellipse(*crank, 0.12, 0.12, c.second)
    brush.stroke([crank, (0.06, 0.54)], 0.06, INK)
    if rng.random() < 0.4:
        brush.polygon([(0.5, -0.36), (0.9, -0.36), (0.82, -0.08), (0.56, -0.08)], c.second)
    return "a bicycle"


def _sailing_boat(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    brush.stroke([(-0.02, -0.95), (-0.02, 0.4)], 0.07, (110, 78, 52))
    brush.polygon([(0.05, -0.9), (0.05, 0.26), (0.74, 0.26)], c.light)
    brush.polygon([(-0.1, -0.74), (-0.1, 0.26), (-0.64, 0.26)], c.second)
    if rng.random() < 0.5:
        brush.polygon([(0.05, -0.3), (0.41, -0.3), (0.53, -0.1), (0.05, -0.1)], c.accent)
    brush.polygon([(-0.02, -0.97), (0.24, -0.9), (-0.02, -0.82)], c.accent)
    brush.blob([(-0.92, 0.36), (0, 0.42), (0.96, 0.32), (0.66, 0.78), (-0.6, 0.8)], c.main)
    brush.polygon([(-0.86, 0.4), (0.88, 0.38), (0.84, 0.5), (-0.8, 0.52)], WHITE)
    return "a sailing boat"


def _truck(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    brush.box(-0.97, -0.62, 0.34, 0.36, c.second, 0.04)
    if rng.random() < 0.6:
        brush.ellipse(-0.32, -0.14, 0.3, 0.26, c.accent)
        brush.ellipse(-0.32, -0.14, 0.18, 0.15, c.second)
    brush.blob([(0.38, -0.36), (0.66, -0.4), (0.84, -0.04), (0.97, 0.1), (0.97, 0.42),
                (0.38, 0.42)], c.main)  # fmt: skip
    brush.polygon([(0.46, -0.26), (0.64, -0.28), (0.78, 0.02), (0.46, 0.02)], _GLASS)
    brush.box(-0.95, 0.34, 0.97, 0.46, shade(c.dark, 0.7))
    brush.ellipse(0.94, 0.22, 0.05, 0.07, (255, 236, 150))
    for x in (-0.66, -0.22, 0.66):
        _wheel(brush, x, 0.5, 0.2, WHITE)
    return "a truck"


def _aeroplane(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    brush.polygon([(-0.1, -0.1), (-0.36, -0.62), (-0.16, -0.62), (0.3, -0.1)], c.dark)
    brush.polygon([(-0.9, -0.02), (-0.97, -0.56), (-0.76, -0.56), (-0.5, -0.1)], c.second)
    brush.blob([(-0.97, -0.08), (-0.4, -0.2), (0.5, -0.2), (0.9, -0.06), (0.97, 0.06), (0.8, 0.16),
                (0.3, 0.2), (-0.5, 0.14)], c.main)  # fmt: skip
    brush.polygon([(0.62, -0.15), (0.82, -0.08), (0.86, 0.0), (0.62, 0.0)], _GLASS)
    for x in np.linspace(-0.5, 0.44, 6):
        brush.ellipse(x, -0.03, 0.055, 0.055, _GLASS)
    if rng.random() < 0.5:
        brush.polygon([(-0.9, 0.05), (0.9, 0.08), (0.7, 0.16), (-0.6, 0.12)], c.accent)
    brush.polygon([(-0.14, 0.06), (0.3, 0.06), (-0.14, 0.68), (-0.38, 0.68)], c.second)
    brush.ellipse(0.1, 0.3, 0.16, 0.08, c.dark)
    return "an aeroplane"


def _engine(brush: Brush, rng: np.random.Generator, c: Colours) -> str:
    brush.box(0.46, -0.62, 0.66, -0.2, c.dark)
    brush.polygon([(0.4, -0.62), (0.72, -0.62), (0.78, -0.74), (0.34, -0.74)], c.dark)
    for i in range(int(rng.integers(1, 4))):
        brush.ellipse(0.44 - 0.24 * i, -0.84 - 0.03 * i, 0.13 + 0.02 * i, 0.1, (228, 228, 232))
    brush.box(-0.3, -0.26, 0.9, 0.3, c.main, 0.14)
    for x in (0.05, 0.4):
        brush.box(x, -0.26, x + 0.07, 0.3, c.accent)
    brush.box(-0.92, -0.6, -0.24, 0.32, c.second, 0.03)
    brush.box(-0.78, -0.44, -0.4, -0.06, _GLASS, 0.03)
    brush.box(-1.0, -0.7, -0.16, -0.56, c.dark, 0.05)
    brush.box(-0.95, 0.28, 0.94, 0.42, shade(c.dark, 0.7))
    brush.polygon([(0.88, 0.3), (1.0, 0.66), (0.72, 0.66), (0.72, 0.3)], c.accent)
    _wheel(brush, -0.56, 0.42, 0.28, c.accent)
    for x in (0.1, 0.52):
        _wheel(brush, x, 0.5, 0.19, c.accent)
    return "a steam engine"
