"""From images to designs: features of every feature space, each through its own reduction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cortiscope.core.backbones import list_layers
from cortiscope.core.backbones.framing import seen_box
from cortiscope.core.datasets import Subject
from cortiscope.core.encoding import FittedReduction, PictureGrid
from cortiscope.core.errors import InvalidInput
from cortiscope.core.features import FeatureSpec, FeatureStore
from cortiscope.core.features.store import resolved
from cortiscope.core.progress import Progress, part
from cortiscope.core.runs import EncodingSpec
from cortiscope.core.stimuli import StimulusImages
from cortiscope.core.stimuli.decode import FORMATS, decode_image


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


# Rows of a design that are made at a time, and the side in pixels by which a framing is asked.
_ROWS = 256
_SIDE = 512


@dataclass(frozen=True)
class Reductions:
    """The reduction of each feature space; the design is theirs side by side."""

    parts: tuple[FittedReduction, ...]

    @property
    def spaces(self) -> tuple[slice, ...]:
        """The design's columns of each feature space."""
        edges = np.cumsum([0, *(p.n_columns for p in self.parts)])
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
            f"readout{k}_{name}": array
            for k, reduction in enumerate(self.parts)
            for name, array in reduction.arrays().items()
        }


class PlacedDesign:
    """A design that keeps places: rows are made of stored features when they are read.

    At 10,000 images and 500 channels by 64 places it would take 1.3 GB of memory, and each map is
    read from the feature store as it lies there.

    Parameters
    ----------
    spaces : of each feature space its reduction and its features (n_stored, n_features), mapped.
    rows : (n_images,) which of the stored rows, in the order wanted.
    """

    ndim = 2
    dtype = np.dtype(np.float32)

    def __init__(
        self, spaces: Sequence[tuple[FittedReduction, np.ndarray]], rows: np.ndarray | None = None
    ) -> None:
        self._spaces = tuple(spaces)
        self._rows = np.arange(len(spaces[0][1])) if rows is None else np.asarray(rows)

    @property
    def shape(self) -> tuple[int, int]:
        """(n_images, n_columns)."""
        return len(self), sum(reduction.n_columns for reduction, _ in self._spaces)

    @property
    def nbytes(self) -> int:
        """What it takes on disk."""
        return len(self) * self.shape[1] * self.dtype.itemsize

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, rows: slice | np.ndarray) -> np.ndarray:
        """Read some rows, (n, n_columns) float32."""
        own = self._rows[rows]
        parts = [reduction.transform(stored[own]) for reduction, stored in self._spaces]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def of_rows(self, rows: np.ndarray) -> PlacedDesign:
        """Return some of the images, in the order given; nothing is read."""
        return PlacedDesign(self._spaces, self._rows[rows])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[:], dtype=dtype)

    def residual(self) -> np.ndarray:
        """Return (n_images,) how far each image lies outside what the components span."""
        total = np.zeros(len(self))
        for start in range(0, len(self), _ROWS):
            for reduction, stored in self._spaces:
                block = stored[self._rows[start : start + _ROWS]]
                total[start : start + _ROWS] += (
                    reduction.residual(block, reduction.transform(block)).astype(np.float64) ** 2
                )
        return np.sqrt(total).astype(np.float32)


def check_places(subjects: Sequence[Subject], spec: EncodingSpec) -> None:
    """Refuse, before a network works for it, to keep places of pictures of unlike or unknown size.

    Raises
    ------
    InvalidInput : the subjects' pictures differ in degrees, theirs are not known, or a network is
        given more than the central square of pictures that are not square.
    """
    if spec.reduction.kind != "places":
        return
    sides = {s.id: s.conventions.picture_degrees.value for s in subjects}
    if len(set(sides.values())) > 1:
        said = ", ".join(
            f"{name}: {'unknown' if side is None else f'{side:g} degrees'}"
            for name, side in sides.items()
        )
        raise InvalidInput(
            f"Subjects whose pictures were of other sizes share no places on them ({said}).",
            "Fit them apart, or keep no places (--reduce pca:200).",
        )
    for feature in spec.features if None in sides.values() else ():
        kinds = {info.name: info.axes.kind for info in list_layers(feature.backbone)}
        if feature.pooling.kind == "grid" and kinds.get(feature.layer) in ("map", "tokens"):
            raise _unknown_size()
    if any(feature.framing.kind == "stretch" for feature in spec.features):
        _check_square([split.images for s in subjects for split in (s.train, s.test)])


def _check_square(sets: Sequence[StimulusImages]) -> None:
    """Refuse pictures that are not square; only their headers are read."""
    for images in sets:
        for path in images.paths:
            width, height = _size_of(path)
            if width != height:
                raise InvalidInput(
                    f"{path.name} is {width} x {height} pixels, and more of it than the central "
                    "square is brought to the network: where places lie, in degrees, is not known.",
                    "Take a framing that cuts out the central square (most networks' published "
                    "one), or keep no places (--reduce pca:200).",
                )


def _size_of(path: Path) -> tuple[int, int]:
    try:
        with Image.open(path, formats=FORMATS) as picture:
            return picture.size
    except Exception:  # decoders raise nearly anything; decode_image finds the words
        return decode_image(path).original_size


def _unknown_size() -> InvalidInput:
    return InvalidInput(
        "How large the pictures were, in degrees of visual angle, is not known; places of "
        "features are in degrees.",
        "State picture_degrees in the folder's sidecar (docs/own-data.md).",
    )


def picture_grid(
    store: FeatureStore,
    feature: FeatureSpec,
    shape: tuple[int, ...],
    degrees: float | None,
    sets: Sequence[StimulusImages] = (),
) -> PictureGrid:
    """Say where the features of a layer lie on the picture.

    Parameters
    ----------
    shape : of one image's features, channels first.
    degrees : side of the square pictures; of others, of their central square.
    sets : the pictures, which must be square if a network is given more than their middle.

    Raises
    ------
    InvalidInput : the side is not known, the features are no map, or pictures are not square.
    """
    if len(shape) == 1:
        return PictureGrid(shape[0])
    known = {info.name: info.axes.kind for info in list_layers(feature.backbone)}
    if len(shape) != 3 or (feature.pooling.kind == "none" and known[feature.layer] != "map"):
        raise InvalidInput(
            f"The features of {feature.layer}, {shape}, are no map of places "
            f"({feature.pooling.label}).",
            "Take it averaged onto a grid, as with --pool grid:16.",
        )
    if degrees is None:
        raise _unknown_size()
    # Of square pictures; networks see a central part of them, each another one.
    backbone = store.backbone(resolved(feature))
    seen = seen_box(backbone, (_SIDE, _SIDE))
    left, _, right, _ = seen_box(backbone, (2 * _SIDE, _SIDE))
    if right - left > 1.5 * (seen[2] - seen[0]):
        _check_square(sets)
    left, top, right, bottom = (degrees * (end / _SIDE - 0.5) for end in seen)
    return PictureGrid(*shape, (left, -top, right, -bottom))


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
