"""Trunks: what a head makes of an image's design before any vertex reads it.

Each is written for training (torch) and for predicting (numpy), and so are their nonlinearities.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cortiscope.core.errors import InvalidInput, check_option

if TYPE_CHECKING:
    import torch

ACTIVATIONS = ("relu", "gelu", "silu", "tanh")
_GELU = float(np.sqrt(2 / np.pi))
_EPSILON = 1e-5
# Of a block of the residual trunk.
_PARTS = ("gain", "offset", "weight", "bias")
# Convolved at once.
_IMAGES = 256

Weights = Mapping[str, "torch.Tensor"]
Arrays = Mapping[str, np.ndarray]
Drop = Callable[["torch.Tensor", float], "torch.Tensor"]
"""Sets a share of values to 0 and scales up the rest; gives them back as they are when scoring."""


def activate(name: str, values: torch.Tensor) -> torch.Tensor:
    """Apply a nonlinearity; ``gelu`` in its tanh form."""
    from torch.nn import functional

    check_option("activation", name, ACTIVATIONS)
    if name == "gelu":
        return functional.gelu(values, approximate="tanh")
    return {"relu": functional.relu, "silu": functional.silu, "tanh": functional.tanh}[name](values)


def activate_array(name: str, values: np.ndarray) -> np.ndarray:
    """Apply the same nonlinearity to an array."""
    check_option("activation", name, ACTIVATIONS)
    if name == "relu":
        return np.maximum(values, 0)
    if name == "tanh":
        return np.tanh(values)
    # The logistic function as a tanh, whose argument cannot overflow.
    inner = values if name == "silu" else 2 * _GELU * (values + 0.044715 * values**3)
    return 0.5 * values * (1 + np.tanh(0.5 * inner))


class Trunk(Protocol):
    """The part of a head that all vertices share. Its fields are JSON values."""

    name: ClassVar[str]

    @property
    def width(self) -> int:
        """Number of values that it gives the readout."""

    def initial(self, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Draw weights to start from."""

    def forward(self, weights: Weights, design: torch.Tensor, drop: Drop) -> torch.Tensor:
        """Return (n_stimuli, width) for a standardised design."""

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
        """Return the design as it is."""
        return design


def uniform(generator: torch.Generator, *shape: int, fan_in: int) -> torch.Tensor:
    """Draw between -1/sqrt(fan_in) and 1/sqrt(fan_in): torch's own rule for linear layers."""
    import torch

    return (2 * torch.rand(*shape, generator=generator) - 1) / fan_in**0.5


@dataclass(frozen=True)
class ResidualTrunk:
    """A head that may bend: a projection (if asked for), then residual blocks.

    A block is ``h + dropout(activation(linear(norm(h))))``.

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
        """Return (n_stimuli, width)."""
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


@dataclass(frozen=True)
class Conv1dTrunk:
    """The design as a signal with one channel: convolution, activation, mean over ``pool`` steps.

    The experiment that Chimisso et al. call CLIP-Conv1d; nothing but its name was published. The
    values of an embedding, or the components of a PCA, are in no order that would make neighbours
    alike, so there is no reason for a convolution along them to help.

    Parameters
    ----------
    kernel : length of the filters; ``kernel // 2`` zeros are put before and after the design.
    stride : steps between the filters' places.
    pool : places averaged, without overlap; those left over at the end are dropped.
    """

    name: ClassVar[str] = "conv1d"

    n_features: int
    channels: int = 8
    kernel: int = 9
    stride: int = 2
    pool: int = 2
    activation: str = "gelu"

    def __post_init__(self) -> None:
        if self.length < 1:
            raise InvalidInput(
                f"A convolution with kernel {self.kernel}, stride {self.stride} and pooling over "
                f"{self.pool} leaves nothing of {self.n_features} design columns.",
                "Take a shorter kernel, stride or pooling, or more components.",
            )

    @property
    def length(self) -> int:
        """Number of places after pooling."""
        padded = self.n_features + 2 * (self.kernel // 2)
        return ((padded - self.kernel) // self.stride + 1) // self.pool

    @property
    def width(self) -> int:
        """Number of values that it gives the readout: all places of all channels."""
        return self.channels * self.length

    def initial(self, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Draw filters."""
        import torch

        filters = uniform(generator, self.channels, self.kernel, fan_in=self.kernel)
        return {"filters": filters, "filter_bias": torch.zeros(self.channels)}

    def forward(self, weights: Weights, design: torch.Tensor, drop: Drop) -> torch.Tensor:
        """Return (n_stimuli, width), channel by channel."""
        from torch.nn import functional

        z = functional.conv1d(
            design[:, None],
            weights["filters"][:, None],
            weights["filter_bias"],
            stride=self.stride,
            padding=self.kernel // 2,
        )
        return functional.avg_pool1d(activate(self.activation, z), self.pool).flatten(1)

    def apply(self, weights: Arrays, design: np.ndarray) -> np.ndarray:
        """Do the same in numpy, some images at a time."""
        found = np.empty((len(design), self.width), dtype=np.float32)
        for start in range(0, len(design), _IMAGES):
            found[start : start + _IMAGES] = self._some(weights, design[start : start + _IMAGES])
        return found

    def _some(self, weights: Arrays, design: np.ndarray) -> np.ndarray:
        side = self.kernel // 2
        padded = np.pad(design, ((0, 0), (side, side)))
        windows = sliding_window_view(padded, self.kernel, axis=1)[:, :: self.stride]
        z = activate_array(self.activation, windows @ weights["filters"].T + weights["filter_bias"])
        kept = z[:, : self.length * self.pool].reshape(len(design), self.length, self.pool, -1)
        return kept.mean(2).transpose(0, 2, 1).reshape(len(design), -1)
