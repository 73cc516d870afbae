"""Lasso and elastic net with one support for all vertices (L2,1), as img2brain ran them.

A feature is used by every vertex or by none. Responses are read twice, a chunk of vertices at a
time: once for products of ``X'Y`` with itself, (n_features, n_features) however many vertices
there are, from which the penalty and each feature's norm are found; once for the coefficients,
which given these norms are those of a ridge with a penalty per feature.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cortiscope.core.encoding.checkpoint import Checkpoint, NoCheckpoint
from cortiscope.core.encoding.sparse.elastic_net import SPARSE_ALPHAS, check_penalties
from cortiscope.core.encoding.sparse.moments import FoldedDesign
from cortiscope.core.encoding.sparse.multitask_descent import TOLERANCE, descend_rows, rotated
from cortiscope.core.encoding.training import Responses
from cortiscope.core.errors import InvalidInput
from cortiscope.core.progress import Progress, part, silent


@dataclass(frozen=True)
class MultitaskSolution:
    """Coefficients of a multitask lasso or elastic net.

    Parameters
    ----------
    coef : (n_features, n_vertices) float32; a row is 0 for all vertices or for none.
    intercept : (n_vertices,) float32.
    alpha : the penalty.
    gap : duality gap as a share of the centred responses' mean square.
    validation_mse : (n_alphas, n_folds) squared error of held-out images, mean over images and
        vertices, in the order of decreasing penalty; None for a single penalty.
    """

    coef: np.ndarray
    intercept: np.ndarray
    alpha: float
    gap: float
    validation_mse: np.ndarray | None


def fit_multitask(
    design: np.ndarray,
    responses: Responses,
    *,
    alphas: tuple[float, ...] = SPARSE_ALPHAS,
    l1_ratio: float = 0.5,
    n_folds: int = 3,
    groups: np.ndarray | None = None,
    tolerance: float = TOLERANCE,
    device: str = "cpu",
    progress: Progress = silent,
    checkpoint: Checkpoint | None = None,
) -> MultitaskSolution:
    """Fit with the penalty of least mean squared error over contiguous folds.

    Solves, on centred data, with n the number of images and W_j the rows of W::

        argmin_W  ||Y - X W||^2 / (2 n) + alpha l1_ratio sum_j ||W_j||
                  + alpha (1 - l1_ratio) / 2 ||W||^2

    Parameters
    ----------
    design : (n_stimuli, n_features).
    responses : (n_stimuli, n_vertices).
    alphas : positive; of a single one nothing is chosen and no fold is cut.
    l1_ratio : 1 is the multitask lasso.
    groups : (n_stimuli,) which rows are of one image (``fold_rows``).
    tolerance : the duality gap at which a fit is finished, as a share of the responses' energy.

    Notes
    -----
    The objective of scikit-learn's MultiTaskElasticNet and MultiTaskLasso and the choice of their
    CV namesakes; among equal errors the largest penalty wins.

    References
    ----------
    Obozinski, Taskar & Jordan 2010, Stat. Comput. 20 (joint selection by the L2,1 norm).
    """
    check_penalties(alphas, l1_ratio)
    saved = checkpoint or NoCheckpoint()
    grid = sorted(alphas, reverse=True)
    if len(grid) > 1 and n_folds < 2:
        raise InvalidInput(f"A penalty is chosen over 2 folds or more; got {n_folds}.")
    chosen = saved.load("rows")
    if chosen is None:
        cut = n_folds if len(grid) > 1 else 1
        folded = FoldedDesign.of(design, responses, cut, device, groups)
        products = _products(folded, responses, part(progress, 0.0, 0.4))
        searching = part(progress, 0.4, 0.8)
        chosen = _choose(products, grid, l1_ratio, tolerance, searching)
        saved.save("rows", chosen)
    alpha = float(chosen["alpha"])
    coef, intercept = _coefficients(
        FoldedDesign.of(design, responses, 1, device),
        responses,
        chosen["norms"],
        alpha * l1_ratio,
        alpha * (1 - l1_ratio),
        part(progress, 0.8, 1.0),
        saved,
    )
    mse = chosen["errors"] / responses.shape[1] if len(grid) > 1 else None
    return MultitaskSolution(coef, intercept, alpha, float(chosen["gap"]), mse)


@dataclass
class _Products:
    """Sums over vertices of what one training set needs, about its own means.

    Parameters
    ----------
    gram, unseen_gram : (n_features, n_features) of training and held-out images.
    product : Q Q' with Q = X'Y / n of the training images; ``unseen_product`` with the held-out
        images' on the right.
    energy, unseen_energy : mean squares over images.
    """

    gram: np.ndarray
    product: np.ndarray
    energy: float
    unseen_gram: np.ndarray
    unseen_product: np.ndarray
    unseen_energy: float


def _products(folded: FoldedDesign, responses: Responses, progress: Progress) -> list[_Products]:
    """Read the responses once; the products of all images come last, after those of the folds."""
    n_vertices, d = responses.shape[1], folded.x.shape[1]
    n_sets = len(folded.folds) + 1 if len(folded.folds) > 1 else 1
    found = [
        _Products(np.empty(0), np.zeros((d, d)), 0.0, np.empty(0), np.zeros((d, d)), 0.0)
        for _ in range(n_sets)
    ]
    for columns in folded.chunks(n_vertices):
        progress(columns.start / n_vertices, "reading all vertices")
        _, sums = folded.sums(responses[:, columns])
        total = sum(sums[1:], start=sums[0])
        trains = [*(total - held for held in sums), total] if n_sets > 1 else [total]
        for here, train, held in zip(found, trains, [*sums, None], strict=False):
            seen = train.centred()
            here.gram = seen.gram.cpu().numpy()
            here.product += (seen.cross @ seen.cross.T).cpu().numpy()
            here.energy += float(seen.energy.sum())
            if held is not None and n_sets > 1:
                unseen = held.about_means_of(train)
                here.unseen_gram = unseen.gram.cpu().numpy()
                here.unseen_product += (seen.cross @ unseen.cross.T).cpu().numpy()
                here.unseen_energy += float(unseen.energy.sum())
    return found


def _choose(
    products: list[_Products],
    grid: list[float],
    l1_ratio: float,
    tolerance: float,
    progress: Progress,
) -> dict[str, np.ndarray]:
    """Find the penalty, and each feature's norm at this penalty on all images."""
    folds, whole = products[:-1], products[-1]
    errors = np.zeros((len(grid), len(folds)))
    for f, fold in enumerate(folds):
        factor = rotated(fold.product)
        w = np.zeros_like(factor)
        for k, alpha in enumerate(grid):
            progress((f + k / len(grid)) / len(products), "choosing the penalty")
            l1, l2 = alpha * l1_ratio, alpha * (1 - l1_ratio)
            w, _ = descend_rows(
                fold.gram, factor, fold.energy, l1, l2, start=w, tolerance=max(tolerance, 1e-6)
            )
            used, inverse = _inverse(fold.gram, np.linalg.norm(w, axis=1), l1, l2)
            seen = inverse @ fold.product[np.ix_(used, used)] @ inverse
            errors[k, f] = (
                fold.unseen_energy
                - 2 * (inverse * fold.unseen_product[np.ix_(used, used)]).sum()
                + (seen * fold.unseen_gram[np.ix_(used, used)]).sum()
            )
    best = int(np.argmin(errors.mean(axis=1))) if folds else 0
    factor = rotated(whole.product)
    w, gap = np.zeros_like(factor), 0.0
    for alpha in grid[: best + 1]:
        w, gap = descend_rows(
            whole.gram,
            factor,
            whole.energy,
            alpha * l1_ratio,
            alpha * (1 - l1_ratio),
            start=w,
            tolerance=tolerance,
        )
    return {
        "alpha": np.array(grid[best]),
        "norms": np.linalg.norm(w, axis=1),
        "gap": np.array(gap / max(whole.energy, 1e-300)),
        "errors": errors,
    }


