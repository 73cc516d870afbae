"""Text and lines on a picture, in CSS pixels, with the page's own font."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cortiscope.cortex_view.still.request import Rgb


@lru_cache(maxsize=64)
def _font(size: int, weight: int) -> Any:
    """Return Streamlit's own font, or Pillow's where it is not to be found."""
    found = find_spec("streamlit")
    folder = Path(found.origin).parent / "static" if found and found.origin else Path()
    for path in sorted(folder.glob("static/media/SourceSansVF-Upright*")):
        try:
            font = ImageFont.truetype(str(path), size)
            font.set_variation_by_axes([weight])
        except OSError:
            continue
        return font
    return ImageFont.load_default(size)


class Words:
    """Draws on one picture; alpha blends towards what is below."""

    def __init__(self, image: Image.Image, ratio: float, text: Rgb, background: Rgb) -> None:
        self.image = image
        self.ratio = ratio
        self.text = text
        self.background = background
        self.draw = ImageDraw.Draw(image, "RGBA")

    def font(self, size: float, weight: int = 400) -> Any:
        """Return the font at a size in CSS pixels."""
        return _font(round(size * self.ratio), weight)

    def width(self, text: str, size: float, weight: int = 400) -> float:
        """Return a text's width in CSS pixels."""
        return float(self.font(size, weight).getlength(text)) / self.ratio

    def write(
        self,
        text: str,
        x: float,
        y: float,
        size: float,
        *,
        weight: int = 400,
        colour: Rgb | None = None,
        alpha: float = 1.0,
        anchor: str = "l",
        halo: bool = False,
    ) -> None:
        """Write with the baseline at y; ``anchor`` is l, m or r."""
        at = (x * self.ratio, y * self.ratio)
        font = self.font(size, weight)
        if halo:
            edge = (*self.background, round(0.88 * 255 * alpha))
            self.draw.text(
                at, text, edge, font, f"{anchor}s", stroke_width=1.75 * self.ratio, stroke_fill=edge
            )
        fill = (*(colour or self.text), round(alpha * 255))
        self.draw.text(at, text, fill, font, f"{anchor}s")

    def fit(self, text: str, width: float, size: float, weight: int = 400) -> str:
        """Cut a text to a width in CSS pixels."""
        if self.width(text, size, weight) <= width:
            return text
        cut = len(text)
        while cut > 1 and self.width(text[:cut] + "…", size, weight) > width:
            cut -= 1
        return text[:cut].rstrip() + "…"

    def box(
        self, left: float, top: float, w: float, h: float, *, alpha: float, radius: float = 0
    ) -> None:
        """Outline a rectangle with a hairline."""
        r = self.ratio
        self.draw.rounded_rectangle(
            (left * r, top * r, (left + w) * r, (top + h) * r),
            radius * r,
            outline=(*self.text, round(alpha * 255)),
            width=max(1, round(r)),
        )

    def ring(
        self,
        x: float,
        y: float,
        radius: float,
        width: float,
        colour: Rgb,
        *,
        alpha: float = 1.0,
        full: bool = False,
    ) -> None:
        """Draw a ring around (x, y), or a disc."""
        r = self.ratio
        out = radius + width / 2
        ink = (*colour, round(alpha * 255))
        self.draw.ellipse(
            ((x - out) * r, (y - out) * r, (x + out) * r, (y + out) * r),
            fill=ink if full else None,
            outline=ink,
            width=max(1, round(width * r)),
        )

    def paste(self, rgb: np.ndarray, left: float, top: float, w: float, h: float) -> None:
        """Stretch an array of colours (rows, columns, 3) uint8 over a rectangle."""
        r = self.ratio
        size = (max(1, round(w * r)), max(1, round(h * r)))
        picture = Image.fromarray(rgb).resize(size, Image.Resampling.NEAREST)
        self.image.paste(picture, (round(left * r), round(top * r)))


def format_number(value: float) -> str:
    """Return a number as the viewer prints it: three digits, a true minus sign."""
    text = f"{float(f'{value:.3g}'):.10g}"
    return ("0" if text == "-0" else text).replace("-", "−")
