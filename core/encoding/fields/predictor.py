"""A fitted model of receptive fields: predicts by numpy alone, and says where each vertex looks."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import numpy as np

from cortiscope.core.encoding.fields.candidates import field_weights
from cortiscope.core.encoding.predictor import EnsemblePredictor, Predictor, check_design
from cortiscope.core.encoding.training import PictureGrid
from cortiscope.core.errors import InvalidInput

# Fields that are laid on the maps in one product, and rows of the design at a time.
FIELDS_AT_ONCE = 64
_ROWS = 256

_SURE_WIDTH = 0.6
_SURE_GAIN = 10.0


@dataclass(frozen=True)
class PicturePlaces:
    """Where on the picture each vertex looks, (n_vertices,) each.

    Parameters
    ----------
    x, y : in degrees from the picture's middle, right and up.
    """

    x: np.ndarray
    y: np.ndarray

    @property
    def placed(self) -> np.ndarray:
        """Whether a vertex looks at a place at all, and not at the whole picture."""
        return np.ones(len(self.x), dtype=bool)

    @property
    def eccentricity(self) -> np.ndarray:
        """Distance from the picture's middle, in degrees."""
        return np.hypot(self.x, self.y)

    @property
    def angle(self) -> np.ndarray:
        """Polar angle in degrees: 0 right, 90 up, -90 down, 180 left."""
        return np.degrees(np.arctan2(self.y, self.x))


@dataclass(frozen=True)
class ReceptiveFields(PicturePlaces):
    """The receptive field of each vertex, (n_vertices,) each.

    Fields are compared by the likelihood that their errors imply, ``error^(-n / 2)``.

    Parameters
    ----------
    x, y : centre in degrees from the picture's middle, right and up: the mean of all fields by
        the square root of their likelihood, which is a better estimate than the best of them.
    sigma : SD of the Gaussian in degrees, likewise the mean, of its logarithm.
    width : how far fields that fit about as well lie from their mean, in degrees (root mean
        square): how sure the centre is.
    gain : by how much the best field beats the whole picture: twice the difference in log
        likelihood that the errors imply, ``n log(error of the whole / error of the best)``.
    inside : share of the field that lies on the picture, 0 to 1.
    whole : whether no field serves better than the whole picture.
    """

    sigma: np.ndarray
    width: np.ndarray
    gain: np.ndarray
    inside: np.ndarray
    whole: np.ndarray

    @property
    def placed(self) -> np.ndarray:
        """Whether a field serves better than the whole picture."""
        return ~self.whole

    @property
    def sure(self) -> np.ndarray:
        """Whether the field is known to well within a degree and is there at all."""
        return ~self.whole & (self.width <= _SURE_WIDTH) & (self.gain >= _SURE_GAIN)


_MAPS = ("x", "y", "sigma", "width", "gain", "inside", "whole")


