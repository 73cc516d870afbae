"""From a file that anybody may have sent to an upright RGB picture, or to a clear refusal.

Everything that changes what the picture looks like on the way (a colour space, transparency,
a rotation, a choice among frames) is put into words for the person who looks at the result.
Size is judged from the header, before anything is decompressed, and decoding takes at most
``MAX_WORKING_BYTES`` beyond the pixels themselves (4 bytes each, as Pillow holds them): colours
are converted in bands of rows.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, UnidentifiedImageError

from cortiscope.core.errors import InvalidImage, MissingData
from cortiscope.core.stimuli.encoded import announced_working_bytes, lacks_data, without_large_texts
from cortiscope.core.storage.foreign import pointer_words

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
"""Pillow's names of the formats that are tried; no other decoder ever sees the bytes."""

MAX_BYTES = 64 * 1024 * 1024
MAX_PIXELS = 80_000_000
MAX_WORKING_BYTES = 250 * 2**20
"""Most that decoding may take beyond the file's bytes and 4 bytes for each of its pixels."""

MIN_SIDE = 16
BACKDROP = 128
"""Grey level (0 to 255) behind transparent pixels: the mid-grey of an experiment's screen."""

_ORIENTATION_TAG = 0x0112
_BAND_PIXELS = 2**20
_SUPPORTED = "Supported: JPEG, PNG, WebP, GIF, BMP and TIFF."


@dataclass(frozen=True)
class DecodedImage:
    """A picture ready for a backbone, and what was done to it.

    Attributes
    ----------
    image : mode RGB, 8 bits, upright.
    notes : sentences for the person, one per change; empty where nothing was changed.
    original_size : (width, height) in pixels as stored, before any rotation.
    original_mode : Pillow's mode of the stored picture, as in "CMYK".
    original_format : one of ``FORMATS``, whatever the file's name says.
    """

    image: Image.Image = field(repr=False, compare=False)
    notes: tuple[str, ...]
    original_size: tuple[int, int]
    original_mode: str
    original_format: str


def decode_image(
    source: Path | bytes,
    *,
    name: str = "",
    max_bytes: int = MAX_BYTES,
    max_pixels: int = MAX_PIXELS,
    min_side: int = MIN_SIDE,
    enough: int | None = None,
) -> DecodedImage:
    """Decode a picture, refusing what cannot or should not be decoded.

    Parameters
    ----------
    source : a file's path, or its content.
    name : what the person calls the picture, for messages; the file's name if empty.
    max_bytes : largest file taken.
    max_pixels : largest width x height taken, by the header.
    min_side : smallest width and height taken, in pixels.
    enough : width and height that will do; a JPEG may then come at a half, a quarter or an eighth
        of its size, in a fraction of time and memory.

    Raises
    ------
    InvalidImage
        Not a picture in a supported format, damaged, too large or too small.
    MissingData
        There is no such file.
    """
    name = name or (source.name if isinstance(source, Path) else "the picture")
    data = _read(source, name, max_bytes)
    with open_picture(data, name, max_pixels=max_pixels) as stored:
        _check_dimensions(stored, name, max_pixels, min_side)
        _check_working_bytes(stored, name)
        size, mode, kind = stored.size, stored.mode, stored.format or ""
        try:
            if enough is not None:
                stored.draft(None, (enough, enough))
            stored.load()
            if lacks_data(data, stored):
                raise OSError("its data end before the picture does")
            image, notes = _to_upright_rgb(stored)
        except Exception as error:  # truncated or damaged data shows only while it is decoded
            raise _damaged(name, error) from None
    return DecodedImage(image, tuple(notes), size, mode, "JPEG" if kind == "MPO" else kind)


