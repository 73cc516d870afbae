"""A brush that draws in an object's own coordinates, whatever its place, size and turn.

Drawings are written once, upright, in a box from -1 to 1 (x to the right, y down). The brush maps
points, not pixels, so that a turned object is as sharp as an upright one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from PIL.ImageFont import FreeTypeFont, ImageFont

from cortiscope.core.simulation.drawings.palette import Colour

Points = Sequence[Any] | np.ndarray
"""Corners, (n_points, 2)."""

_TURN = np.linspace(0, 2 * np.pi, 28, endpoint=False)
_CIRCLE = np.stack([np.cos(_TURN), np.sin(_TURN)], axis=1)


class Brush:
    """Draws shapes on an image through a fixed placement.

    Parameters
    ----------
    image : the canvas, drawn on in place.
    centre : where the point (0, 0) lands, pixels of the canvas.
    scale : pixels of the canvas per unit.
    angle : turn, radians, clockwise on the screen.
    flip : mirror left and right before turning.
    """

    def __init__(
        self,
        image: Image.Image,
        centre: tuple[float, float],
        scale: float,
        angle: float = 0.0,
        flip: bool = False,
    ) -> None:
        self.image = image
        self.scale = scale
        self._draw = ImageDraw.Draw(image)
        self._centre = np.asarray(centre, dtype=float)
        cos, sin = math.cos(angle) * scale, math.sin(angle) * scale
        sign = -1.0 if flip else 1.0
        # Rows: where the unit steps along x and along y go.
        self._axes = np.array([[sign * cos, sign * sin], [-sin, cos]])
        self._upright_axes = np.array([[cos, sin], [-sin, cos]])

    def place(self, points: Points) -> list[tuple[float, float]]:
        """Map points of the drawing to pixels of the canvas."""
        mapped = np.asarray(points, dtype=float) @ self._axes + self._centre
        return list(zip(*mapped.T.tolist(), strict=True))

    def polygon(self, points: Points, fill: Colour) -> None:
        """Fill a polygon."""
        self._draw.polygon(self.place(points), fill=fill)

    def ellipse(
        self, x: float, y: float, rx: float, ry: float, fill: Colour, angle: float = 0.0
    ) -> None:
        """Fill an ellipse, turned by ``angle`` radians about its own centre."""
        self.polygon(ellipse_points(x, y, rx, ry, angle), fill)

    def sector(
        self, x: float, y: float, rx: float, ry: float, start: float, stop: float, fill: Colour
    ) -> None:
        """Fill the part of an ellipse cut off by the chord between two angles (radians)."""
        self.polygon(arc_points(x, y, rx, ry, start, stop), fill)

    def box(
        self,
        left: float,
        top: float,
        right: float,
        bottom: float,
        fill: Colour,
        round_by: float = 0,
    ) -> None:
        """Fill a rectangle, its corners rounded by a radius."""
        if not round_by:
            self.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], fill)
            return
        r = min(round_by, abs(right - left) / 2, abs(bottom - top) / 2)
        quarter = math.pi / 2
        self.polygon(
            np.concatenate(
                [
                    arc_points(right - r, bottom - r, r, r, 0, quarter, 5),
                    arc_points(left + r, bottom - r, r, r, quarter, 2 * quarter, 5),
                    arc_points(left + r, top + r, r, r, 2 * quarter, 3 * quarter, 5),
                    arc_points(right - r, top + r, r, r, 3 * quarter, 4 * quarter, 5),
                ]
            ),
            fill,
        )

    def blob(self, points: Points, fill: Colour) -> None:
        """Fill a smooth closed shape through the points."""
        self.polygon(closed_curve(points), fill)

    def stroke(self, points: Points, width: float, fill: Colour) -> None:
        """Draw a line of constant width with round ends and corners."""
        placed = self.place(points)
        pixels = max(width * self.scale, 1.0)
        self._draw.line(placed, fill=fill, width=round(pixels), joint="curve")
        if pixels > 3:
            r = pixels / 2
            for x, y in (placed[0], placed[-1]):
                self._draw.ellipse([x - r, y - r, x + r, y + r], fill=fill)

    def limb(self, points: Points, start: float, stop: float, fill: Colour) -> None:
        """Draw a line that tapers from one width to another, with round joints."""
        placed = self.place(points)
        widths = np.linspace(start, stop, len(placed)) * self.scale / 2
        for (xa, ya), (xb, yb), ra, rb in zip(
            placed[:-1], placed[1:], widths[:-1], widths[1:], strict=True
        ):
            length = math.hypot(xb - xa, yb - ya) or 1.0
            nx, ny = (ya - yb) / length, (xb - xa) / length
            self._draw.polygon(
                [
                    (xa + nx * ra, ya + ny * ra),
                    (xb + nx * rb, yb + ny * rb),
                    (xb - nx * rb, yb - ny * rb),
                    (xa - nx * ra, ya - ny * ra),
                ],
                fill=fill,
            )
        for (x, y), r in zip(placed, widths, strict=True):
            self._draw.ellipse([x - r, y - r, x + r, y + r], fill=fill)

    def text(
        self,
        word: str,
        font: FreeTypeFont | ImageFont,
        box: tuple[float, float, float, float],
        fill: Colour,
        bold: int = 0,
        slant: float = 0.0,
    ) -> None:
        """Write a word so that it fills a box (left, top, right, bottom); never mirrored.

        Parameters
        ----------
        bold : widening of the strokes, pixels of the font.
        slant : shear to the right per unit of height, as in italics.
        """
        stroke = bold if isinstance(font, FreeTypeFont) else 0
        probe = ImageDraw.Draw(Image.new("L", (1, 1)))
        x0, y0, x1, y1 = probe.textbbox((0, 0), word, font=font, stroke_width=stroke)
        width, height = max(x1 - x0, 1), max(y1 - y0, 1)
        glyphs = Image.new("L", (int(width) + 2, int(height) + 2))
        ImageDraw.Draw(glyphs).text(
            (1 - x0, 1 - y0), word, fill=255, font=font, stroke_width=stroke
        )
        left, top, right, bottom = box
        # Font pixels -> drawing units (same stretch both ways unless the box is too narrow)
        # -> canvas pixels; Pillow wants the inverse.
        step_y = (bottom - top) / glyphs.height
        step_x = min((right - left) / glyphs.width, 1.15 * step_y)
        step_y = min(step_y, 1.5 * step_x)
        forward = np.array([[step_x, 0.0], [-slant * step_y, step_y]]) @ self._upright_axes
        middle = np.array([(left + right) / 2, (top + bottom) / 2]) @ self._axes + self._centre
        half = np.array([glyphs.width, glyphs.height]) / 2
        back = np.linalg.inv(forward)
        shift = half - middle @ back
        mask = glyphs.transform(
            self.image.size,
            Image.Transform.AFFINE,
            (back[0, 0], back[1, 0], shift[0], back[0, 1], back[1, 1], shift[1]),
            Image.Resampling.BILINEAR,
        )
        self.image.paste(fill, (0, 0), mask)


def ellipse_points(x: float, y: float, rx: float, ry: float, angle: float = 0.0) -> np.ndarray:
    """Return the outline of an ellipse, (28, 2)."""
    points = _CIRCLE * (rx, ry)
    if angle:
        cos, sin = math.cos(angle), math.sin(angle)
        points = points @ np.array([[cos, sin], [-sin, cos]])
    return points + (x, y)


def arc_points(
    x: float, y: float, rx: float, ry: float, start: float, stop: float, n_points: int = 16
) -> np.ndarray:
    """Return points along an elliptic arc, (n_points, 2); angles in radians, clockwise from x."""
    turn = np.linspace(start, stop, n_points)
    return np.stack([x + rx * np.cos(turn), y + ry * np.sin(turn)], axis=1)


def closed_curve(points: Points, n_between: int = 5) -> np.ndarray:
    """Return a closed Catmull-Rom curve through the points, (n_points * n_between, 2)."""
    here = np.asarray(points, dtype=float)
    before, after, later = np.roll(here, 1, 0), np.roll(here, -1, 0), np.roll(here, -2, 0)
    t = np.linspace(0, 1, n_between, endpoint=False)[None, :, None]
    p0, p1, p2, p3 = (p[:, None, :] for p in (before, here, after, later))
    curve = 0.5 * (
        2 * p1
        + (p2 - p0) * t
        + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2
        + (3 * p1 - p0 - 3 * p2 + p3) * t**3
    )
    return curve.reshape(-1, 2)
