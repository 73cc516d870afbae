"""A fitted head: trunk, readout, their weights as arrays, and the units it works in.

A head sees a standardised design, and gives responses in each vertex's own units. Predicting needs
numpy alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from cortiscope.core.encoding.neural.attention import AnswerReadout, AttentionTrunk
from cortiscope.core.encoding.neural.readouts import LinearReadout, PositionalReadout, Readout
from cortiscope.core.encoding.neural.selectors import Selections, SelectorReadout
from cortiscope.core.encoding.neural.trunks import Conv1dTrunk, IdentityTrunk, ResidualTrunk, Trunk
from cortiscope.core.encoding.predictor import LinearPredictor, Predictor, check_design
from cortiscope.core.encoding.ridge.data import vertex_chunks
from cortiscope.core.encoding.training import PictureGrid, Responses
from cortiscope.core.errors import InvalidInput, check_option, unknown_name

if TYPE_CHECKING:
    import torch

SCALINGS = ("columns", "overall")
_BYTES_KEPT = 2**30
TRUNKS: dict[str, Callable[..., Trunk]] = {
    t.name: t for t in (IdentityTrunk, ResidualTrunk, Conv1dTrunk, AttentionTrunk)
}
READOUTS: dict[str, Callable[..., Readout]] = {
    r.name: r for r in (LinearReadout, PositionalReadout, AnswerReadout, SelectorReadout)
}


@dataclass(frozen=True)
class Standardisation:
    """``standardised = (values - mean) / scale``, column by column.

    Parameters
    ----------
    mean, scale : (n,) float64; the scale is 1 for a constant column.
    varies : (n,) whether a column is not constant.
    """

    mean: np.ndarray
    scale: np.ndarray
    varies: np.ndarray

    @classmethod
    def of_design(cls, design: np.ndarray, how: str = "columns") -> Standardisation:
        """Measure the columns of a design; ``overall`` gives them one scale."""
        check_option("scaling", how, SCALINGS)
        found = cls._of(design)
        if how == "overall":
            common = np.sqrt(np.mean(np.where(found.varies, found.scale, 0) ** 2)) or 1.0
            return cls(found.mean, np.full_like(found.scale, common), found.varies)
        return found

    @classmethod
    def of_responses(cls, responses: Responses, rows: np.ndarray) -> Standardisation:
        """Measure vertices over some images; reads a chunk of vertices at a time."""
        found = cls(*(np.empty(responses.shape[1], t) for t in (float, float, bool)))
        for part in vertex_chunks(responses.shape[1], 4 * len(responses)):
            chunk = cls._of(np.asarray(responses[:, part])[rows])
            found.mean[part], found.scale[part] = chunk.mean, chunk.scale
            found.varies[part] = chunk.varies
        return found

    @classmethod
    def _of(cls, values: np.ndarray) -> Standardisation:
        x = values.astype(np.float64)
        low, scale = x.min(axis=0), x.std(axis=0)
        varies = (low < x.max(axis=0)) & (scale > 0)
        # A constant's mean may differ from it by rounding.
        return cls(np.where(varies, x.mean(axis=0), low), np.where(varies, scale, 1.0), varies)

    def standardise(self, values: np.ndarray) -> np.ndarray:
        """Return float32; a constant column is 0 whatever comes."""
        z = (values.astype(np.float64) - self.mean) / self.scale
        z[:, ~self.varies] = 0
        return z.astype(np.float32)


class Targets:
    """Standardised responses, a batch of images at a time.

    They are kept in memory up to 1 GB; beyond, a batch's rows are read whenever it comes.
    """

    def __init__(self, responses: Responses, scale: Standardisation, device: str) -> None:
        self._responses, self._scale, self._device = responses, scale, device
        n, v = responses.shape
        self._kept = self._read(np.arange(n)) if 4 * n * v <= _BYTES_KEPT else None

    def rows(self, rows: np.ndarray) -> torch.Tensor:
        """Return (n, n_vertices) float32."""
        import torch

        if self._kept is None:
            return self._read(rows)
        return self._kept[torch.as_tensor(rows, device=self._device)]

    def _read(self, rows: np.ndarray) -> torch.Tensor:
        import torch

        found = torch.empty((len(rows), self._responses.shape[1]))
        step = max(2**22 // self._responses.shape[1], 1)
        for start in range(0, len(rows), step):
            values = np.asarray(self._responses[rows[start : start + step], :])
            found[start : start + step] = torch.from_numpy(self._scale.standardise(values))
        return found.to(self._device)


@dataclass(frozen=True)
class HeadPredictor:
    """A trunk and a readout with their weights.

    Parameters
    ----------
    weights : of both, as the readout's ``folded`` gives them.
    input_mean, input_scale : (n_features,) float32, of the design.
    output_mean, output_scale : (n_vertices,) float32; the scale of a constant vertex is 0.
    notes : the curves of the training, over epochs. They are saved beside the weights, are not
        used to predict and are not restored.
    """

    kind: ClassVar[str] = "head"

    trunk: Trunk
    readout: Readout
    weights: Mapping[str, np.ndarray]
    input_mean: np.ndarray
    input_scale: np.ndarray
    output_mean: np.ndarray
    output_scale: np.ndarray
    notes: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Its parts and its shape: arrays would fill the screen."""
        parts = f"{self.trunk.name} trunk, {self.readout.name} readout"
        columns = len(self.input_mean)
        return f"<HeadPredictor, {parts}, {columns:,} columns to {self.n_vertices:,} vertices>"

    @property
    def n_vertices(self) -> int:
        """Number of vertices that it predicts."""
        return len(self.output_mean)

    @property
    def grids(self) -> tuple[PictureGrid, ...]:
        """What it takes the design's columns for, where it looks at places; else empty."""
        if isinstance(self.readout, SelectorReadout):
            return self.readout.placed
        return self.trunk.placed if isinstance(self.trunk, AttentionTrunk) else ()

    @property
    def fields(self) -> Selections | None:
        """Where each vertex looks and which layers it reads, where the readout selects them."""
        if isinstance(self.readout, SelectorReadout):
            return self.readout.selections(self.weights)
        return None

    def predict(self, design: np.ndarray, vertices: np.ndarray | None = None) -> np.ndarray:
        """Predict (n_stimuli, n_vertices) float32; of some vertices (positions) if named."""
        check_design(design, len(self.input_mean))
        chosen = np.arange(self.n_vertices) if vertices is None else np.asarray(vertices)
        hidden = self.trunk.apply(self.weights, self.standardised(design))
        found = self.readout.apply(self.weights, hidden, chosen)
        found *= self.output_scale[chosen]
        found += self.output_mean[chosen]
        return found

    def standardised(self, design: np.ndarray) -> np.ndarray:
        """Return a design (n_stimuli, n_features) in the units that the trunk reads."""
        return ((np.asarray(design) - self.input_mean) / self.input_scale).astype(np.float32)

    def arrays(self) -> dict[str, np.ndarray]:
        """Weights, scales and curves."""
        scales = ("input_mean", "input_scale", "output_mean", "output_scale")
        return {
            **{f"weight_{name}": values for name, values in self.weights.items()},
            **{name: getattr(self, name) for name in scales},
            **self.notes,
        }

    def structure(self) -> dict[str, Any]:
        """Trunk and readout with their sizes, and which arrays there are."""
        return {
            "kind": self.kind,
            "trunk": _described(self.trunk),
            "readout": _described(self.readout),
            "weights": sorted(self.weights),
            "notes": sorted(self.notes),
        }

    @classmethod
    def restore(
        cls, structure: Mapping[str, Any], array: Callable[[str], np.ndarray]
    ) -> HeadPredictor:
        """Make it from what ``structure`` and ``arrays`` gave."""
        return cls(
            _made("trunk", structure["trunk"], TRUNKS),
            _made("readout", structure["readout"], READOUTS),
            {name: array(f"weight_{name}") for name in structure["weights"]},
            array("input_mean"),
            array("input_scale"),
            array("output_mean"),
            array("output_scale"),
        )


