"""Block coordinate descent for the L2,1 penalty: one feature's coefficients are one block.

Only norms over vertices and combinations of rows of ``X'Y`` occur in it, so it is the same in any
rotation of the vertices: with ``X'Y = F U'`` and orthonormal columns in U, it needs F alone, which
has no more columns than there are features.
"""

from __future__ import annotations

import numpy as np

TOLERANCE = 1e-8
_SWEEPS = 5_000
_CHECK_EVERY = 5
_COORDINATES = 16


def rotated(product: np.ndarray) -> np.ndarray:
    """Return F (n_features, rank) with ``F F' = Q Q'``, from ``Q Q'``."""
    values, vectors = np.linalg.eigh(product)
    kept = values > max(values[-1], 0) * len(product) * np.finfo(np.float64).eps
    return vectors[:, kept] * np.sqrt(values[kept])


def descend_rows(
    gram: np.ndarray,
    cross: np.ndarray,
    energy: float,
    l1: float,
    l2: float,
    *,
    start: np.ndarray | None = None,
    tolerance: float = TOLERANCE,
) -> tuple[np.ndarray, float]:
    """Minimise ``tr(W'GW) / 2 - tr(W'Q) + l1 sum_j ||W_j|| + l2 ||W||^2 / 2``, W_j being rows.

    Parameters
    ----------
    gram : (n_features, n_features) G = X'X / n.
    cross : (n_features, n_columns) Q = X'Y / n, or a rotation of it.
    energy : ||Y||^2 / n, over all vertices.
    start : (n_features, n_columns) where to begin; 0 if None.
    tolerance : the gap at which it is finished, as a share of the energy.

    Returns
    -------
    coef : (n_features, n_columns).
    gap : the duality gap reached, in units of the energy.

    Notes
    -----
    Before every few sweeps all rows in use are brought closer at once (``reweighted``); after
    them the iterates are extrapolated to where their differences cancel, and the result is kept
    if it is better (Anderson; Bertrand & Massias 2021, AISTATS).
    """
    w = np.zeros_like(cross) if start is None else start.copy()
    gradient = cross - gram @ w
    diagonal = gram.diagonal()
    varies = np.flatnonzero(diagonal > diagonal.max() * np.finfo(np.float32).eps ** 2)
    blocks = [varies[s : s + _COORDINATES] for s in range(0, len(varies), _COORDINATES)]
    gap = duality_gap(w, gradient, cross, energy, l1, l2)
    for _ in range(0, _SWEEPS, _CHECK_EVERY):
        if gap <= tolerance * energy:
            break
        w = reweighted(gram, cross, w, l1, l2)
        gradient = cross - gram @ w
        path = [w.copy()]
        for _ in range(_CHECK_EVERY):
            for block in blocks:
                _update(gram, w, gradient, block, l1, l2)
            path.append(w.copy())
        w = _extrapolated(path, gram, cross, l1, l2)
        gradient = cross - gram @ w  # also drops what rounding has gathered
        gap = duality_gap(w, gradient, cross, energy, l1, l2)
    return w, gap


def reweighted(
    gram: np.ndarray, cross: np.ndarray, w: np.ndarray, l1: float, l2: float
) -> np.ndarray:
    """Solve for the rows in use as if each norm's penalty were that of its square.

    ``||W_j|| <= ||W_j||^2 / (2 c_j) + c_j / 2``, with equality where c_j is the norm of the row
    given, so the objective never rises, and an optimum is kept.
    """
    norms = np.sqrt((w**2).sum(axis=1))
    used = np.flatnonzero(norms > norms.max() * 1e-12)
    found = np.zeros_like(w)
    if len(used):
        penalised = gram[np.ix_(used, used)] + np.diag(l2 + l1 / norms[used])
        found[used] = np.linalg.solve(penalised, cross[used])
    return found


def _update(
    gram: np.ndarray, w: np.ndarray, gradient: np.ndarray, block: np.ndarray, l1: float, l2: float
) -> None:
    """Update each row of a block once, in place; ``gradient`` is Q - G W."""
    corner = gram[np.ix_(block, block)]
    local, before = gradient[block], w[block]
    after = before.copy()
    for j in range(len(block)):
        target = local[j] + corner[j, j] * after[j]
        norm = float(np.sqrt(target @ target))
        new = target * (max(1 - l1 / norm, 0.0) / (corner[j, j] + l2)) if norm else target
        step = new - after[j]
        if step.any():
            after[j] = new
            local[j + 1 :] -= corner[j + 1 :, j, None] * step
    change = after - before
    moved = change.any(axis=1)
    if moved.any():
        gradient -= gram[:, block[moved]] @ change[moved]
        w[block] = after


def _extrapolated(
    path: list[np.ndarray], gram: np.ndarray, cross: np.ndarray, l1: float, l2: float
) -> np.ndarray:
    """Return the better of the last iterate and the combination that cancels differences."""
    steps = np.stack([(b - a).ravel() for a, b in zip(path[:-1], path[1:], strict=True)])
    products = steps @ steps.T
    products[np.diag_indices(len(steps))] += 1e-12 * np.trace(products) + 1e-300
    share = np.linalg.solve(products, np.ones(len(steps)))
    share /= share.sum()
    guess = np.tensordot(share, np.stack(path[1:]), 1)
    found = [_objective(w, gram, cross, l1, l2) for w in (path[-1], guess)]
    return guess if found[1] < found[0] else path[-1]


def _objective(w: np.ndarray, gram: np.ndarray, cross: np.ndarray, l1: float, l2: float) -> float:
    norms = np.sqrt((w**2).sum(axis=1))
    return float(
        (w * (0.5 * (gram @ w) - cross)).sum() + l1 * norms.sum() + 0.5 * l2 * (norms**2).sum()
    )


def duality_gap(
    w: np.ndarray, gradient: np.ndarray, cross: np.ndarray, energy: float, l1: float, l2: float
) -> float:
    """Primal less dual objective: how far, at most, ``w`` is from optimal.

    As ``coordinate_descent.duality_gap``, with norms of rows in place of absolute values.
    """
    fitted = float((w * cross).sum())
    residual = max(energy - fitted - float((w * gradient).sum()), 0.0)
    steepest = float(np.sqrt(((gradient - l2 * w) ** 2).sum(axis=1).max()))
    scale = l1 / steepest if steepest > l1 else 1.0
    squares = (w**2).sum(axis=1)
    penalty = l1 * np.sqrt(squares).sum() + 0.5 * l2 * (1 + scale**2) * squares.sum()
    return float(0.5 * (1 + scale**2) * residual + penalty - scale * (energy - fitted))
