"""Features on disk, computed once: keyed by what they are and by the images' content or captions.

Layout: ``<root>/<backbone>/<key>.npy``, float32 or float16 (n_images, *shape), with its record
(``extraction_cache``), which is touched whenever the features are used.
"""

from __future__ import annotations

import contextlib
import copy
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cortiscope.core.backbones import WeightsSpec, get_card, load_backbone, resolve_weights
from cortiscope.core.config import fingerprint, to_plain
from cortiscope.core.errors import InvalidInput
from cortiscope.core.features.extraction_cache import (
    FORMAT,
    Wanted,
    is_whole,
    make_arrays,
    open_whole,
)
from cortiscope.core.features.spec import FeatureSpec
from cortiscope.core.progress import Progress, silent
from cortiscope.core.stimuli import StimulusImages

if TYPE_CHECKING:
    from cortiscope.core.backbones.base import Backbone


LARGEST_PASS = 4 * 2**30


class FeatureStore:
    """A folder of features.

    Parameters
    ----------
    root : made when the first features are written.
    load : makes a backbone when something is missing, called as ``load(name, weights)``; without,
        ``load_backbone`` on ``device``.
    device : as for ``load_backbone``.
    largest_pass : bytes of features that a fit stores of one pass; what is larger is reduced on
        the way where the reduction can be (``core.pipeline.streaming``).
    """

    def __init__(
        self,
        root: Path,
        load: Callable[[str, WeightsSpec], Backbone] | None = None,
        *,
        largest_pass: int = LARGEST_PASS,
        device: str = "auto",
    ) -> None:
        self.root = root
        self.largest_pass = largest_pass
        self._load = load
        self._device = device

    def on(self, device: str) -> FeatureStore:
        """Return the same store, whose missing features are computed on a device."""
        other = copy.copy(self)
        other._device = device
        return other

    def backbone(self, spec: FeatureSpec) -> Backbone:
        """Make the backbone of some features, framed and computing as they ask."""
        if self._load is None:
            loaded = load_backbone(spec.backbone, spec.weights, self._device)
        else:
            loaded = self._load(spec.backbone, spec.weights)
        return loaded.framed(spec.framing).at_precision(spec.precision)

    def get(
        self,
        specs: Sequence[FeatureSpec],
        images: StimulusImages,
        progress: Progress = silent,
        *,
        batch_size: int | None = None,
    ) -> dict[str, np.ndarray]:
        """Return features of several layers, computing in one pass those that are missing.

        Torch is imported only where something is missing.

        Parameters
        ----------
        specs : of one backbone with one kind of weights, framing, pooling and dtype.
        batch_size : images in memory at a time; without, as by ``extract.batch_for``.

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
        specs = [resolved(spec) for spec in specs]
        _check_alike(specs)
        if not len(images):
            raise InvalidInput("There is no image to compute features of.")
        content = content_key(specs[0], images)
        missing = [s for s in specs if not self._is_whole(s, content, len(images))]
        if missing:
            self._compute(missing, images, content, progress, batch_size)
        for s in specs:
            mark_used(self._path(s, content))
        return {s.layer: open_whole(self._path(s, content)) for s in specs}

    def has(self, spec: FeatureSpec, images: StimulusImages) -> bool:
        """Whether these features need no computing."""
        spec = resolved(spec)
        return self._is_whole(spec, content_key(spec, images), len(images))

    def path_of(self, spec: FeatureSpec, images: StimulusImages) -> Path:
        """Return where these features are, or would be: an ``.npy`` file."""
        spec = resolved(spec)
        return self._path(spec, content_key(spec, images))

    def _is_whole(self, spec: FeatureSpec, content: str, n_images: int) -> bool:
        return is_whole(self._path(spec, content), np.dtype(spec.dtype), n_images)

    def _path(self, spec: FeatureSpec, content: str) -> Path:
        key = fingerprint([spec, spec.revision, FORMAT])
        return self.root / spec.backbone.replace(":", "-") / f"{key}-{content}.npy"

    def _compute(
        self,
        specs: Sequence[FeatureSpec],
        images: StimulusImages,
        content: str,
        progress: Progress,
        batch_size: int | None,
    ) -> None:
        from cortiscope.core.features.extract import batch_for, feature_shapes

        backbone, pooling = self.backbone(specs[0]), specs[0].pooling
        batch_size = batch_size or batch_for(backbone)
        shapes = feature_shapes(backbone, [s.layer for s in specs], pooling)

        def wanted(spec: FeatureSpec) -> Wanted:
            return Wanted(
                path=self._path(spec, content),
                layers=(spec.layer,),
                shape=shapes[spec.layer],
                dtype=np.dtype(spec.dtype),
                rows=lambda parts: as_stored(parts[spec.layer], spec),
                record={"spec": to_plain(spec), "label": spec.label, "images": content},
                name=spec.layer,
            )

        make_arrays([wanted(s) for s in specs], backbone, images, pooling, progress, batch_size)


def as_stored(part: np.ndarray, spec: FeatureSpec) -> np.ndarray:
    """Turn float32 features into what is stored; InvalidInput where float16 cannot hold them."""
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


def content_key(spec: FeatureSpec, images: StimulusImages) -> str:
    """Identify what the backbone looks at: the pictures, or their captions."""
    if get_card(spec.backbone).modality == "text":
        return images.caption_key()
    return images.content_key()


def mark_used(path: Path) -> None:
    """Note the time at the record of an array."""
    # A cache that may not be written to serves all the same.
    with contextlib.suppress(OSError):
        os.utime(path.with_suffix(".json"))


def resolved(spec: FeatureSpec) -> FeatureSpec:
    """Return features whose weights name their content."""
    return replace(spec, weights=resolve_weights(spec.backbone, spec.weights))


def _check_alike(specs: Sequence[FeatureSpec]) -> None:
    if not specs:
        raise InvalidInput("No features were asked for.", "Name at least one layer.")
    sources = {spec.source for spec in specs}
    if len(sources) > 1:
        raise InvalidInput(
            "One pass serves one backbone with one kind of weights, framing, pooling, precision "
            f"and dtype; {len(sources)} were asked for.",
            "Ask for each of them by itself.",
        )
