"""Banded ridge's coefficients, once every vertex has its candidate weights and penalty."""

from __future__ import annotations

import numpy as np

from cortiscope.core.encoding.multiband.band_candidates import Spaces, WeightedDesign
from cortiscope.core.encoding.ridge.data import Centred, vertex_chunks
from cortiscope.core.encoding.ridge.spectrum import Spectrum
from cortiscope.core.encoding.training import Responses
from cortiscope.core.progress import Progress


def solve_candidates(
    spaces: Spaces,
    responses: Responses,
    weights: np.ndarray,
    chosen: np.ndarray,
    alpha: np.ndarray,
    exact: bool,
    progress: Progress,
) -> tuple[np.ndarray, np.ndarray]:
    """Solve every vertex at its candidate and penalty, candidate by candidate.

    Returns
    -------
    coef : (n_features, n_vertices) float32.
    intercept : (n_vertices,) float32.
    """
    import torch

    dtype = torch.float64 if exact else torch.float32
    device, n_columns = spaces.x.device, len(spaces.gram)
    n_vertices = int(responses.shape[1])
    # Holds X'y first; each candidate replaces its vertices' columns by their coefficients.
    coef = np.empty((n_columns, n_vertices), dtype=np.float64 if exact else np.float32)
    mean, scale = np.empty(n_vertices), np.empty(n_vertices)
    x = spaces.x.to(dtype)
    for columns in vertex_chunks(n_vertices, 2 * len(x) + 4 * n_columns):
        progress(0.4 * columns.start / n_vertices, "reading responses")
        y = Centred.of(responses[:, columns], device, dtype)
        coef[:, columns] = (x.T @ y.values).cpu().numpy()
        mean[columns], scale[columns] = y.mean.cpu().numpy(), y.scale.cpu().numpy()
    for k, candidate in enumerate(np.unique(chosen)):
        progress(0.4 + 0.6 * k / len(weights), "fitting")
        design = WeightedDesign.of(spaces, weights[candidate])
        vertices = np.flatnonzero(chosen == candidate)
        if not len(design.gram):
            coef[:, vertices] = 0
            continue
        spectrum = Spectrum.of(design.gram)
        axes = spectrum.axes.to(dtype)
        for chunk in vertex_chunks(len(vertices), 8 * n_columns):
            some = vertices[chunk]
            moments = torch.as_tensor(coef[:, some], device=device)
            shrink = spectrum.shrinkage(alpha[some]).T.to(dtype)
            w = axes @ (shrink * (axes.T @ design.coordinates.project(moments, dtype)))
            coef[:, some] = design.coordinates.back(w, n_columns).cpu().numpy()
    coef *= scale.astype(coef.dtype)
    restored = spaces.restored(coef)
    for columns in vertex_chunks(n_vertices, 8 * n_columns):
        mean[columns] -= spaces.mean @ restored[:, columns]
    return restored, mean.astype(np.float32)
