"""Receptive fields stacked with ridge on whole layers, per vertex, by held-out images.

A Gaussian field is what early areas want; vertices that read a scene as a whole are served better
by every layer's map as it is. Each gets what predicts it best, as in stacked ridge.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from cortiscope.core.encoding.fields.held_out import HeldOut, of_columns
from cortiscope.core.encoding.fields.predictor import FieldsPredictor, ReceptiveFields
from cortiscope.core.encoding.fields.regressors import FieldSettings, fit_receptive_fields
from cortiscope.core.encoding.multiband.stacking import fit_stacked
from cortiscope.core.encoding.predictor import check_design
from cortiscope.core.encoding.reduction.fitted import FittedReduction, fit_reduction
from cortiscope.core.encoding.reduction.spec import Reduction
from cortiscope.core.encoding.regressors import RegressorEntry
from cortiscope.core.encoding.ridge.kfold import DEFAULT_ALPHAS, fold_rows
from cortiscope.core.encoding.training import PictureGrid, Responses, TrainingData, Work
from cortiscope.core.errors import InvalidInput, check_whole

_ROWS = 256
# For predictions of held-out images, which only weigh: a third of the candidates.
_COARSE = FieldSettings(n_sizes=5, spacing=1.3, fineness=0)


@dataclass(frozen=True)
class StackedFieldSettings:
    """Which layers are looked at through fields, and how whole layers are reduced.

    Parameters
    ----------
    shared : how many layers in a row share a field, one number per field; 0 for all that remain.
        Layers after these are read whole alone, and so are those that follow the first ones if they
        have no more places than whole layers are given.
    places, components : whole layers are averaged onto at most ``places`` x ``places`` places and
        reduced to so many principal components.
    alphas, n_folds : penalties of whole layers, and folds, by which the mixture is chosen too.
    """

    shared: tuple[int, ...] = (0,)
    places: int = 5
    components: int = 100
    alphas: tuple[float, ...] = DEFAULT_ALPHAS
    n_folds: int = 5

    def __post_init__(self) -> None:
        check_whole("places", self.places, 1)


@dataclass(frozen=True)
class StackedFieldsPredictor:
    """Predicts the weighted sum of several models of fields and of ridge on whole layers.

    Parameters
    ----------
    grids : what the design's columns are.
    places : whole layers are averaged onto so many places a side.
    members : models of fields, each of the grids after those of the one before.
    reductions : of each whole layer, by principal components.
    whole_coef : (n_components of all layers, n_vertices) float32, ridge times its weight.
    intercept : (n_vertices,) float32, of the whole layers.
    stack_weights : (n_members + n_layers, n_vertices) float32, not negative, of sum 1.
    """

    kind: ClassVar[str] = "stacked_fields"

    grids: tuple[PictureGrid, ...]
    places: int
    members: tuple[FieldsPredictor, ...]
    reductions: tuple[FittedReduction, ...]
    whole_coef: np.ndarray
    intercept: np.ndarray
    stack_weights: np.ndarray

    def __repr__(self) -> str:
        """Its shape: arrays would fill the screen."""
        return (
            f"<StackedFieldsPredictor, {len(self.members)} models of fields and {len(self.grids)} "
            f"layers, to {self.n_vertices:,} vertices>"
        )

    @property
    def n_vertices(self) -> int:
        """Number of vertices that it predicts."""
        return len(self.intercept)

    @property
    def fields(self) -> ReceptiveFields:
        """Where each vertex looks, by the first model of fields."""
        return self.members[0].fields

    def predict(self, design: np.ndarray, vertices: np.ndarray | None = None) -> np.ndarray:
        """Predict (n_stimuli, n_vertices) float32; rows of the design are read in parts."""
        check_design(design, sum(grid.n_columns for grid in self.grids))
        wanted = np.arange(self.n_vertices) if vertices is None else np.asarray(vertices)
        predicted = np.empty((len(design), len(wanted)), dtype=np.float32)
        for start in range(0, len(design), _ROWS):
            rows = slice(start, start + _ROWS)
            block = np.asarray(design[rows], dtype=np.float32)
            whole = [
                reduction.transform(_averaged(block[:, columns], grid, self.places))
                for columns, grid, reduction in zip(
                    _columns(self.grids), self.grids, self.reductions, strict=True
                )
            ]
            total = (
                np.concatenate(whole, axis=1) @ self.whole_coef[:, wanted] + self.intercept[wanted]
            )
            first = 0
            for k, member in enumerate(self.members):
                own = slice(first, first + sum(grid.n_columns for grid in member.grids))
                total += self.stack_weights[k, wanted] * member.predict(block[:, own], wanted)
                first = own.stop
            predicted[rows] = total
        return predicted

    def arrays(self) -> dict[str, np.ndarray]:
        """Every model's arrays under its number, and what they are mixed by."""
        found = {
            "whole_coef": self.whole_coef,
            "whole_intercept": self.intercept,
            "stack_weights": self.stack_weights,
        }
        for k, member in enumerate(self.members):
            found |= {f"field{k}_{name}": array for name, array in member.arrays().items()}
        for k, reduction in enumerate(self.reductions):
            found |= {f"whole{k}_{name}": values for name, values in reduction.arrays().items()}
        return found

    def structure(self) -> dict[str, Any]:
        """Its kind, its grids by model of fields, and those that are read whole alone."""
        n = sum(len(member.grids) for member in self.members)
        alone = FieldsPredictor.structure_of(self.grids[n:])
        return {
            "kind": self.kind,
            "places": self.places,
            "members": [member.structure() for member in self.members],
            "alone": alone,
        }

    @classmethod
    def restore(
        cls, structure: Mapping[str, Any], array: Callable[[str], np.ndarray]
    ) -> StackedFieldsPredictor:
        """Make it from what ``structure`` and ``arrays`` gave."""

        def numbered(k: int) -> Callable[[str], np.ndarray]:
            return lambda name: array(f"field{k}_{name}")

        members = tuple(
            FieldsPredictor.restore(own, numbered(k)) for k, own in enumerate(structure["members"])
        )
        grids = sum((member.grids for member in members), ())
        grids += FieldsPredictor.grids_of(structure["alone"])
        reductions = tuple(FittedReduction.read(array, f"whole{k}_") for k in range(len(grids)))
        names = ("whole_coef", "whole_intercept", "stack_weights")
        return cls(grids, int(structure["places"]), members, reductions, *map(array, names))


