"""The eigenvalues and axes of a design's Gram matrix, in which every penalty is a division.

With ``X'X = V diag(s) V'`` and ``c = V'X'y``, ridge's coefficients are ``V (D_a c)`` with
``D_a = 1 / (s + a)``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

# Above this amplification float32's rounding of X'y would show in the predictions.
_FLOAT32_LIMIT = 1e4


@dataclass(frozen=True)
class Spectrum:
    """Eigenvalues and axes of a centred Gram matrix.

    Parameters
    ----------
    values : (n_features,) float64, increasing.
    axes : (n_features, n_features) float64, columns.
    """

    values: torch.Tensor
    axes: torch.Tensor

    @classmethod
    def of(cls, gram: torch.Tensor) -> Spectrum:
        """Decompose a float64 Gram matrix (n_features, n_features)."""
        import torch

        values, axes = torch.linalg.eigh(gram)
        return cls(values.clamp_min(0), axes)

    def null(self) -> torch.Tensor:
        """Mark the axes (n_features,) along which no image varies but by rounding."""
        eps = float(np.finfo(np.float64).eps)
        return self.values <= self.values[-1] * len(self.values) * eps

    def shrinkage(self, penalties: np.ndarray) -> torch.Tensor:
        """Return D_a, (n_penalties, n_features) float64; 0 on axes that hold nothing.

        There the exact c is 0, and a small penalty would only blow up its rounding.
        """
        import torch

        a = torch.as_tensor(penalties, dtype=torch.float64, device=self.values.device)
        return (1 / (self.values[None, :] + a[:, None])).masked_fill(self.null()[None, :], 0)

    def needs_float64(self, smallest_penalty: float) -> bool:
        """Return whether a penalty is too small for float32, given this design."""
        s = self.values[~self.null()]
        if not len(s):
            return False
        gain = (s * s[-1]).sqrt() / (s + smallest_penalty)
        return bool(gain.max() > _FLOAT32_LIMIT)


@dataclass(frozen=True)
class PenaltyCurves:
    """The curves ``D_a`` of all penalties in a basis of few: ``D ~ weights @ basis``.

    As functions of s they are so alike that about ten basis curves serve any number of them, and
    two to four within a block of axes of similar s, so the cost of choosing among penalties does
    not grow with their number.

    Parameters
    ----------
    exact : (n_penalties, n_features).
    weights : (n_penalties, n_curves).
    basis : (n_curves, n_features); a curve is 0 outside its block.
    residual : (n_penalties, n_features), exact - weights @ basis.
    blocks : for each block its axes and its curves; together all of both, in order.
    """

    exact: torch.Tensor
    weights: torch.Tensor
    basis: torch.Tensor
    residual: torch.Tensor
    blocks: tuple[tuple[slice, slice], ...]

    @classmethod
    def of(
        cls,
        spectrum: Spectrum,
        penalties: np.ndarray,
        dtype: torch.dtype,
        tolerance: float = 1e-5,
        n_blocks: int = 1,
    ) -> PenaltyCurves:
        """Cut the singular values of ``s / (s + a)``, the fraction kept along each axis."""
        import torch

        exact = spectrum.shrinkage(penalties)
        s = torch.where(spectrum.null(), 1.0, spectrum.values)
        kept = exact * s
        smallest = tolerance * torch.linalg.matrix_norm(kept, 2)
        weights, curves, blocks = [], [], []
        n_curves = 0
        edges = np.linspace(0, len(s), n_blocks + 1).astype(int)
        for start, stop in zip(edges[:-1], edges[1:], strict=True):
            axes = slice(int(start), int(stop))
            u, size, v = torch.linalg.svd(kept[:, axes], full_matrices=False)
            rank = int((size > smallest).sum())
            curve = torch.zeros(rank, len(s), dtype=s.dtype, device=s.device)
            curve[:, axes] = v[:rank] / s[axes]
            weights.append(u[:, :rank] * size[:rank])
            curves.append(curve)
            blocks.append((axes, slice(n_curves, n_curves + rank)))
            n_curves += rank
        weight, basis = torch.cat(weights, 1), torch.cat(curves)
        residual = exact - weight @ basis
        return cls(
            exact.to(dtype), weight.to(dtype), basis.to(dtype), residual.to(dtype), tuple(blocks)
        )
