"""What each simulated area answers to: the one table to change when the subjects are retuned.

This table *is* the simulated hierarchy. Early areas follow the picture's local structure, later
ones what it shows, and every vertex also has a reliable part that depends on nothing in the
picture that a model could read. A result on the simulated subjects recovers these numbers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cortiscope.core.errors import unknown_name


@dataclass(frozen=True)
class Area:
    """Response properties of one area.

    Parameters
    ----------
    meaning : share (0..1) of the visible signal's variance that follows what is shown (kinds of
        object, kind of place); the rest follows local oriented structure.
    unseen : share (0..1) of the reliable variance that no image-computable model can predict.
    ncsnr : median signal-to-noise ratio of single trials; with 3 repeats the noise ceiling is
        ncsnr^2 / (ncsnr^2 + 1/3).
    exponent : compressive exponent of the response to local structure.
    """

    meaning: float
    unseen: float
    ncsnr: float
    exponent: float


AREAS: dict[str, Area] = {
    "V1": Area(0.00, 0.24, 0.70, 0.62),
    "V2": Area(0.01, 0.24, 0.64, 0.55),
    "V3": Area(0.02, 0.20, 0.64, 0.55),
    "hV4": Area(0.30, 0.12, 0.60, 0.35),
    "midventral": Area(0.38, 0.10, 0.48, 0.35),
    "midlateral": Area(0.38, 0.10, 0.46, 0.35),
    "midparietal": Area(0.35, 0.15, 0.40, 0.35),
    "ventral": Area(0.85, 0.10, 0.42, 0.5),
    "lateral": Area(0.85, 0.00, 0.46, 0.5),
    "parietal": Area(0.65, 0.00, 0.29, 0.5),
    "OFA": Area(0.80, 0.01, 0.60, 0.5),
    "FFA-1": Area(0.88, 0.02, 0.72, 0.5),
    "FFA-2": Area(0.90, 0.02, 0.72, 0.5),
    "EBA": Area(0.82, 0.02, 0.62, 0.5),
    "FBA-1": Area(0.85, 0.02, 0.56, 0.5),
    "FBA-2": Area(0.88, 0.02, 0.56, 0.5),
    "OPA": Area(0.75, 0.28, 0.52, 0.5),
    "PPA": Area(0.88, 0.28, 0.68, 0.5),
    "RSC": Area(0.90, 0.28, 0.52, 0.5),
    "OWFA": Area(0.75, 0.05, 0.50, 0.5),
    "VWFA-1": Area(0.88, 0.05, 0.54, 0.5),
    "VWFA-2": Area(0.90, 0.05, 0.54, 0.5),
}

# What an area's neurons weigh up, by kind of object and kind of background. Signs matter: a face
# area is held back by scenes, a scene area by close-ups.
TUNING: dict[str, dict[str, float]] = {
    "OFA": {"face": 1.0, "animal": 0.50, "body": 0.30},
    "FFA-1": {"face": 1.0, "animal": 0.45, "body": 0.30, "word": -0.15},
    "FFA-2": {"face": 1.0, "animal": 0.50, "body": 0.40},
    "EBA": {"body": 1.0, "animal": 0.55, "face": 0.30, "food": -0.15},
    "FBA-1": {"body": 1.0, "animal": 0.60, "face": 0.35},
    "FBA-2": {"body": 1.0, "animal": 0.60, "face": 0.50},
    "OPA": {"indoor": 0.80, "street": 0.90, "nature": 0.45, "texture": -0.5, "vehicle": 0.25},
    "PPA": {"indoor": 1.0, "street": 0.80, "nature": 0.40, "texture": -0.6, "face": -0.25},
    "RSC": {"street": 1.0, "nature": 0.70, "indoor": 0.55, "texture": -0.6, "body": -0.10},
    "OWFA": {"word": 1.0, "object": 0.35, "face": 0.15},
    "VWFA-1": {"word": 1.0, "object": 0.30, "face": 0.20},
    "VWFA-2": {"word": 1.0, "object": 0.20, "food": 0.15},
}

# Where the large receptive fields beyond hV4 lie: height of the centre in degrees. Scene areas
# differ: PPA leans to the upper, OPA to the lower half of the field (Silson et al. 2015, J. Vis.).
FIELD_HEIGHT: dict[str, float] = {"PPA": 1.2, "OPA": -1.2}


def area_properties(names: np.ndarray) -> dict[str, np.ndarray]:
    """Look up the table for many vertices.

    Parameters
    ----------
    names : (n_vertices,) area names.

    Returns
    -------
    properties : field of :class:`Area` -> (n_vertices,) float.
    """
    for name in np.unique(names):
        if name not in AREAS:
            raise unknown_name("simulated area", str(name), AREAS)
    rows = [AREAS[str(name)] for name in names]
    fields = ("meaning", "unseen", "ncsnr", "exponent")
    return {field: np.array([getattr(row, field) for row in rows]) for field in fields}