def _inverse(
    gram: np.ndarray, norms: np.ndarray, l1: float, l2: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the features used and B (n_used, n_used) with ``W = B Q`` on them.

    Where W is optimal, ``(G + l2) W_j + l1 W_j / ||W_j|| = Q_j`` for the features used.
    """
    used = np.flatnonzero(norms)
    penalised = gram[np.ix_(used, used)] + np.diag(l2 + l1 / norms[used])
    return used, np.linalg.inv(penalised)


def _coefficients(
    folded: FoldedDesign,
    responses: Responses,
    norms: np.ndarray,
    l1: float,
    l2: float,
    progress: Progress,
    saved: Checkpoint,
) -> tuple[np.ndarray, np.ndarray]:
    """Read the responses again; return coefficients and intercepts."""
    n_features, n_vertices = folded.x.shape[1], responses.shape[1]
    coef = np.zeros((n_features, n_vertices), dtype=np.float32)
    intercept = np.empty(n_vertices, dtype=np.float32)
    solver: tuple[np.ndarray, np.ndarray] | None = None
    mean_x = folded.mean.cpu().numpy()
    for columns in folded.chunks(n_vertices):
        progress(columns.start / n_vertices, "fitting all vertices")
        name = f"vertices-{columns.start}"
        piece = saved.load(name)
        if piece is None:
            origin, (sums,) = folded.sums(responses[:, columns])
            moments = sums.centred()
            solver = solver or _inverse(moments.gram.cpu().numpy(), norms, l1, l2)
            used, inverse = solver
            w = inverse @ moments.cross.cpu().numpy()[used]
            mean = (sums.y / sums.n).cpu().numpy() + origin
            piece = {"coef": w.astype(np.float32), "intercept": mean - mean_x[used] @ w}
            saved.save(name, piece)
        coef[np.flatnonzero(norms), columns] = piece["coef"]
        intercept[columns] = piece["intercept"]
    progress(1.0, "fitted")
    return coef, intercept
