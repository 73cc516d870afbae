"""One fold of ridge's cross-validation: held-out errors of every penalty, no prediction formed.

In the axes of the training images, with ``T = X_held V`` and ``R = qr(T)``, the inner product of
prediction and response is ``sum(D_a c b)`` with ``b = T'y_held``, and the prediction's squared
norm is ``||R (D_a c)||^2``: products of size (n_features, n_features, n_vertices).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.encoding.ridge_spectrum import PenaltyCurves, Spectrum

if TYPE_CHECKING:
    import torch

# Largest error of a mean squared error, as a share of the held-out responses' energy, that the
# basis of penalty curves may bring; vertices above it are computed exactly.
_TOLERANCE = 1e-4
_BLOCKS = 4


@dataclass(frozen=True)
class Fold:
    """One fold. Design and responses come centred by the means over all images.

    Parameters
    ----------
    rows : the held-out images, contiguous.
    n_train : number of training images.
    mean : (n_features,) of the training images.
    axes : (n_features, n_features) V, of the training images.
    triangle : (min(n_held, n_features), n_features), R.
    stretch : the spectral norm of R with columns of norm 1; bounds the basis's error.
    """

    rows: slice
    n_train: int
    mean: torch.Tensor
    axes: torch.Tensor
    curves: PenaltyCurves
    triangle: torch.Tensor
    stretch: float

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
        norms = triangle.norm(dim=0)
        unit = triangle / torch.where(norms > 0, norms, 1.0)
        stretch = torch.linalg.eigvalsh(unit.T @ unit)[-1].clamp_min(0).sqrt()
        curves = PenaltyCurves.of(spectrum, grid, dtype)
        return cls(
            rows,
            n_train,
            mean.to(dtype),
            spectrum.axes.to(dtype),
            curves,
            triangle.to(dtype),
            float(stretch),
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
        total = held.sum(0)
        y_mean = -total / self.n_train
        # Means leave by rank-one terms; the centred design's held-out sum is -n_train * mean.
        shift = torch.outer(self.mean, y_mean)
        c = self.axes.T @ (whole - part - self.n_train * shift)
        b = self.axes.T @ (part - torch.outer(self.mean, total) + (self.n_train + n_held) * shift)
        energy = ((held - y_mean) ** 2).sum(0)
        cross = self.curves.exact @ (c * b)
        errors = energy - 2 * cross + self._squared_norms(c, energy)
        return errors.double().clamp_min(0) / n_held

    def _squared_norms(self, c: torch.Tensor, energy: torch.Tensor) -> torch.Tensor:
        """Squared norms of the held-out predictions, (n_alphas, n_vertices)."""
        curves = self.curves
        if not curves.worthwhile:
            return self._exact_norms(c)
        rank, n_vertices = len(curves.basis), c.shape[1]
        inner = c.new_zeros(n_vertices, rank, rank)
        # Vertices first, (n_vertices, rank, n_features): one product, and no copy for the next.
        shrunk = c.T[:, None, :] * curves.basis
        for block, columns in self._row_blocks():
            images = shrunk[:, :, columns] @ block.T
            inner.baddbmm_(images, images.transpose(1, 2))
        norms = ((curves.weights @ inner) * curves.weights).sum(2).T.clamp_min(0)
        # ||R (residual c)|| <= stretch * ||column norms * residual * c||.
        size = self.triangle.norm(dim=0)
        bound = self.stretch * (((size * curves.residual) ** 2) @ c**2).sqrt()
        wrong = 2 * norms.sqrt() * bound + bound**2 > _TOLERANCE * energy
        columns = wrong.any(0).nonzero()[:, 0]
        if len(columns):
            norms[:, columns] = self._exact_norms(c[:, columns])
        return norms

    def _exact_norms(self, c: torch.Tensor) -> torch.Tensor:
        norms = c.new_zeros(len(self.curves.exact), c.shape[1])
        for k, curve in enumerate(self.curves.exact):
            shrunk = curve[:, None] * c
            for block, rows in self._row_blocks():
                norms[k] += ((block @ shrunk[rows]) ** 2).sum(0)
        return norms

    def _row_blocks(self) -> list[tuple[torch.Tensor, slice]]:
        """Row blocks of R with the columns that are not zero in them: half the work is zeros."""
        height, width = self.triangle.shape
        edges = np.linspace(0, height, min(_BLOCKS, height) + 1).astype(int)
        return [
            (self.triangle[a:b, a:], slice(int(a), width))
            for a, b in zip(edges[:-1], edges[1:], strict=True)
        ]
