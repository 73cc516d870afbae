"""K-fold ridge in one feature space, prepared for chunk after chunk of vertices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cortiscope.core.encoding.multiband.folded_responses import FoldedResponses
from cortiscope.core.encoding.ridge.data import row_space
from cortiscope.core.encoding.ridge.fold import Fold
from cortiscope.core.encoding.ridge.spectrum import Spectrum

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class SpaceRidge:
    """What ridge in one feature space knows before it sees responses.

    Parameters
    ----------
    columns : the space's columns in the design as given.
    x : (n_stimuli, k) its design, mean 0, turned onto the images' span if it was wider.
    mean : (n_columns,) float64, of the space as given.
    spectrum : of ``x' x``.
    folds : one per fold.
    rotation : (n_columns, k), or None where nothing was turned.
    grid : penalties, decreasing.
    """

    columns: slice
    x: torch.Tensor
    mean: torch.Tensor
    spectrum: Spectrum
    folds: tuple[Fold, ...]
    rotation: torch.Tensor | None
    grid: np.ndarray

    @classmethod
    def of_all(
        cls,
        design: np.ndarray,
        spaces: Sequence[slice],
        rows: Sequence[slice],
        grid: np.ndarray,
        device: str,
    ) -> list[SpaceRidge]:
        """Prepare every space of a design (n_stimuli, n_features) float32, in one precision."""
        import torch

        turned = [row_space(design[:, space]) for space in spaces]
        centred = []
        for values, _ in turned:
            x = torch.as_tensor(np.ascontiguousarray(values), device=device)
            centred.append(x.double() - x.mean(0, dtype=torch.float64))
        grams = [x.T @ x for x in centred]
        spectra = [Spectrum.of(gram) for gram in grams]
        exact = any(spectrum.needs_float64(grid[-1]) for spectrum in spectra)
        dtype = torch.float64 if exact else torch.float32
        found = []
        for k, space in enumerate(spaces):
            x, axes = centred[k].to(dtype), turned[k][1]
            found.append(
                cls(
                    space,
                    x,
                    torch.as_tensor(design[:, space].mean(axis=0, dtype=np.float64), device=device),
                    spectra[k],
                    tuple(Fold.prepare(x, grams[k], held, grid, dtype) for held in rows),
                    None if axes is None else torch.as_tensor(axes, dtype=dtype, device=device),
                    grid,
                )
            )
        return found

    def chosen(
        self, y: FoldedResponses, parts: Sequence[torch.Tensor], whole: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the least error on held-out images and its place in the grid, (n_vertices,)."""
        least = y.errors(self.folds, parts, whole).min(0)
        return least.values, least.indices

    def coefficients(self, whole: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
        """Return coefficients (n_columns, n_vertices) of all images at each vertex's penalty."""
        axes = self.spectrum.axes.to(whole.dtype)
        shrink = self.spectrum.shrinkage(self.grid)[place].T.to(whole.dtype)
        w = axes @ (shrink * (axes.T @ whole))
        return w if self.rotation is None else self.rotation @ w
