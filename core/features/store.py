"""Features on disk, computed once: keyed by what they are and by the images' content or captions.

Layout: ``<root>/<backbone>/<key>.npy``, float32 (n_images, *shape), and ``<key>.json`` beside
it, which is written last and says what the array is and how many bytes it has. An array counts
only if both agree; anything else is computed anew. Two processes may write the same key at the
same time: each writes its own draft, and the last rename wins with equal content.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from core.backbones import WeightsSpec, get_card, load_backbone, resolve_weights
from core.config import fingerprint, to_plain
from core.errors import DamagedFile, InvalidInput
from core.features.spec import FeatureSpec
from core.progress import Progress, silent
from core.stimuli import StimulusImages
from core.storage import atomic_file, write_json

if TYPE_CHECKING:
    from core.backbones.base import Backbone

FORMAT = 1
"""Raised when files of an older version must not be read any more."""


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
        specs : of one backbone with one kind of weights and pooling.

        Returns
        -------
        Per layer, read-only float32 (n_images, *shape), memory-mapped.

        Raises
        ------
        InvalidInput
            No spec, no image, or specs of different backbones, weights or pooling.
        MissingWeights, DamagedFile, UnknownName, InvalidImage
            As in loading a backbone and images.
        """
        specs = [_resolved(spec) for spec in specs]
        _check_alike(specs)
        if not len(images):
            raise InvalidInput("There is no image to compute features of.")
        content = _content_key(specs[0], images)
        missing = [s for s in specs if not _is_whole(self._path(s, content), len(images))]
        if missing:
            self._compute(missing, images, content, progress, batch_size)
        return {s.layer: _open(self._path(s, content)) for s in specs}

    def has(self, spec: FeatureSpec, images: StimulusImages) -> bool:
        """Tell whether these features need no computing."""
        spec = _resolved(spec)
        return _is_whole(self._path(spec, _content_key(spec, images)), len(images))

    def _path(self, spec: FeatureSpec, content: str) -> Path:
        # The card's revision stands for the code that computes.
        key = fingerprint([spec, get_card(spec.backbone).revision, FORMAT])
        return self.root / spec.backbone / f"{key}-{content}.npy"

    def _compute(
        self,
        specs: Sequence[FeatureSpec],
        images: StimulusImages,
        content: str,
        progress: Progress,
        batch_size: int,
    ) -> None:
        from core.features.extract import extract_batches, feature_shapes

        backbone = self._load(specs[0].backbone, specs[0].weights)
        by_layer = {spec.layer: spec for spec in specs}
        layers, pooling = tuple(by_layer), specs[0].pooling
        shapes = feature_shapes(backbone, layers, pooling)
        n_images = len(images)
        # Plain writes in row order, no memory map: on a full disk a map would end the process.
        with ExitStack() as open_files:
            streams = {}
            for layer, spec in by_layer.items():
                draft = open_files.enter_context(atomic_file(self._path(spec, content)))
                streams[layer] = open_files.enter_context(draft.open("wb"))
                _write_header(streams[layer], (n_images, *shapes[layer]))
            for _, parts in extract_batches(
                backbone, images, layers, pooling, batch_size=batch_size, progress=progress
            ):
                for layer, part in parts.items():
                    streams[layer].write(np.ascontiguousarray(part).data)
        for spec in by_layer.values():
            path = self._path(spec, content)
            write_json(path.with_suffix(".json"), _provenance(spec, images, content, path))


def _content_key(spec: FeatureSpec, images: StimulusImages) -> str:
    """Identify what the backbone looks at: the pictures, or their captions."""
    if get_card(spec.backbone).modality == "text":
        return images.caption_key()
    return images.content_key()


def _write_header(stream: BinaryIO, shape: tuple[int, ...]) -> None:
    np.lib.format.write_array_header_1_0(
        stream, {"descr": "<f4", "fortran_order": False, "shape": shape}
    )


def _resolved(spec: FeatureSpec) -> FeatureSpec:
    weights = resolve_weights(spec.backbone, spec.weights)
    return FeatureSpec(spec.backbone, weights, spec.layer, spec.pooling)


def _check_alike(specs: Sequence[FeatureSpec]) -> None:
    if not specs:
        raise InvalidInput("No features were asked for.", "Name at least one layer.")
    kinds = {fingerprint([s.backbone, s.weights, s.pooling]) for s in specs}
    if len(kinds) > 1:
        raise InvalidInput(
            "One pass serves one backbone with one kind of weights and pooling; "
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


def _is_whole(path: Path, n_images: int) -> bool:
    try:
        record = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        return (
            record["format"] == FORMAT
            and record["bytes"] == path.stat().st_size
            and record["shape"] == list(array.shape)
            and len(array) == n_images
            and array.dtype == np.float32
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
