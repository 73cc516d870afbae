"""Lasso and elastic net for all vertices at once, from ``X'X`` and ``X'y``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cortiscope.core.encoding.checkpoint import Checkpoint, NoCheckpoint
from cortiscope.core.encoding.sparse.coordinate_descent import TOLERANCE, descend, finish_one_by_one
from cortiscope.core.encoding.sparse.moments import FoldedDesign, Moments
from cortiscope.core.encoding.training import Responses
from cortiscope.core.errors import InvalidInput
from cortiscope.core.progress import Progress, part, silent

if TYPE_CHECKING:
    import torch

# Of fits that only choose a penalty: ten times finer than scikit-learn's.
_SEARCH_TOLERANCE = 1e-5
# img2brain's grid.
SPARSE_ALPHAS: tuple[float, ...] = (1e-3, 1e-2, 1e-1, 1.0)


@dataclass(frozen=True)
class SparseSolution:
    """Coefficients of a lasso or elastic net.

    Parameters
    ----------
    coef : (n_features, n_vertices) float32.
    intercept : (n_vertices,) float32.
    alpha : the penalty, shared by all vertices.
    gap : (n_vertices,) float32, duality gap as a share of the centred response's mean square;
        0 for a constant vertex.
    """

    coef: np.ndarray
    intercept: np.ndarray
    alpha: float
    gap: np.ndarray


def fit_elastic_net(
    design: np.ndarray,
    responses: Responses,
    *,
    alpha: float,
    l1_ratio: float = 0.5,
    tolerance: float = TOLERANCE,
    device: str = "cpu",
    progress: Progress = silent,
    checkpoint: Checkpoint | None = None,
) -> SparseSolution:
    """Fit an elastic net per vertex; ``l1_ratio`` 1 is the lasso.

    Solves, on centred data, with n the number of images::

        argmin_w  ||y - X w||^2 / (2 n) + alpha l1_ratio ||w||_1
                  + alpha (1 - l1_ratio) / 2 ||w||^2

    Parameters
    ----------
    design : (n_stimuli, n_features).
    responses : (n_stimuli, n_vertices); read once, a chunk of vertices at a time.
    alpha : positive.
    l1_ratio : above 0 (without an l1 part it is ridge), at most 1.
    tolerance : the duality gap at which a vertex is finished, as a share of its mean square.
    checkpoint : where finished chunks of vertices are left.

    Notes
    -----
    The objective of scikit-learn's ElasticNet and Lasso. Their MultiTask namesakes, which choose
    one support for all vertices, are in ``multitask``.

    References
    ----------
    Friedman, Hastie & Tibshirani 2010, J. Stat. Softw. 33 (coordinate descent on a Gram matrix).
    """
    check_penalties((alpha,), l1_ratio)
    saved = checkpoint or NoCheckpoint()
    folded = FoldedDesign.of(design, responses, 1, device)
    n_features, n_vertices = folded.x.shape[1], responses.shape[1]
    coef = np.empty((n_features, n_vertices), dtype=np.float32)
    intercept = np.empty(n_vertices, dtype=np.float32)
    gap = np.empty(n_vertices, dtype=np.float32)
    for columns in folded.chunks(n_vertices):
        progress(columns.start / n_vertices, "fitting all vertices")
        name = f"vertices-{columns.start}"
        piece = saved.load(name)
        if piece is None:
            origin, (sums,) = folded.sums(responses[:, columns])
            moments = sums.centred()
            w, gaps = _solve(moments, alpha, l1_ratio, tolerance)
            mean = (sums.y / sums.n).cpu().numpy() + origin
            piece = {
                "coef": w.float().cpu().numpy(),
                "intercept": mean - (folded.mean @ w).cpu().numpy(),
                "gap": (gaps / moments.energy.clamp_min(1e-300)).cpu().numpy(),
            }
            saved.save(name, piece)
        coef[:, columns] = piece["coef"]
        intercept[columns] = piece["intercept"]
        gap[columns] = piece["gap"]
    progress(1.0, "fitted")
    return SparseSolution(coef, intercept, alpha, gap)


def _solve(
    moments: Moments,
    alpha: float,
    l1_ratio: float,
    tolerance: float,
    start: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return coefficients (n_features, n_vertices) and duality gaps (n_vertices,)."""
    import torch

    l1, l2 = alpha * l1_ratio, alpha * (1 - l1_ratio)
    gram, cross, energy = moments.gram, moments.cross, moments.energy
    w, gaps = descend(gram, cross, energy, l1, l2, start=start, tolerance=tolerance)
    late = (gaps > tolerance * energy).nonzero()[:, 0]
    if len(late):
        parts = (gram, cross[:, late], energy[late], w[:, late])
        rest, gaps_of_rest = finish_one_by_one(
            *(t.cpu().numpy() for t in parts), alpha=alpha, l1_ratio=l1_ratio, tolerance=tolerance
        )
        w[:, late] = torch.as_tensor(rest.copy(), device=w.device)
        gaps[late] = torch.as_tensor(gaps_of_rest, device=w.device)
    return w, gaps


