"""Flat patterns: stripes, checks, dots, blobs, waves and grain at any orientation."""

from __future__ import annotations

import numpy as np

from cortiscope.core.simulation.drawings.brush import Brush
from cortiscope.core.simulation.drawings.palette import Colour


def draw_texture(brush: Brush, rng: np.random.Generator, colours: list[Colour]) -> str:
    """Fill the square from 0 to 1 with a pattern and return its noun phrase."""
    patterns = (_stripes, _checks, _dots, _blobs, _waves, _strokes, _triangles)
    brush.box(0, 0, 1, 1, colours[0])
    return patterns[int(rng.integers(len(patterns)))](brush, rng, colours)


def _turned(points: np.ndarray, angle: float) -> np.ndarray:
    cos, sin = np.cos(angle), np.sin(angle)
    return (points - 0.5) @ np.array([[cos, sin], [-sin, cos]]) + 0.5


def _stripes(brush: Brush, rng: np.random.Generator, colours: list[Colour]) -> str:
    angle, n_tones = rng.random() * np.pi, int(rng.integers(2, 5))
    x, i = -0.25, 0
    step = float(rng.choice([0.04, 0.07, 0.12]))
    while x < 1.25:
        width = step * float(rng.uniform(0.6, 1.4))
        band = np.array([(x, -0.25), (x + width, -0.25), (x + width, 1.25), (x, 1.25)])
        brush.polygon(_turned(band, angle), colours[i % n_tones])
        x, i = x + width, i + 1
    return "a striped pattern"


def _checks(brush: Brush, rng: np.random.Generator, colours: list[Colour]) -> str:
    angle, n = rng.random() * np.pi / 2, int(rng.integers(7, 14))
    size = 1.5 / n
    for i in range(n):
        for j in range(n):
            x, y = -0.25 + i * size, -0.25 + j * size
            tone = colours[(i + j) % 2 + (2 if rng.random() < 0.15 else 0)]
            cell = np.array([(x, y), (x + size, y), (x + size, y + size), (x, y + size)])
            brush.polygon(_turned(cell, angle), tone)
    return "a chequered pattern"


def _dots(brush: Brush, rng: np.random.Generator, colours: list[Colour]) -> str:
    angle, n = rng.random() * np.pi / 2, int(rng.integers(7, 13))
    size, jitter = 1.5 / n, float(rng.choice([0.0, 0.2]))
    radius = size * rng.uniform(0.25, 0.42)
    for i in range(n):
        for j in range(n):
            spot = np.array([[-0.25 + (i + 0.5 * (j % 2)) * size, -0.25 + j * size]])
            x, y = _turned(spot + rng.normal(0, jitter * size, 2), angle)[0]
            brush.ellipse(x, y, radius, radius, colours[1 + int(rng.integers(3))])
    return "a dotted pattern"


def _blobs(brush: Brush, rng: np.random.Generator, colours: list[Colour]) -> str:
    turn = np.linspace(0, 2 * np.pi, 7, endpoint=False)
    for i in range(int(rng.integers(22, 40))):
        x, y, r = rng.random(), rng.random(), rng.uniform(0.04, 0.15)
        reach = r * rng.uniform(0.65, 1.3, 7)
        brush.blob(
            np.stack([x + reach * np.cos(turn), y + reach * np.sin(turn)], 1), colours[1 + i % 5]
        )
    return "a blotchy pattern"


def _waves(brush: Brush, rng: np.random.Generator, colours: list[Colour]) -> str:
    angle, n = rng.random() * np.pi, int(rng.integers(8, 15))
    x = np.linspace(-0.25, 1.25, 26)
    depth, turns, phase = rng.uniform(0.02, 0.06), rng.uniform(2, 5), rng.random() * 6
    for i, y in enumerate(np.linspace(-0.3, 1.25, n)):
        wave = y + depth * np.sin(2 * np.pi * turns * x + phase)
        edge = np.stack([x, wave], 1)
        shape = np.concatenate([edge, [(1.25, 1.3), (-0.25, 1.3)]])
        brush.polygon(_turned(shape, angle), colours[i % 4])
    return "a wavy pattern"


def _strokes(brush: Brush, rng: np.random.Generator, colours: list[Colour]) -> str:
    angle, spread = rng.random() * np.pi, float(rng.choice([0.1, 0.5, 1.5]))
    length, width = rng.uniform(0.06, 0.16), rng.uniform(0.015, 0.035)
    for i in range(int(rng.integers(110, 190))):
        a = angle + rng.normal(0, spread)
        x, y = rng.random(2)
        dx, dy = length * np.cos(a), length * np.sin(a)
        brush.stroke([(x - dx, y - dy), (x + dx, y + dy)], width, colours[1 + i % 5])
    return "a pattern of strokes"


def _triangles(brush: Brush, rng: np.random.Generator, colours: list[Colour]) -> str:
    angle, n = rng.random() * np.pi / 2, int(rng.integers(5, 10))
    size = 1.5 / n
    for i in range(n):
        for j in range(n):
            x, y = -0.25 + i * size, -0.25 + j * size
            first, second = rng.integers(0, 6, 2)
            upper = np.array([(x, y), (x + size, y), (x, y + size)])
            lower = np.array([(x + size, y), (x + size, y + size), (x, y + size)])
            brush.polygon(_turned(upper, angle), colours[first])
            brush.polygon(_turned(lower, angle), colours[second])
    return "a pattern of triangles"
