"""Attention per ROI: one learned query for each looks for what it needs on the picture.

A decoder of one layer after Adeli et al. 2025: places of the maps are tokens, every ROI and
hemisphere has a query, and each vertex reads its ROI's answer by weights of its own. What a query
attends to is a picture of where its ROI finds what drives it, and may be elsewhere in every image.

References
----------
Adeli, Sun & Zelinsky 2025, "Transformer brain encoders explain human high-level visual responses",
arXiv 2505.17329 (method; written from the paper).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cortiscope.core.encoding.neural.trunks import (
    Arrays,
    Drop,
    Weights,
    activate,
    activate_array,
    uniform,
)
from cortiscope.core.encoding.training import PictureGrid, VertexTable
from cortiscope.core.errors import InvalidInput

if TYPE_CHECKING:
    import torch

_EPSILON = 1e-5
_IMAGES = 64
# Of position codes: wavelengths from twice the picture down to a few places.
_FREQUENCIES = 8
_START = 0.1
# 16 MB of float32 for the answers that some vertices read.
_VALUES = 2**22
REST = "rest"


@dataclass(frozen=True)
class Queries:
    """Who asks, and which vertex reads whose answer.

    Parameters
    ----------
    names : of the queries, as in ``lh.FFA-1``.
    of_vertex : (n_vertices,) int64, positions in ``names``.
    """

    names: tuple[str, ...]
    of_vertex: np.ndarray

    @classmethod
    def of(cls, table: VertexTable | None, n_vertices: int) -> Queries:
        """Give every ROI of each hemisphere a query; a vertex in several reads the first's.

        Vertices in none read one of their hemisphere; without a table one serves all.
        """
        if table is None:
            return cls(("all",), np.zeros(n_vertices, dtype=np.int64))
        parts = [
            (f"{side}.{roi}", vertices[table.hemispheres[vertices] == k])
            for roi, vertices in table.rois.items()
            for k, side in enumerate(("lh", "rh"))
        ]
        everything = np.arange(n_vertices)
        parts += [
            (f"{side}.{REST}", everything[table.hemispheres == k])
            for k, side in enumerate(("lh", "rh"))
        ]
        of_vertex = np.full(n_vertices, -1, dtype=np.int64)
        names: list[str] = []
        for name, vertices in parts:
            own = vertices[of_vertex[vertices] < 0]
            if len(own):
                of_vertex[own] = len(names)
                names.append(name)
        return cls(tuple(names), of_vertex)


@dataclass(frozen=True)
class AttentionTrunk:
    """The answers of all queries to an image: tokens in, (n_queries * width) values out.

    Parameters
    ----------
    grids : per grid of the design ``channels``, ``height``, ``width`` and ``box``, as
        ``PictureGrid`` has them; places of all grids are tokens.
    queries : names.
    token_width : values of a token and of an answer; a multiple of ``heads``.
    dropout : share of an answer's values dropped in training.
    """

    name: ClassVar[str] = "attention"

    grids: Sequence[Mapping[str, Any]]
    queries: Sequence[str]
    token_width: int = 64
    heads: int = 4
    dropout: float = 0.1

    def __post_init__(self) -> None:
        if self.token_width % self.heads:
            raise InvalidInput(
                f"The width of tokens, {self.token_width}, must be a multiple of the heads, "
                f"{self.heads}."
            )

    @property
    def width(self) -> int:
        """Number of values that it gives the readout: those of all answers."""
        return len(self.queries) * self.token_width

    @property
    def placed(self) -> tuple[PictureGrid, ...]:
        """The grids as typed values."""
        return tuple(
            PictureGrid(int(g["channels"]), int(g["height"]), int(g["width"]), tuple(g["box"]))
            for g in self.grids
        )

    @property
    def n_places(self) -> int:
        """Number of tokens of an image."""
        return sum(grid.n_places for grid in self.placed)

    def initial(self, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Draw projections, queries and the network behind them."""
        import torch

        w = self.token_width
        found = {
            f"grid{k}": uniform(generator, grid.channels, w, fan_in=grid.channels)
            for k, grid in enumerate(self.placed)
        }
        found["queries"] = torch.randn(len(self.queries), w, generator=generator)
        for name in ("ask", "key", "value", "join", "inner", "outer"):
            found[name] = uniform(generator, w, w, fan_in=w)
        for name in ("token", "answer"):
            found[f"{name}_gain"], found[f"{name}_offset"] = torch.ones(w), torch.zeros(w)
        for name in ("join", "inner", "outer"):
            found[f"{name}_bias"] = torch.zeros(w)
        return found

    def forward(self, weights: Weights, design: torch.Tensor, drop: Drop) -> torch.Tensor:
        """Return (n_stimuli, width)."""
        import torch
        from torch.nn import functional

        w, codes = self.token_width, torch.as_tensor(self._codes()).to(design)
        parts, start = [], 0
        for k, grid in enumerate(self.placed):
            block = design[:, start : start + grid.n_columns]
            start += grid.n_columns
            places = block.reshape(len(design), grid.channels, grid.n_places).transpose(1, 2)
            parts.append(places @ weights[f"grid{k}"])
        tokens = torch.cat(parts, dim=1)
        gain, offset = weights["token_gain"], weights["token_offset"]
        tokens = functional.layer_norm(tokens, (w,), gain, offset, _EPSILON)
        ask, key, value = (
            self._heads(t)
            for t in (
                weights["queries"] @ weights["ask"],
                (tokens + codes) @ weights["key"],
                tokens @ weights["value"],
            )
        )
        scores = torch.einsum("qhd,nphd->nhqp", ask, key) / (w // self.heads) ** 0.5
        read = torch.einsum("nhqp,nphd->nqhd", scores.softmax(-1), value)
        joined = read.reshape(len(design), -1, w) @ weights["join"] + weights["join_bias"]
        z = weights["queries"] + drop(joined, self.dropout)
        gain, offset = weights["answer_gain"], weights["answer_offset"]
        inner = functional.layer_norm(z, (w,), gain, offset, _EPSILON) @ weights["inner"]
        inner = activate("gelu", inner + weights["inner_bias"])
        z = z + drop(inner @ weights["outer"] + weights["outer_bias"], self.dropout)
        return z.flatten(1)

    def apply(self, weights: Arrays, design: np.ndarray) -> np.ndarray:
        """Do the same in numpy, some images at a time."""
        found = np.empty((len(design), self.width), dtype=np.float32)
        for start in range(0, len(design), _IMAGES):
            some = design[start : start + _IMAGES]
            found[start : start + len(some)] = self._answers(weights, some)
        return found

    def attention(self, weights: Arrays, design: np.ndarray) -> np.ndarray:
        """Return how much each query attends to each place, the mean over heads.

        Returns
        -------
        attention : (n_stimuli, n_queries, n_places), sums to 1 over the places of all grids.
        """
        return np.concatenate(
            [
                self._scores(weights, self._tokens(weights, design[k : k + _IMAGES])).mean(axis=1)
                for k in range(0, len(design), _IMAGES)
            ]
        )

    def _answers(self, weights: Arrays, design: np.ndarray) -> np.ndarray:
        w, tokens = self.token_width, self._tokens(weights, design)
        value = self._heads(tokens @ weights["value"])
        read = np.einsum("nhqp,nphd->nqhd", self._scores(weights, tokens), value)
        joined = read.reshape(len(design), -1, w) @ weights["join"] + weights["join_bias"]
        z = weights["queries"] + joined
        inner = _normed(z, weights["answer_gain"], weights["answer_offset"]) @ weights["inner"]
        inner = activate_array("gelu", inner + weights["inner_bias"])
        z = z + inner @ weights["outer"] + weights["outer_bias"]
        return z.reshape(len(design), -1)

    def _tokens(self, weights: Arrays, design: np.ndarray) -> np.ndarray:
        parts, start = [], 0
        for k, grid in enumerate(self.placed):
            block = design[:, start : start + grid.n_columns]
            start += grid.n_columns
            places = block.reshape(len(design), grid.channels, grid.n_places).transpose(0, 2, 1)
            parts.append(places @ weights[f"grid{k}"])
        tokens = np.concatenate(parts, axis=1)
        return _normed(tokens, weights["token_gain"], weights["token_offset"])

    def _scores(self, weights: Arrays, tokens: np.ndarray) -> np.ndarray:
        ask = self._heads(weights["queries"] @ weights["ask"])
        key = self._heads((tokens + self._codes()) @ weights["key"])
        scores = np.einsum("qhd,nphd->nhqp", ask, key) / (self.token_width // self.heads) ** 0.5
        powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
        return powers / powers.sum(axis=-1, keepdims=True)

    def _heads(self, values: Any) -> Any:
        return values.reshape(*values.shape[:-1], self.heads, self.token_width // self.heads)

    def _codes(self) -> np.ndarray:
        """Return sines and cosines of the tokens' places, (n_places, token_width)."""
        boxes = [grid.box for grid in self.placed]
        side = max(max(right - left, top - bottom) for left, top, right, bottom in boxes) or 1.0
        places = np.concatenate([_centres(grid, side) for grid in self.placed])
        turns = np.pi * 2.0 ** np.arange(_FREQUENCIES)
        angles = (places[:, :, None] * turns).reshape(len(places), -1)
        codes = np.concatenate([np.sin(angles), np.cos(angles)], axis=1).astype(np.float32)
        repeated = np.zeros((len(places), self.token_width), dtype=np.float32)
        n = min(codes.shape[1], self.token_width)
        repeated[:, :n] = codes[:, :n]
        return repeated


def _centres(grid: PictureGrid, side: float) -> np.ndarray:
    """Return x and y of a grid's places as shares of ``side`` degrees, (n_places, 2).

    Networks that see different parts of the picture have one code for one place of it. A grid
    without a box takes the whole side.
    """
    left, top, right, bottom = grid.box
    if left == right:
        left, top, right, bottom = -side / 2, side / 2, side / 2, -side / 2
    x = left + (right - left) * (np.arange(grid.width) + 0.5) / grid.width
    y = top + (bottom - top) * (np.arange(grid.height) + 0.5) / grid.height
    across, down = np.meshgrid(x / side, y / side)
    return np.column_stack([across.ravel(), down.ravel()])


def _normed(values: np.ndarray, gain: np.ndarray, offset: np.ndarray) -> np.ndarray:
    centred = values - values.mean(axis=-1, keepdims=True)
    scale = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + np.float32(_EPSILON))
    return centred / scale * gain + offset


@dataclass(frozen=True)
class AnswerReadout:
    """Each vertex reads the answer to its ROI's query by weights of its own, and a bias.

    Parameters
    ----------
    width : values of an answer.
    of_vertex : (n_vertices,) whose answer each vertex reads; for training only.
    """

    name: ClassVar[str] = "answer"

    n_vertices: int
    width: int
    of_vertex: np.ndarray | None = field(default=None, repr=False, compare=False)

    def initial(self, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Draw small weights, so that early stopping starts flat."""
        import torch

        weight = torch.randn(self.width, self.n_vertices, generator=generator)
        out_bias = torch.zeros(self.n_vertices)
        return {"out": weight * (_START / self.width**0.5), "out_bias": out_bias}

    def fixed(self) -> dict[str, np.ndarray]:
        """Return whose answers are read."""
        assert self.of_vertex is not None
        return {"of_vertex": self.of_vertex}

    def forward(self, weights: Weights, hidden: torch.Tensor, part: slice) -> torch.Tensor:
        """Return (n_stimuli, n of the part)."""
        import torch

        answers = hidden.reshape(len(hidden), -1, self.width)[:, weights["of_vertex"][part]]
        read = torch.einsum("nvw,wv->nv", answers, weights["out"][:, part])
        return read + weights["out_bias"][part]

    def vertices_at_once(self, n_stimuli: int) -> int:
        """Take as many as keep the answers that they read within working memory."""
        return max(_VALUES // (n_stimuli * self.width), 1)

    def folded(self, weights: Arrays) -> dict[str, np.ndarray]:
        """Return them as they are."""
        return dict(weights)

    def apply(self, weights: Arrays, hidden: np.ndarray, vertices: np.ndarray) -> np.ndarray:
        """Do the same in numpy, answer by answer."""
        answers = hidden.reshape(len(hidden), -1, self.width)
        whose = weights["of_vertex"][vertices]
        found = np.empty((len(hidden), len(vertices)), dtype=np.float32)
        for k in np.unique(whose):
            here = np.flatnonzero(whose == k)
            found[:, here] = answers[:, k] @ weights["out"][:, vertices[here]]
        return found + weights["out_bias"][vertices]
