"""The Algonauts 2023 score: noise-normalised squared correlation in percent."""

from __future__ import annotations

import numpy as np

from core.errors import IncompatibleSpace, InvalidInput

# The challenge divides by this instead of by a ceiling of zero.
_ZERO_CEILING = 1e-14


def challenge_scores(r: np.ndarray, ceiling: np.ndarray) -> np.ndarray:
    """Score each vertex as the challenge did; the official number is the mean over vertices.

    Negative r counts 0, r is squared, a ceiling of 0 is replaced by 1e-14, the ratio is given in
    percent and cut at 100. An undefined r (constant vertex) counts 0.

    Parameters
    ----------
    r : (n_vertices,) Pearson r.
    ceiling : (n_vertices,) fractions, 0 to 1.

    Returns
    -------
    scores : (n_vertices,) float64, 0 to 100.
    """
    r = np.nan_to_num(np.asarray(r, dtype=np.float64), nan=0.0)
    ceiling = np.asarray(ceiling, dtype=np.float64)
    if r.shape != ceiling.shape:
        raise IncompatibleSpace(f"{r.shape[-1]} correlations, {ceiling.shape[-1]} ceilings.")
    if np.any(ceiling > 1) or np.any(ceiling < 0):
        raise InvalidInput(f"Ceilings are fractions from 0 to 1; got up to {ceiling.max():.3g}.")
    explained = np.maximum(r, 0) ** 2
    return np.minimum(100 * explained / np.where(ceiling == 0, _ZERO_CEILING, ceiling), 100)
