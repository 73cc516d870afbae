"""Landscapes: sky with a sun or clouds, ridges, trees, water, a path or flowers."""

from __future__ import annotations

import numpy as np

from cortiscope.core.simulation.drawings.brush import Brush, arc_points
from cortiscope.core.simulation.drawings.palette import Colour, mix, shade


def draw_nature(brush: Brush, rng: np.random.Generator, colours: list[Colour]) -> str:
    """Fill the square from 0 to 1 with a landscape and return its noun phrase."""
    sky, glow, land, leaves, trunk, water, far = colours[:7]
    for i, t in enumerate(np.linspace(0, 0.7, 8)):
        brush.box(0, t, 1, t + 0.1, mix(sky, shade(sky, 1.35), i / 8))
    horizon = float(rng.uniform(0.45, 0.65))
    if rng.random() < 0.6:
        r = rng.uniform(0.05, 0.1)
        brush.ellipse(rng.uniform(0.1, 0.9), rng.uniform(0.08, 0.3), r, r, glow)
    for _ in range(int(rng.integers(0, 4))):
        _cloud(brush, rng, shade(glow, 1.3))
    scenery = str(rng.choice(["hills", "mountains", "lake", "forest", "desert"]))
    if scenery == "mountains":
        _mountains(brush, rng, far, shade(glow, 1.4), horizon)
    else:
        _ridge(brush, rng, far, horizon - 0.08, 0.06)
    _ridge(brush, rng, mix(far, land, 0.6), horizon, 0.05)
    if scenery == "lake":
        _lake(brush, rng, water, horizon)
        _ridge(brush, rng, land, 0.86, 0.03)
    elif scenery == "forest":
        for x in np.sort(rng.random(9)):
            _tree(brush, rng, float(x), horizon + 0.1, float(rng.uniform(0.2, 0.34)), leaves, trunk)
        _ridge(brush, rng, land, horizon + 0.12, 0.03)
    else:
        _ridge(brush, rng, land, horizon + 0.12, 0.05)
        if rng.random() < 0.4:
            _path(brush, shade(glow, 1.2), horizon + 0.14, float(rng.uniform(0.3, 0.7)))
    if scenery == "desert":
        for _ in range(int(rng.integers(1, 4))):
            _cactus(brush, float(rng.random()), float(rng.uniform(0.66, 0.85)), leaves)
    else:
        for _ in range(int(rng.integers(1, 5))):
            y = float(rng.uniform(0.7, 0.92))
            _tree(brush, rng, float(rng.random()), y, 0.3 * y + 0.12, leaves, trunk)
    _tufts(brush, rng, shade(land, 0.72), glow)
    return (
        {"lake": "a lake", "forest": "a forest"}.get(scenery, f"a landscape with {scenery}")
        if (scenery != "desert")
        else "a desert"
    )


def _cloud(brush: Brush, rng: np.random.Generator, tone: Colour) -> None:
    x, y, r = rng.random(), rng.uniform(0.06, 0.32), rng.uniform(0.04, 0.065)
    for dx, dy, k in ((-1.3, 0.15, 0.8), (0, -0.25, 1.15), (1.3, 0.15, 0.85), (0.4, 0.3, 0.9)):
        brush.ellipse(x + dx * r, y + dy * r, 1.25 * k * r, 0.8 * k * r, tone)


def _ridge(
    brush: Brush, rng: np.random.Generator, tone: Colour, height: float, swell: float
) -> None:
    x = np.linspace(0, 1, 24)
    phase = rng.random(3) * 2 * np.pi
    y = height + swell * (
        0.6 * np.sin(2 * np.pi * x * rng.uniform(0.5, 1.2) + phase[0])
        + 0.4 * np.sin(2 * np.pi * x * rng.uniform(1.5, 2.5) + phase[1])
    )
    brush.polygon(np.concatenate([np.stack([x, y], 1), [(1, 1), (0, 1)]]), tone)


