"""Banded ridge's choice: the candidate weights and penalty of least error on held-out images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cortiscope.core.encoding.multiband.band_candidates import Coordinates, Spaces, WeightedDesign
from cortiscope.core.encoding.multiband.folded_responses import FoldedResponses
from cortiscope.core.encoding.ridge.data import vertex_chunks
from cortiscope.core.encoding.ridge.fold import Fold
from cortiscope.core.encoding.ridge.spectrum import Spectrum
from cortiscope.core.encoding.training import Responses, Work
from cortiscope.core.progress import part

if TYPE_CHECKING:
    import torch

# Decompositions that are held at once, in bytes.
_BATCH_BYTES = 2**28
# Working arrays of a chunk, in columns of n_columns floats: X'y of the folds, images of the basis.
_COLUMNS = 45


def search_weights(
    spaces: Spaces,
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
        cls, spaces: Spaces, weights: np.ndarray, rows: Sequence[slice], grid: np.ndarray
    ) -> _Candidate:
        import torch

        design = WeightedDesign.of(spaces, weights)
        exact = Spectrum.of(design.gram).needs_float64(grid[-1])
        dtype = torch.float64 if exact else torch.float32
        x = design.x.to(dtype)
        folds = tuple(Fold.prepare(x, design.gram, held, grid, dtype) for held in rows)
        return cls(design.coordinates, folds, dtype)


def _best_of(
    batch: Sequence[_Candidate], spaces: Spaces, responses: np.ndarray, rows: Sequence[slice]
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
