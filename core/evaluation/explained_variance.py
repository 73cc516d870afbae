"""Held-out explained variance (R2) per vertex: unlike r it also asks for the right size."""

from __future__ import annotations

import numpy as np

from cortiscope.core.errors import IncompatibleSpace
from cortiscope.core.evaluation.metrics import Metric
from cortiscope.core.evaluation.resampling import image_counts

# Some columns at a time: what is needed beside the result stays within a few megabytes.
_COLUMNS = 1024


def explained_variance(predicted: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """Return ``1 - SSE / SST`` over held-out images, SST about the mean of these images.

    Parameters
    ----------
    predicted, measured : (n_stimuli, n_vertices), in one unit.

    Returns
    -------
    r2 : (n_vertices,) float64, at most 1. Not clipped: below 0 where the prediction is worse than
        the mean. NaN where the measured vertex is constant (all values equal, tested before
        centring); a constant prediction has an R2, 0 at best.

    References
    ----------
    Kvalseth 1985, Am. Stat. 39:279 (the first of its definitions of R2).
    """
    _check_shapes(predicted, measured)
    r2 = np.empty(measured.shape[1])
    for start in range(0, r2.size, _COLUMNS):
        block = slice(start, start + _COLUMNS)
        p, m, constant = _in_double(predicted[:, block], measured[:, block])
        with np.errstate(invalid="ignore", divide="ignore"):
            own = 1 - ((p - m) ** 2).sum(axis=0) / ((m - m.mean(axis=0)) ** 2).sum(axis=0)
        own[constant] = np.nan
        r2[block] = own
    return r2


def bootstrap_explained_variance(
    predicted: np.ndarray, measured: np.ndarray, *, n_draws: int = 1000, seed: int = 0
) -> np.ndarray:
    """Recompute each vertex's R2 on images drawn with replacement.

    Parameters
    ----------
    predicted, measured : (n_stimuli, n_vertices).
    seed : the same seed draws the same images, for paired differences.

    Returns
    -------
    r2 : (n_draws, n_vertices) float64; NaN where the drawn measured responses are constant.
    """
    _check_shapes(predicted, measured)
    p, m, constant = _in_double(predicted, measured)
    weights = image_counts(len(m), n_draws, seed) / len(m)
    m_centred = m - m.mean(axis=0)
    sd = m_centred.std(axis=0)
    sd[constant | (sd == 0)] = np.inf
    z = m_centred / sd
    error = weights @ (((p - m) / sd) ** 2)
    total = weights @ z**2 - (weights @ z) ** 2
    with np.errstate(invalid="ignore", divide="ignore"):
        r2 = 1 - error / total
    # In units of the vertex's variance; only rounding is left of a constant draw.
    r2[total <= 1e-12] = np.nan
    return r2


def _check_shapes(predicted: np.ndarray, measured: np.ndarray) -> None:
    if predicted.shape != measured.shape or len(predicted.shape) != 2:
        raise IncompatibleSpace(
            f"Predicted {predicted.shape} and measured {measured.shape} responses must both be "
            "(n_stimuli, n_vertices)."
        )


def _in_double(
    predicted: np.ndarray, measured: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return both in float64, and which measured columns are constant."""
    p, m = np.asarray(predicted, dtype=np.float64), np.asarray(measured, dtype=np.float64)
    return p, m, (m == m[:1]).all(axis=0)


R2 = Metric(
    name="r2",
    title="R²",
    definition="share of the measured variance that the prediction explains, 1 − SS residual / SS "
    "total about the mean over the scored images; below 0 where the prediction is worse than that "
    "mean, undefined where the responses are constant",
    per_vertex=lambda scored: explained_variance(scored.predicted, scored.measured),
    unit="R²",
    limits=(-np.inf, 1),
    scale_high=0.6,
    source="Kvalseth 1985, Am. Stat. 39:279",
)
