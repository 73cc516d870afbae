"""Nearest neighbours: the mean response to the fit images whose designs are most alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from cortiscope.core.encoding.predictor import check_design
from cortiscope.core.encoding.regressors import RegressorEntry
from cortiscope.core.encoding.training import TrainingData, Work
from cortiscope.core.errors import InvalidInput, unknown_name

WEIGHTS = ("uniform", "distance")
_COLUMNS = 4096
_ROWS = 512
_PAIRS = 16384
# Of a float32 product of any width, as a share of the squared norms of its factors.
_ROUNDING = 1e-5


@dataclass(frozen=True)
class NeighboursSettings:
    """How many neighbours, and whether nearer ones count more (``uniform`` or ``distance``)."""

    k: int = 5
    weights: str = "uniform"


@dataclass(frozen=True)
class NeighboursPredictor:
    """The fit images themselves; predicted = weighted mean of the responses to the nearest.

    Distances are Euclidean. Of images at equal distance the earlier is nearer; scikit-learn leaves
    this open. With weights by distance, images at distance 0 count alone.

    Parameters
    ----------
    design : (n_fit, n_features) float32.
    responses : (n_fit, n_vertices) float32: as large as the responses fitted on.
    """

    kind: ClassVar[str] = "neighbours"

    design: np.ndarray
    responses: np.ndarray
    k: int
    weights: str

    def __repr__(self) -> str:
        """Its size: arrays would fill the screen."""
        return (
            f"<NeighboursPredictor, {self.k} of {len(self.design):,} images, "
            f"to {self.n_vertices:,} vertices>"
        )

    @property
    def n_vertices(self) -> int:
        """Number of vertices that it predicts."""
        return self.responses.shape[1]

    def predict(self, design: np.ndarray, vertices: np.ndarray | None = None) -> np.ndarray:
        """Predict (n_stimuli, n_vertices) float32."""
        check_design(design, self.design.shape[1])
        nearest, distances = nearest_rows(self.design, design, self.k)
        shares = _shares(distances, self.weights)
        width = self.n_vertices if vertices is None else len(vertices)
        predicted = np.empty((len(design), width), dtype=np.float32)
        for row, (images, share) in enumerate(zip(nearest, shares, strict=True)):
            found = self.responses[images]
            predicted[row] = share @ (found if vertices is None else found[:, vertices])
        return predicted

    def arrays(self) -> dict[str, np.ndarray]:
        """Designs and responses of the fit images."""
        return {"fit_design": self.design, "fit_responses": self.responses}

    def structure(self) -> dict[str, Any]:
        """Its kind, the number of neighbours and their weights."""
        return {"kind": self.kind, "k": self.k, "weights": self.weights}

    @classmethod
    def restore(
        cls, structure: Mapping[str, Any], array: Callable[[str], np.ndarray]
    ) -> NeighboursPredictor:
        """Make it from what ``structure`` and ``arrays`` gave."""
        return cls(
            array("fit_design"),
            array("fit_responses"),
            int(structure["k"]),
            str(structure["weights"]),
        )


def nearest_rows(fitted: np.ndarray, design: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the k rows of ``fitted`` nearest to each row of ``design``.

    Returns
    -------
    nearest : (n_stimuli, k) row numbers, nearest first, the lower first among equals.
    distances : (n_stimuli, k) float64.
    """
    origin = fitted.mean(axis=0, dtype=np.float64)
    given = (fitted - origin).astype(np.float32)
    squares = (given**2).sum(axis=1)
    nearest = np.empty((len(design), k), dtype=np.int64)
    distances = np.empty((len(design), k))
    for start in range(0, len(design), _ROWS):
        asked = design[start : start + _ROWS]
        centred = (asked - origin).astype(np.float32)
        # Distances up to rounding and what depends on the row alone, by one product.
        about = (-2 * centred) @ given.T
        about += squares
        limit = _upper_bounds(about, k) + _ROUNDING * ((centred**2).sum(axis=1) + squares.max())
        row, image = np.divmod(np.flatnonzero(about <= limit[:, None]), len(given))
        exact = np.empty(len(row))
        for pair in range(0, len(row), _PAIRS):
            here = slice(pair, pair + _PAIRS)
            gaps = fitted[image[here]].astype(np.float64) - asked[row[here]]
            exact[here] = (gaps**2).sum(axis=1)
        order = np.lexsort((image, exact, row))
        n_pairs = np.bincount(row, minlength=len(asked))
        first = order[(np.cumsum(n_pairs) - n_pairs)[:, None] + np.arange(k)]
        rows = slice(start, start + len(asked))
        nearest[rows], distances[rows] = image[first], np.sqrt(exact[first])
    return nearest, distances


def _upper_bounds(values: np.ndarray, k: int) -> np.ndarray:
    """Return, for each row, a value that at least k are not above, and not many more.

    It is the k-th smallest of the minima of groups of columns.
    """
    n = values.shape[1]
    size = max(1, min(64, n // (8 * k)))
    whole = values[:, : n // size * size]
    minima = whole.reshape(len(values), size, n // size).min(axis=1)
    return np.partition(minima, k - 1, axis=1)[:, k - 1]


def _shares(distances: np.ndarray, weights: str) -> np.ndarray:
    """Weights (n_stimuli, k) float32 that sum to 1."""
    if weights == "uniform":
        return np.full(distances.shape, 1 / distances.shape[1], dtype=np.float32)
    same = distances == 0
    inverse = 1 / np.where(same, 1.0, distances)
    inverse = np.where(same.any(axis=1, keepdims=True), same, inverse)
    return (inverse / inverse.sum(axis=1, keepdims=True)).astype(np.float32)


def fit_neighbours(
    data: TrainingData, settings: NeighboursSettings, work: Work | None = None
) -> NeighboursPredictor:
    """Copy the designs and responses, a chunk of vertices at a time.

    Raises
    ------
    InvalidInput : more neighbours than images, or unknown weights.
    """
    progress = (work or Work()).progress
    n_fit = len(data.design)
    if not 1 <= settings.k <= n_fit:
        raise InvalidInput(f"k must lie between 1 and the {n_fit} fit images; got {settings.k}.")
    if settings.weights not in WEIGHTS:
        raise unknown_name("weighting of neighbours", settings.weights, WEIGHTS)
    responses = np.empty((n_fit, data.n_vertices), dtype=np.float32)
    for start in range(0, data.n_vertices, _COLUMNS):
        progress(start / data.n_vertices, "copying responses")
        columns = slice(start, start + _COLUMNS)
        responses[:, columns] = data.responses[:, columns]
    progress(1.0, "fitted")
    design = np.array(data.design, dtype=np.float32)
    return NeighboursPredictor(design, responses, settings.k, settings.weights)


ENTRIES = (
    RegressorEntry(
        name="neighbours",
        title="nearest neighbours",
        summary="mean response to the 5 most alike fit images; keeps all their responses",
        method="mean of the responses to the {k} nearest fit images ({weights} weights, "
        "Euclidean distance)",
        settings=NeighboursSettings,
        separable=True,
        fit=fit_neighbours,
        predictor=NeighboursPredictor,
    ),
)
