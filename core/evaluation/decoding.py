"""Which picture was seen: an encoding model turned round by Bayes' rule.

A measured pattern y is taken as Gaussian around the prediction f(x) for the picture x that was
seen, so that over a set of candidate pictures

    p(x | y)  is proportional to  p(x) exp(-(y - f(x))' C^-1 (y - f(x)) / 2T).

C is the covariance of the residuals of training images, each predicted by a model that was not
fitted on it. It is shrunk towards that of independent vertices, and never formed: with fewer images
than vertices it is a few axes and one variance for everything beside them. The temperature T makes
up for what a Gaussian of few images promises too much; it too is chosen on training images.

References
----------
Naselaris, Prenger, Kay, Oliver and Gallant 2009, Neuron 63:902 (decoding by an encoding model).
Ledoit and Wolf 2004, J. Multivar. Anal. 88:365 (shrinkage). Guo, Pleiss, Sun and Weinberger 2017,
ICML (temperature).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import betaincinv, logsumexp

from cortiscope.core.errors import IncompatibleSpace, InvalidInput
from cortiscope.core.evaluation.patterns import chance, identified_in_sets
from cortiscope.core.evaluation.resampling import image_counts, percentile_intervals

# A temperature at the upper end is that of patterns that say nothing.
TEMPERATURES = (0.1, 1e6)


@dataclass(frozen=True)
class ResidualCovariance:
    """A shrunk covariance of residuals, by its axes; vertices are in units of their residuals' RMS.

    Parameters
    ----------
    scale : (n_vertices,) root mean square of the residuals.
    axes : (n_axes, n_vertices) orthonormal.
    variance : (n_axes,) along them.
    rest : variance of every direction beside them.
    shrinkage : weight of the independent vertices, 0 to 1.
    """

    scale: np.ndarray
    axes: np.ndarray
    variance: np.ndarray
    rest: float
    shrinkage: float

    def whiten(self, patterns: np.ndarray) -> np.ndarray:
        """Return patterns (n, n_vertices) whose squared lengths are those by C^-1."""
        scaled = np.asarray(patterns, dtype=np.float64) / self.scale
        along = scaled @ self.axes.T
        flat = 1 / np.sqrt(self.rest)
        whitened: np.ndarray = scaled * flat + (along * (self.variance**-0.5 - flat)) @ self.axes
        return whitened


def residual_covariance(residuals: np.ndarray) -> ResidualCovariance:
    """Estimate the covariance of residuals, shrunk as much as Ledoit and Wolf's formula asks for.

    Parameters
    ----------
    residuals : (n_images, n_vertices) measured less predicted, by models that were not fitted on
        the image; their mean is taken as 0.

    Raises
    ------
    InvalidInput : fewer than 2 images, or a vertex without residuals (constant).
    """
    values = np.asarray(residuals, dtype=np.float64)
    n, n_vertices = values.shape
    scale = np.sqrt((values**2).mean(axis=0))
    if n < 2 or not np.all(scale > 0):
        raise InvalidInput(
            f"A residual covariance needs at least 2 images and residuals of every vertex; got "
            f"{n} images and {int((scale == 0).sum())} of {n_vertices} vertices without."
        )
    values = values / scale
    # Both sums over pairs of vertices, by way of pairs of images: their mean variance is 1.
    squares = float(((values @ values.T) ** 2).sum()) / n**2
    fourth = float(((values**2).sum(axis=1) ** 2).sum()) / n
    apart = squares - n_vertices
    shrinkage = min(1.0, (fourth - squares) / (n * apart)) if apart > 0 else 1.0
    _, singular, axes = np.linalg.svd(values, full_matrices=False)
    # One image or one direction may fit exactly: what is never seen is still possible.
    shrinkage = max(shrinkage, 1e-6)
    variance = shrinkage + (1 - shrinkage) * singular**2 / n
    return ResidualCovariance(scale, axes, variance, shrinkage, shrinkage)


def pattern_distances(
    measured: np.ndarray, predicted: np.ndarray, covariance: ResidualCovariance
) -> np.ndarray:
    """Return squared Mahalanobis distances of measured from predicted patterns.

    Parameters
    ----------
    measured, predicted : (n_measured, n_vertices) and (n_candidates, n_vertices).

    Returns
    -------
    distances : (n_measured, n_candidates), at least 0.
    """
    if measured.shape[1] != len(covariance.scale) or predicted.shape[1] != len(covariance.scale):
        raise IncompatibleSpace(
            f"Measured {measured.shape}, predicted {predicted.shape} and a covariance of "
            f"{len(covariance.scale)} must be of the same vertices."
        )
    a, b = covariance.whiten(measured), covariance.whiten(predicted)
    squares = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)
    return np.maximum(squares - 2 * a @ b.T, 0)


def log_posterior(
    distances: np.ndarray, temperature: float, prior: np.ndarray | None = None
) -> np.ndarray:
    """Return log p(candidate | pattern), (n_measured, n_candidates); rows sum to 1 as p.

    Parameters
    ----------
    distances : squared; infinite where a picture is no candidate for the pattern.
    prior : (n_candidates,) weights, not all 0; equal ones without.
    """
    scores = -distances / (2 * temperature)
    if prior is not None:
        with np.errstate(divide="ignore"):
            scores = scores + np.log(prior)
    found: np.ndarray = scores - logsumexp(scores, axis=1, keepdims=True)
    return found


def choose_temperature(sets: Sequence[np.ndarray]) -> float:
    """Return the temperature under which the right pictures are most probable.

    Parameters
    ----------
    sets : (n, n) squared distances each; a pattern's own picture is on the diagonal. Within a set
        all candidates must be predicted by one model that saw none of its images: one that was
        fitted on a pattern draws its other predictions towards that pattern.

    Notes
    -----
    The likelihood is concave in 1 / T, so its slope, the mean distance expected under the posterior
    less that of the right pictures, has one root.
    """
    from scipy.optimize import brentq

    def slope(log_t: float) -> float:
        total = 0.0
        for distances in sets:
            p = np.exp(log_posterior(distances, float(np.exp(log_t))))
            total += float((p * distances).sum() - np.trace(distances))
        return total

    low, high = np.log(TEMPERATURES)
    if slope(low) >= 0:
        return TEMPERATURES[0]
    return TEMPERATURES[1] if slope(high) <= 0 else float(np.exp(brentq(slope, low, high)))


def mean_log_posterior(sets: Sequence[np.ndarray], temperature: float) -> float:
    """Return the mean log posterior of the right pictures, on the diagonals of ``sets``."""
    own = [np.diagonal(log_posterior(distances, temperature)) for distances in sets]
    return float(np.concatenate(own).mean())


@dataclass(frozen=True)
class IdentificationCurve:
    """How often the picture that was seen is the most probable one of a random set.

    Parameters
    ----------
    rank : (n_patterns,) place of the right picture among all candidates; ties count against it.
    n_candidates : of each pattern, the right one included.
    set_size, rate, chance, low, high : (n_sizes,) share identified, by guessing, and the ends of
        its 95 % interval.
    interval : (n_sizes,) how each was made: Clopper and Pearson's exact one of all candidates,
        where a pattern is identified or not, and wherever all are identified or none is; a
        bootstrap over images for other sets.
    """

    rank: np.ndarray
    n_candidates: int
    set_size: np.ndarray
    rate: np.ndarray
    chance: np.ndarray
    low: np.ndarray
    high: np.ndarray
    interval: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the curve as plain values, without the ranks."""
        plain = {name: np.asarray(value).tolist() for name, value in vars(self).items()}
        del plain["rank"]
        return plain


