"""Centring and scaling of features, fitted on training images.

A feature's SD is floored at a tenth of the layer's median SD before it divides: ReLU layers have
nearly dead units, and blowing their rare flickers up to unit variance buries the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.encoding.readout.feature_table import FeatureTable
from core.errors import InvalidInput

_SD_FLOOR = 0.1
_ALL = slice(None)
# Beyond these a difference or a reciprocal leaves the range of float32.
_LARGEST = 1e38
_SMALLEST = 1e-37


@dataclass(frozen=True)
class FeatureScaling:
    """``scaled = (features - mean) / scale``.

    Parameters
    ----------
    mean, scale : (n_features,) float32; scale 0 marks a constant feature, which becomes 0.
    """

    mean: np.ndarray
    scale: np.ndarray

    def apply(self, features: np.ndarray, columns: slice = _ALL) -> np.ndarray:
        """Scale float32 (n, n_columns) in place and return it.

        Parameters
        ----------
        columns : which features these are.
        """
        mean, scale = self.mean[columns], self.scale[columns]
        varying = scale > 0
        if _is_extreme(mean, scale[varying]):
            exact = features.astype(np.float64) - mean
            features[:] = exact * _inverse(scale.astype(np.float64))
            return features
        features -= mean
        features *= _inverse(scale)
        return features


def _inverse(scale: np.ndarray) -> np.ndarray:
    return np.divide(1, scale, out=np.zeros_like(scale), where=scale > 0)


def _is_extreme(mean: np.ndarray, scale: np.ndarray) -> bool:
    return bool(
        scale.size
        and (np.abs(mean).max() > _LARGEST or scale.max() > _LARGEST or scale.min() < _SMALLEST)
    )


def fit_scaling(table: FeatureTable, kind: str) -> FeatureScaling:
    """Take mean and SD over the fit images in one pass.

    Parameters
    ----------
    kind : ``floored``, ``standard`` or ``none``.

    Raises
    ------
    InvalidInput
        Features that are not finite, or all of them the same for all images.
    """
    mean, sd, constant = _moments(table)
    if constant.all():
        raise InvalidInput("Every feature of this layer is the same for all images.")
    if kind == "floored":
        scale = np.maximum(sd, _SD_FLOOR * np.median(sd[~constant]))
    else:
        scale = sd if kind == "standard" else np.ones_like(sd)
    scale[constant] = 0
    return FeatureScaling(mean, scale)


def _moments(table: FeatureTable) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean, SD (n_features,) float32 and which features are constant.

    Chunks are merged as in Chan et al. 1983, which squares no mean.
    """
    d = table.shape[1]
    mean, squares = np.zeros(d), np.zeros(d)
    low, high = np.full(d, np.inf, np.float32), np.full(d, -np.inf, np.float32)
    for rows, chunk in table.row_chunks():
        np.minimum(low, chunk.min(axis=0), out=low)
        np.maximum(high, chunk.max(axis=0), out=high)
        # Infinities would warn on the way to a NaN; a NaN anywhere is in the minimum.
        if not (np.isfinite(low).all() and np.isfinite(high).all()):
            raise InvalidInput(
                "The features hold NaN or infinite values; the layer cannot be used."
            )
        exact = chunk.astype(np.float64)
        part_mean = exact.mean(axis=0)
        exact -= part_mean
        size = len(chunk)
        step = part_mean - mean
        mean += step * (size / rows.stop)
        squares += np.einsum("ij,ij->j", exact, exact) + step**2 * (size * rows.start / rows.stop)
    sd = np.sqrt(squares / table.shape[0]).astype(np.float32)
    return mean.astype(np.float32), sd, low == high
