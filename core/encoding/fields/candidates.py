"""Receptive fields to choose from: Gaussians on the picture, and what they weigh its places by."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from cortiscope.core.encoding.training import PictureGrid

# One value for all places, in place of a Gaussian: x, y and sigma of the whole picture.
WHOLE = (0.0, 0.0, math.inf)


def candidate_fields(
    grids: Sequence[PictureGrid],
    *,
    n_sizes: int,
    smallest: float,
    largest: float,
    spacing: float,
) -> np.ndarray:
    """Return fields (n_fields, 3) of x, y, sigma in degrees, the whole picture first.

    Centres lie on a square grid about the middle, farther apart the larger the field, up to a
    tenth of half the picture beyond its edge.

    Parameters
    ----------
    smallest, largest : sigma, as shares of the picture's longer side; sizes are spaced evenly in
        their logarithm.
    spacing : of centres, in sigmas, though never less than ``_CLOSEST`` of the picture.
    """
    boxes = np.array([grid.box for grid in grids if grid.n_places > 1])
    fields: list[tuple[float, float, float]] = []
    if len(boxes):
        left, top, right, bottom = (
            end(boxes[:, k]) for k, end in enumerate((np.min, np.max, np.max, np.min))
        )
        side = max(right - left, top - bottom)
        for sigma in side * np.geomspace(smallest, largest, n_sizes):
            step = max(spacing * sigma, _CLOSEST * side)
            xs, ys = (_centres(*ends, step) for ends in ((left, right), (bottom, top)))
            fields += [(x, y, sigma) for x in xs for y in ys]
    return np.array([WHOLE, *fields])


_CLOSEST = 0.06
_BEYOND = 0.05


def _centres(low: float, high: float, step: float) -> np.ndarray:
    middle, reach = (low + high) / 2, (0.5 + _BEYOND) * (high - low)
    n = math.floor(reach / step)
    return middle + step * np.arange(-n, n + 1)


def refined_fields(
    estimates: np.ndarray, fields: np.ndarray, *, spacing: float, fineness: int
) -> np.ndarray:
    """Bring estimates (n, 3) onto a lattice that is finer than that of the candidates.

    So vertices whose estimates nearly agree share a field, and what it costs to try one.
    """
    sigmas = np.unique(fields[np.isfinite(fields[:, 2]), 2])
    ratio = (math.log(sigmas[-1] / sigmas[0]) / max(len(sigmas) - 1, 1) or 1.0) / fineness
    sigma = sigmas[0] * np.exp(ratio * np.round(np.log(estimates[:, 2] / sigmas[0]) / ratio))
    least = np.diff(np.unique(fields[fields[:, 2] == sigmas[0], 0])).min(initial=math.inf)
    step = np.maximum(spacing * sigma, least if math.isfinite(least) else 0.0)[:, None] / fineness
    return np.column_stack([np.round(estimates[:, :2] / step) * step, sigma])


def field_weights(fields: np.ndarray, grid: PictureGrid) -> np.ndarray:
    """Return how much of each field lies in each place of a grid, (n_fields, n_places) float32.

    The Gaussian is integrated over a place, so that a field smaller than a place loses nothing. A
    row sums to the share of the field inside the grid, which is below 1 at the picture's edge; the
    whole picture has the same weight everywhere, of sum 1. Of a single place every field has all.
    """
    if grid.n_places == 1:
        return np.ones((len(fields), 1), np.float32)
    left, top, right, bottom = grid.box
    x, y, sigma = fields.T[:, :, None]
    whole = np.isinf(sigma)
    sd = np.where(whole, 1.0, sigma)
    across = np.diff(_normal((np.linspace(left, right, grid.width + 1) - x) / sd), axis=1)
    down = -np.diff(_normal((np.linspace(top, bottom, grid.height + 1) - y) / sd), axis=1)
    weights = (down[:, :, None] * across[:, None, :]).reshape(len(fields), -1)
    # Denormal numbers make matrix products a hundred times slower.
    weights[weights < 1e-12] = 0.0
    return np.where(whole, 1 / grid.n_places, weights).astype(np.float32)


def share_inside(fields: np.ndarray, grids: Sequence[PictureGrid]) -> np.ndarray:
    """Return (n_fields,) which share of each field lies on the picture, 0 to 1."""
    shares = [field_weights(fields, g).sum(axis=1) for g in grids if g.n_places > 1]
    return np.max(shares, axis=0) if shares else np.ones(len(fields), np.float32)


def _normal(z: np.ndarray) -> np.ndarray:
    """Return the normal distribution function; predicting needs numpy alone."""
    erf = np.array([math.erf(value) for value in (z / math.sqrt(2)).ravel().tolist()])
    return 0.5 * (1 + erf.reshape(z.shape))
