"""What every encoder says about itself: one entry per encoder, in the file that fits it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cortiscope.core.encoding.predictor import Predictor
from cortiscope.core.encoding.training import TrainingData, Work


@dataclass(frozen=True)
class NoSettings:
    """For encoders that have nothing to set."""


@dataclass(frozen=True)
class RegressorEntry:
    """One line of the registry.

    Parameters
    ----------
    summary : for menus.
    method : for a methods section; ``{field}`` is replaced by the setting of that name.
    settings : a frozen dataclass of plain values that has defaults.
    separable : whether a vertex's fit is the same whatever other vertices are fitted along.
    uses_positions : whether it needs to know where vertices lie on the cortex.
    fit : gives a predictor from training data; imports torch and scikit-learn when it is called.
    """

    name: str
    title: str
    summary: str
    method: str
    settings: type
    separable: bool
    fit: Callable[[TrainingData, Any, Work], Predictor]
    uses_positions: bool = False