def fit_elastic_net_cv(
    design: np.ndarray,
    responses: Responses,
    *,
    alphas: tuple[float, ...] = SPARSE_ALPHAS,
    l1_ratio: float = 0.5,
    n_folds: int = 5,
    groups: np.ndarray | None = None,
    device: str = "cpu",
    progress: Progress = silent,
    checkpoint: Checkpoint | None = None,
) -> SparseSolution:
    """Fit with the penalty of least mean squared error over contiguous folds and all vertices.

    One penalty for all vertices, as img2brain chose it; among equal errors the largest wins.
    Responses are read twice. ``groups`` says which rows are of one image (``fold_rows``).
    """
    check_penalties(alphas, l1_ratio)
    saved = checkpoint or NoCheckpoint()
    best, share = alphas[0], 0.0
    if len(alphas) > 1:
        share = 0.8
        errors = _held_out_errors(
            design,
            responses,
            sorted(alphas, reverse=True),
            l1_ratio,
            n_folds,
            groups,
            device,
            part(progress, 0.0, share),
            saved.part("search"),
        )
        best = sorted(alphas, reverse=True)[int(np.argmin(errors))]
    return fit_elastic_net(
        design,
        responses,
        alpha=best,
        l1_ratio=l1_ratio,
        device=device,
        progress=part(progress, share, 1.0),
        checkpoint=saved.part("fit"),
    )


def _held_out_errors(
    design: np.ndarray,
    responses: Responses,
    grid: list[float],
    l1_ratio: float,
    n_folds: int,
    groups: np.ndarray | None,
    device: str,
    progress: Progress,
    saved: Checkpoint,
) -> np.ndarray:
    """Squared error of each of the decreasing penalties, summed over vertices and folds."""
    if n_folds < 2:
        raise InvalidInput(f"A penalty is chosen over 2 folds or more; got {n_folds}.")
    folded = FoldedDesign.of(design, responses, n_folds, device, groups)
    n_vertices = responses.shape[1]
    errors = np.zeros(len(grid))
    for columns in folded.chunks(n_vertices):
        begun, size = columns.start / n_vertices, (columns.stop - columns.start) / n_vertices
        name = f"errors-{columns.start}"
        piece = saved.load(name)
        if piece is None:
            found = np.zeros(len(grid))
            _, sums = folded.sums(responses[:, columns])
            total = sum(sums[1:], start=sums[0])
            for f, held in enumerate(sums):
                progress(begun + size * f / len(sums), "choosing the penalty")
                train = total - held
                moments, unseen = train.centred(), held.about_means_of(train)
                w = None
                for k, alpha in enumerate(grid):
                    w, _ = _solve(moments, alpha, l1_ratio, _SEARCH_TOLERANCE, w)
                    found[k] += float(unseen.squared_error(w).sum())
            piece = {"errors": found}
            saved.save(name, piece)
        errors += piece["errors"]
    return errors


def check_penalties(alphas: tuple[float, ...], l1_ratio: float) -> None:
    """Refuse penalties that are not positive and shares that leave no l1 part."""
    if not alphas or min(alphas) <= 0 or not 0 < l1_ratio <= 1:
        raise InvalidInput(
            f"Penalties must be positive and l1_ratio in (0, 1]; got {list(alphas)} and {l1_ratio}."
        )
