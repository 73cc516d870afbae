"""Where a fit leaves what it has finished, so that a fit that was stopped can go on.

A regressor asks for each piece (a chunk of vertices, an epoch) before it computes it and leaves it
when it is done. Pieces are arrays; whoever composes the fit decides where they are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

import numpy as np


class Checkpoint(Protocol):
    """Finished pieces of one fit, by name.

    Whatever names a piece must be a function of the fit's configuration and data alone: the same
    name in another run of the same fit is the same content.
    """

    def load(self, name: str) -> dict[str, np.ndarray] | None:
        """Return a piece that was left before, whole, or None."""

    def save(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Leave a piece; it is there whole or not at all, also after a kill."""

    def part(self, name: str) -> Checkpoint:
        """Return the pieces of a sub-fit, apart from all others."""


class NoCheckpoint:
    """Keeps nothing: every piece is computed."""

    def load(self, name: str) -> dict[str, np.ndarray] | None:
        """Return None."""

    def save(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Forget it."""

    def part(self, name: str) -> NoCheckpoint:
        """Return itself."""
        return self


class MemoryCheckpoint:
    """Keeps pieces in memory: for tests, and for fits that are interrupted and resumed at once."""

    def __init__(self) -> None:
        self.pieces: dict[str, dict[str, np.ndarray]] = {}
        self._prefix = ""

    def load(self, name: str) -> dict[str, np.ndarray] | None:
        """Return a piece or None."""
        return self.pieces.get(self._prefix + name)

    def save(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep copies."""
        self.pieces[self._prefix + name] = {k: np.array(v) for k, v in arrays.items()}

    def part(self, name: str) -> MemoryCheckpoint:
        """Return a view with its own names on the same store."""
        view = MemoryCheckpoint()
        view.pieces, view._prefix = self.pieces, f"{self._prefix}{name}/"
        return view


class VertexPieces:
    """Arrays of one value, or one column, per vertex, filled and kept chunk by chunk.

    Parameters
    ----------
    arrays : name -> array whose last axis is vertices; filled in place.
    checkpoint : where finished chunks are left, named by their first and last vertex alone.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray], checkpoint: Checkpoint) -> None:
        self._arrays = dict(arrays)
        self._checkpoint = checkpoint

    def missing(self, chunks: Iterable[slice]) -> list[slice]:
        """Fill in the chunks that an earlier run has left; return the others."""
        return [part for part in chunks if not self._restored(part)]

    def put(self, part: slice, **values: np.ndarray) -> None:
        """Fill in one chunk, a value for every array, and leave it in the checkpoint."""
        for name, array in self._arrays.items():
            array[..., part] = values[name]
        self._checkpoint.save(
            _name(part), {name: array[..., part] for name, array in self._arrays.items()}
        )

    def _restored(self, part: slice) -> bool:
        piece = self._checkpoint.load(_name(part))
        if piece is None:
            return False
        for name, array in self._arrays.items():
            array[..., part] = piece[name]
        return True


def _name(part: slice) -> str:
    return f"vertices-{part.start}-{part.stop}"