def open_picture(data: bytes, name: str, *, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Read a picture's header; its pixels stay compressed until they are asked for.

    Raises
    ------
    InvalidImage : no decoder of ``FORMATS`` takes the bytes for its own, or the header is damaged.
    """
    if (pointer := pointer_words(data[:32])) is not None:
        raise InvalidImage(f"{name} is {pointer}.")
    try:
        return Image.open(io.BytesIO(without_large_texts(data)), formats=FORMATS)
    except UnidentifiedImageError:
        raise InvalidImage(
            f"{name} is not a picture in a format that can be read. {_SUPPORTED}",
            "Open it in an image program and save it as JPEG or PNG.",
        ) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many_pixels(name, max_pixels) from None
    except Exception as error:  # decoders raise nearly anything on damaged headers
        raise _damaged(name, error) from None


def square_crop(image: Image.Image, size: int | None = None) -> Image.Image:
    """Cut out the central square: the part of a picture that stands for the square seen.

    In the experiments modelled here, square pictures lay about the point of fixation. A picture
    of another shape is shown to every model as its central square, so that the centre of the
    picture stays at fixation.

    Parameters
    ----------
    size : side of the result in pixels (bicubic, antialiased); None keeps the square's own.
    """
    width, height = image.size
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    square = image
    if width != height:
        square = image.crop((left, top, left + side, top + side))
    if size is not None and size != side:
        square = square.resize((size, size), Image.Resampling.BICUBIC)
    return square


def _read(source: Path | bytes, name: str, max_bytes: int) -> bytes:
    if isinstance(source, bytes | bytearray | memoryview):
        n_bytes = len(source)
    else:
        try:
            n_bytes = source.stat().st_size
        except FileNotFoundError:
            raise MissingData(
                f"{name} was not found at {source}.", "Check the path and the file's name."
            ) from None
        if not source.is_file():
            raise InvalidImage(f"{name} is not a file.", "Name one picture file.")
    if n_bytes > max_bytes:
        raise InvalidImage(
            f"{name} has {n_bytes / 2**20:,.0f} MiB; "
            f"at most {max_bytes / 2**20:,.0f} MiB are read.",
            "Save it smaller: a backbone sees a few hundred pixels a side.",
        )
    if n_bytes == 0:
        raise InvalidImage(f"{name} is empty (0 bytes).", "Copy or download the file again.")
    if not isinstance(source, Path):
        return bytes(source)
    try:
        return source.read_bytes()
    except OSError as error:
        raise InvalidImage(
            f"{name} cannot be read: {error.strerror}.", "Check the file's permissions."
        ) from None


def _check_dimensions(stored: Image.Image, name: str, max_pixels: int, min_side: int) -> None:
    width, height = stored.size
    if width * height > max_pixels:
        raise _too_many_pixels(name, max_pixels, f"{width:,} x {height:,} pixels")
    if min(width, height) < min_side:
        raise InvalidImage(
            f"{name} is too small: {width} x {height} pixels; each side needs at least {min_side}.",
            "Take a larger version of the picture.",
        )


def _too_many_pixels(name: str, max_pixels: int, got: str = "far more") -> InvalidImage:
    return InvalidImage(
        f"{name} is too large: its header announces {got}; at most "
        f"{max_pixels / 1e6:g} million pixels are decoded.",
        "Save it smaller: a backbone sees a few hundred pixels a side.",
    )


def _damaged(name: str, error: Exception) -> InvalidImage:
    reason = str(error).strip().rstrip(".") or type(error).__name__
    return InvalidImage(
        f"{name} is damaged or cut short and cannot be decoded ({reason}).",
        "Copy or download the file again, or save it anew as JPEG or PNG.",
    )


def _check_working_bytes(stored: Image.Image, name: str) -> None:
    needed = announced_working_bytes(stored)
    if needed > MAX_WORKING_BYTES:
        width, height = stored.size
        raise InvalidImage(
            f"{name} is too large for its kind: {width:,} x {height:,} pixels as "
            f"{stored.format} take {needed / 2**20:,.0f} MiB beyond the pixels to decode; at most "
            f"{MAX_WORKING_BYTES / 2**20:,.0f} MiB are taken.",
            "Save it smaller, or as PNG or baseline (not progressive) JPEG.",
        )


def _to_upright_rgb(stored: Image.Image) -> tuple[Image.Image, list[str]]:
    """Convert a loaded picture; the stored pixels may be given up on the way."""
    notes = []
    if getattr(stored, "is_animated", False):
        notes.append("It has several frames or pages: the first one is used.")
    turn = _orientation(stored)
    if turn != 1:
        notes.append("It was stored turned, as cameras do: it is shown upright.")
    if stored.mode == "RGB" and turn == 1 and "transparency" not in stored.info:
        # Another copy would double what a large photograph takes.
        return (stored.copy() if notes else stored), notes
    return _by_bands(stored, _conversion(stored, notes), turn), notes


def _bands(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """Cut a picture into (first row, rows) of about a million pixels."""
    width, height = image.size
    rows = max(1, _BAND_PIXELS // width)
    for top in range(0, height, rows):
        yield top, image.crop((0, top, width, min(top + rows, height)))


def _by_bands(
    stored: Image.Image, to_rgb: Callable[[Image.Image], Image.Image], turn: int
) -> Image.Image:
    """Apply a conversion of single pixels and turn the picture upright."""
    width, height = stored.size
    shape = (height, width, 3) if turn < 5 else (width, height, 3)
    upright = np.empty(shape, np.uint8)
    as_stored = _STORED_VIEW[turn](upright)
    for top, band in _bands(stored):
        as_stored[top : top + band.height] = np.asarray(to_rgb(band))
    stored.close()  # its pixels go before the result's are made
    return Image.fromarray(upright)


# EXIF orientation -> how rows and columns as stored lie in the upright picture.
_STORED_VIEW: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a.swapaxes(0, 1)[::-1],
    7: lambda a: a.swapaxes(0, 1)[::-1, ::-1],
    8: lambda a: a.swapaxes(0, 1)[:, ::-1],
}


def _orientation(stored: Image.Image) -> int:
    try:
        turn = stored.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # a damaged EXIF block says nothing about the picture itself
        return 1
    return turn if turn in _STORED_VIEW else 1


def _conversion(stored: Image.Image, notes: list[str]) -> Callable[[Image.Image], Image.Image]:
    """Return how a band becomes RGB; adds what the person should know of it to ``notes``."""
    if stored.mode == "CMYK":
        notes.append("It is in print colours (CMYK): converted to RGB, colours are approximate.")
    elif stored.mode == "LAB":
        notes.append("It is in Lab colours: converted to RGB.")
        profiles = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        transform = ImageCms.buildTransform(*profiles, "LAB", "RGB")
        return lambda band: ImageCms.applyTransform(band, transform) or band
    elif stored.mode.startswith("I") or stored.mode == "F":
        return _deep_grey_conversion(stored, notes)
    elif stored.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in stored.info:
        layers = (band.convert("RGBA") for _, band in _bands(stored))
        if any(layer.getchannel("A").getextrema() != (255, 255) for layer in layers):
            notes.append("It has transparent parts: they are filled with mid-grey.")
            return on_backdrop
        return lambda band: band.convert("RGBA").convert("RGB")
    return lambda band: band.convert("RGB")


def on_backdrop(image: Image.Image) -> Image.Image:
    """Return a picture as RGB, with the backdrop behind its transparent pixels."""
    backdrop = Image.new("RGBA", image.size, (BACKDROP, BACKDROP, BACKDROP, 255))
    return Image.alpha_composite(backdrop, image.convert("RGBA")).convert("RGB")


def _deep_grey_conversion(
    stored: Image.Image, notes: list[str]
) -> Callable[[Image.Image], Image.Image]:
    """Scale grey levels deeper than 8 bits; Pillow's own conversion would clip them at 255."""
    low, high = np.inf, -np.inf
    for _, band in _bands(stored):
        values = np.asarray(band)
        if not np.isfinite(values).all():
            raise ValueError("it holds values that are not finite")
        low, high = min(low, float(values.min())), max(high, float(values.max()))
    if stored.mode != "F" and low >= 0 and high <= 65535:
        # The smallest usual depth that holds the values: 12-bit cameras write 16-bit files,
        # and taking those over 65535 would turn them black.
        bits = next(b for b in (8, 12, 16) if high < 2**b)
        low, high = 0.0, float(2**bits - 1)
        notes.append(f"It is grey with {bits} of 16 bits used: scaled to 8 bits.")
    else:
        notes.append(f"It is grey with values {low:g} to {high:g}: scaled to 8 bits.")
    span = high - low if high > low else 1.0

    def scaled(band: Image.Image) -> Image.Image:
        values = np.asarray(band, dtype=np.float64)  # (rows, width)
        grey = np.rint((values - low) * (255.0 / span)).astype(np.uint8)
        return Image.fromarray(grey).convert("RGB")

    return scaled


# Originals this small are sent as they are where all their pixels are wanted: making them again
# costs time and quality.
SMALL = 160
_SENT_AS_IS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}


def thumbnail(path: Path, size: int) -> tuple[bytes, str]:
    """Return (content, media type) of a picture with its longest side at most ``size`` pixels.

    Raises
    ------
    InvalidImage, MissingData : as ``decode_image``.
    """
    decoded = decode_image(path, min_side=1, enough=2 * size)
    small = max(decoded.original_size) <= min(SMALL, size)
    if small and not decoded.notes and decoded.original_format in _SENT_AS_IS:
        return path.read_bytes(), _SENT_AS_IS[decoded.original_format]
    picture, content = decoded.image, io.BytesIO()
    picture.thumbnail((size, size), Image.Resampling.LANCZOS)
    picture.save(content, "JPEG", quality=88)
    return content.getvalue(), "image/jpeg"
