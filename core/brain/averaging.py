"""A map on fsaverage's 163,842 vertices, shown on fsaverage5's 10,242.

Two ways: the mean over the fsaverage vertices that lie nearest to each fsaverage5 vertex, or the
value of the fsaverage5 vertices alone, which are the first ones of fsaverage (one in sixteen).
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cortiscope.core.brain.spaces import (
    FSAVERAGE5_VERTICES,
    FSAVERAGE_VERTICES,
    HEMISPHERES,
    ChallengeSpace,
    Hemisphere,
)
from cortiscope.core.brain.subdivision import subdivide_sphere
from cortiscope.core.brain.surfaces import load_fsaverage5
from cortiscope.core.errors import CannotWrite
from cortiscope.core.storage import write_array

_NEAREST_NAME = "fsaverage-to-fsaverage5-v1.npy"
_AT_ONCE = 1024
# Half way between two vertices both are equally near, up to rounding; cosine of the angle.
_TIE = 1e-9


def nearest_vertices(points: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Find the nearest of some points on a sphere.

    Parameters
    ----------
    points : (n, 3) on a sphere about 0, any radius.
    among : (m, 3) likewise.

    Returns
    -------
    nearest : (n,) int32 numbers in ``among``; of equally near ones the lowest.
    """
    points, among = (
        p / np.linalg.norm(p, axis=1, keepdims=True)
        for p in (np.asarray(points, np.float64), np.asarray(among, np.float64))
    )
    order, ranked = np.argsort(points[:, 2]), np.argsort(among[:, 2])
    heights = among[ranked, 2]
    nearest = np.empty(len(points), dtype=np.int32)
    for start in range(0, len(points), _AT_ONCE):
        some = order[start : start + _AT_ONCE]
        low, high = points[some[0], 2], points[some[-1], 2]
        # Whatever lies farther off in height than ``reach`` is farther away than ``reach``.
        reach = 4 / np.sqrt(len(among))
        while True:
            first, last = np.searchsorted(heights, [low - reach, high + reach])
            candidates = np.sort(ranked[first:last])
            if len(candidates):
                cosines = points[some] @ among[candidates].T
                best = cosines.max(axis=1)
                if reach >= 2 or np.sqrt(np.maximum(2 - 2 * best.min(), 0)) < reach:
                    break
            reach *= 2
        nearest[some] = candidates[np.argmax(cosines >= best[:, None] - _TIE, axis=1)]
    return nearest


def nearest_on_fsaverage5(cache: Path) -> np.ndarray:
    """Return (163842,) int32: the fsaverage5 vertex nearest to each of fsaverage on the sphere.

    The same for both hemispheres. Computed once, then read from ``cache`` (a folder).
    """
    target = cache / _NEAREST_NAME
    with contextlib.suppress(OSError, ValueError, EOFError):
        stored: np.ndarray = np.load(target, allow_pickle=False)
        if stored.shape == (FSAVERAGE_VERTICES,) and stored.dtype == np.int32:
            return stored
    coarse = load_fsaverage5(cache).left
    points, faces = coarse.sphere, coarse.faces
    while len(points) < FSAVERAGE_VERTICES:
        points, faces = subdivide_sphere(points, faces)
    nearest = nearest_vertices(points, points[:FSAVERAGE5_VERTICES])
    # A folder that may not be written to only costs time.
    with contextlib.suppress(CannotWrite):
        write_array(target, nearest)
    return nearest


