"""Centring and scaling of features, fitted on training images.

A feature's SD is floored at a tenth of the layer's median SD before it divides: ReLU layers have
nearly dead units, and blowing their rare flickers up to unit variance buries the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from cortiscope.core.encoding.reduction.feature_table import FeatureTable
from cortiscope.core.errors import InvalidInput

_SD_FLOOR = 0.1
_ALL = slice(None)
_PART_FLOATS = 2**22
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
    moments = FeatureMoments(table.shape[1])
    for _, chunk in table.row_chunks():
        moments.add(chunk)
    return moments.scaling(kind)


class FeatureMoments:
    """Mean, SD and range of features, while images pass.

    Chunks are merged as in Chan et al. 1983, which squares no mean.

    Attributes
    ----------
    n : images so far.
    mean, squares : (n_features,) float64, mean and sum of squared differences from it.
    """

    _NAMES = ("mean", "squares", "_low", "_high")

    def __init__(self, n_features: int) -> None:
        self.n = 0
        self.mean, self.squares = np.zeros(n_features), np.zeros(n_features)
        self._low = np.full(n_features, np.inf, np.float32)
        self._high = np.full(n_features, -np.inf, np.float32)

    def add(self, chunk: np.ndarray) -> np.ndarray:
        """Add float32 (n, n_features); return the chunk's own mean, float64.

        Raises
        ------
        InvalidInput
            The features are not finite.
        """
        size, total = len(chunk), self.n + len(chunk)
        part_mean = np.empty_like(self.mean)
        for columns in column_parts(chunk.shape):
            part = chunk[:, columns]
            low, high = self._low[columns], self._high[columns]
            np.minimum(low, part.min(axis=0), out=low)
            np.maximum(high, part.max(axis=0), out=high)
            # Infinities would warn on the way to a NaN; a NaN anywhere is in the minimum.
            if not (np.isfinite(low).all() and np.isfinite(high).all()):
                raise InvalidInput(
                    "The features hold NaN or infinite values; the layer cannot be used."
                )
            exact = part.astype(np.float64)
            part_mean[columns] = exact.mean(axis=0)
            exact -= part_mean[columns]
            self.squares[columns] += np.einsum("ij,ij->j", exact, exact)
        step = part_mean - self.mean
        self.squares += step**2 * (size * self.n / total)
        self.mean += step * (size / total)
        self.n = total
        return part_mean

    def scaling(self, kind: str, n_places: int = 1) -> FeatureScaling:
        """Return the scaling of that kind; InvalidInput where every feature is constant.

        Parameters
        ----------
        n_places : how many features in a row are one channel, which has one scale.
        """
        constant = self._low == self._high
        if constant.all():
            raise InvalidInput("Every feature of this layer is the same for all images.")
        squares = self.squares
        if n_places > 1:
            means = squares.reshape(-1, n_places).mean(axis=1)
            squares = np.repeat(means, n_places)
            constant = np.repeat(constant.reshape(-1, n_places).all(axis=1), n_places)
        scale = np.sqrt(squares / self.n).astype(np.float32)
        if kind == "floored":
            scale = np.maximum(scale, _SD_FLOOR * np.median(scale[~constant]))
        elif kind == "none":
            scale = np.ones_like(scale)
        scale[constant] = 0
        return FeatureScaling(self.mean.astype(np.float32), scale)

    def state(self) -> dict[str, np.ndarray]:
        """Return everything, to go on from."""
        return {"n": np.asarray(self.n), **{name: getattr(self, name) for name in self._NAMES}}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from a state."""
        self.n = int(state["n"])
        for name in self._NAMES:
            setattr(self, name, np.array(state[name]))


def column_parts(shape: tuple[int, ...]) -> Iterator[slice]:
    """Cut the columns of (n, n_features) into parts of bounded size."""
    n, d = shape
    step = max(1, _PART_FLOATS // max(n, 1))
    for start in range(0, d, step):
        yield slice(start, min(start + step, d))
