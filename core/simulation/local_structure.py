"""Local image structure as early visual cortex sees it: normalised log-Gabor amplitudes, colour.

A filter bank of the generator's own. The Gabor backbone on offer computes plain Gabor quadrature
energy; here the filters are log-Gabors, each response is divided by its neighbourhood's, and
contour complexity and colour contrast are added. If both were the same, recovering V1 would only
show that a program agrees with itself.

References
----------
Field 1987, J. Opt. Soc. Am. A 4:2379 (log-Gabor). Heeger 1992, Vis. Neurosci. 9:181
(divisive normalisation).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import fft
from scipy.ndimage import gaussian_filter

FIELD_DEG = 8.4  # width of the image on the retina, as in NSD
IMAGE_SIZE = 128
N_CELLS = 32  # output cells along each side
FREQUENCIES = (0.6, 1.2, 2.4, 4.8)  # cycles per degree
N_ORIENTATIONS = 8
N_ORIENTED = len(FREQUENCIES) * N_ORIENTATIONS
# Oriented channels, then contour complexity at two scales, then two colour contrasts.
N_CHANNELS = N_ORIENTED + 4

# Directions of an edge between red and green, of either sign: see ``signed_edges``.
N_SIGNED = 2 * N_ORIENTATIONS

_PAD = 16
_PADDED = IMAGE_SIZE + 2 * _PAD
# Low frequencies need few samples; the coarsest grid is sixteen times cheaper than the finest.
_GRIDS = (_PADDED // 4, _PADDED // 2, 3 * _PADDED // 4, _PADDED)
_BANDWIDTH = 0.60  # sigma of the log-Gabor as a ratio of its frequency
_SEMI_SATURATION = 1.5  # in units of the average pooled amplitude of natural contrasts
_TYPICAL_AMPLITUDE = (0.033, 0.027, 0.020, 0.013)  # one per frequency: roughly 1/f scenes


@lru_cache(maxsize=1)
def _filters() -> list[tuple[int, np.ndarray]]:
    """Return per frequency the output grid and (n_orientations, grid, grid) transfer functions."""
    degrees_per_pixel = FIELD_DEG / IMAGE_SIZE
    bank = []
    for frequency, grid in zip(FREQUENCIES, _GRIDS, strict=True):
        k = fft.fftfreq(grid, d=degrees_per_pixel * _PADDED / grid)
        fx, fy = np.meshgrid(k, -k)  # y up
        radius = np.hypot(fx, fy)
        radius[0, 0] = 1.0
        radial = np.exp(-(np.log(radius / frequency) ** 2) / (2 * np.log(_BANDWIDTH) ** 2))
        radial[0, 0] = 0.0
        direction = np.arctan2(fy, fx)
        filters = []
        for n in range(N_ORIENTATIONS):
            turn = np.angle(np.exp(1j * (direction - np.pi * n / N_ORIENTATIONS)))
            # One side of the spectrum only: the inverse transform is the analytic signal, and its
            # modulus the amplitude over both phases.
            filters.append(2 * radial * np.exp(-(turn**2) / (2 * (np.pi / 10) ** 2)))
        bank.append((grid, np.stack(filters).astype(np.float32)))
    return bank


@lru_cache(maxsize=len(_GRIDS))
def _cell_means(grid: int) -> np.ndarray:
    """Return the (N_CELLS, grid) matrix that averages samples within cells and drops the margin."""
    cell = grid * IMAGE_SIZE // (_PADDED * N_CELLS)
    margin = (grid - cell * N_CELLS) // 2
    means = np.zeros((N_CELLS, grid), dtype=np.float32)
    for k in range(N_CELLS):
        means[k, margin + k * cell : margin + (k + 1) * cell] = 1 / cell
    return means


def _amplitudes(plane: np.ndarray, bands: tuple[int, ...]) -> list[np.ndarray]:
    """Filter one (128, 128) plane; per band (n_orientations, N_CELLS, N_CELLS)."""
    return [_in_cells(np.abs(analytic)) for analytic in _analytic(plane, bands)]


def _in_cells(samples: np.ndarray) -> np.ndarray:
    pooling = _cell_means(samples.shape[-1])
    return pooling @ samples @ pooling.T


def _analytic(plane: np.ndarray, bands: tuple[int, ...]) -> list[np.ndarray]:
    """Return per band the analytic signal (n_orientations, grid, grid), with its margin."""
    padded = np.pad(plane, _PAD, mode="reflect")
    spectrum = fft.fft2(padded)
    found = []
    for band in bands:
        grid, filters = _filters()[band]
        part = spectrum
        if grid != _PADDED:
            half = grid // 2
            keep = np.r_[0:half, _PADDED - half : _PADDED]
            part = spectrum[np.ix_(keep, keep)] * (grid / _PADDED) ** 2
        found.append(fft.ifft2(part[None] * filters))
    return found


def local_structure(pixels: np.ndarray) -> np.ndarray:
    """Compute what the early areas of every simulated subject see in a picture.

    Parameters
    ----------
    pixels : (128, 128, 3) uint8.

    Returns
    -------
    maps : (N_CHANNELS, N_CELLS, N_CELLS) float32, dimensionless; row 0 is the top of the picture.
        Channel ``frequency * N_ORIENTATIONS + orientation`` is the normalised amplitude of a
        frequency and an orientation (of the grating's direction of change, from horizontal).
    """
    rgb = pixels.astype(np.float32) / 255
    light = rgb @ np.array([0.30, 0.59, 0.11], np.float32)
    oriented = np.stack(_amplitudes(light, tuple(range(len(FREQUENCIES)))))
    scaled = oriented / np.array(_TYPICAL_AMPLITUDE, np.float32)[:, None, None, None]
    # Each response is divided by the mean over orientations, frequencies and about one degree.
    pool = gaussian_filter(scaled.mean(axis=(0, 1)), sigma=3.0, mode="nearest")
    normalised = scaled / (_SEMI_SATURATION + pool)

    # Contour complexity: how evenly the orientations share the energy (corners, texture).
    share = normalised / (normalised.sum(axis=1, keepdims=True) + 0.4)
    complexity = (normalised.mean(axis=1) * (1 - (share**2).sum(axis=1)))[[1, 2]]

    opponent = (rgb[..., 0] - rgb[..., 1], (rgb[..., 0] + rgb[..., 1]) / 2 - rgb[..., 2])
    colour = np.stack([_amplitudes(p.astype(np.float32), (1,))[0].mean(axis=0) for p in opponent])
    colour = colour / (0.02 + colour)
    channels = normalised.reshape(N_ORIENTED, N_CELLS, N_CELLS)
    return np.concatenate([channels, complexity, colour]).astype(np.float32)


def signed_edges(pixels: np.ndarray) -> np.ndarray:
    """Compute where red turns into green, by direction: what only the second truth answers to.

    Half-rectified odd log-Gabor filters (2.4 cycles per degree) on the red-green plane. Red on one
    side and red on the other are different channels, where energy models, which square, have one.

    Parameters
    ----------
    pixels : (128, 128, 3) uint8.

    Returns
    -------
    maps : (N_SIGNED, N_CELLS, N_CELLS) float32: the orientations, then the same of the other sign.
    """
    rgb = pixels.astype(np.float32) / 255
    (odd,) = (one.imag for one in _analytic(rgb[..., 0] - rgb[..., 1], (2,)))
    signed = _in_cells(np.maximum(np.concatenate([odd, -odd]), 0.0))
    pool = gaussian_filter(signed.mean(axis=0), sigma=3.0, mode="nearest")
    return (signed / (0.003 + pool)).astype(np.float32)


def cell_centres(n_cells: int = N_CELLS) -> tuple[np.ndarray, np.ndarray]:
    """Return x (right) and y (up) in degrees of the n_cells x n_cells cells, raveled by rows."""
    at = (np.arange(n_cells) + 0.5) / n_cells * FIELD_DEG - FIELD_DEG / 2
    x, y = np.meshgrid(at, -at)
    return x.ravel(), y.ravel()
