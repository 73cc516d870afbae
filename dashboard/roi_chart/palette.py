"""One hue per class of ROIs, the same on every chart and every outline.

The hues were found by maximising the smallest perceptual distance (OKLab) between any two classes
as seen with normal, deuteranopic, protanopic and tritanopic vision, at a contrast of at least 3:1
to the page. Lightness carries much of the difference, so they survive a grey print too.
"""

from __future__ import annotations

from typing import NamedTuple


class Shades(NamedTuple):
    """One colour on a light and on a dark page.

    Parameters
    ----------
    light, dark : ``#rrggbb``.
    """

    light: str
    dark: str


ROI_CLASS_COLOURS: dict[str, Shades] = {
    "prf-visualrois": Shades("#305697", "#3d87cf"),
    "floc-bodies": Shades("#ba8615", "#c79018"),
    "floc-faces": Shades("#a8513b", "#b4574c"),
    "floc-places": Shades("#36a08e", "#80e999"),
    "floc-words": Shades("#9b7fe4", "#cdbdff"),
    "streams": Shades("#3d434c", "#9a9ea6"),
}

# Models next to each other (roles a, b, c ...). Marks differ in shape as well, so that the
# colour never stands alone.
MODEL_COLOURS: tuple[Shades, ...] = (
    Shades("#c2410c", "#fb923c"),
    Shades("#0e7490", "#38bdf8"),
    Shades("#7e22ce", "#d8b4fe"),
    Shades("#4d7c0f", "#a3e635"),
    Shades("#9d174d", "#f9a8d4"),
    Shades("#57534e", "#d6d3d1"),
)
