"""Banded ridge: one penalty per feature space and vertex, chosen by K-fold cross-validation.

A random search, as himalaya's: relative weights of the spaces times a grid of overall penalties.
How it stays affordable, with n images, d columns, V vertices, C candidates, K folds:

- The design is multiplied by itself once. A candidate scales that Gram matrix, its folds take
  their held-out rows out of it, and held-out errors of the whole grid of penalties come from
  products of size (d, d): about ``15 d^2`` multiplications per fold and vertex, no prediction.
- ``X'y`` differs between candidates by that scaling alone. It costs ``n d`` per vertex, little
  beside ``15 K d^2`` of one candidate when d is large and much when d is small; keeping it for
  all vertices takes ``K d V`` floats, 0.8 GB at 1,000 columns and 39,548 vertices. So it is
  computed per chunk of vertices for a batch of candidates, as many as fit a fixed memory with
  their decompositions (``2 K d^2`` floats each): all of them when d is small, a few when it is
  large, and the responses are read once per batch.
- Coefficients are solved after the choice, with one decomposition per candidate that some vertex
  chose, in the place that holds ``X'y``.

There is no local refinement after the search: over four correlated spaces of 25 columns and 500
images, 160 samples instead of 40 lowered the validation error by 0.3 % and the error on new
images by 0.1 % (mean r up by .0008), so that a finer search has next to nothing left to win.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cortiscope.core.encoding.grid_edges import grid_edges
from cortiscope.core.encoding.multiband.banded_search import (
    FeatureSpaces,
    WeightedDesign,
    candidate_weights,
    search_weights,
)
from cortiscope.core.encoding.predictor import LinearPredictor, Predictor
from cortiscope.core.encoding.regressors import RegressorEntry
from cortiscope.core.encoding.ridge.data import Centred, decreasing_penalties, vertex_chunks
from cortiscope.core.encoding.ridge.kfold import DEFAULT_ALPHAS, fold_rows
from cortiscope.core.encoding.ridge.spectrum import Spectrum
from cortiscope.core.encoding.training import Responses, TrainingData, Work
from cortiscope.core.errors import InvalidInput
from cortiscope.core.progress import Progress, part


def solve_candidates(
    spaces: FeatureSpaces,
    responses: Responses,
    weights: np.ndarray,
    chosen: np.ndarray,
    alpha: np.ndarray,
    exact: bool,
    progress: Progress,
) -> tuple[np.ndarray, np.ndarray]:
    """Solve every vertex at its candidate and penalty, candidate by candidate.

    Returns
    -------
    coef : (n_features, n_vertices) float32.
    intercept : (n_vertices,) float32.
    """
    import torch

    dtype = torch.float64 if exact else torch.float32
    device, n_columns = spaces.x.device, len(spaces.gram)
    n_vertices = int(responses.shape[1])
    # Holds X'y first; each candidate replaces its vertices' columns by their coefficients.
    coef = np.empty((n_columns, n_vertices), dtype=np.float64 if exact else np.float32)
    mean, scale = np.empty(n_vertices), np.empty(n_vertices)
    x = spaces.x.to(dtype)
    for columns in vertex_chunks(n_vertices, 2 * len(x) + 4 * n_columns):
        progress(0.4 * columns.start / n_vertices, "reading responses")
        y = Centred.of(responses[:, columns], device, dtype)
        coef[:, columns] = (x.T @ y.values).cpu().numpy()
        mean[columns], scale[columns] = y.mean.cpu().numpy(), y.scale.cpu().numpy()
    for k, candidate in enumerate(np.unique(chosen)):
        progress(0.4 + 0.6 * k / len(weights), "fitting")
        design = WeightedDesign.of(spaces, weights[candidate])
        vertices = np.flatnonzero(chosen == candidate)
        if not len(design.gram):
            coef[:, vertices] = 0
            continue
        spectrum = Spectrum.of(design.gram)
        axes = spectrum.axes.to(dtype)
        for chunk in vertex_chunks(len(vertices), 8 * n_columns):
            some = vertices[chunk]
            moments = torch.as_tensor(coef[:, some], device=device)
            shrink = spectrum.shrinkage(alpha[some]).T.to(dtype)
            w = axes @ (shrink * (axes.T @ design.coordinates.project(moments, dtype)))
            coef[:, some] = design.coordinates.back(w, n_columns).cpu().numpy()
    coef *= scale.astype(coef.dtype)
    restored = spaces.restored(coef)
    for columns in vertex_chunks(n_vertices, 8 * n_columns):
        mean[columns] -= spaces.mean @ restored[:, columns]
    return restored, mean.astype(np.float32)


@dataclass(frozen=True)
class BandedSettings:
    """What banded ridge searches: samples of weights, beside equal weights and each space alone."""

    n_samples: int = 40
    alphas: tuple[float, ...] = DEFAULT_ALPHAS
    n_folds: int = 5
    seed: int = 0


@dataclass(frozen=True)
class BandedSolution:
    """Coefficients of a banded ridge fit.

    Parameters
    ----------
    coef : (n_features, n_vertices) float32.
    intercept : (n_vertices,) float32.
    penalties : (n_spaces, n_vertices) float32; infinite where a space is not used.
    weights : (n_spaces, n_vertices) float32, inverse penalties as shares that sum to 1.
    alpha : (n_vertices,) the overall penalty, of which these are multiples.
    validation_mse : (n_vertices,) float32, the least mean squared error on held-out images (mean
        within a fold, then over folds), which chose the penalties; None where nothing was chosen.
    """

    coef: np.ndarray
    intercept: np.ndarray
    penalties: np.ndarray
    weights: np.ndarray
    alpha: np.ndarray
    validation_mse: np.ndarray | None


def fit_banded(
    design: np.ndarray,
    responses: Responses,
    spaces: Sequence[slice],
    *,
    weights: np.ndarray | None = None,
    n_samples: int = 40,
    alphas: tuple[float, ...] = DEFAULT_ALPHAS,
    n_folds: int = 5,
    groups: np.ndarray | None = None,
    seed: int = 0,
    work: Work | None = None,
) -> BandedSolution:
    """Fit ridge with, for each vertex, the penalties of least mean squared error on held-out folds.

    Solves, per vertex, ``argmin_w ||X w - y||^2 + sum_k p_k ||w_k||^2`` on centred data, with
    ``p_k = alpha / weight_k`` and weights that sum to the number of spaces.

    Parameters
    ----------
    design : (n_stimuli, n_features) float32.
    responses : (n_stimuli, n_vertices); may be memory-mapped.
    spaces : columns of each feature space.
    weights : (n_candidates, n_spaces) not negative, to search instead of the samples.
    n_samples : random samples of weights, beside equal weights and each space alone.
    alphas : positive overall penalties.
    groups : (n_stimuli,) which rows are of one image (``fold_rows``).

    Notes
    -----
    With one space it is ``fit_ridge_cv``. Among equal errors the first candidate and its largest
    penalty win; equal weights come first.

    References
    ----------
    Nunez-Elizalde, Huth & Gallant 2019, NeuroImage 197 (banded ridge); Dupre la Tour et al.
    2022, NeuroImage 264:119728 (random search).
    """
    data = TrainingData(np.asarray(design, dtype=np.float32), responses, tuple(spaces))
    work = work or Work()
    grid = decreasing_penalties(alphas)
    if weights is None:
        weights = candidate_weights(len(data.spaces), n_samples, seed)
    weights = _checked_weights(weights, len(data.spaces))
    prepared = FeatureSpaces.of(data.design, data.spaces, work.device)
    if len(weights) * len(grid) == 1:
        chosen = np.zeros(data.n_vertices, dtype=np.intp)
        alpha = np.full(data.n_vertices, grid[0])
        validation, exact = None, True
    else:
        rows = fold_rows(len(design), n_folds, groups)
        search = Work(work.device, part(work.progress, 0.0, 0.95), work.checkpoint)
        best = search_weights(prepared, responses, weights, grid, rows, search)
        chosen, alpha = best["candidate"], grid[best["alpha"]]
        validation, exact = best["error"].astype(np.float32), bool(best["exact"].any())
    coef, intercept = solve_candidates(
        prepared, responses, weights, chosen, alpha, exact, part(work.progress, 0.95, 1.0)
    )
    # A weight of next to nothing is a penalty beyond float32: as good as leaving the space out.
    with np.errstate(divide="ignore", over="ignore"):
        penalties = (alpha / weights[chosen].T).astype(np.float32)
    shares = (weights / weights.sum(axis=1, keepdims=True))[chosen].T
    work.progress(1.0, "fitted")
    return BandedSolution(coef, intercept, penalties, shares.astype(np.float32), alpha, validation)


def fit_banded_fixed(
    design: np.ndarray,
    responses: Responses,
    spaces: Sequence[slice],
    penalties: np.ndarray,
    *,
    work: Work | None = None,
) -> BandedSolution:
    """Fit ridge with given penalties, in float64.

    Parameters
    ----------
    penalties : (n_spaces,) or (n_spaces, n_vertices), positive; infinite leaves a space out.
        Vertices whose penalties have the same ratios share a decomposition.
    """
    data = TrainingData(np.asarray(design, dtype=np.float32), responses, tuple(spaces))
    given = np.asarray(penalties, dtype=np.float64)
    shape = (len(data.spaces), data.n_vertices)
    if given.shape not in (shape[:1], shape) or not (given > 0).all():
        raise InvalidInput(
            f"Penalties must be positive and {shape[:1]} or {shape} in shape; got {given.shape}."
        )
    full = np.broadcast_to(given.reshape(shape[0], -1), shape)
    alpha = full.min(axis=0)
    none = np.isinf(alpha)
    alpha = np.where(none, 1.0, alpha)
    inverse = np.where(none, 0.0, alpha / full)
    weights, chosen = np.unique(inverse.T, axis=0, return_inverse=True)
    work = work or Work()
    prepared = FeatureSpaces.of(data.design, data.spaces, work.device)
    coef, intercept = solve_candidates(
        prepared, responses, weights, chosen.reshape(-1), alpha, True, work.progress
    )
    total = inverse.sum(axis=0)
    shares = inverse / np.where(total > 0, total, 1.0)
    return BandedSolution(
        coef, intercept, full.astype(np.float32), shares.astype(np.float32), alpha, None
    )


def _checked_weights(weights: np.ndarray, n_spaces: int) -> np.ndarray:
    """Return weights scaled so that rows sum to the number of spaces."""
    given = np.asarray(weights, dtype=np.float64)
    if given.ndim != 2 or given.shape[1] != n_spaces or not len(given):
        raise InvalidInput(f"Weights {given.shape} must have one column per space: {n_spaces}.")
    total = given.sum(axis=1, keepdims=True)
    if not (np.isfinite(given).all() and (given >= 0).all() and (total > 0).all()):
        raise InvalidInput("Weights must be finite, not negative, and not all 0 in any candidate.")
    return given * (n_spaces / total)


def _fit(data: TrainingData, settings: BandedSettings, work: Work) -> Predictor:
    solution = fit_banded(
        data.design,
        data.responses,
        data.spaces,
        n_samples=settings.n_samples,
        alphas=settings.alphas,
        n_folds=settings.n_folds,
        groups=data.groups,
        seed=settings.seed,
        work=work,
    )
    notes = {"band_weights": solution.weights, "band_penalties": solution.penalties}
    edges = grid_edges(solution.alpha, settings.alphas)
    return LinearPredictor(solution.coef, solution.intercept, None, notes, edges)


ENTRIES = (
    RegressorEntry(
        name="banded",
        title="banded ridge",
        summary="linear, with a penalty per feature space and vertex: for several layers together",
        method="banded ridge regression with one penalty per feature space and vertex, chosen by "
        "{n_folds}-fold cross-validation among equal weights of the spaces, each space alone and "
        "{n_samples} random weights",
        settings=BandedSettings,
        separable=True,
        fit=_fit,
    ),
)
