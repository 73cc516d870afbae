"""Intervals by resampling images: the jackknife for what is tested, the bootstrap for the rest.

The statistic that is tested, of ROIs and of pairs of models, is the mean of r over vertices: its
interval covers what it promises also where r is skewed over vertices, which that of the median
does not (``docs/calibration.md``). The interval applies to further images of this kind, for these
vertices and these fitted models; other subjects are another question (``subjects``). Bootstrap
intervals are for statistics without a jackknife of their own, and are not calibrated for small
numbers of images.

References
----------
Tukey 1958, Ann. Math. Stat. 29:614 (jackknife with t). Efron and Stein 1981, Ann. Stat. 9:586 (its
variance is conservative). Busing, Meijer and van der Leeden 1999, Stat. Comput. 9:3 (units of
unequal size).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from cortiscope.core.errors import IncompatibleSpace

# Fewer stimuli than these were not calibrated: there is no interval and no p then.
LEAST_STIMULI = 10

# Some columns at a time: what is needed beside the result stays within a few megabytes.
_VERTICES_AT_ONCE = 512
# Share of a vertex's variance that rounding leaves where all other images are alike.
_NOTHING_LEFT = 1e-10


@dataclass(frozen=True)
class Jackknifed:
    """A statistic of several places, as it is and with each stimulus left out.

    Parameters
    ----------
    estimate : (n_places,); NaN where a place has no vertex with a correlation.
    without : (n_stimuli, n_places) the same with one stimulus left out.
    sizes : (n_stimuli,) images of each: more than 1 where copies are one stimulus.
    """

    estimate: np.ndarray
    without: np.ndarray
    sizes: np.ndarray

    def __sub__(self, other: Jackknifed) -> Jackknifed:
        """Return the paired difference: both leave out the same images."""
        return Jackknifed(self.estimate - other.estimate, self.without - other.without, self.sizes)

    @property
    def calibrated(self) -> bool:
        """Whether there are stimuli enough for an interval that covers what it promises."""
        return len(self.sizes) >= LEAST_STIMULI

    @property
    def standard_error(self) -> np.ndarray:
        """(n_places,); NaN where it is not calibrated."""
        if not self.calibrated:
            return np.full(self.estimate.shape, np.nan)
        # Pseudo-values; of units of one image each they are n * all - (n - 1) * without.
        h = (self.sizes.sum() / self.sizes)[:, None]
        pseudo = h * self.estimate - (h - 1) * self.without
        centre = (pseudo / h).sum(axis=0)
        return np.sqrt(((pseudo - centre) ** 2 / (h - 1)).mean(axis=0))

    def interval(self, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Return the ends (n_places,) each of the t interval; NaN where not calibrated."""
        half = stdtrit(len(self.sizes) - 1, (1 + level) / 2) * self.standard_error
        return self.estimate - half, self.estimate + half

    def p(self) -> np.ndarray:
        """Return two-sided p (n_places,) of a statistic of 0; NaN where not calibrated.

        A statistic that is 0 whatever image is left out (two identical models) has p 1.
        """
        error = self.standard_error
        with np.errstate(invalid="ignore", divide="ignore"):
            t = np.where((error == 0) & (self.estimate == 0), 0.0, self.estimate / error)
        return np.where(np.isfinite(error), 2 * stdtr(len(self.sizes) - 1, -np.abs(t)), np.nan)