def fit_stacked_fields(
    data: TrainingData, settings: StackedFieldSettings, work: Work
) -> StackedFieldsPredictor:
    """Fit models of fields and ridge on whole layers, and mix them per vertex.

    The weights are those of least squared error on held-out images, not negative and of sum 1
    (``multiband.stacking``). Fields are searched anew without each fold, among fewer candidates.

    Raises
    ------
    InvalidInput : ``shared`` asks for more layers than there are, or for none.
    """
    grids = data.grids or (PictureGrid(data.design.shape[1]),)
    groups = _groups(settings.shared, _n_fine(grids, settings.places))
    columns = _columns(grids)
    n = len(data.design)
    held = fold_rows(n, settings.n_folds, data.groups)
    members: list[FieldsPredictor] = []
    predicted: list[Responses] = []
    for k, group in enumerate(groups):
        own = slice(columns[group.start].start, columns[group.stop - 1].stop)
        of_group = replace(
            data,
            design=of_columns(data.design, own),
            spaces=(),
            grids=grids[group],
            groups=data.groups,
        )
        start, stop = 0.9 * k / len(groups), 0.9 * (k + 1) / len(groups)
        middle = (start + stop) / 2
        step = work.step(f"fields{k}", start, middle)
        members.append(fit_receptive_fields(of_group, FieldSettings(), step))
        step = work.step(f"held{k}", middle, stop)
        predicted.append(HeldOut(of_group, held, _COARSE, step))
    blocks: list[list[np.ndarray]] = [[] for _ in grids]
    for first in range(0, n, _ROWS):
        block = data.design[first : first + _ROWS]
        for found, grid, own in zip(blocks, grids, columns, strict=True):
            found.append(_averaged(block[:, own], grid, settings.places))
    reductions, whole = [], []
    for found in blocks:
        averaged = np.concatenate(found)
        reductions.append(fit_reduction(averaged, Reduction("pca", settings.components)))
        whole.append(reductions[-1].transform(averaged))
    edges = np.cumsum([0, *(block.shape[1] for block in whole)]).tolist()
    solution = fit_stacked(
        np.concatenate(whole, axis=1),
        data.responses,
        [slice(a, b) for a, b in zip(edges[:-1], edges[1:], strict=True)],
        alphas=settings.alphas,
        n_folds=settings.n_folds,
        groups=data.groups,
        others=predicted,
        work=work.step("whole", 0.9, 1.0),
    )
    return StackedFieldsPredictor(
        grids,
        settings.places,
        tuple(members),
        tuple(reductions),
        solution.coef,
        solution.intercept,
        solution.weights,
    )


