"""Reductions: what a vertex makes of what the trunk gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np

from cortiscope.core.encoding.neural.trunks import Arrays, Weights

if TYPE_CHECKING:
    import torch

_START = 0.1


class Readout(Protocol):
    """The part of a head that tells vertices apart."""

    name: ClassVar[str]

    @property
    def n_vertices(self) -> int:
        """Number of vertices."""

    def initial(self, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Draw weights to start from."""

    def fixed(self) -> dict[str, np.ndarray]:
        """Return arrays that ``forward`` wants among the weights but that are not trained."""

    def forward(self, weights: Weights, hidden: torch.Tensor, part: slice) -> torch.Tensor:
        """Give (n_stimuli, n of the part) for (n_stimuli, width) of the trunk."""

    def vertices_at_once(self, n_stimuli: int) -> int:
        """Say for how many vertices ``forward`` fits in working memory."""

    def folded(self, weights: Arrays) -> dict[str, np.ndarray]:
        """Return the weights in the form in which ``apply`` wants them."""

    def apply(self, weights: Arrays, hidden: np.ndarray, vertices: np.ndarray) -> np.ndarray:
        """Do the same in numpy for some vertices (positions)."""


@dataclass(frozen=True)
class LinearReadout:
    """A weight for every value of the trunk and every vertex, and a bias per vertex."""

    name: ClassVar[str] = "linear"

    n_vertices: int
    n_values: int

    def initial(self, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Draw small weights: 1 % of a response's variance, so that early stopping starts flat.

        Not 0, where a correlation has no gradient.
        """
        import torch

        shape = (self.n_values, self.n_vertices)
        weight = torch.randn(shape, generator=generator) * (_START / self.n_values**0.5)
        return {"out": weight, "out_bias": torch.zeros(self.n_vertices)}

    def fixed(self) -> dict[str, np.ndarray]:
        """Need nothing else."""
        return {}

    def forward(self, weights: Weights, hidden: torch.Tensor, part: slice) -> torch.Tensor:
        """Give (n_stimuli, n of the part)."""
        import torch

        return torch.addmm(weights["out_bias"][part], hidden, weights["out"][:, part])

    def vertices_at_once(self, n_stimuli: int) -> int:
        """Take as many as give an output of 64 MB."""
        return max(2**24 // n_stimuli, 1)

    def folded(self, weights: Arrays) -> dict[str, np.ndarray]:
        """Return them as they are."""
        return dict(weights)

    def apply(self, weights: Arrays, hidden: np.ndarray, vertices: np.ndarray) -> np.ndarray:
        """Do the same in numpy."""
        return hidden @ weights["out"][:, vertices] + weights["out_bias"][vertices]