def identification_curve(
    rank: np.ndarray,
    n_candidates: int,
    set_sizes: Sequence[int] = (2, 10, 200),
    *,
    n_draws: int = 2000,
    seed: int = 0,
) -> IdentificationCurve:
    """Return the share identified in random sets of each size, and of all candidates.

    Parameters
    ----------
    set_sizes : those above ``n_candidates`` are left out.
    """
    sizes = np.array(sorted({s for s in set_sizes if 1 < s < n_candidates} | {n_candidates}))
    p = identified_in_sets(rank, n_candidates, sizes)
    rate, n = p.mean(axis=0), len(rank)
    low, high = percentile_intervals(image_counts(n, n_draws, seed) / n @ p)
    # Where all are right, or none is, a bootstrap has no width; the exact interval then bounds too.
    exact = np.isin(rate, (0.0, 1.0))
    exact[-1] = True
    for k in np.flatnonzero(exact):
        hits = round(n * rate[k])
        low[k] = betaincinv(hits, n - hits + 1, 0.025) if hits else 0.0
        high[k] = betaincinv(hits + 1, n - hits, 0.975) if hits < n else 1.0
    words = tuple("exact (Clopper-Pearson)" if e else "bootstrap over images" for e in exact)
    return IdentificationCurve(rank, n_candidates, sizes, rate, chance(sizes), low, high, words)


def rank_of_right(posterior: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Return the place (n_patterns,) of the right picture, 1 = the most probable; ties are lost.

    Parameters
    ----------
    posterior : (n_patterns, n_candidates) logarithms; -inf of pictures that are no candidates.
    own : (n_patterns,) column of the picture that was seen.
    """
    right = np.take_along_axis(posterior, own[:, None], axis=1)
    return (posterior >= right).sum(axis=1)  # the right one is among them
