"""Confidence intervals by resampling images: they speak of these subjects and vertices only."""

from __future__ import annotations

import numpy as np


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
    matrix products; no resampled copy of the data is made.
    """
    n, n_vertices = predicted.shape
    # One generator per call: the same images are drawn for every encoder, as paired tests need.
    counts = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=n_draws)
    weights = (counts / n).astype(np.float32)
    # Standardising first keeps float32 sums free of cancellation.
    p, m = _standardised(predicted), _standardised(measured)
    mean_p, mean_m = weights @ p, weights @ m
    cross = weights @ (p * m) - mean_p * mean_m
    variance_p = weights @ (p * p) - mean_p**2
    variance_m = weights @ (m * m) - mean_m**2
    with np.errstate(invalid="ignore", divide="ignore"):
        r = cross / np.sqrt(variance_p * variance_m)
    r[(variance_p <= 1e-7) | (variance_m <= 1e-7)] = np.nan
    return np.clip(r, -1, 1)


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
