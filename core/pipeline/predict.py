"""Predict responses to new images with fitted runs.

A run predicts from a *design*: the scaled and PCA-reduced features of an image, of one or several
feature spaces side by side. Everything up to
the design needs the backbone (torch); everything after it is one small product (numpy).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFilter

from cortiscope.core.backbones import WeightsSpec, load_backbone
from cortiscope.core.brain import Part, part_from_short
from cortiscope.core.errors import CoreError, InvalidInput
from cortiscope.core.features import FeatureSpec
from cortiscope.core.features.store import as_stored
from cortiscope.core.pipeline.designs import Reductions
from cortiscope.core.progress import Progress, silent
from cortiscope.core.runs import Run
from cortiscope.core.stimuli import StimulusImages

if TYPE_CHECKING:
    from cortiscope.core.backbones.base import Backbone


@dataclass(frozen=True)
class FeatureSource:
    """One pass through a backbone of a run: what its layers have in common, and the layers."""

    common: FeatureSpec
    layers: tuple[str, ...]

    def view(self, backbone: Backbone) -> Backbone:
        """Return the loaded backbone framed and computing as in the fit."""
        return backbone.framed(self.common.framing).at_precision(self.common.precision)


def sources_of(run: Run) -> tuple[FeatureSource, ...]:
    """Return a run's backbones: one forward pass each."""
    groups: dict[FeatureSpec, list[str]] = {}
    for f in run.spec.features:
        groups.setdefault(f.source, []).append(f.layer)
    return tuple(FeatureSource(common, tuple(layers)) for common, layers in groups.items())


class BackboneCache:
    """Backbones that are already loaded, so that a second picture costs a forward pass only."""

    def __init__(self) -> None:
        self._loaded: dict[tuple[str, WeightsSpec], Backbone] = {}
        self._views: dict[FeatureSpec, Backbone] = {}

    def of(self, run: Run) -> tuple[Backbone, ...]:
        """Return the backbones of a run's sources, in their order.

        Raises
        ------
        UnknownName, MissingWeights, DamagedFile
            A backbone is not known here, or cannot be loaded; the run is named.
        """
        try:
            return tuple(self.get(source) for source in sources_of(run))
        except CoreError as error:
            message = f"{run.id} cannot predict new images here. {error.message}"
            raise type(error)(message, error.hint) from None

    def get(self, source: FeatureSource) -> Backbone:
        """Load a source's backbone, or return the one loaded before."""
        key = (source.common.backbone, source.common.weights)
        if key not in self._loaded:
            self._loaded[key] = load_backbone(*key)
        if source.common not in self._views:
            self._views[source.common] = source.view(self._loaded[key])
        return self._views[source.common]


def design_of_layers(
    run: Run, by_source: Mapping[FeatureSource, Mapping[str, np.ndarray]]
) -> tuple[np.ndarray, np.ndarray]:
    """Put layers (n, *shape) through the run's reductions: design (n, n_columns), residual (n,)."""
    arrays: dict[FeatureSpec, np.ndarray] = {}
    for source, layers in by_source.items():
        for name, array in layers.items():
            feature = replace(source.common, layer=name)
            # Rounded as what the fit saw.
            seen = as_stored(np.asarray(array), feature)
            arrays[feature] = seen.astype(np.float32, copy=False).reshape(len(seen), -1)
    features = run.spec.features
    blocks = [
        np.concatenate([arrays[features[k]] for k in space], axis=1) for space in run.facts.spaces
    ]
    return Reductions(run.reductions).transform(blocks)


def predict_images(
    run: Run, images: StimulusImages, *, progress: Progress = silent
) -> dict[Part, np.ndarray]:
    """Predict (n_images, n_vertices of the part) float32 for image files.

    No more than one batch of features is held.
    """
    from cortiscope.core.features.extract import BATCH_SIZE, extract_batches, largest_batch

    sources = sources_of(run)
    loaded = BackboneCache()
    backbones = loaded.of(run)
    batch_size = min(BATCH_SIZE, *(largest_batch(b.input_size) for b in backbones))
    passes = [
        extract_batches(
            *(backbone, images, source.layers, source.common.pooling),
            batch_size=batch_size,
            # The networks take turns, batch by batch: one reports how far all are.
            progress=silent if k else progress,
        )
        for k, (source, backbone) in enumerate(zip(sources, backbones, strict=True))
    ]
    designs = [
        design_of_layers(
            run, {source: parts for source, (_, parts) in zip(sources, batch, strict=True)}
        )[0]
        for batch in zip(*passes, strict=True)
    ]
    predicted = run.fitted.predict(np.concatenate(designs))
    counts = run.n_vertices
    pieces = np.split(predicted, np.cumsum(list(counts.values()))[:-1], axis=1)
    return {part_from_short(name): own for name, own in zip(counts, pieces, strict=True)}