@dataclass(frozen=True)
class FieldsPredictor:
    """Predicts ``intercept + sum over channels of weights * (map under the vertex's field)``.

    Parameters
    ----------
    grids : what the design's columns are.
    fields : where each vertex looks, as far as the fit can say.
    placed : (n_vertices, 3) x, y, sigma of the one field that it is predicted by; sigma is infinite
        for the whole picture.
    weights : (n_channels, n_vertices) float32, of all grids one after another.
    intercept : (n_vertices,) float32.
    alpha : (n_vertices,) float32, penalty as a share of the mean variance of the field's channels.
    """

    kind: ClassVar[str] = "receptive_fields"

    grids: tuple[PictureGrid, ...]
    fields: ReceptiveFields
    placed: np.ndarray
    weights: np.ndarray
    intercept: np.ndarray
    alpha: np.ndarray

    def __repr__(self) -> str:
        """Its shape: arrays would fill the screen."""
        return (
            f"<FieldsPredictor, {len(self.weights):,} channels in {len(self.grids)} grids, "
            f"to {self.n_vertices:,} vertices>"
        )

    @property
    def n_vertices(self) -> int:
        """Number of vertices that it predicts."""
        return len(self.intercept)

    def predict(self, design: np.ndarray, vertices: np.ndarray | None = None) -> np.ndarray:
        """Predict (n_stimuli, n_vertices) float32; rows of the design are read in parts."""
        check_design(design, sum(grid.n_columns for grid in self.grids))
        wanted = np.arange(self.n_vertices) if vertices is None else np.asarray(vertices)
        laid, which = np.unique(self.placed[wanted], axis=0, return_inverse=True)
        order = np.argsort(which.ravel(), kind="stable")
        ends = np.searchsorted(which.ravel()[order], np.arange(len(laid) + 1))
        predicted = np.empty((len(design), len(wanted)), dtype=np.float32)
        for start in range(0, len(design), _ROWS):
            rows = slice(start, start + _ROWS)
            block = np.asarray(design[rows], dtype=np.float32)
            for first, pooled in pooled_blocks(block, self.grids, laid):
                for k in range(pooled.shape[2]):
                    here = order[ends[first + k] : ends[first + k + 1]]
                    predicted[rows, here] = pooled[:, :, k] @ self.weights[:, wanted[here]]
        predicted += self.intercept[wanted]
        return predicted

    def channel_weights(self) -> tuple[np.ndarray, ...]:
        """Return the weights (n_channels of the grid, n_vertices) of each grid."""
        ends = np.cumsum([grid.channels for grid in self.grids])[:-1]
        return tuple(np.split(self.weights, ends))

    def arrays(self) -> dict[str, np.ndarray]:
        """Weights, intercepts, penalties and the maps of the fields."""
        maps = {f"prf_{name}": getattr(self.fields, name) for name in _MAPS}
        return {
            "placed": self.placed,
            "weights": self.weights,
            "intercept": self.intercept,
            "alpha": self.alpha,
            **maps,
        }

    def structure(self) -> dict[str, Any]:
        """Its kind and its grids."""
        return {"kind": self.kind, "grids": self.structure_of(self.grids)}

    @staticmethod
    def structure_of(grids: Sequence[PictureGrid]) -> list[dict[str, Any]]:
        """Return grids as JSON values."""
        return [asdict(grid) for grid in grids]

    @staticmethod
    def grids_of(structure: Sequence[Mapping[str, Any]]) -> tuple[PictureGrid, ...]:
        """Make grids of what ``structure_of`` gave."""
        return tuple(
            PictureGrid(
                int(g["channels"]),
                int(g["height"]),
                int(g["width"]),
                tuple(float(v) for v in g["box"]),  # type: ignore[arg-type]
            )
            for g in structure
        )

    @classmethod
    def restore(
        cls, structure: Mapping[str, Any], array: Callable[[str], np.ndarray]
    ) -> FieldsPredictor:
        """Make it from what ``structure`` and ``arrays`` gave."""
        grids = cls.grids_of(structure["grids"])
        fields = ReceptiveFields(**{name: array(f"prf_{name}") for name in _MAPS})
        names = ("placed", "weights", "intercept", "alpha")
        return cls(grids, fields, *map(array, names))


def pooled_blocks(
    design: np.ndarray, grids: Sequence[PictureGrid], fields: np.ndarray
) -> Iterator[tuple[int, np.ndarray]]:
    """Lay fields (n_fields, 3) on a design (n, n_columns), many in one product.

    Yields
    ------
    first field, (n, n_channels, n_fields of the block) float32.
    """
    weights = [field_weights(fields, grid) for grid in grids]
    edges = np.cumsum([0, *(grid.n_columns for grid in grids)])
    maps = [
        np.ascontiguousarray(design[:, a:b]).reshape(-1, grid.n_places)
        for a, b, grid in zip(edges[:-1], edges[1:], grids, strict=True)
    ]
    for first in range(0, len(fields), FIELDS_AT_ONCE):
        some = slice(first, first + FIELDS_AT_ONCE)
        parts = [
            (places @ own[some].T).reshape(len(design), grid.channels, -1)
            for places, own, grid in zip(maps, weights, grids, strict=True)
        ]
        yield first, np.concatenate(parts, axis=1)


def places_of(predictor: Predictor) -> PicturePlaces:
    """Return where each vertex looks, by a model that knows.

    Raises
    ------
    InvalidInput : the model looks at no places.
    """
    own = getattr(predictor, "fields", None)
    if isinstance(own, PicturePlaces):
        return own
    if isinstance(predictor, EnsemblePredictor):
        members = [(m.vertices, places_of(m.predictor)) for m in predictor.members]
        kind, maps = type(members[0][1]), {}
        for name in (f.name for f in dataclasses.fields(kind)):
            first = getattr(members[0][1], name)
            maps[name] = np.zeros((predictor.n_vertices, *first.shape[1:]), first.dtype)
            for vertices, found in members:
                maps[name][vertices] = getattr(found, name)
        return kind(**maps)
    raise InvalidInput(
        "This model has no receptive fields, nor other places where vertices look.",
        "Fit one with --regressor receptive_fields or selectors, or --recipe spatial.",
    )


def fields_of(predictor: Predictor) -> ReceptiveFields:
    """Return the receptive field of each vertex, by a model that has them.

    Raises
    ------
    InvalidInput : the model has no receptive fields.
    """
    with contextlib.suppress(InvalidInput):
        if isinstance(found := places_of(predictor), ReceptiveFields):
            return found
    raise InvalidInput(
        "This model has no receptive fields.",
        "Fit one with --regressor receptive_fields or --recipe spatial.",
    )
