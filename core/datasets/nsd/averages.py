"""From z-scored single trials to one response per image, and ncsnr.

ncsnr = signal SD / noise SD of single trials. Noise variance: variance over an image's repeats
(ddof 1), averaged over the images shown more than once. Signal variance: total variance, which
z-scoring made 1, less that of the noise, at least 0.

Source: Allen et al. 2022, Nat. Neurosci. 25:116 (Methods).
"""

from __future__ import annotations

import numpy as np


class Repeats:
    """Which trials show the same image.

    Parameters
    ----------
    image : (n_trials,) image numbers in order of presentation.
    """

    def __init__(self, image: np.ndarray) -> None:
        self.ids, inverse, self.counts = np.unique(image, return_inverse=True, return_counts=True)
        self._order = np.argsort(inverse, kind="stable")
        self._starts = np.concatenate([[0], np.cumsum(self.counts)[:-1]])

    @property
    def any_repeated(self) -> bool:
        """Whether noise can be told from signal at all."""
        return bool(np.any(self.counts > 1))

    def average(self, trials: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Average over repeats.

        Parameters
        ----------
        trials : (n_vertices, n_trials) z-scored per session.

        Returns
        -------
        means : (n_vertices, n_images) float64, images in the order of ``ids``.
        noise : (n_vertices,) noise variance of single trials; NaN if no image was repeated.
        """
        ordered = trials[:, self._order].astype(np.float64)
        means = np.add.reduceat(ordered, self._starts, axis=1) / self.counts
        ordered -= np.repeat(means, self.counts, axis=1)
        ordered *= ordered
        many = self.counts > 1
        if not self.any_repeated:
            return means, np.full(len(trials), np.nan)
        squares = np.add.reduceat(ordered, self._starts, axis=1)[:, many]
        return means, (squares / (self.counts[many] - 1)).mean(axis=1)


def ncsnr_of(noise: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Return ncsnr (n_vertices,); 0 without variance or without signal.

    Parameters
    ----------
    noise : (n_vertices,) noise variance.
    total : (n_vertices,) total variance: 1, or the share of sessions in which the vertex varies.
    """
    usable = noise > 0
    signal = np.maximum(0.0, total - noise)
    return np.where(usable, np.sqrt(signal / np.where(usable, noise, 1.0)), 0.0)
