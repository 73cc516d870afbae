"""Load ``.npy`` arrays memory-mapped, without pickle, with their shape checked by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.errors import DamagedFile, MissingData


def load_array(path: Path, *, shape: tuple[int | None, ...] | None = None) -> np.ndarray:
    """Open an array as a read-only memory map.

    Parameters
    ----------
    shape : expected shape; None stands for any length.

    Raises
    ------
    MissingData : no such file.
    DamagedFile : truncated, pickled, or of another shape; the message names file and numbers.
    """
    if not path.exists():
        raise MissingData(f"{path.name} is missing.", f"It belongs into {path.parent}.")
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise DamagedFile(
            f"{path.name} cannot be read as an array: {error}.",
            "The file is truncated or not an .npy file; copy or download it again.",
        ) from error
    if shape is not None and (
        array.ndim != len(shape)
        or any(
            want is not None and got != want for got, want in zip(array.shape, shape, strict=True)
        )
    ):
        wanted = " x ".join("any" if n is None else f"{n:,}" for n in shape)
        got = " x ".join(f"{n:,}" for n in array.shape)
        raise DamagedFile(f"{path.name} is {got}; expected {wanted}.")
    return array
