"""What fitting a regressor gives: a function from design to responses, in numpy, without pickle.

Most regressors of this project are linear in their design, however they came to their coefficients.
Several predictors become one, each for some of the vertices, with the unweighted mean where they
overlap; if all are linear they merge into one that is linear, since the mean of linear predictions
is linear.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from cortiscope.core.encoding.training import PictureGrid
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

    def __repr__(self) -> str:
        """Its shape: arrays would fill the screen."""
        return f"<LinearPredictor, {len(self.coef):,} columns to {self.n_vertices:,} vertices>"

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


@dataclass(frozen=True)
class Member:
    """One predictor of an ensemble.

    Parameters
    ----------
    name : which vertices it is for, in words.
    vertices : (n,) their positions.
    """

    name: str
    vertices: np.ndarray
    predictor: Predictor


@dataclass(frozen=True)
class EnsemblePredictor:
    """Members that are not all linear, with the mean where they overlap."""

    kind: ClassVar[str] = "ensemble"

    members: tuple[Member, ...]
    n_vertices: int

    def __repr__(self) -> str:
        """How many members it has, and its shape."""
        return f"<EnsemblePredictor of {len(self.members)}, to {self.n_vertices:,} vertices>"

    def predict(self, design: np.ndarray, vertices: np.ndarray | None = None) -> np.ndarray:
        """Predict (n_stimuli, n_vertices) float32."""
        wanted = np.arange(self.n_vertices) if vertices is None else np.asarray(vertices)
        total = np.zeros((len(design), len(wanted)), dtype=np.float32)
        count = np.zeros(len(wanted), dtype=np.float32)
        for member in self.members:
            place = np.full(self.n_vertices, -1)
            place[member.vertices] = np.arange(len(member.vertices))
            own = place[wanted]
            here = own >= 0
            if here.any():
                total[:, here] += member.predictor.predict(design, own[here])
                count[here] += 1
        return total / count

    def arrays(self) -> dict[str, np.ndarray]:
        """Every member's arrays under its number."""
        found: dict[str, np.ndarray] = {}
        for k, member in enumerate(self.members):
            found[f"member{k}_vertices"] = member.vertices
            for name, array in member.predictor.arrays().items():
                found[f"member{k}_{name}"] = array
        return found

    def structure(self) -> dict[str, Any]:
        """Names and structures of the members."""
        return {
            "kind": self.kind,
            "n_vertices": self.n_vertices,
            "members": [
                {"name": m.name, "predictor": m.predictor.structure()} for m in self.members
            ],
        }

    @classmethod
    def restore(
        cls,
        structure: Mapping[str, Any],
        array: Callable[[str], np.ndarray],
        restore: Callable[[Mapping[str, Any], Callable[[str], np.ndarray]], Predictor],
    ) -> EnsemblePredictor:
        """Make it from what ``structure`` and ``arrays`` gave; ``restore`` opens the members."""

        def numbered(k: int) -> Callable[[str], np.ndarray]:
            return lambda name: array(f"member{k}_{name}")

        members = [
            Member(m["name"], numbered(k)("vertices"), restore(m["predictor"], numbered(k)))
            for k, m in enumerate(structure["members"])
        ]
        return cls(tuple(members), int(structure["n_vertices"]))


def picture_grids(predictor: Predictor) -> tuple[PictureGrid, ...]:
    """Return what a predictor takes the design's columns for; empty where it knows no places."""
    if isinstance(predictor, EnsemblePredictor):
        return picture_grids(predictor.members[0].predictor)
    grids: tuple[PictureGrid, ...] = getattr(predictor, "grids", ())
    return grids


def merge(members: Sequence[Member], n_vertices: int) -> Predictor:
    """Make one predictor of members that together cover every vertex."""
    count = np.zeros(n_vertices, dtype=np.float32)
    for member in members:
        count[member.vertices] += 1
    if not count.all():
        missing = np.flatnonzero(count == 0)
        raise InvalidInput(f"{len(missing)} vertices are in no member of the ensemble.")
    linear = [m.predictor for m in members if isinstance(m.predictor, LinearPredictor)]
    if len(linear) < len(members):
        return EnsemblePredictor(tuple(members), n_vertices)
    coef = np.zeros((len(linear[0].coef), n_vertices), dtype=np.float32)
    intercept = np.zeros(n_vertices, dtype=np.float32)
    notes: dict[str, np.ndarray] = {}
    for member, predictor in zip(members, linear, strict=True):
        coef[:, member.vertices] += predictor.coef
        intercept[member.vertices] += predictor.intercept
        for name, array in (predictor.notes or {}).items():
            notes[f"{member.name}.{name}"] = array
    penalties = _penalties(members, linear, count)
    return LinearPredictor(
        coef / count, intercept / count, penalties, notes, _edges(members, linear, count)
    )


def _penalties(
    members: Sequence[Member], linear: Sequence[LinearPredictor], count: np.ndarray
) -> np.ndarray | None:
    """Return each vertex's penalty; NaN where several members have their own."""
    if any(p.alpha is None for p in linear):
        return None
    alpha = np.full(len(count), np.nan, dtype=np.float32)
    for member, predictor in zip(members, linear, strict=True):
        alpha[member.vertices] = predictor.alpha
    alpha[count > 1] = np.nan
    return alpha


def _edges(
    members: Sequence[Member], linear: Sequence[LinearPredictor], count: np.ndarray
) -> np.ndarray | None:
    """Return each vertex's shares at the edges of its grids, averaged over its members."""
    edges = np.zeros((2, len(count)), dtype=np.float32)
    for member, predictor in zip(members, linear, strict=True):
        if predictor.edges is None:
            return None
        edges[:, member.vertices] += predictor.edges
    return edges / count


def notes_by_part(structure: Mapping[str, Any], before: str = "") -> dict[str, dict[str, str]]:
    """Return which notes a saved predictor has: part of the vertices -> note -> array's name.

    Parameters
    ----------
    structure : of the predictor, as it was saved. The part of one that was fitted to all vertices
        is the empty string.
    before : what the names of its arrays begin with.
    """
    if structure["kind"] == EnsemblePredictor.kind:
        members = enumerate(structure["members"])
        return {
            m["name"]: notes_by_part(m["predictor"], f"{before}member{k}_").get("", {})
            for k, m in members
        }
    found: dict[str, dict[str, str]] = {}
    for name in structure.get("notes", ()):
        part, _, note = name.rpartition(".")
        found.setdefault(part, {})[note] = before + name
    return found
