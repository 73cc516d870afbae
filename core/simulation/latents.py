"""What a scene holds, as numbers: how much of the visual field each kind of thing fills.

Cortex gives more room to the centre of gaze, so a thing's size is weighted by eccentricity. The
latents are what the category areas of the simulated subjects respond to; encoding models never
see them.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

OBJECT_KINDS = ("face", "body", "animal", "food", "vehicle", "word", "object")
BACKGROUNDS = ("texture", "indoor", "street", "nature")
LATENTS = OBJECT_KINDS + BACKGROUNDS

FIELD_WIDTH = 8.4
"""Width of the picture in degrees of visual angle, as in the Natural Scenes Dataset."""

HALF_WEIGHT_ECCENTRICITY = 2.0
"""Eccentricity in degrees at which a piece of the picture counts half of one at the fovea."""


@cache
def eccentricity_weights(size: int) -> NDArray[np.float32]:
    """Return the weight of each pixel, (size, size); they sum to 1, gaze is at the centre."""
    steps = (np.arange(size) + 0.5) / size * FIELD_WIDTH - FIELD_WIDTH / 2
    eccentricity = np.hypot(steps[:, None], steps[None, :])
    weights = 1 / (1 + eccentricity / HALF_WEIGHT_ECCENTRICITY)
    return (weights / weights.sum()).astype(np.float32)


def compute_latents(
    kinds: tuple[str, ...], visible: list[NDArray[np.float32]], background: str
) -> NDArray[np.float32]:
    """Compute the latents of a scene.

    Parameters
    ----------
    kinds : the kind of each object.
    visible : the share of each pixel that shows this object, (size, size), 0..1, one per object.
    background : the place, one of ``BACKGROUNDS``.

    Returns
    -------
    latents : (n_latents,) in the order of ``LATENTS``; for kinds the weighted share of the field
        (0..1, usually below .4), for backgrounds 1 or 0.
    """
    latents = np.zeros(len(LATENTS), dtype=np.float32)
    for kind, mask in zip(kinds, visible, strict=True):
        weights = eccentricity_weights(mask.shape[0])
        latents[LATENTS.index(kind)] += float((weights * mask).sum())
    latents[LATENTS.index(background)] = 1.0
    return latents
