"""The penalty at which a lasso has no coefficient left, and responses in a unit of their own.

A grid in shares of that penalty means the same for responses in any unit. The unit is one for all
vertices: averaged responses vary more where there is more signal, and these vertices have more say
in the one penalty that is chosen for all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cortiscope.core.encoding.training import Responses

_COLUMNS = 2048


@dataclass(frozen=True)
class InUnit:
    """Responses divided by a number, read in parts as they are.

    Parameters
    ----------
    responses : (n_stimuli, n_vertices).
    unit : root mean square over vertices of their SDs; 1 where all are constant.
    """

    responses: Responses
    unit: np.float32

    @property
    def shape(self) -> tuple[int, ...]:
        """(n_stimuli, n_vertices)."""
        return self.responses.shape

    def __getitem__(self, key: Any) -> np.ndarray:
        return np.asarray(self.responses[key]) / self.unit

    def __len__(self) -> int:
        return len(self.responses)


def in_own_unit(
    design: np.ndarray, responses: Responses, l1_ratio: float, *, joint: bool
) -> tuple[InUnit, float]:
    """Return responses in their unit and the least penalty that leaves them no coefficient.

    Parameters
    ----------
    design : (n_stimuli, n_features).
    responses : (n_stimuli, n_vertices); read once, a chunk of vertices at a time.
    joint : a feature is used by all vertices or by none (L2,1), instead of by each for itself.

    Notes
    -----
    ``max_j |x_j' y| / (n l1_ratio)`` on centred data, over vertices their largest or, joint,
    their norm; 1 where nothing varies.
    """
    x = np.asarray(design, dtype=np.float64)
    x = x - x.mean(axis=0)
    n_vertices, energy = responses.shape[1], 0.0
    reach = np.zeros(x.shape[1])
    for start in range(0, n_vertices, _COLUMNS):
        y = np.asarray(responses[:, start : start + _COLUMNS], dtype=np.float64)
        y = y[:, y.max(axis=0) > y.min(axis=0)]
        y -= y.mean(axis=0)
        energy += float((y**2).mean(axis=0).sum())
        squares = (x.T @ y / len(x)) ** 2
        if joint:
            reach += squares.sum(axis=1)
        else:
            reach = np.maximum(reach, squares.max(axis=1, initial=0))
    unit = np.float32(np.sqrt(energy / n_vertices) or 1)
    return InUnit(responses, unit), float(np.sqrt(reach.max()) / unit or 1) / l1_ratio