def jackknife_mean_r(
    predicted: np.ndarray,
    measured: np.ndarray,
    places: Sequence[np.ndarray],
    *,
    stimuli: np.ndarray | None = None,
) -> Jackknifed:
    """Average r over the vertices of places, with all images and without each stimulus.

    Parameters
    ----------
    predicted, measured : (n_images, n_vertices), the same held-out images in one order; read some
        vertices at a time.
    places : positions (n,) of each place's vertices; places may overlap. Vertices without a
        correlation (constant) are left out.
    stimuli : (n_images,) labels, equal for copies of one picture, which are left out together;
        None where each image is its own.

    Notes
    -----
    Leaving out changes each vertex's sums of squares and products by those of the images left
    out, so all of it takes ``n_images * n_vertices`` steps. A vertex that is constant without a
    stimulus shows nothing without it: r counts 0 there.
    """
    if predicted.shape != measured.shape or len(predicted.shape) != 2:
        raise IncompatibleSpace(
            f"Predicted {predicted.shape} and measured {measured.shape} responses must both be "
            "(n_images, n_vertices), for the same images."
        )
    n, n_vertices = predicted.shape
    order, starts, sizes = _units(n, stimuli)
    # Every membership, in the order of the vertices.
    member = np.concatenate([np.empty(0, np.int64), *places])
    of_place = np.repeat(np.arange(len(places)), [len(place) for place in places])
    by_vertex = np.argsort(member, kind="stable")
    member, of_place = member[by_vertex], of_place[by_vertex]
    estimate, without = np.zeros(len(places)), np.zeros((len(sizes), len(places)))
    counted = np.zeros(len(places))
    for start in range(0, n_vertices, _VERTICES_AT_ONCE):
        block = slice(start, start + _VERTICES_AT_ONCE)
        here = slice(*np.searchsorted(member, (block.start, block.stop)))
        if here.start == here.stop:
            continue
        p, m = (_unit_columns(x[:, block][order]) for x in (predicted, measured))
        own, column = np.unique(of_place[here], return_inverse=True)
        belongs = np.zeros((p.shape[1], len(own)))
        belongs[member[here] - start, column] = 1
        defined = np.isfinite(p[0]) & np.isfinite(m[0])
        belongs = belongs[defined]
        r, left = _leave_out(p[:, defined], m[:, defined], starts, sizes)
        counted[own] += belongs.sum(axis=0)
        estimate[own] += r @ belongs
        without[:, own] += left @ belongs
    with np.errstate(invalid="ignore", divide="ignore"):
        return Jackknifed(estimate / counted, without / counted, sizes)


def jackknife_r(
    predicted: np.ndarray, measured: np.ndarray, *, stimuli: np.ndarray | None = None
) -> Jackknifed:
    """Correlate each vertex's responses, with all images and without each stimulus.

    Parameters
    ----------
    predicted, measured, stimuli : as of ``jackknife_mean_r``. A block of vertices: what is returned
        has as many numbers as what is given.
    """
    order, starts, sizes = _units(len(measured), stimuli)
    p, m = (_unit_columns(np.asarray(x)[order]) for x in (predicted, measured))
    return Jackknifed(*_leave_out(p, m, starts, sizes), sizes)


def _units(n: int, stimuli: np.ndarray | None) -> tuple[np.ndarray | slice, np.ndarray, np.ndarray]:
    """Return an order in which a stimulus's images are together, their starts and numbers."""
    if stimuli is None:
        return slice(None), np.arange(n), np.ones(n)
    labels = np.asarray(stimuli)
    if labels.shape != (n,):
        raise IncompatibleSpace(f"{labels.shape} labels of stimuli for {n} images.")
    _, starts, sizes = np.unique(np.sort(labels), return_index=True, return_counts=True)
    if len(sizes) == n:
        return _units(n, None)
    return np.argsort(labels, kind="stable"), starts, sizes.astype(np.float64)


