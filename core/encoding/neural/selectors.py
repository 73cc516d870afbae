"""Selectors: where on the picture a vertex looks, which layers it reads, and how widely.

All three are smooth functions of where the vertex lies on the cortex (FactorTopy): sinusoids of its
position enter small networks, one set per hemisphere, so that neighbours look at neighbouring
places. A vertex's own are only the weights by which it reads the channels found there.

References
----------
Yang, Gee & Shi 2023, "Brain decodes deep nets", arXiv 2312.01280 (method; written from the paper).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cortiscope.core.encoding.fields.predictor import PicturePlaces
from cortiscope.core.encoding.neural.trunks import (
    Arrays,
    Weights,
    activate,
    activate_array,
    uniform,
)
from cortiscope.core.encoding.training import PictureGrid

if TYPE_CHECKING:
    import torch

_START = 0.1
# 64 MB of float32 for what some vertices read.
_VALUES = 2**24
_IMAGES = 64
_MOST_WHOLE = 1 / 3
_SELECTORS = ("place", "shares", "scale")


@dataclass(frozen=True)
class Selections(PicturePlaces):
    """What is selected for each vertex beside its place.

    Parameters
    ----------
    scale : (n_vertices,) share of the mean over the whole picture in what a vertex reads, 0 to 1;
        the rest is read at its place. Layers of one place are seen whole.
    shares : (n_vertices, n_layers) of each layer; a row sums to 1.
    """

    scale: np.ndarray
    shares: np.ndarray

    @property
    def placed(self) -> np.ndarray:
        """Whether two thirds or more of what a vertex reads are at its place.

        A scale starts at a half: where nothing was learnt no place is named.
        """
        return self.scale <= _MOST_WHOLE

    @property
    def mean_layer(self) -> np.ndarray:
        """Mean of the layers by their shares: 0 the first, 1 the last."""
        return self.shares @ np.linspace(0, 1, self.shares.shape[1], dtype=np.float32)


@dataclass(frozen=True)
class SelectorReadout:
    """Each vertex reads a mix of layers, at its place and over the whole picture.

    With ``m_l`` the projected map of layer ``l``, ``g_l`` its mean over places, ``u`` the place of
    a vertex, ``w_l`` its shares of the layers and ``s`` its scale, the vertex reads the channels
    ``sum over l of w_l ((1 - s) m_l(u) + s g_l)`` by a weight each. Between places maps are
    interpolated linearly.

    Parameters
    ----------
    grids : per layer ``channels``, ``height``, ``width`` and ``box``, as ``PictureGrid`` has them;
        a layer of one place is seen whole.
    projected : channels to which each layer is projected, at most.
    width : hidden values of each small network.
    codes : (n_vertices, 2 (n_values + 1)) as by ``cortical_codes``; as all below for training only.
    jitter : by how much places are moved in a step, as an SD in shares of the picture's side; it
        falls from the first to the second over ``fade`` steps.
    penalty_at_first : of shares that are not even; 0 after ``fade`` steps.
    rate : factor on the learning rate of the small networks, which do not decay.
    """

    name: ClassVar[str] = "selectors"

    n_vertices: int
    grids: Sequence[Mapping[str, Any]]
    projected: int = 128
    width: int = 64
    codes: np.ndarray | None = field(default=None, repr=False, compare=False)
    jitter: tuple[float, float] = field(default=(0.0, 0.0), compare=False)
    penalty_at_first: float = field(default=0.0, compare=False)
    fade: int = field(default=1, compare=False)
    rate: float = field(default=1.0, compare=False)

    @property
    def placed(self) -> tuple[PictureGrid, ...]:
        """The grids as typed values; one without a box takes the whole picture."""
        boxes = [tuple(g["box"]) for g in self.grids]
        known = np.array([box for box in boxes if box[0] < box[2]] or [(-0.5, 0.5, 0.5, -0.5)])
        left, bottom = known[:, [0, 3]].min(axis=0).tolist()
        top, right = known[:, [1, 2]].max(axis=0).tolist()
        whole = (left, top, right, bottom)
        return tuple(
            PictureGrid(
                int(g["channels"]),
                int(g["height"]),
                int(g["width"]),
                box if box[0] < box[2] else whole,
            )
            for g, box in zip(self.grids, boxes, strict=True)
        )

    @property
    def picture(self) -> tuple[np.ndarray, np.ndarray]:
        """Middle and half sides (2,) of what all layers see, in degrees."""
        boxes = np.array([grid.box for grid in self.placed])
        low = boxes[:, [0, 3]].min(axis=0)
        high = boxes[:, [2, 1]].max(axis=0)
        return (low + high) / 2, (high - low) / 2

    def initial(self, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Draw networks that select nearly the same for all vertices, and small weights."""
        import torch

        assert self.codes is not None
        n_codes, w = self.codes.shape[1], self.width
        d = min(self.projected, max(grid.channels for grid in self.placed))
        found = {
            f"project{k}": uniform(generator, grid.channels, d, fan_in=grid.channels)
            for k, grid in enumerate(self.placed)
        }
        for name, n in zip(_SELECTORS, (2, len(self.grids), 1), strict=True):
            found[f"{name}_inner"] = uniform(generator, n_codes, w, fan_in=n_codes // 2)
            found[f"{name}_outer"] = _START * uniform(generator, 2 * w, n, fan_in=w)
            found[f"{name}_bias"] = torch.zeros(2, n)
        weight = torch.randn(d, self.n_vertices, generator=generator)
        return {
            **found,
            "out": weight * (_START / d**0.5),
            "out_bias": torch.zeros(self.n_vertices),
        }

    def fixed(self) -> dict[str, np.ndarray]:
        """Return the codes."""
        assert self.codes is not None
        return {"codes": self.codes}

    def pace(self, name: str) -> float:
        """Let the small networks learn faster than what is read at the places they select."""
        return self.rate if name.partition("_")[0] in _SELECTORS else 1.0

    def at_step(self, step: int, generator: torch.Generator) -> dict[str, torch.Tensor]:
        """Return by how much places are moved, and what is left of the penalty."""
        import torch

        left = max(1 - step / self.fade, 0.0)
        first, last = self.jitter
        sd = torch.as_tensor(2 * (last + (first - last) * left) * self.picture[1]).float()
        moved = torch.randn(self.n_vertices, 2, generator=generator) * sd
        return {"moved": moved, "penalty": torch.tensor(self.penalty_at_first * left)}

    def penalty(self, weights: Weights, part: slice) -> torch.Tensor:
        """Return what shares of layers, and of place and whole picture, lack of an even entropy."""
        import torch

        _, logits, scale = self._selected(weights, weights["codes"][part], activate)
        halves = torch.cat([torch.zeros_like(scale), scale], 1)  # the scale is a share of two
        return weights["penalty"] * (_uneven(logits) + _uneven(halves))

    def forward(self, weights: Weights, hidden: torch.Tensor, part: slice) -> torch.Tensor:
        """Return (n_stimuli, n of the part); of each map four places are read for a vertex."""
        import torch
        from torch.nn import functional

        place, shares, scale = self._selected(weights, weights["codes"][part], activate)
        middle, half = (torch.as_tensor(v).to(place) for v in self.picture)
        place, shares, scale = middle + half * place.tanh(), shares.softmax(1), scale.sigmoid()
        if "moved" in weights:
            place = place + weights["moved"][part]
        total, out = weights["out_bias"][part], weights["out"][:, part].T
        for k, (grid, maps) in enumerate(self._maps(hidden)):
            # Channels are projected in the weights, which are fewer than what is read by them.
            read = shares[:, k, None] * (out @ weights[f"project{k}"].T)
            maps = maps.permute(2, 0, 1)
            if grid.n_places > 1:
                numbers, parts = zip(*_corners(place, grid), strict=True)
                here = functional.embedding_bag(
                    torch.stack(numbers, 1).flatten().long(),
                    maps.reshape(grid.n_places, -1),
                    torch.arange(0, 4 * len(out), 4, device=out.device),
                    per_sample_weights=torch.stack(parts, 1).flatten(),
                    mode="sum",
                ).view(len(out), len(hidden), grid.channels)
                total = total + (here @ ((1 - scale) * read)[:, :, None])[..., 0].T
                read = scale * read
            total = total + maps.mean(0) @ read.T
        return total

    def vertices_at_once(self, n_stimuli: int) -> int:
        """Take as many as keep what they read within working memory."""
        return max(_VALUES // (n_stimuli * sum(grid.channels for grid in self.placed)), 1)

    def folded(self, weights: Arrays) -> dict[str, np.ndarray]:
        """Put what is selected for each vertex for the networks that select it."""
        place, logits, scale = self._selected(weights, weights["codes"], activate_array)
        middle, half = (v.astype(np.float32) for v in self.picture)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        kept = ("out", "out_bias", *(f"project{k}" for k in range(len(self.grids))))
        return {
            **{name: weights[name] for name in kept},
            "place": middle + half * np.tanh(place),
            "shares": powers / powers.sum(axis=1, keepdims=True),
            "scale": 0.5 * (1 + np.tanh(0.5 * scale)),
        }

    def apply(self, weights: Arrays, hidden: np.ndarray, vertices: np.ndarray) -> np.ndarray:
        """Do the same in numpy, some images and some vertices at a time."""
        found = np.empty((len(hidden), len(vertices)), dtype=np.float32)
        step = self.vertices_at_once(min(len(hidden), _IMAGES) or 1)
        for row in range(0, len(hidden), _IMAGES):
            for start in range(0, len(vertices), step):
                own = vertices[start : start + step]
                part = self._some(weights, hidden[row : row + _IMAGES], own)
                found[row : row + _IMAGES, start : start + step] = part
        return found

    def _some(self, weights: Arrays, hidden: np.ndarray, vertices: np.ndarray) -> np.ndarray:
        place, shares, scale = (weights[name][vertices] for name in _SELECTORS)
        total, out = weights["out_bias"][vertices], weights["out"][:, vertices].T
        for k, (grid, maps) in enumerate(self._maps(hidden)):
            read = shares[:, k, None] * (out @ weights[f"project{k}"].T)
            maps = np.ascontiguousarray(maps.transpose(2, 0, 1))
            if grid.n_places > 1:
                here = sum(
                    part[:, None, None] * maps[number.astype(np.intp)]
                    for number, part in _corners(place, grid)
                )
                total = total + (here @ ((1 - scale) * read)[:, :, None])[..., 0].T
                read = scale * read
            total = total + maps.mean(0) @ read.T
        return total

    def selections(self, weights: Arrays) -> Selections:
        """Return what is selected for each vertex, of folded weights."""
        (x, y), scale, shares = weights["place"].T, weights["scale"][:, 0], weights["shares"]
        alone = [grid.n_places == 1 for grid in self.placed]
        return Selections(x, y, scale + (1 - scale) * shares[:, alone].sum(axis=1), shares)

    def _maps(self, hidden: Any) -> Iterator[tuple[PictureGrid, Any]]:
        """Yield each grid and its maps (n_stimuli, channels, n_places), of torch or numpy."""
        start = 0
        for grid in self.placed:
            block = hidden[:, start : start + grid.n_columns]
            start += grid.n_columns
            yield grid, block.reshape(len(hidden), grid.channels, grid.n_places)

    def _selected(self, weights: Any, codes: Any, act: Callable[[str, Any], Any]) -> list[Any]:
        """Return what the networks give for place (n, 2), shares (n, n_layers), scale (n, 1)."""
        n = codes.shape[1] // 2
        side = codes[:, [n - 1, 2 * n - 1]]
        found = []
        for name in _SELECTORS:
            inner = act("gelu", codes @ weights[f"{name}_inner"])
            by_side = (inner[:, None] * side[:, :, None]).reshape(len(codes), -1)
            found.append(by_side @ weights[f"{name}_outer"] + side @ weights[f"{name}_bias"])
        return found


def cortical_codes(sinusoids: np.ndarray, hemispheres: np.ndarray) -> np.ndarray:
    """Give each hemisphere columns of its own: its sinusoids and a one; the others are 0.

    Parameters
    ----------
    sinusoids : (n_vertices, n_values).
    hemispheres : (n_vertices,) 0 left, 1 right.

    Returns
    -------
    (n_vertices, 2 (n_values + 1)) float32.
    """
    own = np.column_stack([sinusoids, np.ones(len(sinusoids))])
    sides = [own * (hemispheres == k)[:, None] for k in range(2)]
    return np.concatenate(sides, axis=1).astype(np.float32)


def _uneven(logits: torch.Tensor) -> torch.Tensor:
    """Return (n,) what the shares that logits (n, n_shares) give lack of the largest entropy."""
    logs = logits.log_softmax(1)
    return (logs.exp() * logs).sum(1) + float(np.log(logits.shape[1]))


def _corners(place: Any, grid: PictureGrid) -> list[tuple[Any, Any]]:
    """Return the four places of a grid next to each of some on the picture, and their shares.

    Beyond the middles of the outermost places these have all. Of torch, with a gradient, or numpy.

    Parameters
    ----------
    place : (n, 2) x and y in degrees.

    Returns
    -------
    Of each of the four (n,) its number, not yet a whole one by type, and (n,) its share.
    """
    left, top, right, bottom = grid.box
    ends = []
    for k, (low, high, n) in enumerate(((left, right, grid.width), (top, bottom, grid.height))):
        at = ((place[:, k] - low) * (n / (high - low)) - 0.5).clip(0, n - 1)
        rest = at % 1
        first = at - rest
        ends.append(((first, 1 - rest), ((first + 1).clip(0, n - 1), rest)))
    return [(y * grid.width + x, a * b) for y, a in ends[1] for x, b in ends[0]]
