"""One ``.npy`` file: whether it is there, whole, and of the right numbers and dimensions.

Only the header is read; the values stay on disk. Pickled objects are never opened.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.datasets.check.report import Tell
from core.datasets.check.wording import times

_AGAIN = "copy or download it again"
_OTHER_FILES = {
    b"PK\x03\x04": "a zip archive (perhaps an .npz under another name)",
    b"\x1f\x8b": "a gzip archive; unpack it",
    b"\x89HDF": "an HDF5 file",
    b"version https://git-lfs": "a Git LFS pointer; fetch the file with git lfs pull",
    b"MATLAB": "a Matlab file",
}


@dataclass(frozen=True)
class Numbers:
    """Which numbers a file should hold, in words and as a test of its dtype."""

    words: str
    fits: Callable[[np.dtype], bool]


FLOAT32 = Numbers("float32", lambda dtype: dtype == np.dtype(np.float32))
WHOLE = Numbers("whole numbers", lambda dtype: dtype.kind in "biu")
FLOATS = Numbers("floats", lambda dtype: dtype.kind == "f")
REAL = Numbers("real numbers", lambda dtype: dtype.kind in "fiu")


def open_array_file(
    path: Path, numbers: Numbers, n_dimensions: int, tell: Tell
) -> np.ndarray | None:
    """Memory-map an array if it can be used; tell what is wrong with it.

    Numbers of another kind are told, and the array is returned all the same as long as it can be
    computed with, so that its lengths and values are looked at too.
    """
    header = _header(path, tell)
    if header is None:
        return None
    shape, dtype = header
    if dtype.kind not in "biuf":
        tell(f"{path.name} holds {_kind(dtype)}; expected {numbers.words}.")
        return None
    if not numbers.fits(dtype):
        tell(f"{path.name} holds {dtype} values; expected {numbers.words}.")
    if len(shape) != n_dimensions:
        tell(f"{path.name} has {len(shape)} dimensions ({times(shape)}); expected {n_dimensions}.")
        return None
    if 0 in shape:
        tell(f"{path.name} is empty: {times(shape)}.")
        return None
    return np.asanyarray(np.load(path, mmap_mode="r", allow_pickle=False))


def _kind(dtype: np.dtype) -> str:
    return "pickled objects, which are not opened" if dtype.hasobject else f"{dtype} values"


def _header(path: Path, tell: Tell) -> tuple[tuple[int, ...], np.dtype] | None:
    if not path.exists():
        tell(f"{path.name} is missing from {path.parent.name}/.")
        return None
    if not path.is_file():
        tell(f"{path.name} is a folder; expected an .npy file.")
        return None
    try:
        with path.open("rb") as stream:
            start = stream.read(32)
            if (other := _other_file(start)) is not None:
                tell(f"{path.name} is {other}.")
                return None
            stream.seek(0)
            version = np.lib.format.read_magic(stream)
            reader = (
                np.lib.format.read_array_header_1_0
                if version == (1, 0)
                else np.lib.format.read_array_header_2_0
            )
            shape, _, dtype = reader(stream)
            offset = stream.tell()
            size = path.stat().st_size
    except Exception as error:  # a damaged header can raise nearly anything
        tell(f"{path.name} cannot be read as an .npy file ({error}); {_AGAIN}.")
        return None
    if any(n < 0 for n in shape):
        tell(f"{path.name} says it is {times(shape)}, which cannot be; {_AGAIN}.")
        return None
    expected = offset + math.prod(shape) * dtype.itemsize
    if not dtype.hasobject and size != expected:
        word = "cut short" if size < expected else "longer than its header says"
        tell(f"{path.name} is {word}: {size:,} of {expected:,} bytes; {_AGAIN}.")
        return None if size < expected else (shape, dtype)
    return shape, dtype


def _other_file(start: bytes) -> str | None:
    if not start:
        return f"empty (0 bytes); {_AGAIN}"
    if start.lstrip()[:1] == b"<":
        return "a web page, not an array: the download needed a login or was refused"
    return next((words for magic, words in _OTHER_FILES.items() if start.startswith(magic)), None)
