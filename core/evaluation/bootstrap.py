"""Intervals by resampling images, for statistics without a jackknife of their own.

They speak of these subjects and vertices only, and are not calibrated for small numbers of images;
what is tested of ROIs and pairs is in ``jackknife``.
"""

from __future__ import annotations

import numpy as np

_VERTICES_AT_ONCE = 1024


def image_counts(n_stimuli: int, n_draws: int, seed: int) -> np.ndarray:
    """Draw images with replacement: (n_draws, n_stimuli), how often each image is in each draw.

    The same seed draws the same images for every encoder, as paired tests need.
    """
    share = np.full(n_stimuli, 1 / n_stimuli)
    return np.random.default_rng(seed).multinomial(n_stimuli, share, size=n_draws)


def bootstrap_r(
    predicted: np.ndarray, measured: np.ndarray, *, n_draws: int = 1000, seed: int = 0
) -> np.ndarray:
    """Recompute each vertex's r on images drawn with replacement.

    Parameters
    ----------
    predicted, measured : (n_stimuli, n_vertices).

    Returns
    -------
    r : (n_draws, n_vertices) float32; NaN where a draw or the vertex is constant.

    Notes
    -----
    A draw is a vector of counts per image, so all draws' sums, squares and products are five
    matrix products; no resampled copy of the data is made. Vertices are taken in blocks, so that
    what is needed beside the result stays small.
    """
    n, n_vertices = measured.shape
    weights = (image_counts(n, n_draws, seed) / n).astype(np.float32)
    r = np.empty((n_draws, n_vertices), dtype=np.float32)
    for start in range(0, n_vertices, _VERTICES_AT_ONCE):
        block = slice(start, start + _VERTICES_AT_ONCE)
        # Standardising first keeps float32 sums free of cancellation.
        m, p = _standardised(measured[:, block]), _standardised(predicted[:, block])
        mean_m, mean_p = weights @ m, weights @ p
        variance_m = weights @ (m * m) - mean_m**2
        variance_p = weights @ (p * p) - mean_p**2
        cross = weights @ (p * m) - mean_p * mean_m
        with np.errstate(invalid="ignore", divide="ignore"):
            own = cross / np.sqrt(variance_p * variance_m)
        own[(variance_p <= 1e-7) | (variance_m <= 1e-7)] = np.nan
        r[:, block] = np.clip(own, -1, 1)
    return r


def _standardised(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    centred = values - values.mean(axis=0)
    sd = centred.std(axis=0)
    constant = (values == values[:1]).all(axis=0)
    sd[constant | (sd == 0)] = np.inf
    return (centred / sd).astype(np.float32)


def percentile_interval(draws: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """Return the central interval of bootstrap draws (n_draws,), NaN if none is defined."""
    defined = draws[np.isfinite(draws)]
    if defined.size == 0:
        return float("nan"), float("nan")
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def percentile_intervals(draws: np.ndarray, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Return the central intervals of (..., n_draws, n_vertices) draws, each (..., n_vertices).

    Undefined draws drop out; NaN where none is defined.
    """
    shares = [(1 - level) / 2, (1 + level) / 2]
    if np.isfinite(draws).all():  # many times faster than the NaN-aware quantile
        low, high = np.quantile(draws, shares, axis=-2)
        return low, high
    rows = np.moveaxis(draws, -2, -1)
    limits = [percentile_interval(own, level) for own in rows.reshape(-1, rows.shape[-1])]
    low, high = np.reshape(limits, (*rows.shape[:-1], 2)).T
    return low.T, high.T
