"""Principal axes from one batch of images after the other (Ross et al. 2008, IJCV 77:125).

What a batch adds beyond the components kept so far is forgotten, so that the axes are those of
exact PCA only approximately. It is here because published encoding models were fitted with it,
and because it needs no more than one batch of images at a time.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cortiscope.core.encoding.reduction.feature_scaling import Moments, column_parts
from cortiscope.core.encoding.reduction.gram import GramAccumulator
from cortiscope.core.encoding.reduction.principal_axes import (
    Axes,
    is_signal,
    leading_eigenpairs,
    signs_of,
)

# Of the largest sum of squares: less is the rounding of float64, and would be blown up to length 1.
_NOTHING = 1e-14


class IncrementalAxes:
    """The axes of scikit-learn's ``IncrementalPCA``, batch by batch.

    A batch is put below the components so far, times their singular values, and a row for the
    step of the mean; the leading right singular vectors of that are the new components. They come
    from its Gram matrix, a few hundred rows squared, where scikit-learn takes the whole SVD: at
    519,168 features (30 components, batches of 50) a tenth of the time.

    Parameters
    ----------
    components : at most so many, and no more than the first batch has images.
    """

    def __init__(self, n_features: int, components: int) -> None:
        self.moments = Moments(n_features)
        self._k = components
        self._axes = np.zeros((0, n_features))
        self._lengths = np.zeros(0)

    def add(self, batch: np.ndarray) -> None:
        """Add one batch of images, float32 (n, n_features)."""
        before, old_mean = self.moments.n, self.moments.mean.copy()
        mean = self.moments.add(batch)
        weight = np.sqrt(before / self.moments.n * len(batch))
        rows = len(self._lengths) + len(batch) + (before > 0)

        def stacked(columns: slice) -> np.ndarray:
            block = np.empty((rows, columns.stop - columns.start))
            k = len(self._lengths)
            np.multiply(self._axes[:, columns], self._lengths[:, None], out=block[:k])
            np.subtract(batch[:, columns], mean[columns], out=block[k : k + len(batch)])
            if before:
                block[-1] = weight * (old_mean[columns] - mean[columns])
            return block

        parts = list(column_parts((rows, len(mean))))
        gram = GramAccumulator(rows)
        for columns in parts:
            gram.add(stacked(columns))
        values, vectors = leading_eigenpairs(gram.lower, min(self._k, rows))
        values = np.maximum(values, 0)
        kept = values > values[0] * _NOTHING
        turn = np.divide(vectors, np.sqrt(values), out=np.zeros_like(vectors), where=kept).T
        axes = np.empty((len(values), len(mean))) if len(values) > len(self._axes) else self._axes
        for columns in parts:
            # In place: a part of the new axes needs the same part of the old ones only.
            axes[:, columns] = turn @ stacked(columns)
        self._axes, self._lengths = axes, np.where(kept, np.sqrt(values), 0)

    def axes(self) -> Axes:
        """Return the axes of all images so far, largest first."""
        n, d = self.moments.n, self._axes.shape[1]
        values = self._lengths**2
        kept = is_signal(values, n, d)
        axes = np.empty((d, int(kept.sum())), np.float32)
        for columns in column_parts(self._axes.shape):
            axes[columns] = self._axes[:, columns][kept].T
        axes *= signs_of(axes)
        return Axes(axes, values[kept] / n, float(self.moments.squares.sum()) / n)

    def state(self) -> dict[str, np.ndarray]:
        """Return everything, to go on from."""
        return {"axes": self._axes, "lengths": self._lengths, **self.moments.state()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from a state."""
        self._axes, self._lengths = np.array(state["axes"]), np.array(state["lengths"])
        self.moments.restore(state)
