"""The relative weights of feature spaces that banded ridge tries, and the design under one of them.

A space of weight g has the penalty ``alpha / g``: ridge on columns multiplied by ``sqrt(g)``.
Weights sum to the number of spaces, so that equal weights are plain ridge at penalty ``alpha``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cortiscope.core.encoding.ridge.data import row_space

if TYPE_CHECKING:
    import torch

CONCENTRATIONS = (0.1, 1.0)


def candidate_weights(n_spaces: int, n_samples: int, seed: int) -> np.ndarray:
    """Return equal weights, each space alone, then samples from the simplex.

    Samples alternate between Dirichlet distributions of concentration 0.1 (few spaces) and 1
    (uniform). More samples with the same seed begin with the same ones.

    Returns
    -------
    weights : (1 + n_spaces + n_samples, n_spaces) float64, rows sum to ``n_spaces``; one row
        where there is one space.

    References
    ----------
    Dupre la Tour et al. 2022, NeuroImage 264:119728 (random search, the two concentrations).
    """
    if n_spaces == 1:
        return np.ones((1, 1))
    rng = np.random.default_rng(seed)
    sampled = [
        rng.dirichlet([CONCENTRATIONS[k % len(CONCENTRATIONS)]] * n_spaces)
        for k in range(n_samples)
    ]
    equal = np.full((1, n_spaces), 1 / n_spaces)
    return n_spaces * np.concatenate([equal, np.eye(n_spaces), *(s[None] for s in sampled)])


@dataclass(frozen=True)
class Spaces:
    """A centred design cut into feature spaces, each turned onto its images' span if it is wide.

    Turning one space leaves its penalty what it was.

    Parameters
    ----------
    x : (n_stimuli, n_columns) float64, mean 0.
    gram : (n_columns, n_columns) float64.
    columns : the columns of each space in ``x``.
    original : the columns of each space in the design as given.
    rotations : per space (n_features, n_columns) float64, or None where nothing was turned.
    mean : (n_features,) float64 of the design as given.
    """

    x: torch.Tensor
    gram: torch.Tensor
    columns: tuple[slice, ...]
    original: tuple[slice, ...]
    rotations: tuple[np.ndarray | None, ...]
    mean: np.ndarray

    @classmethod
    def of(cls, design: np.ndarray, spaces: Sequence[slice], device: str) -> Spaces:
        """Centre a design (n_stimuli, n_features) float32 and multiply its columns once."""
        import torch

        reduced = [row_space(design[:, space]) for space in spaces]
        x = torch.as_tensor(np.concatenate([z for z, _ in reduced], axis=1), device=device)
        x = x.double() - x.mean(0, dtype=torch.float64)
        edges = np.cumsum([0, *(z.shape[1] for z, _ in reduced)])
        columns = tuple(slice(int(a), int(b)) for a, b in zip(edges[:-1], edges[1:], strict=True))
        return cls(
            x,
            x.T @ x,
            columns,
            tuple(spaces),
            tuple(axes for _, axes in reduced),
            design.mean(axis=0, dtype=np.float64),
        )

    def per_column(self, weights: np.ndarray) -> np.ndarray:
        """Repeat the weight of each space (n_spaces,) over its columns."""
        return np.repeat(weights, [c.stop - c.start for c in self.columns])

    def restored(self, coef: np.ndarray) -> np.ndarray:
        """Return coefficients (n_columns, n_vertices) in the design as given, float32."""
        if all(axes is None for axes in self.rotations):
            return coef.astype(np.float32, copy=False)
        full = np.empty((len(self.mean), coef.shape[1]), dtype=np.float32)
        for own, target, axes in zip(self.columns, self.original, self.rotations, strict=True):
            full[target] = coef[own] if axes is None else axes @ coef[own]
        return full


@dataclass(frozen=True)
class Coordinates:
    """How the coordinates of one candidate's ridge come from the columns of all spaces.

    Parameters
    ----------
    columns : (n_used,) positions; a space of weight 0 has none.
    scale : (n_used,) float64, roots of the weights.
    rotation : (n_used, k) float64 onto the images' span where columns outnumber images, or None.
    """

    columns: torch.Tensor
    scale: torch.Tensor
    rotation: torch.Tensor | None

    def project(self, moments: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        """Return the candidate's X'y (k, n_vertices) from that of all columns."""
        used = moments[self.columns].to(dtype) * self.scale.to(dtype)[:, None]
        return used if self.rotation is None else self.rotation.to(dtype).T @ used

    def back(self, coef: torch.Tensor, n_columns: int) -> torch.Tensor:
        """Return coefficients (n_columns, n_vertices) of all columns, zero where none is used."""
        used = coef if self.rotation is None else self.rotation.to(coef.dtype) @ coef
        full = coef.new_zeros(n_columns, coef.shape[1])
        full[self.columns] = used * self.scale.to(coef.dtype)[:, None]
        return full


@dataclass(frozen=True)
class WeightedDesign:
    """A candidate's design; with coordinates as above.

    Parameters
    ----------
    x : (n_stimuli, k) float64, mean 0.
    gram : (k, k) float64.
    """

    coordinates: Coordinates
    x: torch.Tensor
    gram: torch.Tensor

    @classmethod
    def of(cls, spaces: Spaces, weights: np.ndarray) -> WeightedDesign:
        """Scale the Gram matrix of all columns by the weights (n_spaces,) of a candidate."""
        import torch

        device = spaces.x.device
        scale = np.sqrt(spaces.per_column(weights))
        kept = np.flatnonzero(scale)
        columns = torch.as_tensor(kept, device=device)
        factor = torch.as_tensor(scale[kept], device=device)
        x = spaces.x[:, columns] * factor
        if len(kept) <= len(x):
            gram = spaces.gram[columns][:, columns] * factor * factor[:, None]
            return cls(Coordinates(columns, factor, None), x, gram)
        reduced, axes = row_space(x.float().cpu().numpy())
        rotation = None if axes is None else torch.as_tensor(axes, device=device)
        x = torch.as_tensor(reduced, device=device)
        x = x.double() - x.mean(0, dtype=torch.float64)
        return cls(Coordinates(columns, factor, rotation), x, x.T @ x)
