"""Features on disk, computed once: keyed by what they are and by the images' content or captions.

Layout: ``<root>/<backbone>/<key>.npy``, float32 or float16 (n_images, *shape), and
``<key>.json`` beside it, which is written last, says what the array is and how many bytes it
has, and is touched whenever the features are used. An array counts only if both agree; anything
else is computed anew. What a pass has finished is kept in ``.<key>.draft`` (``Draft``) until the
array is whole, so that a killed pass goes on where it was. Two processes may compute the same
key at the same time: chunks and arrays appear by renames, and the last one wins with equal
content.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.backbones import WeightsSpec, get_card, load_backbone, resolve_weights
from core.config import fingerprint, to_plain
from core.errors import DamagedFile, InvalidInput
from core.features.draft import Draft, LostChunkError
from core.features.spec import FeatureSpec
from core.progress import Progress, silent
from core.stimuli import StimulusImages
from core.storage import atomic_file, write_json

if TYPE_CHECKING:
    from core.backbones.base import Backbone

FORMAT = 1
"""Raised when files of an older version must not be read any more."""

_ROUNDS = 3
"""How often chunks that are lost while an array is put together are computed again."""


class FeatureStore:
    """A folder of features.

    Parameters
    ----------
    root : made when the first features are written.
    load : makes a backbone when something is missing; called as ``load(name, weights)``.
    """

    def __init__(
        self, root: Path, load: Callable[[str, WeightsSpec], Backbone] = load_backbone
    ) -> None:
        self.root = root
        self._load = load

    def get(
        self,
        specs: Sequence[FeatureSpec],
        images: StimulusImages,
        progress: Progress = silent,
        *,
        batch_size: int = 32,
    ) -> dict[str, np.ndarray]:
        """Return features of several layers, computing in one pass those that are missing.

        Torch is imported only where something is missing.

        Parameters
        ----------
        specs : of one backbone with one kind of weights, framing, pooling and dtype.

        Returns
        -------
        Per layer, read-only (n_images, *shape) of the specs' dtype, memory-mapped.

        Raises
        ------
        InvalidInput
            No spec, no image, specs of different backbones, weights, framings, poolings or
            dtypes, a framing that the backbone does not know, or features too large for float16.
        MissingWeights, DamagedFile, UnknownName, InvalidImage
            As in loading a backbone and images.
        """
        specs = [_resolved(spec) for spec in specs]
        _check_alike(specs)
        if not len(images):
            raise InvalidInput("There is no image to compute features of.")
        content = _content_key(specs[0], images)
        missing = [s for s in specs if not self._is_whole(s, content, len(images))]
        if missing:
            self._compute(missing, images, content, progress, batch_size)
        for s in specs:
            _mark_used(self._path(s, content))
        return {s.layer: _open(self._path(s, content)) for s in specs}

    def has(self, spec: FeatureSpec, images: StimulusImages) -> bool:
        """Tell whether these features need no computing."""
        spec = _resolved(spec)
        return self._is_whole(spec, _content_key(spec, images), len(images))

    def _is_whole(self, spec: FeatureSpec, content: str, n_images: int) -> bool:
        return _is_whole(self._path(spec, content), n_images, np.dtype(spec.dtype))

    def _path(self, spec: FeatureSpec, content: str) -> Path:
        # The card's revision stands for the code that computes.
        key = fingerprint([spec, get_card(spec.backbone).revision, FORMAT])
        return self.root / spec.backbone.replace(":", "-") / f"{key}-{content}.npy"

    def _compute(
        self,
        specs: Sequence[FeatureSpec],
        images: StimulusImages,
        content: str,
        progress: Progress,
        batch_size: int,
    ) -> None:
        from core.features.extract import feature_shapes, image_chunks

        backbone = self._load(specs[0].backbone, specs[0].weights).framed(specs[0].framing)
        shapes = feature_shapes(backbone, [s.layer for s in specs], specs[0].pooling)
        chunks = image_chunks(len(images), backbone.input_size)
        drafts = {
            s: Draft(_draft_folder(self._path(s, content)), shapes[s.layer], np.dtype(s.dtype))
            for s in specs
        }
        for _ in range(_ROUNDS):
            for spec in [s for s in drafts if self._is_whole(s, content, len(images))]:
                drafts.pop(spec).discard()
            if not drafts:
                return

            def finished_elsewhere() -> bool:
                return all(self._is_whole(s, content, len(images)) for s in drafts)

            _fill(drafts, chunks, backbone, images, batch_size, progress, finished_elsewhere)
            for spec, draft in drafts.items():
                with contextlib.suppress(LostChunkError):
                    self._assemble(spec, draft, chunks, images, content)
        left = [s.layer for s in drafts if not self._is_whole(s, content, len(images))]
        if left:
            raise DamagedFile(
                f"Features of {', '.join(left)} were damaged or removed while they were written "
                f"to {self.root}, {_ROUNDS} times.",
                "Check the disk, and that nothing else removes files there.",
            )

    def _assemble(
        self,
        spec: FeatureSpec,
        draft: Draft,
        chunks: Sequence[range],
        images: StimulusImages,
        content: str,
    ) -> None:
        path = self._path(spec, content)
        # Plain writes in row order, no memory map: on a full disk a map would end the process.
        with atomic_file(path) as unfinished, unfinished.open("wb") as stream:
            draft.assemble(stream, chunks)
        write_json(path.with_suffix(".json"), _provenance(spec, images, content, path))
        draft.discard()


def _fill(
    drafts: Mapping[FeatureSpec, Draft],
    chunks: Sequence[range],
    backbone: Backbone,
    images: StimulusImages,
    batch_size: int,
    progress: Progress,
    finished_elsewhere: Callable[[], bool],
) -> None:
    """Compute the chunks that any layer lacks, in one pass."""
    from core.features.extract import extract_batches

    lacking = {c: [s for s, draft in drafts.items() if not draft.has(c)] for c in chunks}
    todo = [c for c in chunks if lacking[c]]
    if not todo:
        return
    by_end = {c.stop: c for c in todo}
    by_start = {c.start: c for c in todo}
    layers, pooling = [s.layer for s in drafts], next(iter(drafts)).pooling
    writers: dict[FeatureSpec, Callable[[np.ndarray], None]] = {}
    with ExitStack() as open_chunks:
        for rows, parts in extract_batches(
            *(backbone, images, layers, pooling),
            batch_size=batch_size,
            progress=progress,
            chunks=todo,
        ):
            if rows.start in by_start:
                chunk = by_start[rows.start]
                writers = {
                    s: open_chunks.enter_context(drafts[s].writing(chunk)) for s in lacking[chunk]
                }
            for spec, write in writers.items():
                write(_stored(parts[spec.layer], spec))
            if rows.stop in by_end:
                open_chunks.close()
                if finished_elsewhere():
                    return


def _stored(part: np.ndarray, spec: FeatureSpec) -> np.ndarray:
    """Turn a batch of float32 features into what is stored."""
    if spec.dtype == "float32":
        return part
    with np.errstate(over="ignore"):
        half = part.astype(np.float16)
    if np.isinf(half).any():
        raise InvalidInput(
            f"Features of {spec.layer} reach {np.nanmax(np.abs(part)):.6g}; "
            f"float16 holds at most {np.finfo(np.float16).max:.0f}.",
            "Store this layer as float32.",
        )
    return half


def _content_key(spec: FeatureSpec, images: StimulusImages) -> str:
    """Identify what the backbone looks at: the pictures, or their captions."""
    if get_card(spec.backbone).modality == "text":
        return images.caption_key()
    return images.content_key()


def _draft_folder(path: Path) -> Path:
    return path.with_name(f".{path.stem}.draft")


def _mark_used(path: Path) -> None:
    # A cache that may not be written to serves all the same.
    with contextlib.suppress(OSError):
        os.utime(path.with_suffix(".json"))


def _resolved(spec: FeatureSpec) -> FeatureSpec:
    return replace(spec, weights=resolve_weights(spec.backbone, spec.weights))


def _check_alike(specs: Sequence[FeatureSpec]) -> None:
    if not specs:
        raise InvalidInput("No features were asked for.", "Name at least one layer.")
    kinds = {fingerprint([s.backbone, s.weights, s.framing, s.pooling, s.dtype]) for s in specs}
    if len(kinds) > 1:
        raise InvalidInput(
            "One pass serves one backbone with one kind of weights, framing, pooling and dtype; "
            f"{len(kinds)} were asked for.",
            "Ask for each of them by itself.",
        )


def _provenance(
    spec: FeatureSpec, images: StimulusImages, content: str, path: Path
) -> dict[str, Any]:
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    return {
        "format": FORMAT,
        "spec": to_plain(spec),
        "label": spec.label,
        "images": content,
        "n_images": len(images),
        "shape": list(array.shape),
        "dtype": str(array.dtype),
        "bytes": path.stat().st_size,
    }


def _is_whole(path: Path, n_images: int, dtype: np.dtype) -> bool:
    try:
        record = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        return (
            record["format"] == FORMAT
            and record["bytes"] == path.stat().st_size
            and record["shape"] == list(array.shape)
            and len(array) == n_images
            and array.dtype == dtype
        )
    except (OSError, ValueError, KeyError, TypeError, EOFError):
        return False


def _open(path: Path) -> np.ndarray:
    try:
        array: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DamagedFile(
            f"The features at {path} could not be read ({error}).",
            "Delete the file; it is computed anew.",
        ) from None
    return array
