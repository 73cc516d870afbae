"""Where a fit leaves what it has finished, so that a fit that was stopped can go on.

An encoder asks for each piece (a chunk of vertices, an epoch) before it computes it and leaves it
when it is done. Pieces are arrays; whoever composes the fit decides where they lie.
"""

from __future__ import annotations

from collections.abc import Mapping
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
