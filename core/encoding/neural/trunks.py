"""Trunks: what a head makes of an image's design before any vertex reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np

if TYPE_CHECKING:
    import torch

Weights = Mapping[str, "torch.Tensor"]
Arrays = Mapping[str, np.ndarray]
Drop = Callable[["torch.Tensor", float], "torch.Tensor"]
"""Sets a share of values to 0 and scales up the rest; gives them back as they are when scoring."""


class Trunk(Protocol):
    """The part of a head that all vertices share. Its fields are JSON values."""

    name: ClassVar[str]

    @property
    def width(self) -> int:
        """Number of values that it gives the readout."""

    def initial(self, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Draw weights to start from."""

    def forward(self, weights: Weights, design: torch.Tensor, drop: Drop) -> torch.Tensor:
        """Give (n_stimuli, width) for a standardised design."""

    def apply(self, weights: Arrays, design: np.ndarray) -> np.ndarray:
        """Do the same in numpy, without dropout."""


@dataclass(frozen=True)
class IdentityTrunk:
    """The design itself; in training with dropout on its columns.

    Parameters
    ----------
    dropout : share of a design's columns that a training step does without, drawn per image.
    """

    name: ClassVar[str] = "identity"

    n_features: int
    dropout: float = 0.0

    @property
    def width(self) -> int:
        """Number of design columns."""
        return self.n_features

    def initial(self, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Have no weights."""
        return {}

    def forward(self, weights: Weights, design: torch.Tensor, drop: Drop) -> torch.Tensor:
        """Drop columns."""
        return drop(design, self.dropout)

    def apply(self, weights: Arrays, design: np.ndarray) -> np.ndarray:
        """Give the design back."""
        return design


def uniform(generator: torch.Generator, *shape: int, fan_in: int) -> torch.Tensor:
    """Draw between -1/sqrt(fan_in) and 1/sqrt(fan_in): torch's own rule for linear layers."""
    import torch

    return (2 * torch.rand(*shape, generator=generator) - 1) / fan_in**0.5
