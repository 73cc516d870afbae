"""Small pictures, made once and kept in memory up to a limit."""

from __future__ import annotations

import io
from collections import OrderedDict
from pathlib import Path
from threading import Lock

SIZES = (96, 320)
# Originals this small are sent as they are: making them again costs time and quality.
SMALL = 160
_MOST_PIXELS = 80_000_000
_SERVED_AS_IS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
_ORIENTATION = 0x0112


class UnreadablePictureError(ValueError):
    """A file that is no picture, or one too large to open here."""


def make_thumbnail(path: Path, size: int) -> tuple[bytes, str]:
    """Return (content, media type) with the longest side at most ``size`` pixels."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            # The header is read, the pixels are not: a bomb is refused before it unpacks.
            if image.width * image.height > _MOST_PIXELS:
                raise UnreadablePictureError(f"{path.name} has more than {_MOST_PIXELS} pixels.")
            upright = image.getexif().get(_ORIENTATION, 1) == 1
            if max(image.size) <= SMALL and upright and image.format in _SERVED_AS_IS:
                return path.read_bytes(), _SERVED_AS_IS[image.format]
            image.draft("RGB", (2 * size, 2 * size))
            small = ImageOps.exif_transpose(image)
            small.thumbnail((size, size), Image.Resampling.LANCZOS)
            content = io.BytesIO()
            _on_grey(small).save(content, "JPEG", quality=88)
            return content.getvalue(), "image/jpeg"
    except (OSError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise UnreadablePictureError(f"{path.name} cannot be read as a picture.") from error


def _on_grey(image):  # type: ignore[no-untyped-def]
    """Return the picture as RGB; what is transparent shows mid grey, as models see it."""
    from PIL import Image

    if image.mode in ("RGB", "L"):
        return image.convert("RGB")
    layer = image.convert("RGBA")
    ground = Image.new("RGBA", layer.size, (128, 128, 128, 255))
    return Image.alpha_composite(ground, layer).convert("RGB")


class ThumbnailCache:
    """The pictures asked for last, up to a number of bytes; safe to use from several threads."""

    def __init__(self, most_bytes: int = 64_000_000) -> None:
        self._most = most_bytes
        self._held = 0
        self._kept: OrderedDict[tuple[str, int, int], tuple[bytes, str]] = OrderedDict()
        self._lock = Lock()

    def get(self, path: Path, size: int) -> tuple[bytes, str]:
        """Return ``make_thumbnail(path, size)``, kept from before where possible."""
        # A file written anew is another picture.
        name = (str(path), path.stat().st_mtime_ns, size)
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
                return self._kept[name]
        made = make_thumbnail(path, size)  # unlocked: twice the same work is no harm
        with self._lock:
            if name not in self._kept:
                self._kept[name] = made
                self._held += len(made[0])
            while self._held > self._most and self._kept:
                _, (content, _) = self._kept.popitem(last=False)
                self._held -= len(content)
        return made
