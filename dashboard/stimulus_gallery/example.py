"""The gallery with made-up pictures: ``streamlit run dashboard/stimulus_gallery/example.py``."""

from __future__ import annotations

import io
import tempfile
from functools import cache
from pathlib import Path

import streamlit as st
from PIL import Image, ImageDraw

from cortiscope.frontends import frontend_route
from cortiscope.stimulus_gallery import FRONTEND, stimulus_route

FOLDER = Path(tempfile.mkdtemp(prefix="gallery-example-"))


@cache
def draw(split: str, number: int) -> Path:
    """Draw a picture that shows its own number, the first time it is asked for."""
    hue = (number * 37 + (180 if split == "test" else 0)) % 360
    picture = Image.new("HSV", (256, 256), (hue * 255 // 360, 70, 200)).convert("RGB")
    pen = ImageDraw.Draw(picture)
    x, y = 40 + number * 53 % 150, 40 + number * 29 % 150
    pen.ellipse((x, y, x + 70, y + 70), fill=(250, 250, 250))
    pen.text((20, 20), f"{split} {number}", fill=(20, 20, 20), font_size=36)
    path = FOLDER / f"{split}-{number}.png"
    picture.save(path)
    return path


def resolve(key: str, split: str, number: int) -> Path | None:
    """Return the file of one picture of the made-up set."""
    n = {"train": 9000, "test": 841}.get(split, 0)
    return draw(split, number) if key == "example" and number < n else None


def shrink(path: Path, size: int) -> tuple[bytes, str]:
    """Make a thumbnail of a picture drawn here."""
    content = io.BytesIO()
    with Image.open(path) as picture:
        picture.thumbnail((size, size))
        picture.save(content, "PNG")
    return content.getvalue(), "image/png"


app = st.App(
    "example_page.py", routes=[frontend_route([FRONTEND]), stimulus_route(resolve, shrink)]
)
