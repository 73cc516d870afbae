r"""What differs between two sets of pictures: mean(A) - mean(B) per vertex, with t.

The difference is that of a linear model of the responses to A and B, with covariates or without::

    y = c + d s + Z g + e,    s = 1/2 in A, -1/2 in B

and its variance allows that the sets spread differently and are of unequal size (HC2)::

    var(d) = V_A + V_B,    V_set = sum over the set of w_i^2 e_i^2 / (1 - h_i)

with w the weights that make d of y, and h the leverages. Degrees of freedom are those of Welch and
Satterthwaite, the covariates' taken from both sets in proportion. Without covariates this is
Welch's t test to the last digit that matters.

References
----------
Welch 1947, Biometrika 34:28. MacKinnon and White 1985, J. Econometrics 29:305 (HC2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

import numpy as np
from scipy.special import stdtr, stdtrit

from cortiscope.core.errors import IncompatibleSpace, InvalidInput
from cortiscope.core.evaluation.correlation import pearson_r
from cortiscope.core.evaluation.metrics import WHOLE, Group
from cortiscope.core.evaluation.report import ALL_VERTICES
from cortiscope.core.evaluation.significance import adjusted_p

LEAST_PICTURES = 5
"""Of each set; with fewer the spread within a set is hardly known."""

_VERTICES_AT_ONCE = 2048


@dataclass(frozen=True, eq=False)
class Difference:
    """mean(A) - mean(B) of several columns, each (n_columns,); NaN in t where all is constant.

    Parameters
    ----------
    difference : in the unit of the responses.
    t, df, p : two-sided, of no difference.
    low, high : 95 % interval over pictures.
    """

    difference: np.ndarray
    t: np.ndarray
    df: np.ndarray
    p: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @property
    def q(self) -> np.ndarray:
        """(n_columns,) p after Benjamini and Hochberg over the columns that were tested."""
        return adjusted_p(self.p)


class Sets:
    """Two sets of pictures, ready to be compared in any responses to them.

    Parameters
    ----------
    in_a : (n_pictures,) bool; the others are B.
    covariates : (n_pictures, k) what is partialled out; None for nothing.

    Raises
    ------
    InvalidInput : a set is too small, or covariates leave nothing to tell the sets apart.
    """

    def __init__(self, in_a: np.ndarray, covariates: np.ndarray | None = None) -> None:
        self.in_a = np.asarray(in_a, dtype=bool)
        n = len(self.in_a)
        counts = np.array([self.in_a.sum(), n - self.in_a.sum()])
        self.n_a, self.n_b = map(int, counts)
        if counts.min() < LEAST_PICTURES:
            raise InvalidInput(
                f"A has {self.n_a} pictures and B has {self.n_b}; at least {LEAST_PICTURES} of "
                "each are needed.",
                "Choose larger sets.",
            )
        others = np.ones((n, 1))
        if covariates is not None:
            others = np.column_stack([others, covariates - np.mean(covariates, axis=0)])
        self._basis = _orthonormal(others)
        k = self._basis.shape[1] - 1
        self._df = counts - 1 - k * counts / n
        if self._df.min() < 1:
            raise InvalidInput(
                f"{k} covariates are too many for sets of {self.n_a} and {self.n_b} pictures."
            )
        s = np.where(self.in_a, 0.5, -0.5)
        own = s - self._basis @ (self._basis.T @ s)
        size = own @ own
        if size < 1e-9 * n:
            raise InvalidInput("The covariates tell A from B completely: no difference is left.")
        self._s = own
        self.weights = own / size
        self._kept = 1 - (self._basis**2).sum(axis=1) - own**2 / size

    def compare(self, responses: np.ndarray) -> Difference:
        """Return the difference in each column of responses (n_pictures, n_columns)."""
        y = np.asarray(responses, dtype=np.float64)
        if y.ndim != 2 or len(y) != len(self.in_a):
            raise IncompatibleSpace(f"Responses {y.shape} to {len(self.in_a)} pictures.")
        constant = (y == y[:1]).all(axis=0)
        y = y - self._basis @ (self._basis.T @ y)
        d = np.where(constant, 0.0, self.weights @ y)
        y -= self._s[:, None] * d
        with np.errstate(invalid="ignore", divide="ignore"):
            v = (self.weights**2 / self._kept)[:, None] * y**2
            of_a, of_b = v[self.in_a].sum(axis=0), v[~self.in_a].sum(axis=0)
            variance = of_a + of_b
            df = variance**2 / (of_a**2 / self._df[0] + of_b**2 / self._df[1])
            error = np.sqrt(variance)
            t = d / error
        half = stdtrit(df, 0.975) * error
        found = (d, t, df, 2 * stdtr(df, -np.abs(t)), d - half, d + half)
        return Difference(d, *(np.where(constant, np.nan, own) for own in found[1:]))


def _orthonormal(columns: np.ndarray) -> np.ndarray:
    """Return an orthonormal basis (n, rank) of columns (n, k); the first is kept as it is."""
    u, s, _ = np.linalg.svd(columns[:, 1:], full_matrices=False)
    # Centred covariates are orthogonal to the constant.
    rest = u[:, s > 1e-10 * s.max(initial=0)] if s.size else u[:, :0]
    return np.column_stack([columns[:, 0] / np.sqrt(len(columns)), rest])


@dataclass(frozen=True, eq=False)
class Contrast:
    """The difference between two sets at every vertex and in the mean of every place.

    Parameters
    ----------
    n_a, n_b : pictures.
    vertices : of every vertex.
    groups : of the mean response of each of ``places``, ROIs and wholes.
    halves : (n_splits,) Pearson r over vertices between the maps of two random halves of both
        sets; empty where sets are too small for halves.
    """

    n_a: int
    n_b: int
    vertices: Difference
    groups: Difference
    places: tuple[Group, ...]
    halves: np.ndarray

    @property
    def q_of_rois(self) -> np.ndarray:
        """(n_places,) p adjusted over the ROIs of both hemispheres; NaN for wholes."""
        of_roi = np.array([roi != ALL_VERTICES for roi, _ in self.places], dtype=bool)
        return adjusted_p(np.where(of_roi, self.groups.p, np.nan))

    def of(self, place: Group) -> dict[str, float] | None:
        """Return difference, low, high, t, df and p of a place; None where it is absent."""
        if place not in self.places:
            return None
        k = self.places.index(place)
        return {f.name: float(getattr(self.groups, f.name)[k]) for f in fields(Difference)}


def contrast(
    read: Callable[[slice], np.ndarray],
    in_a: np.ndarray,
    places: Mapping[Group, np.ndarray],
    *,
    covariates: np.ndarray | None = None,
    n_splits: int = 20,
    seed: int = 0,
) -> Contrast:
    """Compare the responses to two sets of pictures.

    Parameters
    ----------
    read : returns the responses (n_pictures, n_columns) of some vertices, each picture once.
    in_a : (n_pictures,) bool; the others are B.
    places : ROI and hemisphere -> positions (n,) of the vertices; ``WHOLE`` is among them. Places
        without vertices are left out.
    covariates : (n_pictures, k) what is partialled out.
    n_splits : random halves that the map is compared over.

    Raises
    ------
    InvalidInput : as of ``Sets``.
    """
    sets = Sets(in_a, covariates)
    n_vertices = len(places[WHOLE])
    kept = {place: own for place, own in places.items() if len(own)}
    halves = _halves(sets, covariates, n_splits, seed)
    maps = np.empty((*halves.shape[:2], n_vertices))
    sums = np.zeros((len(sets.in_a), len(kept)))
    parts = []
    for start in range(0, n_vertices, _VERTICES_AT_ONCE):
        block = slice(start, min(start + _VERTICES_AT_ONCE, n_vertices))
        y = np.asarray(read(block), dtype=np.float64)
        parts.append(sets.compare(y))
        maps[..., block] = halves @ y
        for k, own in enumerate(kept.values()):
            here = own[(own >= block.start) & (own < block.stop)]
            sums[:, k] += y[:, here - start].sum(axis=1)
    vertices = Difference(
        *(np.concatenate([getattr(own, f.name) for own in parts]) for f in fields(Difference))
    )
    groups = sets.compare(sums / [len(own) for own in kept.values()])
    alike = [pearson_r(one[:, None], other[:, None])[0] for one, other in maps]
    return Contrast(sets.n_a, sets.n_b, vertices, groups, tuple(kept), np.array(alike))


def _halves(sets: Sets, covariates: np.ndarray | None, n_splits: int, seed: int) -> np.ndarray:
    """Return (n_splits, 2, n_pictures) weights that make a difference of each half's responses."""
    n, rng = len(sets.in_a), np.random.default_rng(seed)
    if min(sets.n_a, sets.n_b) < 2 * LEAST_PICTURES:
        return np.zeros((0, 2, n))
    found = np.zeros((n_splits, 2, n))
    for split in found:
        first = np.zeros(n, dtype=bool)
        for own in (np.flatnonzero(sets.in_a), np.flatnonzero(~sets.in_a)):
            first[rng.permutation(own)[: len(own) // 2]] = True
        for weights, half in zip(split, (first, ~first), strict=True):
            some = None if covariates is None else covariates[half]
            weights[half] = Sets(sets.in_a[half], some).weights
    return found
