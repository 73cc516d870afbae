"""Photographs on Your image: the visitor's own, and scikit-learn's two samples."""

from __future__ import annotations

import hashlib
import importlib.util
import tempfile
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from PIL import Image

from core.stimuli import decode_image, square_crop

_SAMPLES = {"temple": "china.jpg", "flower": "flower.jpg"}


@dataclass(frozen=True)
class Photograph:
    """A picture that was decoded safely, kept as a file for the computing process.

    Parameters
    ----------
    notes : what was done to it on the way (rotated upright, first frame, ...).
    path : the upright RGB picture as PNG, in a temporary folder that ends with the server.
    """

    name: str
    path: Path
    notes: tuple[str, ...]
    original: str


def samples() -> dict[str, Path]:
    """Find scikit-learn's sample photographs without importing it."""
    spec = importlib.util.find_spec("sklearn")
    if spec is None or spec.origin is None:
        return {}
    folder = Path(spec.origin).parent / "datasets" / "images"
    return {name: folder / file for name, file in _SAMPLES.items() if (folder / file).exists()}


def take_photograph(data: bytes, name: str) -> Photograph:
    """Decode a picture and keep it.

    Raises
    ------
    InvalidImage : what is wrong with it and what to do.
    """
    digest = hashlib.sha256(data).hexdigest()[:24]
    decoded = decode_image(data, name=name)
    target = _folder() / f"{digest}.png"
    if not target.exists():
        # Networks see a few hundred pixels; a smaller file makes every later step faster.
        picture = decoded.image
        picture.thumbnail((1600, 1600), Image.Resampling.LANCZOS)
        picture.save(target, compress_level=1)
    width, height = decoded.original_size
    return Photograph(
        name, target, decoded.notes, f"{width} x {height} px, {decoded.original_mode}"
    )


def as_seen(photograph: Photograph, *, stretched: bool = False, side: int = 320) -> Image.Image:
    """Return the square that an encoder sees: the central one, or the whole stretched to one."""
    with Image.open(photograph.path) as picture:
        if stretched:
            return picture.convert("RGB").resize((side, side), Image.Resampling.BICUBIC)
        return square_crop(picture.convert("RGB"), side)


@st.cache_resource(show_spinner=False)
def _folder_owner() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="cortiscope-photographs-")


def _folder() -> Path:
    return Path(_folder_owner().name)
