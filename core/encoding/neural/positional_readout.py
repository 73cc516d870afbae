"""A readout that knows a vertex by its place only: one network for all vertices.

The first layer sees [what the trunk gives ; the vertex's position code]. It is linear before its
nonlinearity, so the code's share is computed once per vertex and the image's once per image; only
what follows is computed for every pair of image and vertex.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from cortiscope.core.encoding.neural.activations import activate, activate_array
from cortiscope.core.encoding.neural.trunks import Arrays, Weights, uniform

if TYPE_CHECKING:
    import torch

# 4 MB of float32 for one layer of pairs: stays in a core's cache, mostly.
_VALUES = 2**20


@dataclass(frozen=True)
class PositionalReadout:
    """A network on [image ; place] that gives one response.

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
        """Give (n_stimuli, n of the part)."""
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
