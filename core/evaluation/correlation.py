"""Pearson correlation per vertex over images."""

from __future__ import annotations

import numpy as np

from cortiscope.core.errors import IncompatibleSpace

# Few enough for a processor's cache; read from a file by more, since its rows lie in pages.
_COLUMNS = 128
_COLUMNS_READ = 2048


def pearson_r(predicted: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """Correlate each vertex's predicted and measured responses over images.

    Parameters
    ----------
    predicted, measured : (n_stimuli, n_vertices); read some vertices at a time.

    Returns
    -------
    r : (n_vertices,) float64; NaN where either side is constant (all values equal, tested before
        centring), since a constant has no correlation.
    """
    if predicted.shape != measured.shape or len(predicted.shape) != 2:
        raise IncompatibleSpace(
            f"Predicted {predicted.shape} and measured {measured.shape} responses must both be "
            "(n_stimuli, n_vertices)."
        )
    r = np.empty(predicted.shape[1])
    for start in range(0, len(r), _COLUMNS_READ):
        read = slice(start, start + _COLUMNS_READ)
        p, m = predicted[:, read], measured[:, read]
        for first in range(0, p.shape[1], _COLUMNS):
            columns = slice(first, first + _COLUMNS)
            r[read][columns] = _correlate(p[:, columns], m[:, columns])
    return r


def _correlate(predicted: np.ndarray, measured: np.ndarray) -> np.ndarray:
    p = np.asarray(predicted, dtype=np.float64)
    m = np.asarray(measured, dtype=np.float64)
    constant = (p == p[:1]).all(axis=0) | (m == m[:1]).all(axis=0)
    p, m = _centred(p), _centred(m)
    with np.errstate(invalid="ignore", divide="ignore"):
        r = (p * m).sum(axis=0) / np.sqrt((p**2).sum(axis=0) * (m**2).sum(axis=0))
    r[constant] = np.nan
    return np.clip(r, -1, 1)


def _centred(values: np.ndarray) -> np.ndarray:
    """Take columns from their means, in a unit whose squares neither overflow nor vanish."""
    largest = np.abs(values).max(axis=0, initial=0)
    # Usual values keep their digits.
    if np.any((largest > 1e60) | ((largest < 1e-60) & (largest > 0))):
        values = np.ldexp(values, -np.frexp(largest)[1])
    return values - values.mean(axis=0)
