"""Image identification: whether a prediction is specific enough to tell which image was seen.

The measured pattern of an image is compared with the patterns predicted for the candidates of a
set; it is identified if its own prediction correlates best.

References
----------
Kay, Naselaris, Prenger and Gallant 2008, Nature 452:352.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from cortiscope.core.errors import IncompatibleSpace, InvalidInput


@dataclass(frozen=True)
class Identification:
    """How well measured patterns pick their own images.

    Parameters
    ----------
    rank : (n_stimuli,) place of the own prediction among all candidates, 1 = identified. Ties
        count against it, so a model that predicts one pattern for all identifies nothing; an
        undefined correlation (constant pattern) is last.
    correlation : (n_stimuli,) r of the measured pattern with its own prediction.
    n_vertices : vertices of the patterns.
    """

    rank: np.ndarray
    correlation: np.ndarray
    n_vertices: int

    @property
    def accuracy(self) -> float:
        """Share identified among all images, 0 to 1."""
        return float((self.rank == 1).mean())

    def accuracy_of(self, set_sizes: np.ndarray) -> np.ndarray:
        """Return the expected share identified among sets of each size, 0 to 1.

        Parameters
        ----------
        set_sizes : (n_sizes,) candidates, the right one included: 1 to n_stimuli.

        Notes
        -----
        Exact, without drawing sets: with k of the N - 1 other images ahead, a random set of
        s - 1 of them holds none of these with probability C(N - 1 - k, s - 1) / C(N - 1, s - 1).
        """
        n, sizes = len(self.rank), np.asarray(set_sizes)
        if np.any((sizes < 1) | (sizes > n)):
            raise InvalidInput(f"Set sizes go from 1 to the {n} images that were measured.")
        behind = (n - self.rank)[:, None]
        drawn = (sizes - 1)[None, :]
        possible = behind >= drawn
        left = np.where(possible, behind - drawn, 0)
        log_p = gammaln(behind + 1) - gammaln(left + 1) - gammaln(n) + gammaln(n - drawn)
        return np.where(possible, np.exp(np.minimum(log_p, 0)), 0.0).mean(axis=0)


def chance(set_sizes: np.ndarray) -> np.ndarray:
    """Return the share identified by guessing, ``1 / set size``."""
    return 1.0 / np.asarray(set_sizes, dtype=np.float64)


def pattern_correlations(
    measured: np.ndarray, predicted: np.ndarray, vertices: np.ndarray | None = None
) -> np.ndarray:
    """Correlate each measured with each predicted pattern over vertices.

    Parameters
    ----------
    measured : (n_measured, n_vertices).
    predicted : (n_candidates, n_vertices).
    vertices : positions or mask of the vertices to use, chosen without these images (by ncsnr or
        by scores on training images); all by default.

    Returns
    -------
    r : (n_measured, n_candidates), -1 to 1; NaN where a pattern is constant over vertices.

    Notes
    -----
    Patterns are taken as they are. Vertices of different mean give all patterns a common part;
    responses z-scored per vertex have none.
    """
    if measured.ndim != 2 or predicted.ndim != 2 or measured.shape[1] != predicted.shape[1]:
        raise IncompatibleSpace(
            f"Measured {measured.shape} and predicted {predicted.shape} patterns must both be "
            "(n_stimuli, n_vertices), of the same vertices."
        )
    if vertices is not None:
        measured, predicted = measured[:, vertices], predicted[:, vertices]
    if measured.shape[1] < 2:
        raise InvalidInput(f"A pattern needs at least 2 vertices; got {measured.shape[1]}.")
    return np.clip(_unit_rows(measured) @ _unit_rows(predicted).T, -1, 1)


def _unit_rows(patterns: np.ndarray) -> np.ndarray:
    """Centre rows and scale them to length 1; constant rows become NaN."""
    values = np.asarray(patterns, dtype=np.float64)
    constant = (values == values[:, :1]).all(axis=1)
    values = values - values.mean(axis=1, keepdims=True)
    length = np.sqrt((values**2).sum(axis=1, keepdims=True))
    length[constant[:, None] | (length == 0)] = np.nan
    return values / length


def identify(
    measured: np.ndarray, predicted: np.ndarray, vertices: np.ndarray | None = None
) -> Identification:
    """Identify each measured image among all predicted ones.

    Parameters
    ----------
    measured, predicted : (n_stimuli, n_vertices), the same held-out images in one order.
    vertices : see ``pattern_correlations``.
    """
    if measured.shape != predicted.shape:
        raise IncompatibleSpace(
            f"Measured {measured.shape} and predicted {predicted.shape} must be of the same "
            "images and vertices."
        )
    r = pattern_correlations(measured, predicted, vertices)
    own = np.diagonal(r).copy()
    ahead_or_tied = (r >= own[:, None]).sum(axis=1)  # the own one is among them
    rank = np.where(np.isfinite(own), ahead_or_tied, len(r))
    n_vertices = measured.shape[1] if vertices is None else measured[:1, vertices].shape[1]
    return Identification(rank, own, n_vertices)
