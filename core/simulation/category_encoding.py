"""How vertices respond to what a picture shows: nonlinear mixtures of a scene's latents.

Not a linear read-out of labels: sizes are compressed, objects compete with each other, and some
responses depend on a combination (a face on a body, an object in its place).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cortiscope.core.simulation.anatomy import HemisphereAnatomy
from cortiscope.core.simulation.areas import TUNING
from cortiscope.core.simulation.geodesic import smooth_fields
from cortiscope.core.simulation.scenes import BACKGROUNDS, LATENTS, OBJECT_KINDS

_SPREAD_MM = 11.0
_DISC_RADIUS_MM = 9.0
_FOCUS = 4.0
# Weight of tuning that belongs to no named ROI: it differs between people and varies smoothly.
_PRIVATE_WEIGHT = 0.12
_SIZE_EXPONENT = 0.3  # an object twice as large gives little more: seen is seen
_COMPRESSION = 0.7
_COMPETITION = 0.35
_BASELINE = 0.3

_PAIRS = (("face", "body"), ("animal", "nature"), ("vehicle", "street"), ("food", "indoor"))
N_MEANINGS = len(LATENTS) + len(_PAIRS)


@dataclass(frozen=True)
class CategoryEncoding:
    """Weights (n_vertices, N_MEANINGS) on the features of :func:`meanings`."""

    weights: np.ndarray


def meanings(latents: np.ndarray) -> np.ndarray:
    """Turn latents into what category areas weigh up.

    Parameters
    ----------
    latents : (n_images, len(LATENTS)), sizes of objects 0..1, one-hot background.

    Returns
    -------
    features : (n_images, N_MEANINGS).
    """
    n_kinds = len(OBJECT_KINDS)
    size = np.clip(latents[:, :n_kinds].astype(float), 0, None)
    strength = size**_SIZE_EXPONENT
    # Objects compete: each is held back by the others' strength.
    strength = strength / (_COMPETITION + strength.sum(axis=1, keepdims=True))
    # A place is seen less the more of it is covered.
    free = 1 - 0.6 * np.clip(size.sum(axis=1, keepdims=True), 0, 1)
    place = latents[:, n_kinds:].astype(float) * free
    features = np.concatenate([strength, place], axis=1)
    pairs = [
        np.sqrt(features[:, LATENTS.index(a)] * features[:, LATENTS.index(b)]) for a, b in _PAIRS
    ]
    return np.concatenate([features, np.stack(pairs, axis=1)], axis=1)


def build_category_encoding(
    anatomy: HemisphereAnatomy, rng: np.random.Generator
) -> CategoryEncoding:
    """Give every vertex its tuning: that of the ROIs it is in or near, and a private part."""
    rois = list(anatomy.depth)
    tunings = np.zeros((len(rois), N_MEANINGS))
    for row, roi in enumerate(rois):
        for name, value in TUNING[roi].items():
            tunings[row, LATENTS.index(name)] = value
    depth = np.stack([anatomy.depth[roi] for roi in rois], axis=1)  # (n, n_rois)
    # Full inside the disc, then a Gaussian flank: selectivity does not stop at a border.
    beyond = np.maximum(depth.min(axis=1) - 1, 0) * _DISC_RADIUS_MM
    presence = np.exp(-(beyond**2) / (2 * _SPREAD_MM**2))
    # Face, body and word areas lie within millimetres; the ROI that a vertex is deepest in leads.
    # Depths count from the deepest one, so that far from all of them nothing underflows.
    nearest = np.where(np.isfinite(depth.min(axis=1)), depth.min(axis=1), 0.0)
    share = np.exp(-_FOCUS * (depth**2 - nearest[:, None] ** 2))
    share /= np.maximum(share.sum(axis=1, keepdims=True), 1e-9)
    weights = presence[:, None] * (share @ tunings)
    private = smooth_fields(anatomy.averaging, N_MEANINGS, 8, rng)
    # Backgrounds are one-hot, so a random weight on them would swamp the objects'.
    private[:, len(OBJECT_KINDS) : len(OBJECT_KINDS) + len(BACKGROUNDS)] *= 0.5
    return CategoryEncoding(weights + _PRIVATE_WEIGHT * private)


def category_drive(encoding: CategoryEncoding, latents: np.ndarray) -> np.ndarray:
    """Respond to what is shown.

    Returns
    -------
    drive : (n_images, n_vertices) >= 0, arbitrary units.
    """
    # The baseline leaves room for suppression below it.
    return np.maximum(_BASELINE + meanings(latents) @ encoding.weights.T, 0.0) ** _COMPRESSION
