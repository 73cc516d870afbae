"""Ordinary least squares: ridge's limit without a penalty, least norm where images are few.

The design's pseudo-inverse is computed once and multiplied by the responses, a chunk of vertices
at a time. Where the normal equations would lose digits it comes from the design's own singular
values instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cortiscope.core.encoding.checkpoint import Checkpoint, NoCheckpoint, VertexPieces
from cortiscope.core.encoding.ridge.data import Centred, checked_design, vertex_chunks
from cortiscope.core.encoding.ridge.spectrum import Spectrum
from cortiscope.core.encoding.training import Responses
from cortiscope.core.progress import Progress, silent

if TYPE_CHECKING:
    import torch

# Condition numbers of the design up to which float32 products, and the normal equations in
# float64, keep the coefficients to about five digits.
_FLOAT32_CONDITION = 30.0
_NORMAL_CONDITION = 1e5
# Share of the largest singular value that float32's rounding of a design can bring about.
_ROUNDING = 1e-6


def fit_least_squares(
    design: np.ndarray,
    responses: Responses,
    *,
    device: str = "cpu",
    progress: Progress = silent,
    checkpoint: Checkpoint | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Solve ``argmin_w ||X w - y||^2`` on centred data for all vertices.

    Parameters
    ----------
    design : (n_stimuli, n_features).
    responses : (n_stimuli, n_vertices), read once, a chunk of vertices at a time.
    checkpoint : where finished chunks of vertices are left and found again.

    Returns
    -------
    coef : (n_features, n_vertices) float32; of least norm if images do not determine it.
    intercept : (n_vertices,) float32.

    Notes
    -----
    Directions along which the design varies by no more than a millionth of its largest variation,
    as rounding of a float32 design brings about, hold no coefficients.
    """
    import torch

    original = checked_design(design, responses)
    n_stimuli, n_features = original.shape
    n_vertices = int(responses.shape[1])
    coef = np.empty((n_features, n_vertices), dtype=np.float32)
    intercept = np.empty(n_vertices, dtype=np.float32)
    pieces = VertexPieces({"coef": coef, "intercept": intercept}, checkpoint or NoCheckpoint())
    missing = pieces.missing(vertex_chunks(n_vertices, 2 * n_stimuli + 4 * n_features))
    if missing:
        x = torch.as_tensor(original, device=device).double()
        x_mean = x.mean(0)
        x -= x_mean
        inverse = _pseudo_inverse(x)
    for part in missing:
        progress(part.start / n_vertices, "fitting")
        y = Centred.of(responses[:, part], inverse.device, inverse.dtype, scaled=False)
        w = inverse @ y.values
        pieces.put(
            part,
            coef=w.float().cpu().numpy(),
            intercept=(y.mean - x_mean @ w.double()).float().cpu().numpy(),
        )
    progress(1.0, "fitted")
    return coef, intercept


def _pseudo_inverse(x: torch.Tensor) -> torch.Tensor:
    """Invert a centred design (float64): (n_features, n_stimuli), in the precision it needs."""
    import torch

    wide = x.shape[1] > len(x)
    spectrum = Spectrum.of(x @ x.T if wide else x.T @ x)
    null = spectrum.null()
    varying = spectrum.values[~null]
    if not len(varying):
        return torch.zeros_like(x.T)
    ratio = float(varying[-1] / varying[0])
    if ratio > _NORMAL_CONDITION**2:
        return torch.linalg.pinv(x, rtol=_ROUNDING)
    shrunk = spectrum.axes * torch.where(null, 0.0, 1 / spectrum.values)
    inverse = x.T @ shrunk @ spectrum.axes.T if wide else shrunk @ (x @ spectrum.axes).T
    return inverse.float() if ratio < _FLOAT32_CONDITION**2 else inverse
