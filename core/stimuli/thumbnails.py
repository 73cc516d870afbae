"""Small pictures for lists and galleries, decoded as safely as large ones."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from cortiscope.core.stimuli.decode import decode_image

# Originals this small are sent as they are: making them again costs time and quality.
SMALL = 160
_SENT_AS_IS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


def thumbnail(path: Path, size: int) -> tuple[bytes, str]:
    """Return (content, media type) of a picture with its longest side at most ``size`` pixels.

    Raises
    ------
    InvalidImage, MissingData : as ``decode_image``.
    """
    decoded = decode_image(path, min_side=1, enough=2 * size)
    small = max(decoded.original_size) <= SMALL
    if small and not decoded.notes and decoded.original_format in _SENT_AS_IS:
        return path.read_bytes(), _SENT_AS_IS[decoded.original_format]
    picture, content = decoded.image, io.BytesIO()
    picture.thumbnail((size, size), Image.Resampling.LANCZOS)
    picture.save(content, "JPEG", quality=88)
    return content.getvalue(), "image/jpeg"
