"""Readouts: what a vertex makes of what the trunk gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

import numpy as np

from cortiscope.core.encoding.neural.trunks import (
    Arrays,
    Weights,
    activate,
    activate_array,
    uniform,
)

if TYPE_CHECKING:
    import torch

    from cortiscope.core.encoding.predictor import LinearPredictor
    from cortiscope.core.encoding.reduction.fitted import FittedReduction

_START = 0.1
# 4 MB of float32 for one layer of pairs: stays in a core's cache, mostly.
_VALUES = 2**20


class Readout(Protocol):
    """The part of a head that differs between vertices."""

    name: ClassVar[str]

    @property
    def n_vertices(self) -> int:
        """Number of vertices."""

    def initial(self, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Draw weights to start from."""

    def fixed(self) -> dict[str, np.ndarray]:
        """Return arrays that ``forward`` wants among the weights but that are not trained."""

    def forward(self, weights: Weights, hidden: torch.Tensor, part: slice) -> torch.Tensor:
        """Return (n_stimuli, n of the part) for (n_stimuli, width) of the trunk."""

    def vertices_at_once(self, n_stimuli: int) -> int:
        """Say for how many vertices ``forward`` fits in working memory."""

    def folded(self, weights: Arrays) -> dict[str, np.ndarray]:
        """Return the weights in the form in which ``apply`` wants them."""

    def apply(self, weights: Arrays, hidden: np.ndarray, vertices: np.ndarray) -> np.ndarray:
        """Do the same in numpy for some vertices (positions)."""


@runtime_checkable
class Eased(Protocol):
    """A readout whose first steps are made easier than its predictions are."""

    def pace(self, name: str) -> float:
        """Return the factor on the learning rate of a weight; with another than 1 none decays."""

    def at_step(self, step: int, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Return what the weights are joined by in a step (from 0) of the training."""

    def penalty(self, weights: Weights, part: slice) -> torch.Tensor:
        """Return (n of the part) what is added to the loss of each vertex in a step."""


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
        """Return (n_stimuli, n of the part)."""
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


@dataclass(frozen=True)
class PositionalReadout:
    """One network for all vertices, on [image ; place]: it knows a vertex by its place only.

    The first layer sees what the trunk gives and the vertex's position code. It is linear before
    its nonlinearity, so the code's share is computed once per vertex and the image's once per
    image; only what follows is computed for every pair of image and vertex.

    Parameters
    ----------
    width : values of the trunk, and of every hidden layer.
    n_layers : hidden layers.
    codes : (n_vertices, n_values) position codes; for training only.
    """

    name: ClassVar[str] = "positional"

    n_vertices: int
    width: int
    n_layers: int = 1
    activation: str = "relu"
    codes: np.ndarray | None = field(default=None, repr=False, compare=False)

    def initial(self, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Draw the network; the code's weights are drawn as the image's would be."""
        import torch

        assert self.codes is not None
        n_values, w = self.codes.shape[1], self.width
        found = {
            "place": uniform(generator, n_values, w, fan_in=n_values),
            "place_bias": torch.zeros(w),
        }
        for k in range(1, self.n_layers):
            found[f"layer{k}_weight"] = uniform(generator, w, w, fan_in=w)
            found[f"layer{k}_bias"] = torch.zeros(w)
        found["out"] = uniform(generator, w, 1, fan_in=w)
        found["out_bias"] = torch.zeros(1)
        return found

    def fixed(self) -> dict[str, np.ndarray]:
        """Return the codes."""
        assert self.codes is not None
        return {"codes": self.codes}

    def forward(self, weights: Weights, hidden: torch.Tensor, part: slice) -> torch.Tensor:
        """Return (n_stimuli, n of the part)."""
        import torch

        place = torch.addmm(weights["place_bias"], weights["codes"][part], weights["place"])
        z = activate(self.activation, hidden[:, None] + place)
        for k in range(1, self.n_layers):
            layer = z @ weights[f"layer{k}_weight"] + weights[f"layer{k}_bias"]
            z = activate(self.activation, layer)
        return (z @ weights["out"])[..., 0] + weights["out_bias"]

    def vertices_at_once(self, n_stimuli: int) -> int:
        """Take as many as keep a layer of pairs within working memory."""
        return max(_VALUES // (n_stimuli * self.width), 1)

    def folded(self, weights: Arrays) -> dict[str, np.ndarray]:
        """Put each vertex's share of the first layer, ``place_of_vertex``, for codes and layer."""
        assert self.codes is not None
        kept = {k: v for k, v in weights.items() if k not in ("place", "place_bias", "codes")}
        return {
            **kept,
            "place_of_vertex": self.codes @ weights["place"] + weights["place_bias"],
        }

    def apply(self, weights: Arrays, hidden: np.ndarray, vertices: np.ndarray) -> np.ndarray:
        """Do the same in numpy, some images and some vertices at a time."""
        found = np.empty((len(hidden), len(vertices)), dtype=np.float32)
        images = min(len(hidden), 64)
        for row in range(0, len(hidden), 64):
            step = self.vertices_at_once(images)
            for start in range(0, len(vertices), step):
                place = weights["place_of_vertex"][vertices[start : start + step]]
                z = hidden[row : row + 64, None] + place
                found[row : row + 64, start : start + step] = self._pairs(weights, z)
        return found

    def _pairs(self, weights: Arrays, z: np.ndarray) -> np.ndarray:
        z = activate_array(self.activation, z)
        for k in range(1, self.n_layers):
            layer = z @ weights[f"layer{k}_weight"] + weights[f"layer{k}_bias"]
            z = activate_array(self.activation, layer)
        return (z @ weights["out"])[..., 0] + weights["out_bias"]


@dataclass(frozen=True)
class RidgeReadout:
    """Reduction and ridge as torch computes them: a solution for each part of the images.

    Parameters
    ----------
    mean, per_scale, components : of the reduction, ((features - mean) * per_scale) @ components.
    solutions : coefficients and intercepts by part, fitted without the part's images.
    """

    mean: torch.Tensor
    per_scale: torch.Tensor
    components: torch.Tensor
    solutions: Sequence[tuple[torch.Tensor, torch.Tensor]]

    @classmethod
    def of(
        cls, reduction: FittedReduction, solutions: Sequence[LinearPredictor], device: str
    ) -> RidgeReadout:
        """Bring a reduction and ridge solutions, one per part, to a device."""
        import torch

        def tensor(values: np.ndarray) -> torch.Tensor:
            return torch.as_tensor(values, dtype=torch.float32, device=device)

        scale = reduction.scale
        used = np.divide(1, scale, out=np.zeros_like(scale), where=scale > 0)
        return cls(
            tensor(reduction.mean),
            tensor(used),
            tensor(reduction.components),
            [(tensor(s.coef), tensor(s.intercept)) for s in solutions],
        )

    def predict(self, features: torch.Tensor, part: int) -> torch.Tensor:
        """Predict (n_images, n_vertices) for images of a part from features (n_images, n)."""
        coef, intercept = self.solutions[part]
        return ((features - self.mean) * self.per_scale) @ self.components @ coef + intercept
