"""From images to designs: features of every feature space, each through its own reduction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cortiscope.core.encoding import FittedReduction
from cortiscope.core.features import FeatureSpec, FeatureStore
from cortiscope.core.progress import Progress, part
from cortiscope.core.stimuli import StimulusImages


def extract_together(
    store: FeatureStore,
    features: Sequence[FeatureSpec],
    image_sets: Sequence[StimulusImages],
    progress: Progress,
) -> None:
    """Fill the feature cache: one pass per backbone and image set serves all layers."""
    groups: dict[object, dict[FeatureSpec, None]] = {}
    for f in features:
        groups.setdefault(f.source, {})[f] = None
    steps = [(list(g), images) for g in groups.values() for images in image_sets if len(images)]
    n, done = sum(len(images) for _, images in steps), 0
    for wanted, images in steps:
        # By images, so that the share advances evenly within a network.
        step = part(progress, done / n, (done + len(images)) / n)
        store.get(wanted, images, progress=step)
        done += len(images)


def space_features(
    store: FeatureStore, features: Sequence[FeatureSpec], images: StimulusImages
) -> np.ndarray:
    """Return one feature space of some images: its layers flattened, side by side (n, d)."""
    blocks = []
    for f in features:
        array = store.get([f], images)[f.layer]
        blocks.append(np.asarray(array, np.float32).reshape(len(images), -1))
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks, axis=1)


@dataclass(frozen=True)
class Reductions:
    """The reduction of each feature space; the design is theirs side by side."""

    parts: tuple[FittedReduction, ...]

    @property
    def spaces(self) -> tuple[slice, ...]:
        """The design's columns of each feature space."""
        edges = np.cumsum([0, *(p.components.shape[1] for p in self.parts)])
        return tuple(slice(int(a), int(b)) for a, b in zip(edges[:-1], edges[1:], strict=True))

    def transform(self, blocks: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Return the design (n, n_columns) and the residual (n,) of some images' features.

        The residual is how far an image lies outside what the components of all spaces span.
        """
        return side_by_side(
            [designed(reduction, b) for reduction, b in zip(self.parts, blocks, strict=True)]
        )

    def arrays(self) -> Mapping[str, np.ndarray]:
        """Everything, by file name."""
        return {
            f"readout{k}_{name}": getattr(reduction, name)
            for k, reduction in enumerate(self.parts)
            for name in ("mean", "scale", "components", "explained")
        }


def designed(reduction: FittedReduction, block: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return one space's design (n, k) and residual (n,) of some images' features (n, d)."""
    design = reduction.transform(block)
    return design, reduction.residual(block, design)


def side_by_side(
    spaces: Sequence[tuple[np.ndarray, np.ndarray]],
) -> tuple[np.ndarray, np.ndarray]:
    """Join the designs and residuals of several spaces of the same images."""
    designs, residuals = zip(*spaces, strict=True)
    if len(designs) == 1:
        return designs[0], residuals[0]
    squares = sum(residual.astype(np.float64) ** 2 for residual in residuals)
    return np.concatenate(designs, axis=1), np.sqrt(squares).astype(np.float32)
