"""Predict responses to new images with a fitted run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from core.backbones import Backbone, WeightsSpec, load_backbone
from core.brain import HEMISPHERES, Hemisphere
from core.features import Pooling, extract, extract_one
from core.progress import Progress, silent
from core.runs import Run
from core.stimuli import StimulusImages


class BackboneCache:
    """Backbones that are already loaded, so that a second photograph costs a forward pass only."""

    def __init__(self) -> None:
        self._loaded: dict[tuple[str, WeightsSpec], Backbone] = {}

    def get(self, name: str, weights: WeightsSpec) -> Backbone:
        """Load a backbone, or return the one loaded before."""
        key = (name, weights)
        if key not in self._loaded:
            self._loaded[key] = load_backbone(name, weights)
        return self._loaded[key]


def run_source(run: Run) -> tuple[str, WeightsSpec, tuple[str, ...], Pooling]:
    """Return backbone, weights, layers and pooling of a run, from its record."""
    features: Sequence[Mapping[str, Any]] = run.record["spec"]["features"]
    first = features[0]
    weights = {k: v for k, v in first["weights"].items() if k != "type"}
    pooling = {k: v for k, v in first["pooling"].items() if k != "type"}
    layers = tuple(f["layer"] for f in features)
    return first["backbone"], WeightsSpec(**weights), layers, Pooling(**pooling)


def predict_images(
    run: Run, images: StimulusImages, *, progress: Progress = silent
) -> dict[Hemisphere, np.ndarray]:
    """Predict (n_images, n_vertices of the hemisphere) float32 for image files."""
    name, weights, layers, pooling = run_source(run)
    by_layer = extract(load_backbone(name, weights), images, layers, pooling, progress=progress)
    return _predict(run, [by_layer[layer] for layer in layers], len(images))


def predict_picture(
    run: Run, picture: Image.Image, backbones: BackboneCache
) -> dict[Hemisphere, np.ndarray]:
    """Predict (n_vertices of the hemisphere,) float32 for one decoded picture."""
    name, weights, layers, pooling = run_source(run)
    by_layer = extract_one(backbones.get(name, weights), picture, layers, pooling)
    both = _predict(run, [by_layer[layer][None] for layer in layers], 1)
    return {h: values[0] for h, values in both.items()}


def _predict(run: Run, parts: list[np.ndarray], n: int) -> dict[Hemisphere, np.ndarray]:
    features = np.concatenate([p.reshape(n, -1) for p in parts], axis=1)
    predicted = run.fitted.predict(run.readout.transform(features))
    n_left = int(run.record["n_vertices"]["lh"])
    return dict(zip(HEMISPHERES, np.split(predicted, [n_left], axis=1), strict=True))
