"""How vertices respond to local structure: Gaussian pRFs, channel preferences, compression.

References
----------
Dumoulin & Wandell 2008, NeuroImage 39:647 (pRF). Kay et al. 2013, J. Neurophysiol. 110:481
(compressive spatial summation).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cortiscope.core.brain import Hemisphere
from cortiscope.core.simulation.anatomy import HemisphereAnatomy
from cortiscope.core.simulation.areas import FIELD_HEIGHT
from cortiscope.core.simulation.geodesic import smooth_fields
from cortiscope.core.simulation.local_structure import (
    FIELD_DEG,
    FREQUENCIES,
    N_CELLS,
    N_ORIENTATIONS,
    N_ORIENTED,
    N_SIGNED,
    cell_centres,
)

# Share of the drive that comes from contour complexity and colour instead of oriented amplitude.
_COMPLEX_SHARE = {"V1": 0.0, "V2": 0.05, "V3": 0.05, "hV4": 0.40}
_BEYOND_SHARE = 0.40
# Of the second truth: share of the drive of V1 to V3 and hV4 that comes from signed edges.
_SIGNED_SHARE = 0.7
_IMAGES_AT_ONCE = 40
# Block size, and the pRF sizes (sigma in degrees) that it serves; a cell is 0.26 degrees wide.
_TIERS = ((1, 0.0, 0.8), (2, 0.8, 1.5), (4, 1.5, np.inf))


@dataclass(frozen=True)
class FieldTier:
    """Receptive fields of similar size, sampled as finely as they need.

    Parameters
    ----------
    coarsening : side of a block of map cells that is averaged before the fields are applied.
    vertices : (n,) positions among the hemisphere's vertices.
    fields : (cells, n) float32 weights; a column sums to the share of the pRF in the image.
    """

    coarsening: int
    vertices: np.ndarray
    fields: np.ndarray


@dataclass(frozen=True)
class EarlyEncoding:
    """How n vertices read the maps of :mod:`.local_structure`.

    Parameters
    ----------
    tiers : every vertex is in one of them.
    channels : (N_CHANNELS, n) float32 non-negative weights, or with signed edges (N_CHANNELS +
        N_SIGNED, n); each column sums to 1.
    exponent : (n,) compressive exponents.
    """

    tiers: tuple[FieldTier, ...]
    channels: np.ndarray
    exponent: np.ndarray


def build_early_encoding(
    anatomy: HemisphereAnatomy,
    hemisphere: Hemisphere,
    exponent: np.ndarray,
    rng: np.random.Generator,
    signed: bool = False,
) -> EarlyEncoding:
    """Give every vertex a receptive field and channel preferences.

    Vertices beyond hV4 get large fields about the fovea that lean to the opposite side.

    Parameters
    ----------
    signed : the second truth: fields that are not Gaussian, and signed edges.
    """
    n = anatomy.n_vertices
    scatter = smooth_fields(anatomy.averaging, 4, 6, rng)
    x, y, sigma, eccentricity = anatomy.prf.T.astype(float)
    beyond = np.isnan(x)
    side = 1.0 if hemisphere is Hemisphere.LEFT else -1.0
    height = np.array([FIELD_HEIGHT.get(str(a), 0.0) for a in anatomy.area])
    x = np.where(beyond, side * (1.0 + 0.6 * np.abs(scatter[:, 0])), x)
    y = np.where(beyond, height + 0.7 * scatter[:, 1], y)
    sigma = np.where(beyond, 2.0 * np.exp(0.2 * scatter[:, 2]), sigma)
    eccentricity = np.where(beyond, np.hypot(x, y), eccentricity)

    centres = np.stack([x, y, sigma], axis=1)
    tiers = []
    for coarsening, low, high in _TIERS:
        vertices = np.flatnonzero((sigma >= low) & (sigma < high))
        if signed:
            fields = _other_fields(centres[vertices], N_CELLS // coarsening, rng)
        else:
            fields = _gaussian_fields(centres[vertices], N_CELLS // coarsening)
        tiers.append(FieldTier(coarsening, vertices, fields))

    # Preferred spatial frequency falls with eccentricity; a vertex holds many orientations, so its
    # own preference is weak.
    preferred = np.log2(2.6) - 0.28 * eccentricity + 0.45 * rng.standard_normal(n)
    preferred = np.clip(preferred, -1.0, 2.2)
    octaves = np.log2(np.array(FREQUENCIES)) - preferred[:, None]
    by_frequency = np.exp(-(octaves**2) / (2 * 0.9**2))
    angles = np.pi * np.arange(N_ORIENTATIONS) / N_ORIENTATIONS
    preferred_angle = np.pi * rng.random(n)
    by_orientation = np.exp(1.3 * np.cos(2 * (angles - preferred_angle[:, None])))
    oriented = (by_frequency[:, :, None] * by_orientation[:, None, :]).reshape(n, N_ORIENTED)
    oriented /= oriented.sum(axis=1, keepdims=True)
    extra = rng.dirichlet([1.5, 1.5, 1.0, 1.0], size=n)
    share = np.array([_COMPLEX_SHARE.get(str(a), _BEYOND_SHARE) for a in anatomy.area])[:, None]
    channels = np.concatenate([(1 - share) * oriented, share * extra], axis=1)
    if signed:
        own = np.where(beyond, 0.0, _SIGNED_SHARE)[:, None]
        channels = np.concatenate([(1 - own) * channels, own * _signed_tuning(n, rng)], axis=1)
    return EarlyEncoding(tuple(tiers), channels.T.astype(np.float32), exponent)


def _signed_tuning(n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw (n, N_SIGNED) weights of sum 1 about a preferred direction of the whole circle."""
    angles = 2 * np.pi * np.arange(N_SIGNED) / N_SIGNED
    tuning = np.exp(3.0 * np.cos(angles - 2 * np.pi * rng.random((n, 1))))
    return tuning / tuning.sum(axis=1, keepdims=True)


