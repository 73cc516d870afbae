"""Z-scored trials of the chosen vertices, per session; from them one response per image, and ncsnr.

A file takes its name only when it is whole, so whatever kills the work, a session is either there
or not, and the sums over sessions are taken later and always in the same order.

ncsnr = signal SD / noise SD of single trials. Noise variance: variance over an image's repeats
(ddof 1), averaged over the images shown more than once. Signal variance: total variance, which
z-scoring made 1, less that of the noise, at least 0.
Source: Allen et al. 2022, Nat. Neurosci. 25:116 (Methods).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from cortiscope.core.datasets.npy import load_array
from cortiscope.core.datasets.nsd.betas import open_betas, unwritten_trials, z_score_blocks
from cortiscope.core.errors import DamagedFile
from cortiscope.core.progress import Progress
from cortiscope.core.storage import atomic_file

# Columns written at once, 4 KB of each row; and the numbers of one float64 block, 32 MB.
_COLUMNS = 1024
_NUMBERS_PER_BLOCK = 4_000_000


def write_session(source: Path, target: Path, vertices: np.ndarray, n_trials: int) -> None:
    """Z-score a session into (n_vertices, n_trials) float32; nothing if it is there already."""
    if target.exists():
        return
    betas, columns = open_betas(source, n_trials, vertices)
    if zeros := unwritten_trials(betas, range(n_trials)):
        raise DamagedFile(
            f"{source.name} holds nothing in trial {zeros[0] + 1}: zeros or NaN only.",
            "Download it again; the sessions before it are kept.",
        )
    with atomic_file(target) as draft:
        stored = np.lib.format.open_memmap(
            draft, mode="w+", dtype=np.float32, shape=(len(vertices), n_trials)
        )
        for where, scores in z_score_blocks(betas, columns):
            stored[where] = scores
        stored.flush()
        del stored


class HemisphereTrials:
    """All sessions of one hemisphere, on disk.

    Parameters
    ----------
    files : one per session, as ``write_session`` left them.
    """

    def __init__(self, files: Sequence[Path], n_vertices: int, n_trials: int) -> None:
        self._parts = [load_array(f, shape=(n_vertices, n_trials)) for f in files]
        finite = np.ones(n_vertices, dtype=bool)
        for part in self._parts:
            # A vertex that is not finite in one trial is NaN in its whole session.
            finite &= np.isfinite(part[:, 0])
        self.kept = np.flatnonzero(finite)

    def _blocks(self, start: int, stop: int) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
        """Yield a slice of ``kept``, its trials, and the share of sessions in which it varies."""
        per_vertex = sum(part.shape[1] for part in self._parts)
        size = max(1, _NUMBERS_PER_BLOCK // per_vertex)
        for first in range(start, stop, size):
            where = slice(first, min(first + size, stop))
            parts = [part[self.kept[where]] for part in self._parts]
            varies = np.mean([part.any(axis=1) for part in parts], axis=0)
            yield where, np.concatenate(parts, axis=1), varies

    def average(
        self, repeats: Repeats, rows: dict[Path, np.ndarray], progress: Progress
    ) -> tuple[np.ndarray, np.ndarray]:
        """Average over repeats, into one file per split.

        Parameters
        ----------
        rows : file to write -> positions in ``repeats.ids`` of its images, in order.

        Returns
        -------
        ncsnr : (n_kept,) float64; NaN if no image was repeated.
        varies : (n_kept,) share of sessions in which a vertex is not constant.
        """
        n = len(self.kept)
        noise, varies = np.empty(n), np.empty(n)
        drafts = {f: f.with_name(f".{f.name}.draft") for f in rows}
        stored = {
            f: np.lib.format.open_memmap(
                drafts[f], mode="w+", dtype=np.float32, shape=(len(wanted), n)
            )
            for f, wanted in rows.items()
        }
        for start in range(0, n, _COLUMNS):
            stop = min(start + _COLUMNS, n)
            progress(start / n, "Averaging over repeats")
            means = np.empty((len(repeats.ids), stop - start), dtype=np.float32)
            for where, trials, share in self._blocks(start, stop):
                average, noise[where] = repeats.average(trials)
                means[:, where.start - start : where.stop - start] = average
                varies[where] = share
            for file, wanted in rows.items():
                stored[file][:, start:stop] = means[wanted]
        for values in stored.values():
            values.flush()
        stored.clear()
        for file, draft in drafts.items():
            draft.replace(file)
        ncsnr = ncsnr_of(noise, varies) if repeats.any_repeated else noise
        return ncsnr, varies


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
        """Whether noise can be distinguished from signal at all."""
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
