"""Incremental PCA: a reduction fitted while the fit images pass, one batch held at a time.

What a batch adds beyond the components kept so far is forgotten, so that the axes are those of
exact PCA only approximately (Ross et al. 2008, IJCV 77:125). It is here because published encoding
models were fitted with it, and because it needs no more than one batch of images at a time. Exact
PCA needs all images' features at once, or again and again, which is why those are stored and read
in blocks (``fit_reduction``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from cortiscope.core.encoding.reduction.feature_scaling import (
    FeatureMoments,
    FeatureScaling,
    column_parts,
)
from cortiscope.core.encoding.reduction.principal_axes import (
    GramAccumulator,
    ProjectionAxes,
    is_signal,
    leading_eigenpairs,
    signs_of,
)
from cortiscope.core.encoding.reduction.spec import Reduction
from cortiscope.core.errors import InvalidInput

# Of the largest sum of squares: less is the rounding of float64, and would be blown up to length 1.
_NOTHING = 1e-14
AfterBatch = Callable[[], None]


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
        self.moments = FeatureMoments(n_features)
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

    def axes(self) -> ProjectionAxes:
        """Return the axes of all images so far, largest first."""
        n, d = self.moments.n, self._axes.shape[1]
        values = self._lengths**2
        kept = is_signal(values, n, d)
        axes = np.empty((d, int(kept.sum())), np.float32)
        for columns in column_parts(self._axes.shape):
            axes[columns] = self._axes[:, columns][kept].T
        axes *= signs_of(axes)
        return ProjectionAxes(axes, values[kept] / n, float(self.moments.squares.sum()) / n)

    def state(self) -> dict[str, np.ndarray]:
        """Return everything, to go on from."""
        return {"axes": self._axes, "lengths": self._lengths, **self.moments.state()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from a state."""
        self._axes, self._lengths = np.array(state["axes"]), np.array(state["lengths"])
        self.moments.restore(state)


class StreamedReduction:
    """Incremental PCA of one feature space.

    The fit images pass once where features are only centred; otherwise twice, for their scale
    first. Each pass gives all fit images in the same order.

    Parameters
    ----------
    n_images : fit images in all.

    Attributes
    ----------
    n_passes : passes in all.
    finished : passes that are over.
    position : fit images of the present pass that are dealt with, or held for their batch.
    """

    def __init__(self, reduction: Reduction, n_images: int, n_features: int) -> None:
        if not can_stream(reduction):
            raise InvalidInput(f"{reduction.label} cannot be fitted while images pass.")
        if n_images < 2:
            raise InvalidInput("Every feature of this layer is the same for all images.")
        self._kind = reduction.scaling
        self._n = n_images
        self._k = min(reduction.components, n_images - 1, n_features)
        self._ends = _batch_ends(n_images, reduction.batch_size, self._k)
        self._held = np.empty((0, n_features), np.float32)
        self._moments = FeatureMoments(n_features)
        self._axes = IncrementalAxes(n_features, self._k)
        self.n_passes = 1 if self._kind == "none" else 2
        self.finished = self.position = 0

    @property
    def done(self) -> bool:
        """Whether all passes are over."""
        return self.finished == self.n_passes

    def add(self, rows: np.ndarray, after_batch: AfterBatch = lambda: None) -> None:
        """Take the next fit images, float32 (n, n_features), any number of them.

        Parameters
        ----------
        after_batch : called whenever a batch is finished and nothing is held: then, and only
            then, ``state`` is everything.
        """
        while len(rows) and not self.done:
            end = next(e for e in self._ends if e > self.position)
            start = self.position - self._n_held
            piece, rows = rows[: end - self.position], rows[end - self.position :]
            whole = len(piece) == end - start
            batch = piece if whole else self._hold(piece, end - start)
            self.position += len(piece)
            if self.position == end:
                self._n_held = 0
                self._take(batch, is_own=not whole)
                if end == self._n:
                    self.finished, self.position = self.finished + 1, 0
                after_batch()

    _n_held = 0

    def _hold(self, piece: np.ndarray, size: int) -> np.ndarray:
        if len(self._held) < size:
            # The longest batch once: what is not written to takes no memory.
            longest = max(np.diff([0, *self._ends]))
            self._held = np.empty((longest, self._held.shape[1]), np.float32)
        self._held[self._n_held : self._n_held + len(piece)] = piece
        self._n_held += len(piece)
        return self._held[:size]

    def _take(self, batch: np.ndarray, is_own: bool) -> None:
        if self.n_passes == 2 and not self.finished:
            self._moments.add(batch)
        elif self.n_passes == 2:
            # In place where that is nobody's else: a batch may be of gigabytes.
            unscaled = batch if is_own else np.array(batch, np.float32)
            self._axes.add(self._scaling().apply(unscaled))
        else:
            self._axes.add(batch)

    def _scaling(self) -> FeatureScaling:
        moments = self._moments if self.n_passes == 2 else self._axes.moments
        return moments.scaling(self._kind)

    def parts(self) -> tuple[FeatureScaling, ProjectionAxes]:
        """Return the scaling and the axes, after all passes."""
        scaling, axes = self._scaling(), self._axes.axes()
        axes.components[scaling.scale == 0] = 0
        return scaling, axes

    def state(self) -> dict[str, np.ndarray]:
        """Return everything, to go on from; see ``add``."""
        place = {"finished": np.asarray(self.finished), "position": np.asarray(self.position)}
        parts = {"axes": self._axes.state()}
        if self.n_passes == 2:
            parts["moments"] = self._moments.state()
        return place | {f"{p}.{k}": v for p, state in parts.items() for k, v in state.items()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from a state."""
        self._n_held = 0
        self.finished, self.position = int(state["finished"]), int(state["position"])
        for name, part in (("axes", self._axes), ("moments", self._moments)):
            found = {k.split(".", 1)[1]: v for k, v in state.items() if k.startswith(f"{name}.")}
            if found:
                part.restore(found)


def can_stream(reduction: Reduction) -> bool:
    """Return whether a reduction can be fitted while images pass."""
    return reduction.kind == "incremental_pca"


def _batch_ends(n: int, batch_size: int, least: int) -> tuple[int, ...]:
    """Return where batches end, as in scikit-learn: a last one of too few joins the one before."""
    ends = list(range(batch_size, n, batch_size))
    while ends and n - ends[-1] < least:
        ends.pop()
    return (*ends, n)
