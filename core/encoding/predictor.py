"""What fitting a regressor gives: a function from design to responses, in numpy, without pickle.

Most regressors of this project are linear in their design, however they came to their coefficients;
ensembles and selections of linear predictors are linear again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from cortiscope.core.errors import InvalidInput


class Predictor(Protocol):
    """A fitted regressor. Predicting needs numpy alone."""

    kind: ClassVar[str]
    """The name under which it is restored."""

    @property
    def n_vertices(self) -> int:
        """Number of vertices that it predicts."""

    def predict(self, design: np.ndarray, vertices: np.ndarray | None = None) -> np.ndarray:
        """Predict (n_stimuli, n_vertices) float32; of some vertices (positions) if named."""

    def arrays(self) -> dict[str, np.ndarray]:
        """Everything that is an array, by name: the names are file names."""

    def structure(self) -> dict[str, Any]:
        """Everything else, as JSON values; holds ``kind``."""


@dataclass(frozen=True)
class LinearPredictor:
    """Linear coefficients: predicted = design @ coef + intercept.

    Parameters
    ----------
    coef : (n_features, n_vertices) float32.
    intercept : (n_vertices,) float32.
    alpha : (n_vertices,) the penalty chosen for each vertex, or None.
    notes : further arrays about the fit (curves, weights of feature spaces), by name. They are
        saved beside the coefficients, are not used to predict and are not restored.
    edges : (2, n_vertices) as by ``grid_edges.grid_edges``, or None.
    """

    kind: ClassVar[str] = "linear"

    coef: np.ndarray
    intercept: np.ndarray
    alpha: np.ndarray | None = None
    notes: Mapping[str, np.ndarray] | None = None
    edges: np.ndarray | None = None

    @property
    def n_vertices(self) -> int:
        """Number of vertices that it predicts."""
        return len(self.intercept)

    def predict(self, design: np.ndarray, vertices: np.ndarray | None = None) -> np.ndarray:
        """Predict (n_stimuli, n_vertices) float32."""
        check_design(design, len(self.coef))
        if vertices is None:
            return design @ self.coef + self.intercept
        return design @ self.coef[:, vertices] + self.intercept[vertices]

    def arrays(self) -> dict[str, np.ndarray]:
        """Coefficients, intercepts, penalties and notes."""
        found = {"coef": self.coef, "intercept": self.intercept}
        if self.alpha is not None:
            found["alpha"] = self.alpha
        if self.edges is not None:
            found["edges"] = self.edges
        return {**found, **(self.notes or {})}

    def structure(self) -> dict[str, Any]:
        """Its kind and which arrays there are."""
        return {
            "kind": self.kind,
            "has_alpha": self.alpha is not None,
            "has_edges": self.edges is not None,
            "notes": sorted(self.notes or {}),
        }

    @classmethod
    def restore(
        cls, structure: Mapping[str, Any], array: Callable[[str], np.ndarray]
    ) -> LinearPredictor:
        """Make it from what ``structure`` and ``arrays`` gave."""
        return cls(
            array("coef"),
            array("intercept"),
            array("alpha") if structure["has_alpha"] else None,
            edges=array("edges") if structure.get("has_edges") else None,
        )


def check_design(design: np.ndarray, n_features: int) -> None:
    """Refuse a design of another width than the regressor was fitted on."""
    if design.ndim != 2 or design.shape[1] != n_features:
        raise InvalidInput(
            f"The regressor was fitted on {n_features} design columns; got {design.shape}."
        )
