"""Whether the penalties that were chosen lie at the edge of what there was to choose from.

A best penalty at an edge says that a better one may lie beyond it: the grid decided, not the data.
At the largest penalty it may also be a vertex without signal, of which all penalties say the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

WARNED_ABOVE = 0.05


def grid_edges(chosen: np.ndarray, grid: Sequence[float] | np.ndarray) -> np.ndarray | None:
    """Return how much of each vertex's choice lies at the smallest and at the largest penalty.

    Parameters
    ----------
    chosen : (..., n_vertices) values of the grid; further axes (feature spaces) are averaged.

    Returns
    -------
    (2, n_vertices) float32, 0 to 1; None where there was nothing to choose.
    """
    penalties = np.unique(np.asarray(grid, dtype=np.float32))
    if len(penalties) < 2:
        return None
    values = np.asarray(chosen, dtype=np.float32).reshape(-1, chosen.shape[-1])
    return np.stack(
        [(values == edge).mean(axis=0, dtype=np.float32) for edge in penalties[[0, -1]]]
    )


@dataclass(frozen=True)
class GridEdges:
    """Shares of the vertices, 0 to 1, whose penalty is the smallest or the largest of its grid."""

    smallest: float
    largest: float

    @classmethod
    def of(cls, edges: np.ndarray | None) -> GridEdges | None:
        """Summarise what ``grid_edges`` gave."""
        return None if edges is None else cls(*(round(float(v), 4) for v in edges.mean(axis=1)))

    def warning(self, places: str = "vertices") -> str:
        """Say in a sentence what lies at an edge; empty where that is at most 5 %."""
        sentences = [
            f"{100 * share:.0f} % of the {places} have the {which} penalty of the grid"
            for share, which in ((self.smallest, "smallest"), (self.largest, "largest"))
            if share > WARNED_ABOVE
        ]
        if not sentences:
            return ""
        beyond = "a better one may lie beyond it"
        if self.largest > WARNED_ABOVE:
            beyond += ", or they have no signal that these features explain"
        return f"{' and '.join(sentences)}: {beyond}."
