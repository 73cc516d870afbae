"""What every ridge solver does to its data first: checks, centring, scaling, chunks of vertices.

A response matrix may be memory-mapped and larger than memory; it is read once, chunk by chunk.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cortiscope.core.errors import InvalidInput

if TYPE_CHECKING:
    import torch

    from cortiscope.core.encoding.training import Responses

# Arrays of this size come from memory that was used before, not fresh from the system, which
# costs more than a pass over them.
_CHUNK_BYTES = 2**26
# No power of two: columns at such distances share the same few lines of the cache.
_LARGEST_CHUNK = 2000
_SMALLEST_SCALE = 2.0**-126
# Rows at a time in reductions over rows: row upon row, which is far faster than along a column.
_ROWS = 128
_PROBE = 100


@dataclass(frozen=True)
class RidgeSolution:
    """Coefficients of a ridge fit.

    Parameters
    ----------
    coef : (n_features, n_vertices) float32.
    intercept : (n_vertices,) float32.
    alpha : (n_vertices,) float32, the penalty of each vertex.
    validation_mse : (n_alphas, n_vertices) the error that chose the penalty, in the order of
        increasing penalty; None for a single penalty. K-fold: squared error of held-out images,
        mean within a fold and then over folds; leave-one-out: its mean over images; generalised
        cross-validation: its estimate of the same.
    """

    coef: np.ndarray
    intercept: np.ndarray
    alpha: np.ndarray
    validation_mse: np.ndarray | None


def checked_design(design: np.ndarray, responses: Responses) -> np.ndarray:
    """Return the design as float32, if it has a row for every row of the responses."""
    x = np.asarray(design, dtype=np.float32)
    shape = tuple(responses.shape)
    if x.ndim != 2 or len(shape) != 2 or len(x) != shape[0]:
        raise InvalidInput(
            f"Design {x.shape} and responses {shape} must have one row per image each."
        )
    return x


def decreasing_penalties(alphas: tuple[float, ...]) -> np.ndarray:
    """Sort penalties so that, among equal errors, argmin takes the largest."""
    if not alphas or min(alphas) <= 0:
        raise InvalidInput(f"Penalties must be positive; got {list(alphas)}.")
    return np.sort(np.asarray(alphas, dtype=np.float64))[::-1].copy()


def vertex_chunks(n_vertices: int, floats_per_vertex: int) -> Iterator[slice]:
    """Cut the vertices so that a chunk's working arrays stay within a fixed size."""
    size = min(max(_CHUNK_BYTES // (4 * floats_per_vertex), 16), _LARGEST_CHUNK)
    for start in range(0, n_vertices, size):
        yield slice(start, min(start + size, n_vertices))


@dataclass(frozen=True)
class Centred:
    """One chunk of responses as the solvers see it: ``responses = mean + scale * values``.

    Parameters
    ----------
    values : (n_stimuli, n_vertices), mean 0 over images but for the mean's rounding, and largest
        magnitude between 1 and 2, so that no square leaves the range of float32; exactly 0 for a
        constant vertex.
    mean, scale : (n_vertices,) float64; the scale is a power of two, which rounds nothing.
    """

    values: torch.Tensor
    mean: torch.Tensor
    scale: torch.Tensor

    @classmethod
    def of(
        cls,
        responses: np.ndarray,
        device: torch.device,
        dtype: torch.dtype,
        *,
        scaled: bool = True,
    ) -> Centred:
        """Copy one chunk to the device, then centre and scale the copy in place.

        A solver that forms no squares does without scaling: every scale is 1.
        """
        import torch

        values = torch.as_tensor(np.array(responses, dtype=np.float32), device=device).to(dtype)
        # Subtracting its own value leaves a constant vertex 0; a rounded mean would not.
        constant = constant_outside(values, slice(0, 0))
        # torch sums pairwise; a product with ones would lose digits of a mean far from 0.
        shift = torch.where(constant, values[0], values.sum(0) / len(values))
        scale = torch.ones_like(shift, dtype=torch.float64)
        if scaled:
            low, high = _extremes(values)
            largest = torch.maximum(high.double() - shift, shift - low.double())
            scale = torch.exp2(torch.floor(torch.log2(torch.where(largest > 0, largest, 1.0))))
            scale = scale.clamp_min(_SMALLEST_SCALE)
            factor = (1 / scale).to(dtype)
            torch.addcmul(-shift * factor, values, factor, out=values)
        else:
            values -= shift
        return cls(values, shift.double(), scale)


def constant_outside(values: torch.Tensor, rows: slice) -> torch.Tensor:
    """Return which columns have one value in all rows but the given ones, (n_columns,) bool."""
    import torch

    outside = [part for part in (values[: rows.start], values[rows.stop :]) if len(part)]
    first = outside[0][0]
    constant = torch.ones_like(first, dtype=torch.bool)
    for part in outside:
        constant &= (part[::_PROBE] == first).all(0)
    # A few rows rule out nearly all columns.
    likely = constant.nonzero()[:, 0]
    if len(likely):
        for part in outside:
            constant[likely] &= (part[:, likely] == first[likely]).all(0)
    return constant


def squared_sum(values: torch.Tensor) -> torch.Tensor:
    """Sum the squares of (n_stimuli, n_vertices) over stimuli, (n_vertices,) float64."""
    total = values[:_ROWS] ** 2
    for rows in values[_ROWS:].split(_ROWS):
        total[: len(rows)].addcmul_(rows, rows)
    return total.sum(0).double()


def _extremes(values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the least and the largest value of each column."""
    import torch

    low, high = values[:_ROWS].clone(), values[:_ROWS].clone()
    for rows in values[_ROWS:].split(_ROWS):
        torch.minimum(low[: len(rows)], rows, out=low[: len(rows)])
        torch.maximum(high[: len(rows)], rows, out=high[: len(rows)])
    return low.amin(0), high.amax(0)


def row_space(x: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Rotate a design with more features than images onto its images' span: the kernel form.

    With ``X - mean = Z Q'`` and orthonormal columns in Q, ``X w`` and ``||w||`` are those of
    ``w = Q u``, so ridge in Z gives the same predictions and ``Q u`` the coefficients in X.

    Parameters
    ----------
    x : (n_stimuli, n_features) float32.

    Returns
    -------
    design : (n_stimuli, k) float32; ``x`` itself where it has no more features than images.
    axes : (n_features, k) float64, Q; None where nothing was rotated.
    """
    n, d = x.shape
    if d <= n:
        return x, None
    centred = x.astype(np.float64)
    centred -= centred.mean(axis=0)
    values, vectors = np.linalg.eigh(centred @ centred.T)
    kept = values > values[-1] * n * np.finfo(np.float64).eps
    if not kept.any():
        return x[:, :1], np.eye(d, 1)
    axes = centred.T @ (vectors[:, kept] / np.sqrt(values[kept]))
    return (vectors[:, kept] * np.sqrt(values[kept])).astype(np.float32), axes
