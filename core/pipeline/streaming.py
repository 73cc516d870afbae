"""Feature spaces reduced while images pass, so that their features are never stored.

A convolutional map of 3,211,264 values for 10,000 images is 128 GB. Incremental PCA sees each batch
once: one pass of the fit images fits the reductions of all layers of a backbone (two where features
are scaled), a second one makes the designs of all images. What is kept is the reduction, and
components and residual per image; both are arrays of a feature store (``extraction_cache``) under
``<root>/reduced/<backbone>``. A killed pass goes on from the last state that was kept.

Exact PCA needs all images at once: its features are stored, and read in blocks.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cortiscope.core.config import fingerprint, to_plain
from cortiscope.core.encoding import FittedReduction, Reduction
from cortiscope.core.encoding.reduction.fitted import finished_reduction
from cortiscope.core.encoding.reduction.streamed import StreamedReduction
from cortiscope.core.errors import InvalidInput
from cortiscope.core.features import FeatureSpec, FeatureStore
from cortiscope.core.features.extraction_cache import (
    FORMAT,
    Wanted,
    draft_folder,
    is_whole,
    make_arrays,
    open_whole,
    write_whole,
)
from cortiscope.core.features.store import as_stored, content_key, mark_used, resolved
from cortiscope.core.progress import Progress, part
from cortiscope.core.runs import FolderCheckpoint
from cortiscope.core.stimuli import StimulusImages

if TYPE_CHECKING:
    from cortiscope.core.backbones.base import Backbone

_FLOAT32 = np.dtype(np.float32)
_STATE = "state"
# Keeping a state may take a tenth of the time: of 519,168 features it has 140 MB.
_PATIENCE = 10


@dataclass(frozen=True)
class ReducedSpace:
    """A feature space and its reduction.

    Parameters
    ----------
    features : of one pass: one backbone with one kind of weights, framing, pooling and dtype.
    """

    features: tuple[FeatureSpec, ...]
    reduction: Reduction

    @property
    def layers(self) -> tuple[str, ...]:
        """Its layers, in order."""
        return tuple(f.layer for f in self.features)

    def block(self, parts: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return a batch's features side by side, float32 (n, n_features), as if stored before."""
        columns = [
            np.asarray(as_stored(parts[f.layer], f), np.float32).reshape(len(parts[f.layer]), -1)
            for f in self.features
        ]
        return columns[0] if len(columns) == 1 else np.concatenate(columns, axis=1)


@dataclass(frozen=True)
class ImageSets:
    """The images that a reduction is fitted on, and those that get a design.

    Parameters
    ----------
    fit : in the order of the fit.
    designs : sets of images, in the order in which designs are asked for.
    """

    fit: StimulusImages
    designs: tuple[StimulusImages, ...]

    @classmethod
    def of(cls, fit: Sequence[StimulusImages], designs: Sequence[StimulusImages]) -> ImageSets:
        """Put the fit images of several subjects behind each other."""
        ids = [f"{k}:{name}" for k, images in enumerate(fit) for name in images.ids]
        captioned = all(images.captions for images in fit)
        return cls(
            StimulusImages(
                tuple(ids),
                tuple(path for images in fit for path in images.paths),
                tuple(c for images in fit for c in images.captions) if captioned else (),
            ),
            tuple(designs),
        )


