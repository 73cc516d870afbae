"""Exact principal axes of features that need not fit into memory.

The Gram matrix on the shorter side holds the same spectrum as the features at a fraction of an
SVD's cost and memory; it and the axes are computed block by block.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cortiscope.core.encoding.reduction.feature_scaling import FeatureScaling
from cortiscope.core.encoding.reduction.feature_table import FeatureTable


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


@dataclass(frozen=True)
class ProjectionAxes:
    """Directions in feature space, one per component.

    Parameters
    ----------
    components : (n_features, n_components) float32.
    variance : (n_components,) float64 variance of the fit images that each one adds.
    total : variance of the fit images over all features.
    """

    components: np.ndarray
    variance: np.ndarray
    total: float


def principal_axes(
    table: FeatureTable, scaling: FeatureScaling, components: int | None
) -> ProjectionAxes:
    """Return the leading axes of non-zero variance, largest first.

    Parameters
    ----------
    components : at most so many; None means all that the images span.
    """
    n, d = table.shape
    wide = d > n
    gram = GramAccumulator(min(n, d))
    if wide:
        for columns, block in table.column_blocks():
            gram.add(scaling.apply(block, columns))
    else:
        for _, chunk in table.row_chunks():
            gram.add(scaling.apply(chunk).T)
    total = gram.trace
    # Centring takes one dimension.
    most = min(n - 1, d) if components is None else min(components, n - 1, d)
    values, vectors = leading_eigenpairs(gram.lower, most)
    del gram
    kept = is_signal(values, n, d)
    values, vectors = values[kept], vectors[:, kept]
    axes = _from_images(table, scaling, values, vectors) if wide else vectors.astype(np.float32)
    axes *= signs_of(axes)
    return ProjectionAxes(axes, values / n, total / n)


def is_signal(values: np.ndarray, n: int, d: int) -> np.ndarray:
    """Return which sums of squares, largest first, are more than float32 rounding of features.

    Rounding is a share eps of a value, so eps squared of a sum of squares; a bound in eps itself
    would cut real components of wide layers (half a percent of the first at 43,264 features).
    """
    signal: np.ndarray = values > values[0] * 10 * max(n, d) * np.finfo(np.float32).eps ** 2
    return signal


def signs_of(axes: np.ndarray) -> np.ndarray:
    """Return (n_components,) signs that make every axis' largest weight positive.

    The rule makes axes reproducible across BLAS versions.
    """
    largest, smallest = axes.max(axis=0), axes.min(axis=0)
    return np.where(-smallest > largest, -1, 1).astype(np.float32)


def leading_eigenpairs(lower: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the k largest eigenvalues, largest first, and their vectors (size, k).

    Parameters
    ----------
    lower : (size, size) float64, symmetric, valid on and below the diagonal; overwritten.
    """
    from scipy.linalg import eigh

    size = len(lower)
    if k < size // 2:
        values, vectors = eigh(
            lower, subset_by_index=(size - k, size - 1), overwrite_a=True, check_finite=False
        )
    else:
        # Divide and conquer is faster where most vectors are wanted.
        values, vectors = eigh(lower, driver="evd", overwrite_a=True, check_finite=False)
    return values[::-1][:k], vectors[:, ::-1][:, :k]


def _from_images(
    table: FeatureTable, scaling: FeatureScaling, values: np.ndarray, vectors: np.ndarray
) -> np.ndarray:
    """Turn eigenvectors over images into axes (n_features, k) float32, block by block."""
    weights = vectors / np.sqrt(values)
    axes = np.empty((table.shape[1], len(values)), np.float32)
    for columns, block in table.column_blocks():
        axes[columns] = scaling.apply(block, columns).T.astype(np.float64) @ weights
    return axes