def _unit_columns(values: np.ndarray) -> np.ndarray:
    """Centre each column and scale it to length 1; NaN where it is constant."""
    values = np.asarray(values, dtype=np.float64)
    constant = (values == values[:1]).all(axis=0)
    centred = values - values.mean(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        unit = centred / np.sqrt((centred**2).sum(axis=0))
    unit[:, constant] = np.nan
    return unit


def _leave_out(
    p: np.ndarray, m: np.ndarray, starts: np.ndarray, sizes: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return r (n_vertices,) of unit columns and (n_stimuli, n_vertices) r without each."""
    products = p * m
    r = products.sum(axis=0)
    if len(sizes) == len(p):
        k = len(p) / (len(p) - 1) if len(p) > 1 else np.inf
        cross, vp, vm = r - k * products, 1 - k * p**2, 1 - k * m**2
    else:
        rest = len(p) - sizes[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            sp, sm = (np.add.reduceat(x, starts, axis=0) for x in (p, m))
            cross = r - np.add.reduceat(products, starts, axis=0) - sp * sm / rest
            vp = 1 - np.add.reduceat(p**2, starts, axis=0) - sp**2 / rest
            vm = 1 - np.add.reduceat(m**2, starts, axis=0) - sm**2 / rest
    shown = (vp > _NOTHING_LEFT) & (vm > _NOTHING_LEFT)
    with np.errstate(invalid="ignore", divide="ignore"):
        left = np.where(shown, cross / np.sqrt(vp * vm), 0.0)
    return r, np.clip(left, -1, 1)


_VERTICES_DRAWN_AT_ONCE = 1024


def image_counts(n_stimuli: int, n_draws: int, seed: int) -> np.ndarray:
    """Draw images with replacement: (n_draws, n_stimuli), how often each image is in each draw.

    The same seed draws the same images for every model, as paired tests need.
    """
    share = np.full(n_stimuli, 1 / n_stimuli)
    return np.random.default_rng(seed).multinomial(n_stimuli, share, size=n_draws)


def bootstrap_r(
    predicted: np.ndarray, measured: np.ndarray, *, n_draws: int = 1000, seed: int = 0
) -> np.ndarray:
    """Recompute each vertex's r on images drawn with replacement.

    Parameters
    ----------
    predicted, measured : (n_stimuli, n_vertices).

    Returns
    -------
    r : (n_draws, n_vertices) float32; NaN where a draw or the vertex is constant.

    Notes
    -----
    A draw is a vector of counts per image, so all draws' sums, squares and products are five
    matrix products; no resampled copy of the data is made. Vertices are taken in blocks, so that
    what is needed beside the result stays small.
    """
    n, n_vertices = measured.shape
    weights = (image_counts(n, n_draws, seed) / n).astype(np.float32)
    r = np.empty((n_draws, n_vertices), dtype=np.float32)
    for start in range(0, n_vertices, _VERTICES_DRAWN_AT_ONCE):
        block = slice(start, start + _VERTICES_DRAWN_AT_ONCE)
        # Standardising first keeps float32 sums free of cancellation.
        m, p = _standardised(measured[:, block]), _standardised(predicted[:, block])
        mean_m, mean_p = weights @ m, weights @ p
        variance_m = weights @ (m * m) - mean_m**2
        variance_p = weights @ (p * p) - mean_p**2
        cross = weights @ (p * m) - mean_p * mean_m
        with np.errstate(invalid="ignore", divide="ignore"):
            own = cross / np.sqrt(variance_p * variance_m)
        own[(variance_p <= 1e-7) | (variance_m <= 1e-7)] = np.nan
        r[:, block] = np.clip(own, -1, 1)
    return r


def _standardised(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, dtype=np.float64)
    centred = values - values.mean(axis=0)
    sd = centred.std(axis=0)
    constant = (values == values[:1]).all(axis=0)
    sd[constant | (sd == 0)] = np.inf
    return (centred / sd).astype(np.float32)


def percentile_interval(draws: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """Return the central interval of bootstrap draws (n_draws,), NaN if none is defined."""
    defined = draws[np.isfinite(draws)]
    if defined.size == 0:
        return float("nan"), float("nan")
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def percentile_intervals(draws: np.ndarray, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Return the central intervals of (..., n_draws, n_vertices) draws, each (..., n_vertices).

    Undefined draws drop out; NaN where none is defined.
    """
    shares = [(1 - level) / 2, (1 + level) / 2]
    if np.isfinite(draws).all():  # many times faster than the NaN-aware quantile
        low, high = np.quantile(draws, shares, axis=-2)
        return low, high
    rows = np.moveaxis(draws, -2, -1)
    limits = [percentile_interval(own, level) for own in rows.reshape(-1, rows.shape[-1])]
    low, high = np.reshape(limits, (*rows.shape[:-1], 2)).T
    return low.T, high.T
