"""Every kind of predictor by name: how a saved one is opened again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from cortiscope.core.encoding.ensemble import EnsemblePredictor
from cortiscope.core.encoding.neighbours import NeighboursPredictor
from cortiscope.core.encoding.neural.predictor import HeadPredictor
from cortiscope.core.encoding.predictor import LinearPredictor, Predictor
from cortiscope.core.encoding.tree import TreePredictor
from cortiscope.core.errors import unknown_name

Restore = Callable[[Mapping[str, Any], Callable[[str], np.ndarray]], Predictor]


def _restore_ensemble(
    structure: Mapping[str, Any], array: Callable[[str], np.ndarray]
) -> Predictor:
    return EnsemblePredictor.restore(structure, array, restore_predictor)


PREDICTORS: dict[str, Restore] = {
    LinearPredictor.kind: LinearPredictor.restore,
    EnsemblePredictor.kind: _restore_ensemble,
    HeadPredictor.kind: HeadPredictor.restore,
    NeighboursPredictor.kind: NeighboursPredictor.restore,
    TreePredictor.kind: TreePredictor.restore,
}


def restore_predictor(
    structure: Mapping[str, Any], array: Callable[[str], np.ndarray]
) -> Predictor:
    """Make a predictor from what its ``structure`` and ``arrays`` gave.

    Parameters
    ----------
    array : returns an array by name; may memory-map it.
    """
    kind = str(structure["kind"])
    if kind not in PREDICTORS:
        raise unknown_name("kind of predictor", kind, PREDICTORS)
    return PREDICTORS[kind](structure, array)
