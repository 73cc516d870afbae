"""A readout fitted while the fit images pass: nothing but one batch of features is ever held.

For incremental PCA only. Exact PCA needs all images' features at once, or again and again, which
is why those are stored and read in blocks (``fit_reduction``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from cortiscope.core.encoding.reduction.feature_scaling import FeatureScaling, Moments
from cortiscope.core.encoding.reduction.incremental_axes import IncrementalAxes
from cortiscope.core.encoding.reduction.principal_axes import Axes
from cortiscope.core.encoding.reduction.spec import Reduction
from cortiscope.core.errors import InvalidInput

AfterBatch = Callable[[], None]


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
        self._moments = Moments(n_features)
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

    def parts(self) -> tuple[FeatureScaling, Axes]:
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
    """Tell whether a reduction can be fitted while images pass."""
    return reduction.kind == "incremental_pca"


def _batch_ends(n: int, batch_size: int, least: int) -> tuple[int, ...]:
    """Return where batches end, as in scikit-learn: a last one of too few joins the one before."""
    ends = list(range(batch_size, n, batch_size))
    while ends and n - ends[-1] < least:
        ends.pop()
    return (*ends, n)
