"""The byte layout that Python writes and the browser reads: one JSON header, then raw arrays.

Layout: uint32 little-endian length of the JSON | JSON (UTF-8, padded with spaces) | arrays, each
starting at a multiple of four bytes. The header's ``arrays`` entry lists ``[name, dtype, offset,
count]`` with offsets in bytes from the first array, so that a browser can lay typed arrays over
the buffer without copying.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

# numpy's little-endian dtype -> the name the browser maps to a typed array.
_DTYPES = {
    "<f4": "float32",
    "<i4": "int32",
    "<u4": "uint32",
    "<i2": "int16",
    "<u2": "uint16",
    "|i1": "int8",
    "|u1": "uint8",
}
_FROM_NAME = {name: code for code, name in _DTYPES.items()}


def pack(header: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """Return header and arrays as one byte string.

    Parameters
    ----------
    header : JSON-serialisable; the key ``arrays`` is reserved.
    arrays : name -> array of one of float32, int32, uint32, int16, uint16, int8, uint8; stored
        flat in C order.
    """
    if "arrays" in header:
        raise ValueError("The header key 'arrays' is reserved for the list of arrays.")
    listing: list[list[Any]] = []
    chunks: list[bytes] = []
    offset = 0
    for name, array in arrays.items():
        little = array.dtype.newbyteorder("<").str
        if little not in _DTYPES:
            raise TypeError(
                f"Array {name!r} has dtype {array.dtype}; allowed: {', '.join(_FROM_NAME)}."
            )
        data = np.ascontiguousarray(array, dtype=little).tobytes()
        listing.append([name, _DTYPES[little], offset, int(array.size)])
        padding = -len(data) % 4
        chunks.append(data + b"\0" * padding)
        offset += len(data) + padding
    text = json.dumps({**header, "arrays": listing}, separators=(",", ":"), allow_nan=False)
    encoded = text.encode()
    encoded += b" " * (-len(encoded) % 4)
    return struct.pack("<I", len(encoded)) + encoded + b"".join(chunks)


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read what ``pack`` wrote; arrays come back flat."""
    (length,) = struct.unpack_from("<I", data)
    header = json.loads(data[4 : 4 + length])
    start = 4 + length
    arrays = {
        name: np.frombuffer(data, dtype=_FROM_NAME[dtype], count=count, offset=start + offset)
        for name, dtype, offset, count in header.pop("arrays")
    }
    return header, arrays
