"""One ``.npy`` file: whether it is there, whole, and of the right numbers and dimensions.

Only the header is read; the values stay on disk. Pickled objects are never opened.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cortiscope.core.datasets.arrays import ArrayHeader, kind_of, read_header
from cortiscope.core.datasets.check.report import Tell
from cortiscope.core.datasets.check.wording import times
from cortiscope.core.errors import DamagedFile, MissingData


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
    try:
        header = read_header(path)
    except MissingData:
        tell(f"{path.name} is missing from {path.parent.name}/.")
        return None
    except DamagedFile as error:
        tell(str(error))
        return None
    shape, dtype = header.shape, header.dtype
    tell_surplus(path, header, tell)
    if dtype.kind not in "biuf":
        tell(f"{path.name} holds {kind_of(dtype)}; expected {numbers.words}.")
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


def tell_surplus(path: Path, header: ArrayHeader, tell: Tell) -> None:
    """Tell a file that goes on behind its array."""
    if header.n_bytes > header.n_expected:
        tell(
            f"{path.name} is longer than its header says: {header.n_bytes:,} of "
            f"{header.n_expected:,} bytes; copy or download it again."
        )