def _n_fine(grids: Sequence[PictureGrid], places: int) -> int:
    """Count the first layers that have more places than whole ones are given; all if none has."""
    fine = [max(grid.height, grid.width) > places for grid in grids]
    return [*fine, False].index(False) or len(grids)


def _groups(shared: Sequence[int], n_layers: int) -> list[slice]:
    found, start = [], 0
    for asked in shared:
        stop = start + int(asked) if asked else n_layers
        if start >= stop or stop > n_layers:
            raise InvalidInput(
                f"Fields are shared by {', '.join(map(str, shared))} layers in a row; there are "
                f"{n_layers} layers with finer places.",
                "Name how many layers share each field; 0 means all that remain.",
            )
        found.append(slice(start, stop))
        start = stop
    if not found:
        raise InvalidInput("No layer is looked at through fields.", "As in shared=0 for all.")
    return found


def _columns(grids: Sequence[PictureGrid]) -> list[slice]:
    edges = np.cumsum([0, *(grid.n_columns for grid in grids)]).tolist()
    return [slice(a, b) for a, b in zip(edges[:-1], edges[1:], strict=True)]


def _averaged(maps: np.ndarray, grid: PictureGrid, size: int) -> np.ndarray:
    """Average maps (n, n_columns) onto at most size x size places, as pooling a layer does."""
    down, across = (_averaging(length, min(length, size)) for length in (grid.height, grid.width))
    places = maps.reshape(len(maps), grid.channels, grid.height, grid.width)
    return (down @ places @ across.T).reshape(len(maps), -1)


def _averaging(length: int, size: int) -> np.ndarray:
    """Return the (size, length) matrix of adaptive averaging: cells may overlap."""
    found = np.zeros((size, length), np.float32)
    for k in range(size):
        inside = slice(k * length // size, -(-(k + 1) * length // size))
        found[k, inside] = 1 / (inside.stop - inside.start)
    return found


ENTRIES = (
    RegressorEntry(
        name="stacked_fields",
        title="stacked receptive fields",
        summary="linear: receptive fields and ridge on whole layers, mixed per vertex by held-out "
        "images",
        method="ridge regression on the channels of the maps under a Gaussian receptive field "
        "(field and penalty per vertex by generalised cross-validation) and ridge regression on "
        "{components} principal components of each layer averaged onto at most {places} x {places} "
        "places, stacked per vertex with non-negative weights of sum 1 that minimise the squared "
        "error of {n_folds}-fold held-out predictions",
        settings=StackedFieldSettings,
        separable=True,
        fit=fit_stacked_fields,
        reads_places=True,
        predictor=StackedFieldsPredictor,
    ),
)