class ReducedStore:
    """Reductions and designs that were made while images passed.

    Parameters
    ----------
    features : the store whose backbones are used, and in whose folder these lie.
    """

    def __init__(self, features: FeatureStore) -> None:
        self._features = features
        self.root = features.root / "reduced"

    def has(self, space: ReducedSpace, sets: ImageSets) -> bool:
        """Return whether a space's reduction and all its designs are there."""
        return is_whole(self._reduction_path(space, sets), _FLOAT32) and all(
            is_whole(self._design_path(space, sets, images), _FLOAT32, len(images))
            for images in sets.designs
            if len(images)
        )

    def open(
        self, space: ReducedSpace, sets: ImageSets
    ) -> tuple[FittedReduction, list[tuple[np.ndarray, np.ndarray]]]:
        """Return a space's reduction and, per set of images, design (n, k) and residual (n,)."""
        reduction = self._reduction(space, sets)
        mark_used(self._reduction_path(space, sets))
        designs = []
        for images in sets.designs:
            if not len(images):
                designs.append(
                    (np.empty((0, reduction.components.shape[1]), np.float32), np.empty(0))
                )
                continue
            path = self._design_path(space, sets, images)
            mark_used(path)
            array = open_whole(path)
            designs.append((np.array(array[:, :-1]), np.array(array[:, -1])))
        return reduction, designs

    def compute(
        self,
        spaces: Sequence[ReducedSpace],
        sets: ImageSets,
        progress: Progress,
        *,
        backbone: Backbone | None = None,
        batch_size: int = 32,
    ) -> None:
        """Fit the reductions of spaces of one source in shared passes, and make their designs.

        Raises
        ------
        InvalidInput
            Spaces of several sources, or features that cannot be reduced.
        """
        if len({source_of(space.features) for space in spaces} | {None}) != 2:
            raise InvalidInput("Spaces that are reduced while images pass must share one pass.")
        backbone = backbone or self._features.backbone(resolved(spaces[0].features[0]))
        self._fit(spaces, sets, backbone, part(progress, 0.0, 0.5), batch_size)
        sizes = (np.cumsum([0, *map(len, sets.designs)]) / sum(map(len, sets.designs))).tolist()
        for k, images in enumerate(sets.designs):
            if not len(images):
                continue
            step = part(progress, 0.5 + 0.5 * sizes[k], 0.5 + 0.5 * sizes[k + 1])
            wanted = [self._wanted(space, sets, images) for space in spaces]
            pooling = spaces[0].features[0].pooling
            make_arrays(wanted, backbone, images, pooling, step, batch_size)

    def _fit(
        self,
        spaces: Sequence[ReducedSpace],
        sets: ImageSets,
        backbone: Backbone,
        progress: Progress,
        batch_size: int,
    ) -> None:
        from cortiscope.core.features.extract import extract_batches, feature_shapes, largest_batch

        pooling = spaces[0].features[0].pooling
        batch_size = min(batch_size, largest_batch(backbone.input_size))
        n = len(sets.fit)
        layers = tuple(dict.fromkeys(layer for space in spaces for layer in space.layers))
        shapes = feature_shapes(backbone, layers, pooling)
        fits = []
        for space in spaces:
            path = self._reduction_path(space, sets)
            if not is_whole(path, _FLOAT32):
                d = sum(int(np.prod(shapes[layer])) for layer in space.layers)
                fits.append(_KeptFit(space, path, StreamedReduction(space.reduction, n, d)))
        while left := [f for f in fits if not f.done]:
            turn = min(f.streamed.finished for f in left)
            present = [f for f in left if f.streamed.finished == turn]
            # Batches as in an uninterrupted pass, so that a resumed one gives the same bits.
            start = min(f.streamed.position for f in present) // batch_size * batch_size
            needed = {layer for f in present for layer in f.space.layers}
            turns = max(f.streamed.n_passes for f in fits)
            for rows, parts in extract_batches(
                *(backbone, sets.fit, [x for x in layers if x in needed], pooling),
                batch_size=batch_size,
                progress=part(progress, turn / turns, (turn + 1) / turns),
                chunks=[range(start, n)],
            ):
                for f in present:
                    if not f.done and f.streamed.finished == turn:
                        f.add(rows.start, f.space.block(parts))

    def _wanted(self, space: ReducedSpace, sets: ImageSets, images: StimulusImages) -> Wanted:
        opened: list[FittedReduction] = []

        def rows(parts: Mapping[str, np.ndarray]) -> np.ndarray:
            if not opened:
                opened.append(self._reduction(space, sets))
            block = space.block(parts)
            design = opened[0].transform(block)
            return np.column_stack([design, opened[0].residual(block, design)])

        n_components = len(open_whole(self._reduction_path(space, sets))) - 2
        return Wanted(
            path=self._design_path(space, sets, images),
            layers=space.layers,
            shape=(n_components + 1,),
            dtype=_FLOAT32,
            rows=rows,
            record=_record(space) | {"images": content_key(space.features[0], images)},
            name=" + ".join(space.layers),
        )

    def _reduction(self, space: ReducedSpace, sets: ImageSets) -> FittedReduction:
        path = self._reduction_path(space, sets)
        array = open_whole(path)
        record = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        return FittedReduction(
            np.array(array[0]),
            np.array(array[1]),
            np.ascontiguousarray(array[2:].T),
            np.array(record["explained"], np.float32),
        )

    def _key(self, space: ReducedSpace) -> str:
        features = [resolved(f) for f in space.features]
        revisions = [f.revision for f in features]
        return fingerprint(["readout", features, revisions, space.reduction, FORMAT])

    def _reduction_path(self, space: ReducedSpace, sets: ImageSets) -> Path:
        fit = content_key(space.features[0], sets.fit)
        return self.root / space.features[0].backbone / f"{self._key(space)}-{fit}.npy"

    def _design_path(self, space: ReducedSpace, sets: ImageSets, images: StimulusImages) -> Path:
        path = self._reduction_path(space, sets)
        key = fingerprint(["design", path.stem])
        return path.with_name(f"{key}-{content_key(space.features[0], images)}.npy")


