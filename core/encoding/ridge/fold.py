"""One fold of ridge's cross-validation: held-out errors of every penalty, no prediction formed.

In the axes of the training images, with ``T = X_held V`` and ``R = qr(T)``, the inner product of
prediction and response is ``sum(D_a c b)`` with ``b = T'y_held``, and the prediction's squared
norm is ``||R (D_a c)||^2``: products of size (n_features, n_features, n_vertices).

The norms of all penalties come at once. With ``D ~ weights @ basis`` (``PenaltyCurves``) and
``f_i = R (basis_i c)``, the squared norm at a penalty is ``sum_ij weights_i weights_j <f_i, f_j>``.
A basis curve lives on one block of axes and R is triangular, so most of the products are with
zeros and left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cortiscope.core.encoding.ridge.data import squared_sum
from cortiscope.core.encoding.ridge.spectrum import PenaltyCurves, Spectrum

if TYPE_CHECKING:
    import torch

# Largest error of a mean squared error, as a share of the held-out responses' energy, that the
# basis of penalty curves may bring; vertices above it are computed exactly.
_TOLERANCE = 1e-4
# More blocks save fewer zeros than their many curves cost; narrower ones are slow to multiply.
_MOST_BLOCKS = 8
_NARROWEST_BLOCK = 48
_SQUARINGS = 4


def block_count(n_features: int) -> int:
    """Return into how many blocks of axes the penalty curves are best cut."""
    return min(max(n_features // _NARROWEST_BLOCK, 1), _MOST_BLOCKS)


@dataclass(frozen=True)
class HeldNorms:
    """What the squared norms of one fold's held-out predictions are computed from.

    Parameters
    ----------
    triangle : (n_rows, n_features), R, upper triangular.
    curves : of the training images.
    rows : R's rows, a block at a time.
    slack : (n_alphas, n_features); ``slack @ c**2`` bounds the square of what the basis leaves out
        of a prediction's norm.
    """

    triangle: torch.Tensor
    curves: PenaltyCurves
    rows: tuple[_RowBlock, ...]
    slack: torch.Tensor

    @classmethod
    def of(cls, triangle: torch.Tensor, curves: PenaltyCurves) -> HeldNorms:
        """Prepare for a fold's R, in the precision of its curves."""
        triangle = triangle.to(curves.exact.dtype)
        size = triangle.norm(dim=0)
        # ||R (residual c)|| <= ||R with columns of norm 1|| ||size residual c||.
        slack = (_largest_stretch(triangle / size.clamp_min(1e-30)) * size * curves.residual) ** 2
        rows = [_RowBlock.of(triangle, curves, k) for k in range(len(curves.blocks))]
        return cls(triangle, curves, tuple(r for r in rows if r is not None), slack)

    def of_all_penalties(self, c: torch.Tensor, energy: torch.Tensor) -> torch.Tensor:
        """Return ``||R (D_a c)||^2``.

        Parameters
        ----------
        c : (n_features, n_vertices).
        energy : (n_vertices,) squared norm of the held-out responses, to which errors compare.

        Returns
        -------
        norms : (n_alphas, n_vertices).
        """
        norms = c.new_zeros(len(self.curves.exact), c.shape[1])
        for rows in self.rows:
            rows.add_to(norms, c)
        norms.clamp_min_(0)
        bound = (self.slack @ c**2).sqrt()
        wrong = 2 * norms.sqrt() * bound + bound**2 > _TOLERANCE * energy
        columns = wrong.any(0).nonzero()[:, 0]
        if len(columns):
            norms[:, columns] = self._exact(c[:, columns])
        return norms

    def _exact(self, c: torch.Tensor) -> torch.Tensor:
        norms = c.new_zeros(len(self.curves.exact), c.shape[1])
        for k, curve in enumerate(self.curves.exact):
            shrunk = curve[:, None] * c
            for axes, _ in self.curves.blocks:
                block = self.triangle[axes, axes.start :]
                norms[k] += ((block @ shrunk[axes.start :]) ** 2).sum(0)
        return norms


@dataclass(frozen=True)
class _RowBlock:
    """A block of R's rows; no block of axes before it has anything in them.

    Parameters
    ----------
    height, n_curves : number of rows, and of basis curves that are not 0 in them.
    pairs : (n_alphas, n_curves**2), products of the curves' weights.
    images : for each block of axes: the axes, its columns among n_curves * height, and the
        transposed ``R basis`` (n_axes, n_columns) of its curves beside each other.
    """

    height: int
    n_curves: int
    pairs: torch.Tensor
    images: tuple[tuple[slice, slice, torch.Tensor], ...]

    @classmethod
    def of(cls, triangle: torch.Tensor, curves: PenaltyCurves, k: int) -> _RowBlock | None:
        blocks = curves.blocks[k:]
        rows = triangle[blocks[0][0]]
        first, last, height = blocks[0][1].start, blocks[-1][1].stop, len(rows)
        if height == 0 or first == last:
            return None
        images = []
        for axes, some in blocks:
            if some.start == some.stop:
                continue
            columns = slice((some.start - first) * height, (some.stop - first) * height)
            matrix = curves.basis[some, None, axes] * rows[:, axes]
            images.append((axes, columns, matrix.flatten(0, 1).T.contiguous()))
        weights = curves.weights[:, first:]
        pairs = (weights[:, :, None] * weights[:, None, :]).flatten(1)
        return cls(height, last - first, pairs, tuple(images))

    def add_to(self, norms: torch.Tensor, c: torch.Tensor) -> None:
        """Add these rows' part to the norms (n_alphas, n_vertices)."""
        import torch

        n_vertices = c.shape[1]
        found = c.new_empty(n_vertices, self.n_curves * self.height)
        for axes, columns, matrix in self.images:
            torch.mm(c[axes].T, matrix, out=found[:, columns])
        curves = found.view(n_vertices, self.n_curves, self.height)
        inner = curves @ curves.transpose(1, 2)
        norms.addmm_(self.pairs, inner.flatten(1).T)


def _largest_stretch(matrix: torch.Tensor) -> float:
    """Bound a spectral norm from above, by at most d^(1/64): ``tr((M'M)^32)^(1/64)``."""
    import torch

    power = matrix.T @ matrix
    log_size, exponent = 0.0, 1
    for step in range(_SQUARINGS + 1):
        size = float(torch.linalg.matrix_norm(power))
        if size == 0:
            return 0.0
        log_size += math.log(size) / exponent
        if step < _SQUARINGS:
            power = power / size
            power = power @ power
            exponent *= 2
    return math.exp(log_size / 2)


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
