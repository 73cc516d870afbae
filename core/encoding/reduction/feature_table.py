"""Features of the fit images, read in parts of bounded size.

The features of a layer may be memory-mapped, in half precision and larger than memory. Rows that
are not chosen are never read.
"""

from __future__ import annotations

from collections.abc import Iterator
from mmap import mmap

import numpy as np

from cortiscope.core.errors import InvalidInput

_PART_BYTES = 2**25
# A row-major file is read fastest in long runs, so that more columns are read at once than are
# computed with.
_PARTS_PER_READ = 4


class FeatureTable:
    """Some rows of a layer's features.

    Parameters
    ----------
    features : (n_images, n_features) of any real type, possibly memory-mapped.
    rows : the rows to take, integers or a mask; None means all.
    part_bytes : of a part in float32.
    """

    def __init__(
        self,
        features: np.ndarray,
        rows: np.ndarray | None = None,
        *,
        part_bytes: int = _PART_BYTES,
    ) -> None:
        if features.ndim != 2:
            raise InvalidInput(f"Features must be (n_images, n_features); got {features.shape}.")
        self._part_floats = part_bytes // 4
        self._mapped = _is_mapped(features)
        self._features = np.asarray(features)
        self._rows = None if rows is None else _row_numbers(rows, len(features))
        self.shape = (len(features) if self._rows is None else len(self._rows), features.shape[1])
        if 0 in self.shape:
            raise InvalidInput(f"There is nothing to fit a reduction on: {self.shape} features.")

    def read_rows(self, part: slice) -> np.ndarray:
        """Return a float32 copy (n_part, n_features) of some of the chosen rows."""
        chosen = part if self._rows is None else self._rows[part]
        return _float32_copy(self._features[chosen])

    def row_chunks(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield (rows, float32 copy (n_part, n_features)) over the chosen rows, in order."""
        n, d = self.shape
        step = max(1, self._part_floats // d)
        for start in range(0, n, step):
            part = slice(start, min(start + step, n))
            yield part, self.read_rows(part)

    def column_blocks(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield (columns, float32 copy (n, n_part)) over all columns, in order."""
        n, d = self.shape
        step = max(1, self._part_floats // n)
        for start, wide in self._wide_blocks(step):
            for offset in range(0, wide.shape[1], step):
                narrow = wide[:, offset : offset + step]
                columns = slice(start + offset, start + offset + narrow.shape[1])
                yield columns, _float32_copy(narrow)

    def _wide_blocks(self, step: int) -> Iterator[tuple[int, np.ndarray]]:
        """Yield (first column, columns as stored), several steps at once where they are copies."""
        n, d = self.shape
        if self._rows is None and not self._mapped:
            yield 0, self._features
            return
        rows = slice(None) if self._rows is None else self._rows
        width = step * _PARTS_PER_READ
        for start in range(0, d, width):
            yield start, np.ascontiguousarray(self._features[rows, start : start + width])


def _float32_copy(values: np.ndarray) -> np.ndarray:
    # What float32 cannot hold becomes infinite, which fitting refuses by name.
    with np.errstate(over="ignore"):
        return np.array(values, dtype=np.float32, order="C")


def _is_mapped(features: np.ndarray) -> bool:
    owner: object = features
    while isinstance(owner, np.ndarray):
        owner = owner.base
    return isinstance(owner, mmap)


def _row_numbers(rows: np.ndarray, n_images: int) -> np.ndarray:
    numbers = np.asarray(rows)
    if numbers.dtype == bool:
        if numbers.shape != (n_images,):
            raise InvalidInput(f"A mask of {n_images} images was expected; got {numbers.shape}.")
        return np.flatnonzero(numbers)
    if numbers.ndim != 1 or (numbers.size and not np.issubdtype(numbers.dtype, np.integer)):
        raise InvalidInput("Rows must be a list of whole numbers or a mask.")
    if numbers.size and not 0 <= numbers.min() <= numbers.max() < n_images:
        raise InvalidInput(
            f"Rows must lie in 0 to {n_images - 1}; got {numbers.min()} to {numbers.max()}."
        )
    return numbers.astype(np.intp)
