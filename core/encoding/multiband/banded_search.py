"""Banded ridge's choice: the candidate weights and penalty of least error on held-out images.

A candidate is a relative weight for each feature space. A space of weight g has the penalty
``alpha / g``: ridge on columns multiplied by ``sqrt(g)``. Weights sum to the number of spaces, so
that equal weights are plain ridge at penalty ``alpha``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cortiscope.core.encoding.multiband.space_ridge import FoldedResponses
from cortiscope.core.encoding.ridge.data import row_space, vertex_chunks
from cortiscope.core.encoding.ridge.fold import Fold
from cortiscope.core.encoding.ridge.spectrum import Spectrum
from cortiscope.core.encoding.training import Responses, Work
from cortiscope.core.progress import part

if TYPE_CHECKING:
    import torch

CONCENTRATIONS = (0.1, 1.0)
# Decompositions that are held at once, in bytes.
_BATCH_BYTES = 2**28
# Working arrays of a chunk, in columns of n_columns floats: X'y of the folds, images of the basis.
_COLUMNS = 45


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
class FeatureSpaces:
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
    def of(cls, design: np.ndarray, spaces: Sequence[slice], device: str) -> FeatureSpaces:
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
    def of(cls, spaces: FeatureSpaces, weights: np.ndarray) -> WeightedDesign:
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


def search_weights(
    spaces: FeatureSpaces,
    responses: Responses,
    weights: np.ndarray,
    grid: np.ndarray,
    rows: Sequence[slice],
    work: Work,
) -> dict[str, np.ndarray]:
    """Return per vertex the least error, its candidate, its place in the grid, and its need.

    Returns
    -------
    best : ``error`` float64, ``candidate`` and ``alpha`` positions, ``exact`` whether the
        candidate asks for float64; each (n_vertices,).
    """
    n_vertices, n_columns = int(responses.shape[1]), len(spaces.gram)
    chunks = list(vertex_chunks(n_vertices, 2 * len(spaces.x) + _COLUMNS * n_columns))
    width = min(n_columns, len(spaces.x))
    size = max(_BATCH_BYTES // (8 * len(rows) * width**2), 1)
    n_batches = -(-len(weights) // size)
    best = {
        "error": np.full(n_vertices, np.inf),
        "candidate": np.zeros(n_vertices, dtype=np.intp),
        "alpha": np.zeros(n_vertices, dtype=np.intp),
        "exact": np.zeros(n_vertices, dtype=bool),
    }
    # Decomposing d columns costs about as much as the errors of d vertices.
    preparing = n_columns / (n_columns + n_vertices)
    for b in range(n_batches):
        first = b * size
        batch = weights[first : first + size]
        step = part(work.progress, b / n_batches, (b + 1) / n_batches)
        names = [f"search-{first:05d}-{columns.start:07d}" for columns in chunks]
        pieces = [work.checkpoint.load(name) for name in names]
        folded: list[_Candidate] = []
        if any(piece is None for piece in pieces):
            for k, row in enumerate(batch):
                step(preparing * k / len(batch), "preparing feature weights")
                folded.append(_Candidate.prepare(spaces, row, rows, grid))
        for k, (columns, name) in enumerate(zip(chunks, names, strict=True)):
            step(preparing + (1 - preparing) * k / len(chunks), "choosing feature weights")
            piece = pieces[k]
            if piece is None:
                piece = _best_of(folded, spaces, responses[:, columns], rows)
                work.checkpoint.save(name, piece)
            better = piece["error"] < best["error"][columns]
            for key, values in best.items():
                found = piece[key] + first if key == "candidate" else piece[key]
                values[columns] = np.where(better, found, values[columns])
    return best


@dataclass(frozen=True)
class _Candidate:
    """One candidate: its folds and the precision that it needs."""

    coordinates: Coordinates
    folds: tuple[Fold, ...]
    dtype: torch.dtype

    @classmethod
    def prepare(
        cls, spaces: FeatureSpaces, weights: np.ndarray, rows: Sequence[slice], grid: np.ndarray
    ) -> _Candidate:
        import torch

        design = WeightedDesign.of(spaces, weights)
        exact = Spectrum.of(design.gram).needs_float64(grid[-1])
        dtype = torch.float64 if exact else torch.float32
        x = design.x.to(dtype)
        folds = tuple(Fold.prepare(x, design.gram, held, grid, dtype) for held in rows)
        return cls(design.coordinates, folds, dtype)


def _best_of(
    batch: Sequence[_Candidate], spaces: FeatureSpaces, responses: np.ndarray, rows: Sequence[slice]
) -> dict[str, np.ndarray]:
    """Choose among a batch of candidates for one chunk of vertices."""
    import torch

    exact = any(c.dtype == torch.float64 for c in batch)
    dtype = torch.float64 if exact else torch.float32
    y = FoldedResponses.of(responses, rows, spaces.x.device, dtype)
    parts, whole = y.moments(spaces.x.to(dtype), rows)
    n_vertices = whole.shape[1]
    least = torch.full((n_vertices,), torch.inf, dtype=torch.float64, device=whole.device)
    candidate = torch.zeros(n_vertices, dtype=torch.long, device=whole.device)
    alpha = torch.zeros_like(candidate)
    for k, one in enumerate(batch):
        errors = y.errors(
            one.folds,
            [one.coordinates.project(p, one.dtype) for p in parts],
            one.coordinates.project(whole, one.dtype),
        )
        found = errors.min(0)
        better = found.values < least
        least = torch.where(better, found.values, least)
        candidate[better] = k
        alpha[better] = found.indices[better]
    needs = torch.as_tensor([c.dtype == torch.float64 for c in batch], device=whole.device)
    return {
        "error": (least * y.centred.scale**2).cpu().numpy(),
        "candidate": candidate.cpu().numpy(),
        "alpha": alpha.cpu().numpy(),
        "exact": needs[candidate].cpu().numpy(),
    }