def _other_fields(centres: np.ndarray, n_cells: int, rng: np.random.Generator) -> np.ndarray:
    """Sample fields that are no Gaussian, a third each: (n_cells**2, n).

    A centre with a suppressive surround; an elongated field at any angle; two places, one of them
    weaker. Centre and size are those of the table of pRFs, as of a Gaussian in its place.
    """
    n = len(centres)
    kind, angle = rng.integers(3, size=n), np.pi * rng.random(n)
    x, y, sigma = centres.T
    away = 1.2 * sigma * np.array([np.cos(angle), np.sin(angle)])
    surround = _gaussian_fields(centres * [1, 1, 2.2], n_cells)
    first = _gaussian_fields(np.stack([x + away[0], y + away[1], 0.8 * sigma], axis=1), n_cells)
    second = _gaussian_fields(np.stack([x - away[0], y - away[1], 0.8 * sigma], axis=1), n_cells)
    fields = np.select(
        [kind == 0, kind == 1],
        [
            _gaussian_fields(centres, n_cells) - 0.6 * surround,
            _gaussian_fields(centres, n_cells, angle, 1.7),
        ],
        (first + 0.6 * second) / 1.6,
    )
    return np.ascontiguousarray(fields, dtype=np.float32)


def _gaussian_fields(
    centres: np.ndarray, n_cells: int, angle: np.ndarray | None = None, ratio: float = 1.0
) -> np.ndarray:
    """Sample pRFs, (n, 3) of x, y and sigma in degrees, on a grid: (n_cells**2, n).

    Parameters
    ----------
    angle, ratio : (n,) the direction in which sigma is ``ratio`` times as large; across, it is as
        much smaller.
    """
    x, y, sigma = centres.T[:, :, None]
    cells_x, cells_y = cell_centres(n_cells)
    square = (cells_x - x) ** 2 + (cells_y - y) ** 2
    if angle is not None:
        along = np.cos(angle)[:, None] * (cells_x - x) + np.sin(angle)[:, None] * (cells_y - y)
        square = (along / ratio) ** 2 + (square - along**2) * ratio**2
    cell_area = (FIELD_DEG / n_cells) ** 2
    fields = np.exp(-square / (2 * sigma**2)) * cell_area / (2 * np.pi * sigma**2)
    # Denormal numbers make matrix products a hundred times slower.
    fields[fields < 1e-12] = 0.0
    return np.ascontiguousarray(fields.T, dtype=np.float32)


def early_drive(encoding: EarlyEncoding, maps: np.ndarray) -> np.ndarray:
    """Respond to pictures.

    Parameters
    ----------
    maps : (n_images, N_CHANNELS or more, N_CELLS, N_CELLS).

    Returns
    -------
    drive : (n_images, n_vertices) >= 0, arbitrary units.
    """
    drive = np.empty((len(maps), encoding.channels.shape[1]))
    for start in range(0, len(maps), _IMAGES_AT_ONCE):
        # Signed edges, where there are any, are nothing to those who do not answer to them.
        some = maps[start : start + _IMAGES_AT_ONCE, : len(encoding.channels)].astype(np.float32)
        for tier in encoding.tiers:
            c, n = tier.coarsening, N_CELLS // tier.coarsening
            small = some.reshape(*some.shape[:2], n, c, n, c).mean(axis=(3, 5)) if c > 1 else some
            pooled = small.reshape(-1, n * n) @ tier.fields
            pooled = pooled.reshape(*some.shape[:2], len(tier.vertices))
            read = np.einsum("icv,cv->iv", pooled, encoding.channels[:, tier.vertices])
            drive[start : start + len(some), tier.vertices] = read
    return np.maximum(drive, 0.0) ** encoding.exponent