def _mountains(
    brush: Brush, rng: np.random.Generator, tone: Colour, snow: Colour, base: float
) -> None:
    for x in rng.permutation(np.linspace(0.1, 0.9, 4)):
        x, peak, half = x + rng.normal(0, 0.05), rng.uniform(0.14, 0.3), rng.uniform(0.2, 0.32)
        brush.polygon([(x - half, base + 0.08), (x, peak), (x + half, base + 0.08)], tone)
        brush.polygon([(x, peak), (x + half, base + 0.08), (x + half * 0.2, base + 0.08)],
                      shade(tone, 0.75))  # fmt: skip
        s = 0.28
        drop = s * (base + 0.08 - peak)
        brush.polygon([(x, peak), (x + half * s, peak + drop), (x + half * 0.1, peak + drop * 0.7),
                       (x - half * 0.08, peak + drop * 1.1), (x - half * s, peak + drop)],
                      snow)  # fmt: skip


def _lake(brush: Brush, rng: np.random.Generator, tone: Colour, horizon: float) -> None:
    brush.box(0, horizon + 0.04, 1, 1, tone)
    for _ in range(22):
        x, y = rng.random(), rng.uniform(horizon + 0.07, 0.95)
        half = 0.02 + 0.12 * (y - horizon)
        brush.stroke([(x - half, y), (x + half, y)], 0.012, shade(tone, 1.4))


def _tree(
    brush: Brush, rng: np.random.Generator, x: float, foot: float, size: float, leaves: Colour,
    trunk: Colour,
) -> None:  # fmt: skip
    brush.polygon([(x - 0.06 * size, foot), (x - 0.04 * size, foot - 0.6 * size),
                   (x + 0.04 * size, foot - 0.6 * size), (x + 0.06 * size, foot)],
                  trunk)  # fmt: skip
    tone = shade(leaves, float(rng.uniform(0.75, 1.2)))
    if rng.random() < 0.5:
        for k, width in ((0.25, 0.34), (0.5, 0.27), (0.72, 0.19)):
            y = foot - k * size
            brush.polygon(
                [(x - width * size, y), (x, y - 0.42 * size), (x + width * size, y)], tone
            )
            tone = shade(tone, 1.1)
    else:
        for dx, dy, r in (
            (-0.2, 0.55, 0.22),
            (0.2, 0.56, 0.21),
            (0.0, 0.78, 0.26),
            (0, 0.55, 0.22),
        ):
            brush.ellipse(x + dx * size, foot - dy * size, r * size, r * size, tone)
        brush.ellipse(
            x - 0.08 * size, foot - 0.84 * size, 0.1 * size, 0.08 * size, shade(tone, 1.25)
        )


def _cactus(brush: Brush, x: float, foot: float, tone: Colour) -> None:
    brush.stroke([(x, foot), (x, foot - 0.26)], 0.055, tone)
    brush.stroke([(x, foot - 0.1), (x - 0.08, foot - 0.11), (x - 0.08, foot - 0.2)], 0.035, tone)
    brush.stroke([(x, foot - 0.14), (x + 0.08, foot - 0.15), (x + 0.08, foot - 0.22)], 0.035, tone)


def _path(brush: Brush, tone: Colour, top: float, x: float) -> None:
    left = arc_points(x - 0.3, top, 0.3, 1 - top, 0, np.pi / 2, 8)
    right = arc_points(x - 0.3, top, 0.33, 1.25 * (1 - top), np.pi / 2, 0, 8)
    right[:, 0] += np.linspace(0.3, 0, 8)
    brush.polygon(np.concatenate([left, np.clip(right, -1, 1.2)]), tone)


def _tufts(brush: Brush, rng: np.random.Generator, tone: Colour, flower: Colour) -> None:
    for i in range(int(rng.integers(6, 18))):
        x, y = rng.random(), rng.uniform(0.78, 0.99)
        for dx in (-0.012, 0, 0.012):
            brush.stroke([(x, y), (x + dx, y - 0.03)], 0.007, tone)
        if i % 3 == 0:
            brush.ellipse(x, y - 0.035, 0.012, 0.012, flower)