@dataclass(frozen=True)
class VertexGroups:
    """A subject's vertices, gathered at the vertices of a coarser template.

    Parameters
    ----------
    space : the groups as vertices of the coarse template, by hemisphere.
    order : (n_members,) positions in the subject's arrays, group by group.
    starts : (n_groups,) where each group begins in ``order``; no group is empty.
    """

    space: ChallengeSpace
    order: np.ndarray
    starts: np.ndarray

    @property
    def sizes(self) -> np.ndarray:
        """(n_groups,) members of each group."""
        return np.diff(self.starts, append=len(self.order))

    def mean(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Average over each group's values that are numbers.

        Parameters
        ----------
        values : (n_vertices,) of the subject, NaN where there is none.

        Returns
        -------
        means : (n_groups,) float32; NaN where no member has a value.
        counts : (n_groups,) int64 values averaged.
        """
        if not len(self.starts):
            return np.empty(0, dtype=np.float32), np.empty(0, dtype=np.int64)
        members = np.asarray(values, dtype=np.float64)[self.order]
        real = np.isfinite(members)
        sums = np.add.reduceat(np.where(real, members, 0.0), self.starts)
        counts = np.add.reduceat(real.astype(np.int64), self.starts)
        with np.errstate(invalid="ignore"):
            return np.asarray(sums / counts, dtype=np.float32), counts

    def circular_mean(
        self, values: np.ndarray, low: float, high: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Average as ``mean`` does, on a circle on which ``low`` and ``high`` are one point."""
        turns = 2 * np.pi * (np.asarray(values, dtype=np.float64) - low) / (high - low)
        (x, counts), (y, _) = self.mean(np.cos(turns)), self.mean(np.sin(turns))
        share = np.arctan2(y, x).astype(np.float64) / (2 * np.pi) % 1
        return np.asarray(low + share * (high - low), dtype=np.float32), counts

    def most_frequent(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Take each group's most frequent value, of equally frequent ones the lowest.

        Returns
        -------
        values : (n_groups,) float32; NaN where no member has a value.
        counts : (n_groups,) int64 members that have it.
        """
        members = np.asarray(values, dtype=np.float64)[self.order]
        group = np.repeat(np.arange(len(self.starts)), self.sizes)
        real = np.isfinite(members)
        pairs, often = np.unique(
            np.stack([group[real], members[real]], axis=1), axis=0, return_counts=True
        )
        out = np.full(len(self.starts), np.nan, dtype=np.float32)
        counts = np.zeros(len(self.starts), dtype=np.int64)
        # Last written wins: rarest first, and of equals the highest value first.
        ranked = np.lexsort((-pairs[:, 1], often))
        at = pairs[ranked, 0].astype(np.int64)
        out[at], counts[at] = pairs[ranked, 1], often[ranked]
        return out, counts

    def share(self, positions: np.ndarray) -> np.ndarray:
        """Return (n_groups,) 0 to 1: how much of each group some of the subject's vertices are."""
        chosen = np.isin(self.order, positions).astype(np.float64)
        return np.asarray(np.add.reduceat(chosen, self.starts) / self.sizes)

    def holding(self, positions: np.ndarray) -> np.ndarray:
        """Return the groups (n,) that a ROI holds: those of which it has more than half.

        A ROI too small for that keeps the group of which it has most.
        """
        if not len(positions) or not len(self.starts):
            return np.empty(0, dtype=np.int64)
        share = self.share(positions)
        most = np.flatnonzero(share > 0.5)
        # None at all: every sixteenth vertex may well miss a small ROI.
        return most if len(most) or not share.any() else np.array([np.argmax(share)])

    def members(self, group: int) -> np.ndarray:
        """Return positions (n,) in the subject's arrays, the vertex of the same number first."""
        start = int(self.starts[group])
        return self.order[start : start + int(self.sizes[group])]


def nested_groups(space: ChallengeSpace) -> VertexGroups:
    """Keep a subject's vertices that fsaverage5 has, each alone."""
    return _groups(space, {h: np.where(n < FSAVERAGE5_VERTICES, n, -1) for h, n in _index(space)})


def nearest_groups(space: ChallengeSpace, nearest: np.ndarray) -> VertexGroups:
    """Gather a subject's vertices at the nearest vertex of fsaverage5.

    Parameters
    ----------
    nearest : (163842,) from ``nearest_on_fsaverage5``.
    """
    return _groups(space, {h: nearest[n] for h, n in _index(space)})


def _index(space: ChallengeSpace) -> list[tuple[Hemisphere, np.ndarray]]:
    return [(h, np.asarray(space.index[h])) for h in HEMISPHERES]


def _groups(space: ChallengeSpace, coarse: dict[Hemisphere, np.ndarray]) -> VertexGroups:
    """Gather by the coarse vertex of each of the subject's vertices; -1 leaves one out."""
    orders, starts, index, before = [], [], {}, 0
    for h in HEMISPHERES:
        kept = np.flatnonzero(coarse[h] >= 0)
        # Stable: a coarse vertex has the lowest number of its group and comes first in it.
        order = kept[np.argsort(coarse[h][kept], kind="stable")]
        index[h], first = np.unique(coarse[h][order], return_index=True)
        orders.append(order + space.slice_of(h).start)
        starts.append(first + before)
        before += len(order)
    return VertexGroups(
        ChallengeSpace(FSAVERAGE5_VERTICES, index), np.concatenate(orders), np.concatenate(starts)
    )
