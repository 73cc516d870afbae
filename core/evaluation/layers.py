"""Which layer of a network predicts a vertex best, and whether the choice means anything.

The best layer always exists, also for a vertex that all layers predict alike; so it comes with
its margin over the next one and with the share of resampled image sets that agree.

References
----------
Guclu and van Gerven 2015, J. Neurosci. 35:10005 (assigning vertices to their best layer).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cortiscope.core.errors import IncompatibleSpace, InvalidInput
from cortiscope.core.evaluation.correlation import pearson_r
from cortiscope.core.evaluation.resampling import bootstrap_r, percentile_intervals

# Vertices resampled at once: bounds the memory to some hundred megabytes for twenty layers.
_VERTICES_AT_ONCE = 1024


@dataclass(frozen=True)
class PreferredLayer:
    """The best layer of each vertex.

    Parameters
    ----------
    layer : (n_vertices,) position of the best layer; the first of equal ones; -1 where no layer
        has a score.
    margin : (n_vertices,) its score less the second best; NaN with fewer than two scores.
    """

    layer: np.ndarray
    margin: np.ndarray


@dataclass(frozen=True)
class PreferredLayerReport(PreferredLayer):
    """The best layer by r, with what resampling images says of it.

    Parameters
    ----------
    scores : (n_layers, n_vertices) r.
    low, high : (n_vertices,) 95 % interval of the r of the chosen layer less the best r among
        the others, over images; ``low > 0`` means clearly preferred. NaN where undefined.
    agreement : (n_vertices,) share of draws in which the chosen layer is the best, 0 to 1. The
        choice and the draws share images, so it is optimistic.
    """

    scores: np.ndarray
    low: np.ndarray
    high: np.ndarray
    agreement: np.ndarray


def preferred_layer(scores: np.ndarray) -> PreferredLayer:
    """Choose each vertex's best layer.

    Parameters
    ----------
    scores : (n_layers, n_vertices); a NaN (constant prediction) cannot be chosen.
    """
    values = np.where(np.isfinite(scores), scores, -np.inf)
    layer = np.where(np.isfinite(values).any(axis=0), values.argmax(axis=0), -1)
    if len(values) < 2:
        return PreferredLayer(layer, np.full(values.shape[1], np.nan))
    second, best = np.sort(values, axis=0)[-2:]
    margin = np.full(values.shape[1], np.nan)
    two = np.isfinite(second)
    margin[two] = best[two] - second[two]
    return PreferredLayer(layer, margin)


def preferred_layer_report(
    predicted: Sequence[np.ndarray],
    measured: np.ndarray,
    *,
    n_draws: int = 1000,
    seed: int = 0,
) -> PreferredLayerReport:
    """Choose each vertex's best layer by r, with intervals of the margin over images.

    Parameters
    ----------
    predicted : per layer (n_stimuli, n_vertices), the same held-out images in one order.
    measured : (n_stimuli, n_vertices).
    """
    if not predicted:
        raise InvalidInput("A preferred layer needs at least one layer.")
    scores = np.stack([pearson_r(p, measured) for p in predicted])
    chosen = preferred_layer(scores)
    low, high, agreement = (np.full(scores.shape[1], np.nan) for _ in range(3))
    contested = np.flatnonzero(np.isfinite(chosen.margin))
    for start in range(0, len(contested), _VERTICES_AT_ONCE):
        block = contested[start : start + _VERTICES_AT_ONCE]
        # One seed: every layer sees the same images.
        draws = np.stack(
            [
                bootstrap_r(p[:, block], measured[:, block], n_draws=n_draws, seed=seed)
                for p in predicted
            ]
        )
        columns = np.arange(len(block))
        own = draws[chosen.layer[block], :, columns].T
        draws[chosen.layer[block], :, columns] = np.nan
        # fmax passes over layers that are undefined in a draw.
        margin = own - np.fmax.reduce(draws, axis=0)
        low[block], high[block] = percentile_intervals(margin)
        defined = np.isfinite(margin).sum(axis=0)
        with np.errstate(invalid="ignore"):
            agreement[block] = (margin > 0).sum(axis=0) / np.where(defined, defined, np.nan)
    return PreferredLayerReport(chosen.layer, chosen.margin, scores, low, high, agreement)


@dataclass(frozen=True)
class Optimism:
    """By how much a best layer's r is too high where the images that chose it also report it.

    Parameters
    ----------
    of_places : (n_places,) mean r of the best layer of each place, less what one chosen on other
        images has; NaN where a place has no vertex with a correlation.
    of_vertices : mean over vertices of the same, each vertex with a best layer of its own.
    """

    of_places: np.ndarray
    of_vertices: float


def selection_optimism(
    predicted: Sequence[np.ndarray],
    measured: np.ndarray,
    places: Sequence[np.ndarray],
    *,
    n_folds: int = 5,
    stimuli: np.ndarray | None = None,
) -> Optimism:
    """Estimate how much choosing a layer by the reported images flatters it.

    Images are cut into folds. On each fold, the layer that is best on all images is compared with
    the one that is best on the other folds: the first had a look at the fold, the second had not.

    Parameters
    ----------
    predicted : per layer (n_stimuli, n_vertices), the same images in one order.
    measured : (n_stimuli, n_vertices).
    places : positions (n,) of each place's vertices.
    stimuli : (n_stimuli,) labels, equal for copies of one picture; None where each is its own.

    References
    ----------
    Kriegeskorte et al. 2009, Nat. Neurosci. 12:535 (selection and report on the same data). Stone
    1974, J. R. Stat. Soc. B 36:111 (cross-validation of a choice).
    """
    n = len(measured)
    labels = np.arange(n) if stimuli is None else np.unique(stimuli, return_inverse=True)[1]
    fold = labels % n_folds
    if not predicted or len(np.unique(labels)) < 3 * n_folds:
        raise InvalidInput(
            f"{n_folds} folds need a layer and {3 * n_folds} images; got {len(predicted)} and {n}."
        )

    def scores(rows: np.ndarray) -> np.ndarray:
        """Return r (n_layers, n_vertices) with the mean r of each place in further columns."""
        r = np.stack([pearson_r(p[rows], measured[rows]) for p in predicted])
        return np.column_stack([r, *(_defined_mean(r[:, place], axis=1) for place in places)])

    columns = np.arange(measured.shape[1] + len(places))
    with_look = _best(scores(np.ones(n, bool)))
    gains = []
    for k in range(n_folds):
        own = scores(fold == k)
        gains.append(own[with_look, columns] - own[_best(scores(fold != k)), columns])
    gain = _defined_mean(np.array(gains), axis=0)
    of_vertices, of_places = np.split(gain, [measured.shape[1]])
    return Optimism(of_places, float(_defined_mean(of_vertices, axis=0)))


def _best(scores: np.ndarray) -> np.ndarray:
    """Return the position of the best layer of (n_layers, n); NaN cannot be chosen."""
    return np.asarray(np.where(np.isfinite(scores), scores, -np.inf).argmax(axis=0))


def _defined_mean(values: np.ndarray, axis: int) -> np.ndarray:
    """Average what is defined; NaN where nothing is."""
    defined = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(defined, values, 0).sum(axis=axis) / defined.sum(axis=axis))


def relative_depths(n_layers: int) -> np.ndarray:
    """Return evenly spaced depths, 0 for the first layer to 1 for the last (0 for a single one)."""
    return np.linspace(0, 1, n_layers)


def centre_of_mass_depth(scores: np.ndarray, depth: np.ndarray | None = None) -> np.ndarray:
    """Return the mean depth of the layers, weighted by their scores.

    Smoother than the best layer: a vertex between two layers lies between them. Flat profiles
    end up in the middle, whatever their level, so it wants the margin beside it.

    Parameters
    ----------
    scores : (n_layers, n_vertices); negative and undefined ones weigh 0.
    depth : (n_layers,); evenly spaced from 0 to 1 by default.

    Returns
    -------
    depth : (n_vertices,); NaN where no score is positive.
    """
    scores = np.asarray(scores, dtype=np.float64)
    depth = relative_depths(len(scores)) if depth is None else np.asarray(depth, dtype=np.float64)
    if depth.shape != (len(scores),):
        raise IncompatibleSpace(f"{depth.size} depths for {len(scores)} layers.")
    weights = np.where(np.isfinite(scores), np.maximum(scores, 0), 0.0)
    total = weights.sum(axis=0)
    return depth @ weights / np.where(total > 0, total, np.nan)