@dataclass(frozen=True)
class Attention:
    """What the queries of a model attend to in some images.

    Parameters
    ----------
    queries : names, as in ``lh.FFA-1``.
    of_vertex : (n_vertices,) whose answer each vertex reads, positions in ``queries``.
    grids : where the places lie.
    shares : per grid (n_stimuli, n_queries, height, width), the mean over heads; over all grids a
        query's sum to 1.
    """

    queries: tuple[str, ...]
    of_vertex: np.ndarray
    grids: tuple[PictureGrid, ...]
    shares: tuple[np.ndarray, ...]


def attention_of(predictor: Predictor, design: np.ndarray) -> Attention:
    """Return what each ROI's query attends to in images, by a model that attends.

    Parameters
    ----------
    design : (n_stimuli, n_columns), as for ``predict``.

    Raises
    ------
    InvalidInput : the model attends to nothing.
    """
    if not isinstance(predictor, HeadPredictor) or not isinstance(predictor.trunk, AttentionTrunk):
        raise InvalidInput(
            "This model has no attention.", "Fit one with --regressor roi_attention."
        )
    trunk = predictor.trunk
    found = trunk.attention(predictor.weights, predictor.standardised(design))
    ends = np.cumsum([grid.n_places for grid in trunk.placed])[:-1]
    shares = tuple(
        part.reshape(*part.shape[:2], grid.height, grid.width)
        for part, grid in zip(np.split(found, ends, axis=2), trunk.placed, strict=True)
    )
    of_vertex = np.asarray(predictor.weights["of_vertex"])
    return Attention(tuple(trunk.queries), of_vertex, trunk.placed, shares)


def head_predictor(
    trunk: Trunk,
    readout: Readout,
    weights: Mapping[str, np.ndarray],
    inputs: Standardisation,
    outputs: Standardisation,
    notes: Mapping[str, np.ndarray],
) -> HeadPredictor | LinearPredictor:
    """Make the predictor of a trained head: linear coefficients where it is exactly linear."""
    folded = readout.folded(weights)
    output_scale = np.where(outputs.varies, outputs.scale, 0.0)
    if isinstance(trunk, IdentityTrunk) and isinstance(readout, LinearReadout):
        slopes = np.where(inputs.varies, 1 / inputs.scale, 0.0)
        coef = folded["out"].astype(np.float64) * slopes[:, None] * output_scale
        intercept = outputs.mean + output_scale * folded["out_bias"] - inputs.mean @ coef
        return LinearPredictor(
            coef.astype(np.float32), intercept.astype(np.float32), notes=dict(notes)
        )
    # A column that was constant in training stays without effect: nothing was learnt about it.
    input_scale = np.where(inputs.varies, inputs.scale, np.inf)
    return HeadPredictor(
        trunk,
        readout,
        folded,
        inputs.mean.astype(np.float32),
        input_scale.astype(np.float32),
        outputs.mean.astype(np.float32),
        output_scale.astype(np.float32),
        notes,
    )


def _described(part: Any) -> dict[str, Any]:
    fields = [f for f in dataclasses.fields(part) if f.compare]
    return {"name": part.name, **{f.name: getattr(part, f.name) for f in fields}}


def _made(what: str, described: Mapping[str, Any], known: Mapping[str, Callable[..., Any]]) -> Any:
    values = dict(described)
    name = str(values.pop("name"))
    if name not in known:
        raise unknown_name(what, name, known)
    return known[name](**values)
