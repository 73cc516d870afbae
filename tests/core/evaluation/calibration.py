"""Simulated pairs of encoders whose true correlations are known, to calibrate intervals and p.

Images are drawn anew in every repetition, vertices and their true r are fixed: that is what the
intervals speak of. Responses are normal; ``a`` and ``b`` are two predictions of one response.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from scipy import stats

from cortiscope.core.evaluation import jackknife_mean_r
from cortiscope.core.evaluation.significance import adjusted_p

# Correlation of the two predictions with each other, at each vertex.
_BETWEEN = 0.5
# Share of variance that vertices have in common where their noise is correlated.
_SHARED = 0.5
# Responses held at once.
_AT_ONCE = 1_500_000
LEVEL = 0.05
N_ROIS = 52


@dataclass(frozen=True)
class Cell:
    """One condition: ``skewed`` r over vertices is .05 + .75 u^4, else .2 everywhere."""

    n_images: int
    n_vertices: int
    skewed: bool
    correlated: bool

    @property
    def seed(self) -> int:
        """Fixed beforehand by what the cell is."""
        return self.n_images * 100_000 + self.n_vertices * 100 + 2 * self.skewed + self.correlated


CELLS = tuple(
    Cell(*own) for own in itertools.product((30, 80, 200), (10, 80), (False, True), (False, True))
)

# Beyond what is asked of every cell: the fewest images, and whole cortices.
FURTHER_CELLS = tuple(
    Cell(n_images, n_vertices, True, correlated)
    for n_images, n_vertices in ((10, 10), (10, 80), (20, 80), (200, 2000))
    for correlated in (False, True)
)


@dataclass(frozen=True)
class Count:
    """How often intervals held the true mean r, and how often no difference was called one."""

    repetitions: int
    covered: int
    false_positives: int

    @property
    def coverage_fits(self) -> bool:
        """Whether coverage cannot be told from .93 to .97, by exact tests at .001."""
        return (
            stats.binomtest(self.covered, self.repetitions, 0.93, "less").pvalue >= 0.001
            and stats.binomtest(self.covered, self.repetitions, 0.97, "greater").pvalue >= 0.001
        )

    @property
    def false_positives_fit(self) -> bool:
        """Whether false positives cannot be told from .06 or less, by an exact test at .001."""
        test = stats.binomtest(self.false_positives, self.repetitions, 0.06, "greater")
        return test.pvalue >= 0.001


def count(cell: Cell, repetitions: int) -> Count:
    """Simulate one cell.

    Coverage is that of A's mean r, whose r is flat or skewed; the false positives are of its
    difference from B, whose r is .2 at each vertex: the same mean.
    """
    rng = np.random.default_rng(cell.seed)
    true_a, true_b = true_correlations(cell.n_vertices, cell.skewed), np.full(cell.n_vertices, 0.2)
    covered = found = 0
    at_once = max(1, _AT_ONCE // (cell.n_images * cell.n_vertices))
    for start in range(0, repetitions, at_once):
        n = min(at_once, repetitions - start)
        a, b, m = pairs(rng, (n, cell.n_images, cell.n_vertices), true_a, true_b, cell.correlated)
        # Repetitions side by side, as places of one large subject.
        a, b, m = (np.moveaxis(x, 0, 1).reshape(cell.n_images, -1) for x in (a, b, m))
        places = np.arange(n * cell.n_vertices).reshape(n, -1)
        of_a, of_b = (jackknife_mean_r(x, m, list(places)) for x in (a, b))
        low, high = of_a.interval()
        covered += int(((low <= true_a.mean()) & (true_a.mean() <= high)).sum())
        found += int(((of_a - of_b).p() < LEVEL).sum())
    return Count(repetitions, covered, found)


def true_correlations(n_vertices: int, skewed: bool) -> np.ndarray:
    """Return (n_vertices,) r of mean .2: all alike, or .05 + .75 u^4 for u from 0 to 1."""
    u = (np.arange(n_vertices) + 0.5) / n_vertices
    r = 0.05 + 0.75 * u**4 if skewed else np.full(n_vertices, 0.2)
    return r - r.mean() + 0.2


def pairs(
    rng: np.random.Generator,
    shape: tuple[int, int, int],
    true_a: np.ndarray,
    true_b: np.ndarray,
    correlated: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw two predictions and the responses, each (n_repetitions, n_images, n_vertices)."""

    def normal() -> np.ndarray:
        own = rng.standard_normal(shape)
        if not correlated:
            return own
        common = rng.standard_normal((*shape[:2], 1))
        return np.sqrt(1 - _SHARED) * own + np.sqrt(_SHARED) * common

    a = normal()
    b = _BETWEEN * a + np.sqrt(1 - _BETWEEN**2) * normal()
    of_a = (true_a - _BETWEEN * true_b) / (1 - _BETWEEN**2)
    of_b = (true_b - _BETWEEN * true_a) / (1 - _BETWEEN**2)
    noise = 1 - of_a * true_a - of_b * true_b
    return a, b, of_a * a + of_b * b + np.sqrt(noise) * normal()


def false_discovery_shares(repetitions: int, *, n_different: int, seed: int) -> np.ndarray:
    """Return (repetitions,) shares of false ones among the ROIs in which A and B are told apart.

    End to end: responses, paired tests of every ROI, Benjamini-Hochberg over all. A is better by .2
    in the first ``n_different``, and as good as B, with skewed r, in the others.
    """
    found = _found(repetitions, n_different=n_different, true_b=0.0, seed=seed)
    return np.asarray(found[:, n_different:].sum(axis=1) / np.maximum(1, found.sum(axis=1)))


def one_of_many_found(repetitions: int, *, seed: int) -> np.ndarray:
    """Return (repetitions,) bool: whether the only ROI that differs, by .5 in r, was found."""
    return _found(repetitions, n_different=1, true_b=-0.3, seed=seed)[:, 0]


def _found(repetitions: int, *, n_different: int, true_b: float, seed: int) -> np.ndarray:
    """Return (repetitions, N_ROIS) bool over ROIs of 10 vertices that share images and noise."""
    rng = np.random.default_rng(seed)
    n_images, n_vertices = 80, 10
    of_a = np.tile(true_correlations(n_vertices, skewed=True), N_ROIS)
    of_b = np.full(N_ROIS * n_vertices, 0.2)
    # Flat where they differ: with skewed r a difference of .5 is more than a correlation can hold.
    of_a[: n_different * n_vertices] = 0.2
    of_b[: n_different * n_vertices] = true_b
    found = []
    at_once = max(1, _AT_ONCE // (n_images * len(of_a)))
    for start in range(0, repetitions, at_once):
        n = min(at_once, repetitions - start)
        a, b, m = pairs(rng, (n, n_images, len(of_a)), of_a, of_b, correlated=True)
        a, b, m = (np.moveaxis(x, 0, 1).reshape(n_images, -1) for x in (a, b, m))
        places = list(np.arange(n * len(of_a)).reshape(n * N_ROIS, -1))
        p = (jackknife_mean_r(a, m, places) - jackknife_mean_r(b, m, places)).p()
        found += [adjusted_p(own) <= LEVEL for own in p.reshape(n, N_ROIS)]
    return np.array(found)
