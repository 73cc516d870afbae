"""Predict responses to new images with fitted runs.

A run predicts from a *design*: the scaled and PCA-reduced features of an image. Everything up to
the design needs the backbone (torch); everything after it is one small product (numpy).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageFilter

from core.backbones import WeightsSpec, load_backbone
from core.brain import HEMISPHERES, Hemisphere
from core.errors import InvalidInput
from core.features import Pooling
from core.progress import Progress, silent
from core.runs import Run
from core.stimuli import StimulusImages

if TYPE_CHECKING:
    from core.backbones.base import Backbone


@dataclass(frozen=True)
class FeatureSource:
    """Where a run's features come from."""

    backbone: str
    weights: WeightsSpec
    layers: tuple[str, ...]
    pooling: Pooling


def source_of(run: Run) -> FeatureSource:
    """Read a run's feature source from its record."""
    features: Sequence[Mapping[str, Any]] = run.record["spec"]["features"]
    first = features[0]
    return FeatureSource(
        first["backbone"],
        WeightsSpec(**_fields(first["weights"])),
        tuple(f["layer"] for f in features),
        Pooling(**_fields(first["pooling"])),
    )


def _fields(plain: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in plain.items() if k != "type"}


class BackboneCache:
    """Backbones that are already loaded, so that a second picture costs a forward pass only."""

    def __init__(self) -> None:
        self._loaded: dict[tuple[str, WeightsSpec], Backbone] = {}

    def get(self, source: FeatureSource) -> Backbone:
        """Load a source's backbone, or return the one loaded before."""
        key = (source.backbone, source.weights)
        if key not in self._loaded:
            self._loaded[key] = load_backbone(*key)
        return self._loaded[key]


def predict_images(
    run: Run, images: StimulusImages, *, progress: Progress = silent
) -> dict[Hemisphere, np.ndarray]:
    """Predict (n_images, n_vertices of the hemisphere) float32 for image files."""
    from core.features.extract import extract

    source = source_of(run)
    backbone = load_backbone(source.backbone, source.weights)
    by_layer = extract(backbone, images, source.layers, source.pooling, progress=progress)
    parts = [np.asarray(by_layer[name]).reshape(len(images), -1) for name in source.layers]
    predicted = run.fitted.predict(run.readout.transform(np.concatenate(parts, axis=1)))
    n_left = int(run.record["n_vertices"]["lh"])
    return dict(zip(HEMISPHERES, np.split(predicted, [n_left], axis=1), strict=True))


def picture_design(
    run: Run, picture: Image.Image, backbones: BackboneCache
) -> tuple[np.ndarray, float]:
    """Return the design (n_components,) of one decoded picture, and its residual."""
    from core.features.extract import extract_one

    source = source_of(run)
    by_layer = extract_one(backbones.get(source), picture, source.layers, source.pooling)
    flat = np.concatenate([np.asarray(by_layer[name]).reshape(1, -1) for name in source.layers], 1)
    design = run.readout.transform(flat)
    return design[0], float(run.readout.residual(flat, design)[0])


def occluded_designs(
    run: Run, picture: Image.Image, backbones: BackboneCache, *, grid: int = 9
) -> np.ndarray:
    """Return designs (grid, grid, n_components) of a picture with one patch blurred away each.

    The patches tile the central square the model sees, row by row from the top left; each is
    twice a cell wide and fades out, so that no hard edge of the mask itself drives the network.
    """
    if not 2 <= grid <= 32:
        raise InvalidInput(f"The occlusion grid must have 2 to 32 cells a side; got {grid}.")
    square = _central_square(picture, 448)
    blurred = square.filter(ImageFilter.GaussianBlur(square.width / 10))
    designs = []
    for row in range(grid):
        for column in range(grid):
            mask = _soft_patch(square.width, grid, row, column)
            masked = Image.composite(blurred, square, mask)
            designs.append(picture_design(run, masked, backbones)[0])
    return np.stack(designs).reshape(grid, grid, -1)


def _central_square(picture: Image.Image, largest: int) -> Image.Image:
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    square = picture.crop((left, top, left + side, top + side))
    return (
        square if side <= largest else square.resize((largest, largest), Image.Resampling.BICUBIC)
    )


def _soft_patch(side: int, grid: int, row: int, column: int) -> Image.Image:
    cell = side / grid
    axis = np.arange(side) + 0.5
    weights = [
        np.exp(-(((axis - (k + 0.5) * cell) / cell) ** 4)).astype(np.float32) for k in (row, column)
    ]
    return Image.fromarray((255 * np.outer(*weights)).astype(np.uint8), mode="L")