class _KeptFit:
    """A reduction that is being fitted, and the state that a later process goes on from."""

    def __init__(self, space: ReducedSpace, path: Path, streamed: StreamedReduction) -> None:
        from cortiscope.core.features.extract import CHUNK_IMAGES

        self.space, self.streamed, self.done = space, streamed, False
        self._path, self._chunk = path, CHUNK_IMAGES
        self._draft = FolderCheckpoint(draft_folder(path))
        if state := self._draft.load(_STATE):
            streamed.restore(state)
        self._kept, self._when, self._seconds = self._seen, time.monotonic(), 0.0

    @property
    def _seen(self) -> tuple[int, int]:
        return self.streamed.finished, self.streamed.position

    def add(self, start: int, block: np.ndarray) -> None:
        """Take a batch of fit images that begins with number ``start``."""
        self.streamed.add(block[max(0, self.streamed.position - start) :], self._after_batch)

    def _after_batch(self) -> None:
        if self.streamed.done:
            reduction = finished_reduction(self.streamed)
            array = np.vstack([reduction.mean, reduction.scale, reduction.components.T])
            explained = {"explained": reduction.explained.tolist()}
            write_whole(self._path, array, _record(self.space) | explained)
            self._draft.forget()
            self.done = True
            return
        passes, rows = (a - b for a, b in zip(self._seen, self._kept, strict=True))
        begun = time.monotonic()
        if (passes or rows >= self._chunk) and begun - self._when >= _PATIENCE * self._seconds:
            self.done = is_whole(self._path, _FLOAT32)  # by another process
            if not self.done:
                self._draft.save(_STATE, self.streamed.state())
            self._kept, self._when = self._seen, time.monotonic()
            self._seconds = self._when - begun


def source_of(features: Sequence[FeatureSpec]) -> FeatureSpec | None:
    """Return the pass that features come from; None where they come from several."""
    sources = {f.source for f in features}
    return sources.pop() if len(sources) == 1 else None


def _record(space: ReducedSpace) -> dict[str, object]:
    return {
        "spec": [to_plain(f) for f in space.features],
        "reduction": to_plain(space.reduction),
        "label": f"{' + '.join(f.label for f in space.features)}, {space.reduction.label}",
    }
