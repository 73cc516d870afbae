"""What a picture file announces, read from its bytes before or beside its decoding.

Decoders put up with more than a scientific result may: libjpeg fills what is missing with grey,
zlib's early end leaves rows black. And they refuse what viewers show: a PNG with a long text.
"""

from __future__ import annotations

import io
import math
import re
import struct
import zlib
from collections.abc import Iterator

from PIL import Image

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_LARGEST_TEXT = 2**20  # Pillow's own limit, above which it refuses the whole picture
_ALL_TEXTS = 16 * 2**20
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of PNG's colour types
# First column and row and the steps of PNG's seven passes (Adam7).
_PASSES = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
# The end of a stretch of JPEG data: a marker that is no restart and no stuffed zero.
_SCAN_END = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
# Patterned, so that it decodes to other values than none. A picture with restarts takes it only
# behind the restart that is due; without them these are passed over.
_PATTERN = bytes((73 * k + 41) % 255 for k in range(256))
_PADDING = _PATTERN + b"".join(bytes((0xFF, 0xD0 + k)) + _PATTERN for k in range(8))


def announced_working_bytes(stored: Image.Image) -> int:
    """Return what decoding takes beyond 4 bytes a pixel, by what the header says.

    WebP: two canvases and a copy of the frame, 4 bytes a pixel each. Progressive JPEG: the
    coefficients of all components, 2 bytes each. TIFF: a whole strip or tile.
    """
    n_pixels = stored.width * stored.height
    if stored.format == "WEBP":
        return 12 * n_pixels
    if stored.format in ("JPEG", "MPO") and stored.info.get("progressive"):
        sampling = [(h, v) for _, h, v, _ in getattr(stored, "layer", ())] or [(1, 1)]
        most = max(h for h, _ in sampling) * max(v for _, v in sampling)
        return 2 * n_pixels * sum(h * v for h, v in sampling) // most
    if stored.format == "TIFF":
        return _largest_piece(stored)
    return 0


def _largest_piece(stored: Image.Image) -> int:
    tags = stored.tag_v2  # type: ignore[attr-defined]
    rows = min(int(tags.get(278) or stored.height), stored.height)
    width = stored.width
    if 322 in tags:
        width, rows = int(tags[322]), int(tags.get(323) or 1)
    bits = tags.get(258) or (1,)
    samples = int(tags.get(277) or 1)
    return width * rows * samples * math.ceil(max(bits if isinstance(bits, tuple) else (bits,)) / 8)


def without_large_texts(data: bytes) -> bytes:
    """Leave out a PNG's texts and colour profile where they unpack to more than is taken.

    They play no part in the pixels; generators of pictures write whole work flows there.
    """
    if not data.startswith(_PNG_SIGNATURE):
        return data
    taken, dropped = 0, []
    for kind, start, end in _chunks(data):
        if kind in (b"tEXt", b"zTXt", b"iTXt", b"iCCP"):
            size = _unpacked_size(kind, memoryview(data)[start + 8 : end - 4])
            if size > _LARGEST_TEXT or taken + size > _ALL_TEXTS:
                dropped.append((start, end))
            else:
                taken += size
    if not dropped:
        return data
    starts, ends = zip(*dropped, strict=True)
    kept = zip((0, *ends), (*starts, len(data)), strict=True)
    return b"".join(memoryview(data)[start:end] for start, end in kept)


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name each chunk of a PNG with its first byte (of its length) and its end."""
    start = len(_PNG_SIGNATURE)
    while start + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, start)
        end = start + 12 + length
        if end > len(data):
            return
        yield data[start + 4 : start + 8], start, end
        start = end


def _unpacked_size(kind: bytes, content: memoryview) -> int:
    """Return the size of a text, or one above the limit; never unpacks more than that."""
    # zlib packs at most 1032 to 1.
    if kind == b"tEXt" or len(content) * 1032 <= _LARGEST_TEXT:
        return len(content)
    raw = bytes(content)
    packed = raw.partition(b"\0")[2]
    if kind == b"iTXt":
        if packed[:1] != b"\1":
            return len(raw)
        packed = packed[2:].partition(b"\0")[2].partition(b"\0")[2]
    else:
        packed = packed[1:]
    try:
        return len(zlib.decompressobj().decompress(packed, _LARGEST_TEXT + 1))
    except zlib.error:  # Pillow finds the words
        return len(raw)


def lacks_data(data: bytes, stored: Image.Image) -> bool:
    """Whether a decoder has filled in what the file of a loaded picture does not hold.

    A JPEG's missing part decodes to exact mid-grey, a PNG's stays 0; only where the last pixels
    are so is the file looked at again.
    """
    width, height = stored.size
    if stored.format in ("JPEG", "MPO"):
        last = stored.getpixel((width - 1, height - 1))
        grey = last in (128, (128, 128, 128)) or stored.mode == "CMYK"
        return grey and _jpeg_lacks_data(data)
    if stored.format == "PNG":
        row = stored.crop((0, height - 1, width, height))
        return row.getbbox(alpha_only=False) is None and _png_lacks_data(data)
    return False


def _jpeg_lacks_data(data: bytes) -> bool:
    """Whether bytes put behind the data of each scan become part of the picture."""
    return _an_eighth(data) != _an_eighth(_padded(data))


def _an_eighth(data: bytes) -> bytes:
    with Image.open(io.BytesIO(data), formats=("JPEG",)) as stored:
        stored.draft(None, (1, 1))
        return stored.tobytes()


def _padded(data: bytes) -> bytes:
    parts, at, position = [], 0, 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:  # a fill byte
            position += 1
            continue
        if marker == 0xD9:
            break
        position += 2 + struct.unpack_from(">H", data, position + 2)[0]
        if marker == 0xDA:
            end = _SCAN_END.search(data, position)
            if end is None:
                break
            position = end.start()
            parts += [data[at:position], _PADDING]
            at = position
    return b"".join([*parts, data[at:]])


def _png_lacks_data(data: bytes) -> bool:
    """Whether the unpacked rows are fewer bytes than the header announces."""
    width, height, depth, colour, _, _, interlaced = struct.unpack_from(">IIBBBBB", data, 16)
    passes = _PASSES if interlaced else ((0, 0, 1, 1),)
    missing = 0
    for left, top, across, down in passes:
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0 and rows > 0:
            missing += rows * (1 + math.ceil(columns * depth * _CHANNELS.get(colour, 1) / 8))
    unpack = zlib.decompressobj()
    for kind, start, end in _chunks(data):
        if kind != b"IDAT":
            continue
        packed = data[start + 8 : end - 4]
        while packed and missing > 0 and not unpack.eof:
            missing -= len(unpack.decompress(packed, _LARGEST_TEXT))
            packed = unpack.unconsumed_tail
    return missing > 0
