"""A vote of models that were fitted before: their predictions, weighted per vertex.

Weights are a softmax of how well each does on the validation images, as the winners of the 2023
challenge and Chimisso et al. mixed theirs. Nothing is fitted, so any models can be mixed, whatever
their regressors, networks and reductions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NoReturn

import numpy as np

from cortiscope.core.encoding.neural.optimisation import require
from cortiscope.core.encoding.predictor import Predictor, check_design
from cortiscope.core.encoding.regressors import RegressorEntry, restore_predictor
from cortiscope.core.encoding.training import TrainingData, Work
from cortiscope.core.errors import InvalidInput


@dataclass(frozen=True)
class VoteSettings:
    """Who votes.

    Parameters
    ----------
    sharpness : what r on the validation images is multiplied with before the softmax; 0 weights
        all alike, a large number chooses the best.
    members : names of the runs, in order.
    scopes : of the members' fits.
    """

    sharpness: float = 20.0
    members: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require("sharpness", self.sharpness, 0 <= self.sharpness < np.inf, "0 or more")


def vote_weights(r: np.ndarray, sharpness: float) -> np.ndarray:
    """Return the weights of members, of sum 1 per vertex.

    Parameters
    ----------
    r : (n_members, n_vertices) Pearson r on the validation images; NaN counts as the worst, and
        where all are NaN the weights are equal.
    """
    known = np.where(np.isfinite(r), r, -np.inf)
    best = known.max(axis=0)
    away = np.where(np.isfinite(best), known - np.where(np.isfinite(best), best, 0.0), 0.0)
    weights = np.exp(sharpness * away) if sharpness else np.isfinite(away).astype(float)
    return (weights / weights.sum(axis=0)).astype(np.float32)


@dataclass(frozen=True)
class VotePredictor:
    """Members side by side in the design, each with a weight per vertex.

    Parameters
    ----------
    members : the design columns of each, and its predictor.
    weights : (n_members, n_vertices) float32.
    """

    kind: ClassVar[str] = "vote"

    members: tuple[tuple[slice, Predictor], ...]
    weights: np.ndarray

    def __repr__(self) -> str:
        """How many members it has, and its shape."""
        return f"<VotePredictor of {len(self.members)}, to {self.n_vertices:,} vertices>"

    @property
    def n_vertices(self) -> int:
        """Number of vertices that it predicts."""
        return self.weights.shape[1]

    def predict(self, design: np.ndarray, vertices: np.ndarray | None = None) -> np.ndarray:
        """Predict (n_stimuli, n_vertices) float32; of some vertices (positions) if named."""
        check_design(design, self.members[-1][0].stop)
        wanted = np.arange(self.n_vertices) if vertices is None else np.asarray(vertices)
        total = np.zeros((len(design), len(wanted)), dtype=np.float32)
        for (columns, member), weights in zip(self.members, self.weights, strict=True):
            total += weights[wanted] * member.predict(design[:, columns], vertices)
        return total

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the weights, and every member's arrays under its number."""
        found = {"vote_weights": self.weights}
        for k, (_, member) in enumerate(self.members):
            found |= {f"member{k}_{name}": array for name, array in member.arrays().items()}
        return found

    def structure(self) -> dict[str, Any]:
        """Columns and structures of the members."""
        return {
            "kind": self.kind,
            "members": [
                {"columns": [columns.start, columns.stop], "predictor": member.structure()}
                for columns, member in self.members
            ],
        }

    @classmethod
    def restore(
        cls, structure: Mapping[str, Any], array: Callable[[str], np.ndarray]
    ) -> VotePredictor:
        """Make it from what ``structure`` and ``arrays`` gave."""

        def numbered(k: int) -> Callable[[str], np.ndarray]:
            return lambda name: array(f"member{k}_{name}")

        members = tuple(
            (slice(*m["columns"]), restore_predictor(m["predictor"], numbered(k)))
            for k, m in enumerate(structure["members"])
        )
        return cls(members, array("vote_weights"))


def vote_of(
    members: Sequence[tuple[int, Predictor]], r: np.ndarray, sharpness: float
) -> VotePredictor:
    """Make the predictor of some members.

    Parameters
    ----------
    members : the number of design columns of each, and its predictor.
    r : (n_members, n_vertices) on the validation images.
    """
    edges = np.cumsum([0, *(n for n, _ in members)]).tolist()
    placed = tuple(
        (slice(edges[k], edges[k + 1]), predictor) for k, (_, predictor) in enumerate(members)
    )
    return VotePredictor(placed, vote_weights(r, sharpness))


def _fit(data: TrainingData, settings: VoteSettings, work: Work) -> NoReturn:
    raise InvalidInput(
        "A vote is of models that have been fitted before.",
        "Name them: 'cortiscope vote --run RUN --run RUN', or cs.vote in a notebook.",
    )


ENTRIES = (
    RegressorEntry(
        name="vote",
        title="vote",
        summary="finished models, weighted per vertex by their r on the validation images",
        method="a mean of the predictions of finished models ({members}), weighted per vertex by "
        "a softmax of {sharpness} times their r on the validation images",
        settings=VoteSettings,
        separable=True,
        fit=_fit,
        predictor=VotePredictor,
        of_runs=True,
    ),
)
