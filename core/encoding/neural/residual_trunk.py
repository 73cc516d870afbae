"""Residual blocks: a linear head that may bend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from cortiscope.core.encoding.neural.activations import activate, activate_array
from cortiscope.core.encoding.neural.trunks import Arrays, Drop, Weights, uniform

if TYPE_CHECKING:
    import torch

_EPSILON = 1e-5


@dataclass(frozen=True)
class ResidualTrunk:
    """A projection (if asked for) and blocks ``h + dropout(activation(linear(norm(h))))``.

    Parameters
    ----------
    projected : values to project the design to before the blocks; 0 keeps its columns.
    input_dropout, dropout : shares dropped of the design's columns and of a block's values.
    """

    name: ClassVar[str] = "residual"

    n_features: int
    projected: int = 0
    n_blocks: int = 2
    input_dropout: float = 0.0
    dropout: float = 0.0
    activation: str = "gelu"

    @property
    def width(self) -> int:
        """Number of values that go through the blocks."""
        return self.projected or self.n_features

    def initial(self, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Draw projection and blocks."""
        import torch

        w = self.width
        found = {}
        if self.projected:
            found["project"] = uniform(generator, self.n_features, w, fan_in=self.n_features)
        for k in range(self.n_blocks):
            found[f"block{k}_gain"] = torch.ones(w)
            found[f"block{k}_offset"] = torch.zeros(w)
            found[f"block{k}_weight"] = uniform(generator, w, w, fan_in=w)
            found[f"block{k}_bias"] = torch.zeros(w)
        return found

    def forward(self, weights: Weights, design: torch.Tensor, drop: Drop) -> torch.Tensor:
        """Give (n_stimuli, width)."""
        from torch.nn import functional

        h = drop(design, self.input_dropout)
        if self.projected:
            h = h @ weights["project"]
        for k in range(self.n_blocks):
            gain, offset, weight, bias = (weights[f"block{k}_{part}"] for part in _PARTS)
            z = functional.layer_norm(h, (self.width,), gain, offset, _EPSILON) @ weight + bias
            h = h + drop(activate(self.activation, z), self.dropout)
        return h

    def apply(self, weights: Arrays, design: np.ndarray) -> np.ndarray:
        """Do the same in numpy."""
        h = design @ weights["project"] if self.projected else design
        for k in range(self.n_blocks):
            gain, offset, weight, bias = (weights[f"block{k}_{part}"] for part in _PARTS)
            centred = h - h.mean(1, keepdims=True)
            scale = np.sqrt((centred**2).mean(1, keepdims=True) + np.float32(_EPSILON))
            z = (centred / scale * gain + offset) @ weight + bias
            h = h + activate_array(self.activation, z)
        return h


_PARTS = ("gain", "offset", "weight", "bias")
