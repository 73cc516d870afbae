"""One fold of ridge's cross-validation: held-out errors of every penalty, no prediction formed.

In the axes of the training images, with ``T = X_held V`` and ``R = qr(T)``, the inner product of
prediction and response is ``sum(D_a c b)`` with ``b = T'y_held``, and the prediction's squared
norm is ``||R (D_a c)||^2``: products of size (n_features, n_features, n_vertices).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cortiscope.core.encoding.ridge.data import squared_sum
from cortiscope.core.encoding.ridge.norms import HeldNorms, block_count
from cortiscope.core.encoding.ridge.spectrum import PenaltyCurves, Spectrum

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Fold:
    """One fold. Design and responses come centred by the means over all images.

    Parameters
    ----------
    rows : the held-out images, contiguous.
    n_train : number of training images.
    mean : (n_features,) of the training images.
    axes : (n_features, n_features) V, of the training images.
    norms : of the held-out predictions.
    """

    rows: slice
    n_train: int
    mean: torch.Tensor
    axes: torch.Tensor
    curves: PenaltyCurves
    norms: HeldNorms

    @classmethod
    def prepare(
        cls,
        x: torch.Tensor,
        gram: torch.Tensor,
        rows: slice,
        grid: np.ndarray,
        dtype: torch.dtype,
    ) -> Fold:
        """Take the held-out rows out of the whole Gram matrix (float64) and decompose the rest."""
        import torch

        held = x[rows].double()
        n_train = len(x) - len(held)
        mean = -held.sum(0) / n_train  # all rows together sum to 0
        train = gram - held.T @ held - n_train * torch.outer(mean, mean)
        spectrum = Spectrum.of(train)
        triangle = torch.linalg.qr((held - mean) @ spectrum.axes, mode="r").R
        curves = PenaltyCurves.of(spectrum, grid, dtype, n_blocks=block_count(len(gram)))
        return cls(
            rows,
            n_train,
            mean.to(dtype),
            spectrum.axes.to(dtype),
            curves,
            HeldNorms.of(triangle, curves),
        )

    def squared_error(
        self, whole: torch.Tensor, part: torch.Tensor, held: torch.Tensor
    ) -> torch.Tensor:
        """Mean squared error on the held-out images.

        Parameters
        ----------
        whole : (n_features, n_vertices) X'y over all images.
        part : (n_features, n_vertices) X'y over the held-out ones.
        held : (n_held, n_vertices) the held-out responses.

        Returns
        -------
        errors : (n_alphas, n_vertices) float64.
        """
        import torch

        n_held = len(held)
        total = (held.new_ones(1, n_held) @ held)[0]
        y_mean = -total / self.n_train
        # Means leave by rank-one terms; the centred design's held-out sum is -n_train * mean.
        moved = torch.addr(whole - part, self.mean, y_mean, alpha=-self.n_train)
        c = self.axes.T @ moved
        left = (self.n_train + n_held) * y_mean - total
        b = self.axes.T @ torch.addr(part, self.mean, left, out=moved)
        energy = squared_sum(held) + y_mean * (n_held * y_mean - 2 * total)
        norms = self.norms.of_all_penalties(c, energy)
        cross = self.curves.exact @ (c * b)
        return (energy - 2 * cross + norms).clamp_min(0) / n_held
