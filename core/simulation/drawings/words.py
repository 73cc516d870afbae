"""Words: short ones, on signs, labels and banners, or bare.

Pillow brings one scalable and one bitmap typeface; weight, slant, case and stretching make several
hands of them, and no font of the system is needed.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from PIL import ImageFont

from cortiscope.core.simulation.drawings.brush import Brush, ellipse_points
from cortiscope.core.simulation.drawings.palette import INK, WHITE, Colour, Colours, shade

_WORDS = """
art bar bus cafe dance east exit fish gate hello home hotel ice jazz key lake left love
lunch map menu music north open park pizza play quiet radio rain sale shop slow south star
stop sun taxi tea time tower toys train up vote west wild yes zoo zone book bread cinema
coffee dream drive fresh garden market moon news night ocean paper river road school snow
space sport summer theatre ticket water wind winter
""".split()  # noqa: SIM905 - a list of words reads best as text
_FONT_SIZE = 40


@cache
def _scalable_font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(_FONT_SIZE)


@cache
def _bitmap_font() -> ImageFont.ImageFont:
    return ImageFont.load_default_imagefont()


def draw_word(brush: Brush, rng: np.random.Generator, colours: Colours) -> str:
    """Draw a word and return its noun phrase."""
    word = str(rng.choice(_WORDS))
    case = rng.choice(["upper", "title", "lower"], p=[0.55, 0.3, 0.15])
    written = {"upper": word.upper(), "title": word.title(), "lower": word}[str(case)]
    half = float(np.clip(0.17 * len(word) + 0.2, 0.6, 0.98))
    tall = float(rng.uniform(0.3, 0.42))
    ground, ink = _contrast(rng, colours)
    carrier = str(rng.choice(["plain", "bare", "pole", "bubble", "banner", "label"]))
    top = _CARRIERS[carrier](brush, colours, ground, half, tall)
    inner = 0.9 if carrier != "bare" else 1.0
    box = (-half * inner + 0.02, top - tall * 0.62, half * inner - 0.02, top + tall * 0.62)
    hand = rng.random()
    slant = float(rng.choice([0.0, 0.0, 0.25]))
    if hand < 0.15:
        brush.text(written, _bitmap_font(), box, ink)
    else:
        bold = int(rng.choice([1, 2, 3]))
        if carrier == "bare":
            brush.text(written, _scalable_font(), _grown(box), ground, bold + 4, slant)
        brush.text(written, _scalable_font(), box, ink, bold, slant)
    return f'the word "{written}"'


def _grown(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    left, top, right, bottom = box
    return left - 0.06, top - 0.05, right + 0.06, bottom + 0.05


def _contrast(rng: np.random.Generator, c: Colours) -> tuple[Colour, Colour]:
    """Return ground and ink that differ much in lightness, either way round."""
    if rng.random() < 0.5:
        return shade(c.main, 0.6), (WHITE, shade(c.second, 1.6))[int(rng.integers(2))]
    return (WHITE, shade(c.main, 1.55))[int(rng.integers(2))], (INK, shade(c.second, 0.4))[
        int(rng.integers(2))
    ]


def _plain(brush: Brush, c: Colours, ground: Colour, half: float, tall: float) -> float:
    brush.box(-half - 0.02, -tall - 0.08, half + 0.02, tall + 0.08, c.accent, 0.08)
    brush.box(-half + 0.04, -tall - 0.02, half - 0.04, tall + 0.02, ground, 0.05)
    return 0.0


def _bare(brush: Brush, c: Colours, ground: Colour, half: float, tall: float) -> float:
    return 0.0


def _pole(brush: Brush, c: Colours, ground: Colour, half: float, tall: float) -> float:
    brush.box(-0.06, -0.3, 0.06, 1.0, shade(c.second, 0.55))
    brush.box(-half, -tall - 0.3, half, tall - 0.3, ground, 0.12)
    return -0.3


def _bubble(brush: Brush, c: Colours, ground: Colour, half: float, tall: float) -> float:
    brush.polygon([(-0.3, 0.2), (0.0, 0.2), (-0.42, 0.72)], ground)
    brush.polygon(ellipse_points(0, -0.12, half + 0.02, tall + 0.14), ground)
    return -0.12


def _banner(brush: Brush, c: Colours, ground: Colour, half: float, tall: float) -> float:
    tail = shade(ground, 0.72)
    for side in (-1, 1):
        brush.polygon([(side * (half - 0.2), -tall + 0.16), (side * 1.02, -tall + 0.16),
                       (side * 0.9, 0.16), (side * 1.02, tall + 0.16),
                       (side * (half - 0.2), tall + 0.16)], tail)  # fmt: skip
    brush.box(-half + 0.06, -tall, half - 0.06, tall, ground)
    return 0.0


def _label(brush: Brush, c: Colours, ground: Colour, half: float, tall: float) -> float:
    brush.box(-0.3, -0.95, 0.3, -0.6, shade(c.second, 0.7), 0.05)
    brush.box(-half - 0.02, -0.68, half + 0.02, 0.92, c.main, 0.3)
    brush.box(-half - 0.02, -tall + 0.12, half + 0.02, tall + 0.12, ground)
    return 0.12


_CARRIERS = {
    "plain": _plain,
    "bare": _bare,
    "pole": _pole,
    "bubble": _bubble,
    "banner": _banner,
    "label": _label,
}
