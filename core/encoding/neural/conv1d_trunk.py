"""A convolution along the design: the experiment that Chimisso et al. call CLIP-Conv1d.

The values of an embedding, or the components of a PCA, stand in no order that would make
neighbours alike, so there is no reason for a convolution along them to help. It is here to repeat
the experiment; nothing but its name was published.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from cortiscope.core.encoding.neural.activations import activate, activate_array
from cortiscope.core.encoding.neural.trunks import Arrays, Drop, Weights, uniform
from cortiscope.core.errors import InvalidInput

if TYPE_CHECKING:
    import torch

_IMAGES = 256


@dataclass(frozen=True)
class Conv1dTrunk:
    """The design as a signal with one channel: convolution, activation, mean over ``pool`` steps.

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
        """Give (n_stimuli, width), channel by channel."""
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
