"""Results that grow by chunks of vertices; a chunk is kept as soon as it is final."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from cortiscope.core.encoding.checkpoint import Checkpoint


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
