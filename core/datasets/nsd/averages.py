"""From z-scored single trials to one response per image, and ncsnr.

ncsnr = signal SD / noise SD of single trials. Noise variance: variance over an image's repeats
(ddof 1), averaged over the images shown more than once. Signal variance: total variance, which
z-scoring made 1, less that of the noise, at least 0.

Source: Allen et al. 2022, Nat. Neurosci. 25:116 (Methods).
"""

from __future__ import annotations

from collections.abc import Iterator

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
        means : (n_images, n_vertices) float64, images in the order of ``ids``.
        noise : (n_vertices,) noise variance of single trials; NaN if no image was repeated.
        """
        # Trials as rows: gathering a row is one copy, gathering a column is one per vertex.
        rows = np.ascontiguousarray(trials.T, dtype=np.float64)
        sums = np.zeros((len(self.ids), rows.shape[1]))
        for images, shown in self._presentations():
            sums[images] += rows[shown]
        means = sums / self.counts[:, None]
        many = self.counts > 1
        if not self.any_repeated:
            return means, np.full(len(trials), np.nan)
        squares = sums
        squares[:] = 0
        for images, shown in self._presentations():
            squares[images] += (rows[shown] - means[images]) ** 2
        return means, (squares[many] / (self.counts[many] - 1)[:, None]).mean(axis=0)

    def _presentations(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the images shown once or more and their first trials, then twice, and so on."""
        for k in range(int(self.counts.max())):
            images = np.flatnonzero(self.counts > k)
            yield images, self._order[self._starts[images] + k]


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
