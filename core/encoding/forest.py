"""A random forest: the mean of many trees, each grown on images drawn with replacement.

A tree's answer is the mean response of the fit images in a leaf, so a forest's is a weighted mean
of the fit images' responses, with weights that are the same for all vertices (Meinshausen 2006).
That is what is kept: questions, leaves of the fit images, and their responses once, instead of
every leaf's responses for every tree.

What a question is worth is a sum of squares over vertices, which no rotation changes: trees are
grown on the leading principal components of the responses, which takes a time that does not depend
on the number of vertices.

References
----------
Breiman 2001, Mach. Learn. 45:5. Meinshausen 2006, J. Mach. Learn. Res. 7:983 (weights).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from cortiscope.core.encoding.predictor import Predictor, check_design
from cortiscope.core.encoding.regressors import RegressorEntry
from cortiscope.core.encoding.training import TrainingData, Work
from cortiscope.core.encoding.tree import ends_of
from cortiscope.core.errors import InvalidInput, check_whole

_COLUMNS = 4096
_ROWS = 256


@dataclass(frozen=True)
class ForestSettings:
    """Settings of the forest; sizes are ours.

    Parameters
    ----------
    n_trees : number of trees.
    max_features : share of the design's columns among which each question is chosen.
    min_leaf : images in a leaf, at least; copies that were drawn count once each.
    components : principal components of the responses that trees are grown on; 0 grows them on
        all responses, and as many as there are images gives the same trees.
    seed : of the draws of images and columns.
    """

    n_trees: int = 100
    max_features: float = 0.33
    min_leaf: int = 3
    components: int = 50
    seed: int = 0

    def __post_init__(self) -> None:
        check_whole("n_trees", self.n_trees, 1, 10_000)
        check_whole("min_leaf", self.min_leaf, 1)
        check_whole("components", self.components)
        check_whole("seed", self.seed)
        if not 0 < self.max_features <= 1:
            raise InvalidInput(
                f"max_features is a share above 0 and at most 1; got {self.max_features:g}."
            )


@dataclass(frozen=True)
class ForestPredictor:
    """Trees whose nodes lie one after another, and the fit images that ended in their leaves.

    Parameters
    ----------
    children, feature, threshold : (n_nodes, ...) as of ``TreePredictor``, of all trees.
    roots : (n_trees,) first node of each.
    ends : (n_fit, n_trees) int32, node at which each fit image ended.
    drawn : (n_fit, n_trees) uint16, how often it was drawn for the tree.
    responses : (n_fit, n_vertices) float32.
    """

    kind: ClassVar[str] = "forest"

    children: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    roots: np.ndarray
    ends: np.ndarray
    drawn: np.ndarray
    responses: np.ndarray
    n_features: int

    def __repr__(self) -> str:
        """How large it is: arrays would fill the screen."""
        return f"<ForestPredictor of {len(self.roots)} trees, to {self.n_vertices:,} vertices>"

    @property
    def n_vertices(self) -> int:
        """Number of vertices that it predicts."""
        return self.responses.shape[1]

    def weights_of(self, design: np.ndarray) -> np.ndarray:
        """Return the share (n_stimuli, n_fit) that each fit image has in each answer."""
        check_design(design, self.n_features)
        weights = np.zeros((len(design), len(self.ends)))
        for tree, root in enumerate(self.roots.tolist()):
            end = ends_of(self.children, self.feature, self.threshold, design, root)
            drawn = self.drawn[:, tree].astype(np.float64)
            within = np.bincount(self.ends[:, tree], drawn, minlength=len(self.feature))
            same = end[:, None] == self.ends[:, tree]
            weights += same * (drawn / within[end][:, None])
        return weights / len(self.roots)

    def predict(self, design: np.ndarray, vertices: np.ndarray | None = None) -> np.ndarray:
        """Predict (n_stimuli, n_vertices) float32."""
        responses = self.responses if vertices is None else self.responses[:, vertices]
        found = np.empty((len(design), responses.shape[1]), dtype=np.float32)
        for start in range(0, len(design), _ROWS):
            rows = slice(start, start + _ROWS)
            found[rows] = self.weights_of(design[rows]).astype(np.float32) @ responses
        return found

    def arrays(self) -> dict[str, np.ndarray]:
        """Nodes, leaves of the fit images, and their responses."""
        return {f"forest_{name}": getattr(self, name) for name in _ARRAYS}

    def structure(self) -> dict[str, Any]:
        """Its kind and the width of the design."""
        return {"kind": self.kind, "n_features": self.n_features}

    @classmethod
    def restore(
        cls, structure: Mapping[str, Any], array: Callable[[str], np.ndarray]
    ) -> ForestPredictor:
        """Make it from what ``structure`` and ``arrays`` gave."""
        saved = {name: array(f"forest_{name}") for name in _ARRAYS}
        return cls(**saved, n_features=int(structure["n_features"]))


_ARRAYS = ("children", "feature", "threshold", "roots", "ends", "drawn", "responses")


def _fit(data: TrainingData, settings: ForestSettings, work: Work) -> Predictor:
    n = len(data.design)
    responses = np.empty((n, data.n_vertices), dtype=np.float32)
    for start in range(0, data.n_vertices, _COLUMNS):
        columns = slice(start, start + _COLUMNS)
        responses[:, columns] = data.responses[:, columns]
    target = _target(responses, settings.components)
    design = np.asarray(data.design, dtype=np.float32)
    drawn = np.stack(
        [
            np.random.default_rng((settings.seed, k)).multinomial(n, np.full(n, 1 / n))
            for k in range(settings.n_trees)
        ],
        axis=1,
    ).astype(np.uint16)
    _check_leaves(settings.min_leaf, int((drawn > 0).sum(axis=0).max(initial=0)))
    trees, ends, first = [], [], 0
    for k in range(settings.n_trees):
        tree = work.checkpoint.load(f"tree-{k}")
        if tree is None:
            work.progress(k / settings.n_trees, f"growing tree {k + 1} of {settings.n_trees}")
            tree = _grown(design, target, drawn[:, k], settings, k)
            work.checkpoint.save(f"tree-{k}", tree)
        ends.append(first + ends_of(tree["children"], tree["feature"], tree["threshold"], design))
        tree["children"] = np.where(tree["children"] < 0, -1, tree["children"] + first)
        trees.append(tree)
        first += len(tree["feature"])
    work.progress(1.0, "fitted")
    nodes = {name: np.concatenate([t[name] for t in trees]) for name in trees[0]}
    sizes = [len(tree["feature"]) for tree in trees]
    return ForestPredictor(
        **nodes,
        roots=np.cumsum([0, *sizes[:-1]]).astype(np.int32),
        ends=np.stack(ends, axis=1).astype(np.int32),
        drawn=drawn,
        responses=responses,
        n_features=design.shape[1],
    )


def _check_leaves(min_leaf: int, n_images: int) -> None:
    """Refuse leaves so large that no tree of at most ``n_images`` distinct images has two."""
    if n_images < 2 * min_leaf:
        raise InvalidInput(
            f"No tree of the forest can ask a question: two leaves of at least min_leaf={min_leaf} "
            f"images each need {2 * min_leaf}, and a tree has {n_images} at most; every image "
            "would be predicted the same.",
            f"Set min_leaf to {n_images // 2} at most, or fit on more images.",
        )


def _target(responses: np.ndarray, components: int) -> np.ndarray:
    """Return what trees are grown on, (n_fit, k) float64: leading components, by way of images."""
    centred = responses - responses.mean(axis=0, dtype=np.float64)
    if not components or components >= responses.shape[1]:
        return np.asarray(centred)
    values, axes = np.linalg.eigh(centred @ centred.T)
    values, axes = values[::-1][:components].clip(0), axes[:, ::-1][:, :components]
    return np.asarray(axes * np.sqrt(values))


def _grown(
    design: np.ndarray, target: np.ndarray, drawn: np.ndarray, settings: ForestSettings, k: int
) -> dict[str, np.ndarray]:
    """Grow a tree on the images drawn."""
    from sklearn.tree import DecisionTreeRegressor

    model = DecisionTreeRegressor(
        max_features=settings.max_features,
        min_samples_leaf=settings.min_leaf,
        random_state=int(np.random.SeedSequence((settings.seed, k)).generate_state(1)[0]),
    )
    own = drawn > 0
    tree = model.fit(design[own], target[own], sample_weight=drawn[own].astype(np.float64)).tree_
    inner = tree.children_left >= 0
    return {
        "children": np.stack([tree.children_left, tree.children_right], 1).astype(np.int32),
        "feature": np.where(inner, tree.feature, -1).astype(np.int32),
        "threshold": np.array(tree.threshold),
    }


ENTRIES = (
    RegressorEntry(
        name="forest",
        title="random forest",
        summary="mean of many trees, each on other images; keeps all their responses",
        method="a random forest of {n_trees} trees for all vertices (each on images drawn with "
        "replacement, questions among a share of {max_features} of the columns, at least "
        "{min_leaf} images in a leaf), grown on {components} principal components of the responses "
        "(0: on all responses)",
        settings=ForestSettings,
        separable=False,
        fit=_fit,
        predictor=ForestPredictor,
    ),
)
