"""A Gram matrix that grows while the data stream by."""

from __future__ import annotations

import numpy as np


class GramAccumulator:
    """``G = sum of B B'`` over blocks B of columns, in float64.

    The products are taken in float64 too: squaring halves the digits. Only the lower triangle is
    computed, half the work of the whole product.

    Parameters
    ----------
    size : rows of every block.
    """

    def __init__(self, size: int) -> None:
        self._gram = np.zeros((size, size), order="F")

    def add(self, block: np.ndarray) -> None:
        """Add one block (size, any number of columns), which holds all rows of its columns."""
        from scipy.linalg.blas import dsyrk

        exact = np.asarray(block, dtype=np.float64)
        # BLAS reads columns; handing it the transpose of a row-major block saves a copy.
        by_rows = exact.flags.c_contiguous
        self._gram = dsyrk(
            1.0,
            exact.T if by_rows else exact,
            beta=1.0,
            c=self._gram,
            trans=int(by_rows),
            lower=1,
            overwrite_c=1,
        )

    @property
    def trace(self) -> float:
        """Sum of all squares that were added."""
        return float(np.trace(self._gram))

    @property
    def lower(self) -> np.ndarray:
        """(size, size) float64, Fortran order, valid on and below the diagonal; not a copy."""
        return self._gram

    def matrix(self) -> np.ndarray:
        """Return a symmetric copy (size, size)."""
        return np.tril(self._gram) + np.tril(self._gram, -1).T
