"""A regression tree: one sequence of yes-no questions to the design for all vertices at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from cortiscope.core.encoding.predictor import Predictor, check_design
from cortiscope.core.encoding.regressors import RegressorEntry
from cortiscope.core.encoding.training import TrainingData, Work

_COLUMNS = 4096
_ROWS = 256


@dataclass(frozen=True)
class TreeSettings:
    """Settings of the tree.

    Parameters
    ----------
    max_depth : questions on the way to an answer, at most; 0 asks until each leaf is pure.
    seed : in which order features are tried, which decides between equally good questions;
        img2brain's.
    """

    max_depth: int = 0
    seed: int = 224


@dataclass(frozen=True)
class TreePredictor:
    """A binary tree; node 0 is its root. A design goes left where ``design[feature] <= threshold``.

    Parameters
    ----------
    children : (n_nodes, 2) int32, left and right; -1 at leaves.
    feature : (n_nodes,) int32; -1 at leaves.
    threshold : (n_nodes,) float64; compared with the design as float32.
    leaf : (n_nodes,) int32, row of ``values``; -1 elsewhere.
    values : (n_leaves, n_vertices) float32, mean responses of the leaves' fit images.
    """

    kind: ClassVar[str] = "tree"

    children: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    leaf: np.ndarray
    values: np.ndarray
    n_features: int

    def __repr__(self) -> str:
        """How large it is: arrays would fill the screen."""
        return f"<TreePredictor, {len(self.values):,} leaves, to {self.n_vertices:,} vertices>"

    @property
    def n_vertices(self) -> int:
        """Number of vertices that it predicts."""
        return self.values.shape[1]

    def leaves_of(self, design: np.ndarray) -> np.ndarray:
        """Return the row of ``values`` (n_stimuli,) at which each design ends."""
        check_design(design, self.n_features)
        return self.leaf[ends_of(self.children, self.feature, self.threshold, design)]

    def predict(self, design: np.ndarray, vertices: np.ndarray | None = None) -> np.ndarray:
        """Predict (n_stimuli, n_vertices) float32."""
        found = self.leaves_of(design)
        if vertices is None:
            return np.asarray(self.values[found])
        return np.asarray(self.values[found[:, None], vertices])

    def arrays(self) -> dict[str, np.ndarray]:
        """Nodes, and values of leaves."""
        return {
            "tree_children": self.children,
            "tree_feature": self.feature,
            "tree_threshold": self.threshold,
            "tree_leaf": self.leaf,
            "tree_values": self.values,
        }

    def structure(self) -> dict[str, Any]:
        """Its kind and the width of the design."""
        return {"kind": self.kind, "n_features": self.n_features}

    @classmethod
    def restore(
        cls, structure: Mapping[str, Any], array: Callable[[str], np.ndarray]
    ) -> TreePredictor:
        """Make it from what ``structure`` and ``arrays`` gave."""
        names = ("children", "feature", "threshold", "leaf", "values")
        saved = {name: array(f"tree_{name}") for name in names}
        return cls(**saved, n_features=int(structure["n_features"]))


def ends_of(
    children: np.ndarray,
    feature: np.ndarray,
    threshold: np.ndarray,
    design: np.ndarray,
    root: int = 0,
) -> np.ndarray:
    """Return the node (n_stimuli,) without children at which each design ends.

    Parameters
    ----------
    children, feature, threshold : as of ``TreePredictor``.
    root : node at which all begin.
    """
    asked = np.asarray(design, dtype=np.float32)
    node = np.full(len(asked), root, dtype=np.intp)
    moving = np.flatnonzero(children[node, 0] >= 0)
    while len(moving):
        at = node[moving]
        right = ~(asked[moving, feature[at]] <= threshold[at])
        node[moving] = children[at, right.astype(np.intp)]
        moving = moving[children[node[moving], 0] >= 0]
    return node


def _fit(data: TrainingData, settings: TreeSettings, work: Work) -> Predictor:
    from sklearn.tree import DecisionTreeRegressor

    saved = work.checkpoint.load("tree")
    if saved is None:
        work.progress(0.0, "growing the tree")
        responses = np.empty((len(data.design), data.n_vertices))
        for start in range(0, data.n_vertices, _COLUMNS):
            columns = slice(start, start + _COLUMNS)
            responses[:, columns] = data.responses[:, columns]
        depth = settings.max_depth or None
        model = DecisionTreeRegressor(max_depth=depth, random_state=settings.seed)
        tree = model.fit(data.design, responses).tree_
        del responses  # before the leaves are copied: both are as large as the responses
        ends = np.flatnonzero(tree.children_left < 0)
        leaf = np.full(tree.node_count, -1, dtype=np.int32)
        leaf[ends] = np.arange(len(ends))
        saved = {
            "children": np.stack([tree.children_left, tree.children_right], 1).astype(np.int32),
            "feature": np.where(leaf < 0, tree.feature, -1).astype(np.int32),
            "threshold": np.array(tree.threshold),
            "leaf": leaf,
            "values": _leaf_values(tree.value, ends),
        }
        work.checkpoint.save("tree", saved)
    work.progress(1.0, "fitted")
    return TreePredictor(**saved, n_features=data.design.shape[1])


def _leaf_values(values: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Pick (n_leaves, n_vertices) float32 out of (n_nodes, n_vertices, 1), some rows at a time."""
    found = np.empty((len(ends), values.shape[1]), dtype=np.float32)
    for start in range(0, len(ends), _ROWS):
        found[start : start + _ROWS] = values[ends[start : start + _ROWS], :, 0]
    return found


ENTRIES = (
    RegressorEntry(
        name="tree",
        title="regression tree",
        summary="yes-no questions, the same for all vertices; slow, and needs much memory",
        method="one regression tree for all vertices, grown on squared error (maximal depth "
        "{max_depth}, 0 being none)",
        settings=TreeSettings,
        separable=False,
        fit=_fit,
        predictor=TreePredictor,
    ),
)
