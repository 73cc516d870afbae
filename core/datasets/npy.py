"""Load ``.npy`` arrays memory-mapped, without pickle, with their shape checked by name."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from cortiscope.core.brain import FSAVERAGE_VERTICES
from cortiscope.core.errors import DamagedFile, MissingData
from cortiscope.core.storage.foreign import check_fetched, is_there

_AGAIN = "Copy or download it again."
_OTHER_FILES = {
    b"PK\x03\x04": "a zip archive (perhaps an .npz under another name)",
    b"\x1f\x8b": "a gzip archive; unpack it",
    b"\x89HDF": "an HDF5 file",
    b"MATLAB": "a Matlab file",
}


@dataclass(frozen=True)
class ArrayHeader:
    """What an ``.npy`` file says of itself.

    Parameters
    ----------
    n_bytes, n_expected : of the file, as it is and by its header; pickled objects have no
        expected size, and the two are equal.
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    n_bytes: int
    n_expected: int


def load_array(path: Path, *, shape: tuple[int | None, ...] | None = None) -> np.ndarray:
    """Open an array of real numbers as a read-only memory map.

    Parameters
    ----------
    shape : expected shape; None stands for any length, alone for any number of vertices.

    Raises
    ------
    MissingData : no such file.
    DamagedFile : truncated, pickled, no numbers, or of another shape; names file and numbers.
    """
    header = read_header(path)
    if header.dtype.kind not in "biuf":
        raise DamagedFile(f"{path.name} holds {kind_of(header.dtype)}; expected real numbers.")
    if shape is not None and (
        len(header.shape) != len(shape)
        or any(n is not None and got != n for got, n in zip(header.shape, shape, strict=True))
    ):
        wanted = " x ".join("any" if n is None else f"{n:,}" for n in shape)
        got = " x ".join(f"{n:,}" for n in header.shape) or "a single value"
        raise DamagedFile(f"{path.name} is {got}; expected {wanted}.")
    if shape == (None,) and header.shape[0] > FSAVERAGE_VERTICES:
        # Sparse files announce anything and hold it, too, as zeros; these are read whole.
        raise DamagedFile(
            f"{path.name} holds {header.shape[0]:,} values; a hemisphere has at most "
            f"{FSAVERAGE_VERTICES:,} vertices."
        )
    # An empty file cannot be mapped.
    return np.load(path, mmap_mode="r" if 0 not in header.shape else None, allow_pickle=False)


def read_header(path: Path) -> ArrayHeader:
    """Read an array's shape and type, and hold them against the file's size.

    Raises
    ------
    MissingData : no such file.
    DamagedFile : no array, or cut short. A file that is too long is not refused.
    """
    if not is_there(path):
        raise MissingData(f"{path.name} is missing.", f"It belongs in {path.parent}.")
    check_fetched(path)
    if not path.is_file():
        raise DamagedFile(f"{path.name} is a folder; expected an .npy file.")
    refuse_unfinished(path)
    try:
        with path.open("rb") as stream:
            if (other := _other_file(stream.read(32))) is not None:
                raise DamagedFile(f"{path.name} is {other}.")
            stream.seek(0)
            shape, dtype = shape_and_type(stream)
            offset, size = stream.tell(), path.stat().st_size
    except DamagedFile:
        raise
    except Exception as error:  # a damaged header can raise nearly anything
        why = " ".join(str(error).split())[:120]
        raise DamagedFile(f"{path.name} cannot be read as an .npy file ({why}).", _AGAIN) from error
    if any(n < 0 for n in shape):
        raise DamagedFile(
            f"{path.name} says that its shape is {shape}, which is impossible.", _AGAIN
        )
    expected = size if dtype.hasobject else offset + math.prod(shape) * dtype.itemsize
    if size < expected:
        raise DamagedFile(f"{path.name} is cut short: {size:,} of {expected:,} bytes.", _AGAIN)
    return ArrayHeader(shape, dtype, size, expected)


def shape_and_type(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype]:
    """Read the header of an ``.npy`` file, up to its values.

    Raises
    ------
    ValueError : no such header.
    """
    version = np.lib.format.read_magic(stream)
    shape, _, dtype = header_reader(version)(stream)
    return shape, dtype


def header_reader(version: tuple[int, int]) -> Callable[[IO[bytes]], Any]:
    """Return numpy's reader of a header, which follows the version at the start of the file."""
    first = version == (1, 0)
    return np.lib.format.read_array_header_1_0 if first else np.lib.format.read_array_header_2_0


def refuse_unfinished(path: Path) -> None:
    """Raise DamagedFile if a download program still works on a file, which has its full size."""
    if path.with_name(f"{path.name}.aria2").exists():
        raise DamagedFile(
            f"{path.name} is not fully downloaded: {path.name}.aria2 lies beside it.",
            "Start the download again, or remove that file if it is finished.",
        )


def kind_of(dtype: np.dtype) -> str:
    """Return what values a file holds, in words."""
    return "pickled objects, which are not opened" if dtype.hasobject else f"{dtype} values"


def _other_file(start: bytes) -> str | None:
    if not start:
        return "empty (0 bytes); copy or download it again"
    if start.lstrip()[:1] == b"<":
        return "a web page, not an array: the download needed a login or was refused"
    return next((words for magic, words in _OTHER_FILES.items() if start.startswith(magic)), None)