def picture_design(
    run: Run, picture: Image.Image, backbones: BackboneCache
) -> tuple[np.ndarray, float]:
    """Return the design (n_columns,) of one decoded picture, and its residual."""
    from cortiscope.core.features.extract import extract_one

    by_source = {}
    for source, backbone in zip(sources_of(run), backbones.of(run), strict=True):
        layers = extract_one(backbone, picture, source.layers, source.common.pooling)
        by_source[source] = {name: np.asarray(array)[None] for name, array in layers.items()}
    design, residual = design_of_layers(run, by_source)
    return design[0], float(residual[0])


def seen_part(
    run: Run, size: tuple[int, int], backbones: BackboneCache
) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom of what a run's networks see of pictures of a size.

    Parameters
    ----------
    size : width and height in pixels, the unit of the answer.

    Returns
    -------
    box : of several networks the smallest box that holds what any of them sees.
    """
    from cortiscope.core.backbones.framing import seen_box

    boxes = np.array([seen_box(backbone, size) for backbone in backbones.of(run)])
    left, top = boxes[:, :2].min(axis=0)
    right, bottom = boxes[:, 2:].max(axis=0)
    return float(left), float(top), float(right), float(bottom)


def occluded_designs(
    run: Run,
    picture: Image.Image,
    backbones: BackboneCache,
    *,
    grid: int = 9,
    rows: Sequence[int] | None = None,
) -> np.ndarray:
    """Return designs (n_rows, grid, n_components) of a picture with one patch blurred away each.

    The patches tile what the networks see (``seen_part``), row by row from the top left; each is
    twice a cell wide and fades out, so that no hard edge of the mask itself drives a network.

    Parameters
    ----------
    rows : of the grid, from 0 at the top; all without.
    """
    if not 2 <= grid <= 32:
        raise InvalidInput(f"The occlusion grid must have 2 to 32 cells a side; got {grid}.")
    whole = _at_most(picture, _LARGEST_OCCLUDED)
    left, top, right, bottom = (round(end) for end in seen_part(run, whole.size, backbones))
    size = (right - left, bottom - top)
    blurred = whole.copy()
    # Of the seen part by itself: nothing of the rest is blurred into it.
    seen = whole.crop((left, top, right, bottom))
    blurred.paste(seen.filter(ImageFilter.GaussianBlur(min(size) / 10)), (left, top))
    asked = range(grid) if rows is None else rows
    if not set(asked) <= set(range(grid)):
        raise InvalidInput(f"Rows of the occlusion grid are 0 to {grid - 1}; got {list(asked)}.")
    designs = []
    for row in asked:
        for column in range(grid):
            mask = Image.new("L", whole.size)
            mask.paste(_soft_patch(size, grid, row, column), (left, top))
            masked = Image.composite(blurred, whole, mask)
            designs.append(picture_design(run, masked, backbones)[0])
    return np.stack(designs).reshape(len(asked), grid, -1)


# Shorter side of a picture whose patches are blurred: more than networks see costs time alone.
_LARGEST_OCCLUDED = 448


def _at_most(picture: Image.Image, side: int) -> Image.Image:
    """Shrink a picture whose shorter side is longer than ``side``."""
    shrink = min(picture.size) / side
    if shrink <= 1:
        return picture
    size = round(picture.width / shrink), round(picture.height / shrink)
    return picture.resize(size, Image.Resampling.BICUBIC)


def _soft_patch(size: tuple[int, int], grid: int, row: int, column: int) -> Image.Image:
    """Return a mask of a width and height whose patch fades out around its cell."""
    across, down = (
        np.exp(-(((np.arange(side) + 0.5 - (k + 0.5) * side / grid) / (side / grid)) ** 4))
        for side, k in zip(size, (column, row), strict=True)
    )
    return Image.fromarray((255 * np.outer(down, across)).astype(np.uint8), mode="L")
