"""K-fold ridge in one feature space, prepared for chunk after chunk of vertices.

``FoldedResponses`` is what every choice by held-out images needs of a chunk.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cortiscope.core.encoding.ridge.data import Centred, row_space
from cortiscope.core.encoding.ridge.fold import Fold
from cortiscope.core.encoding.ridge.spectrum import Spectrum

if TYPE_CHECKING:
    import torch

    from cortiscope.core.encoding.ridge.fold import Fold


@dataclass(frozen=True)
class FoldedResponses:
    """Centred responses of one chunk of vertices and its folds.

    Parameters
    ----------
    centred : the chunk.
    held : per fold, (n_held, n_vertices) centred responses of its held-out images.
    constant : (n_folds, n_vertices) bool, whether a vertex is constant over the training images
        of a fold: its mean predicts it whatever the penalty.
    """

    centred: Centred
    held: tuple[torch.Tensor, ...]
    constant: torch.Tensor

    @classmethod
    def of(
        cls,
        responses: np.ndarray,
        rows: Sequence[slice],
        device: torch.device,
        dtype: torch.dtype,
    ) -> FoldedResponses:
        """Centre one chunk (n_stimuli, n_vertices) and cut its rows."""
        import torch

        centred = Centred.of(responses, device, dtype)
        held = tuple(centred.values[part] for part in rows)
        low = torch.stack([values.min(0).values for values in held])
        high = torch.stack([values.max(0).values for values in held])
        others = [[j for j in range(len(held)) if j != k] for k in range(len(held))]
        constant = torch.stack([low[o].min(0).values == high[o].max(0).values for o in others])
        return cls(centred, held, constant)

    def moments(
        self, x: torch.Tensor, rows: Sequence[slice]
    ) -> tuple[list[torch.Tensor], torch.Tensor]:
        """Return X'y of each fold's held-out images and of all, (n_features, n_vertices)."""
        import torch

        parts = [x[part].T @ held for part, held in zip(rows, self.held, strict=True)]
        return parts, torch.stack(parts).sum(0)

    def errors(
        self, folds: Sequence[Fold], parts: Sequence[torch.Tensor], whole: torch.Tensor
    ) -> torch.Tensor:
        """Mean over folds of the squared error on held-out images, (n_alphas, n_vertices)."""
        import torch

        found = []
        for k, fold in enumerate(folds):
            mse = fold.squared_error(whole, parts[k], self.held[k].to(whole.dtype))
            # Rounding would otherwise choose a penalty for a vertex that has nothing to fit.
            found.append(torch.where(self.constant[k], mse[:1], mse))
        return torch.stack(found).mean(0)


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
