"""Banded ridge beside himalaya's random search over the same candidates, interleaved.

Also the other encoders over several feature spaces and plain ridge on all columns, for the
held-out correlation that the choice buys.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable

import numpy as np

Fitted = tuple[np.ndarray, np.ndarray, np.ndarray | None]
ALPHAS = tuple(float(a) for a in np.logspace(0, 6, 13))


def make(
    images: int, spaces: int, columns: int, vertices: int
) -> tuple[np.ndarray, np.ndarray, tuple[slice, ...]]:
    """Return X, Y and the spaces: correlated spaces, each vertex with its own mixture of them."""
    rng = np.random.default_rng(0)
    n = 2 * images
    latent = rng.normal(size=(n, 3 * columns))
    sizes = 30 * np.arange(1, columns + 1) ** -0.5
    designs, signal = [], np.zeros((n, vertices))
    mixture = rng.dirichlet([0.4] * spaces, size=vertices)
    for k in range(spaces):
        seen = rng.normal(size=(3 * columns, columns)) * (rng.random((3 * columns, 1)) < 0.4)
        values = latent @ seen + 2 * np.sqrt(columns) * rng.normal(size=(n, columns))
        designs.append(values / values.std(0) * sizes)
        own = designs[-1] @ rng.normal(size=(columns, vertices))
        signal += own / own.std(0) * np.sqrt(mixture[:, k])
    share = rng.uniform(0.05, 0.6, vertices)
    y = signal / signal.std(0) * np.sqrt(share) + rng.normal(size=signal.shape) * np.sqrt(1 - share)
    cut = tuple(slice(k * columns, (k + 1) * columns) for k in range(spaces))
    return np.concatenate(designs, 1).astype(np.float32), y.astype(np.float32), cut


def solvers(weights: np.ndarray) -> dict[str, Callable[..., Fitted]]:
    """Return the contestants: ``fit(x, y, spaces)`` gives coefficients, intercept, penalties."""
    from cortiscope.core.encoding.multiband.banded import fit_banded
    from cortiscope.core.encoding.multiband.best_space import fit_best_space
    from cortiscope.core.encoding.multiband.stacking import fit_stacked
    from cortiscope.core.encoding.ridge.kfold import fit_ridge_cv

    # himalaya's weights sum to 1.
    scaled = tuple(weights.shape[1] * a for a in ALPHAS)

    def ours(x: np.ndarray, y: np.ndarray, spaces: tuple[slice, ...]) -> Fitted:
        fit = fit_banded(x, y, spaces, weights=weights, alphas=scaled)
        return fit.coef, fit.intercept, fit.penalties

    def himalaya(x: np.ndarray, y: np.ndarray, spaces: tuple[slice, ...]) -> Fitted:
        from himalaya.backend import set_backend
        from himalaya.ridge import GroupRidgeCV
        from sklearn.model_selection import KFold

        set_backend("torch")
        model = GroupRidgeCV(
            groups="input",
            cv=KFold(5),
            fit_intercept=True,
            solver_params={
                "n_iter": weights.astype(np.float32),
                "alphas": np.array(ALPHAS, dtype=np.float32),
                "n_targets_batch": 1000,
                "n_alphas_batch": 5,
                "progress_bar": False,
                "warn": False,
            },
        ).fit([np.ascontiguousarray(x[:, s]) for s in spaces], y)
        found = (np.asarray(a) for a in (model.coef_, model.intercept_, model.deltas_))
        coef, intercept, deltas = found
        return coef, intercept, np.exp(-deltas)

    def other(fit: Callable) -> Callable[..., Fitted]:
        def run(x: np.ndarray, y: np.ndarray, spaces: tuple[slice, ...]) -> Fitted:
            solution = fit(x, y, spaces, alphas=ALPHAS)
            return solution.coef, solution.intercept, None

        return run

    return {
        "banded": ours,
        "himalaya": himalaya,
        "stacked": other(fit_stacked),
        "best space": other(fit_best_space),
        "plain ridge": other(lambda x, y, _, alphas: fit_ridge_cv(x, y, alphas=alphas)),
    }


def main() -> None:
    """Print one line per solver."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=500, help="to fit; as many are scored")
    parser.add_argument("--spaces", type=int, default=3)
    parser.add_argument("--columns", type=int, default=40, help="of each space")
    parser.add_argument("--vertices", type=int, default=300)
    parser.add_argument("--samples", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()

    import torch

    from cortiscope.core.encoding.multiband.banded_search import candidate_weights

    torch.set_num_threads(options.threads)
    x, y, spaces = make(options.images, options.spaces, options.columns, options.vertices)
    weights = candidate_weights(options.spaces, options.samples, seed=0)
    # himalaya divides by the weights.
    weights = np.clip(weights / options.spaces, 1e-6, None)
    weights /= weights.sum(axis=1, keepdims=True)
    n = options.images
    contestants = solvers(weights)
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    found: dict[str, Fitted] = {}
    for fit in contestants.values():
        fit(x[:60], y[:60, :4], spaces)  # imports and warm-up
    for _ in range(options.rounds):
        for name, fit in contestants.items():
            begun = time.perf_counter()
            found[name] = fit(x[:n], y[:n], spaces)
            seconds[name].append(time.perf_counter() - begun)
    print(
        f"load {os.getloadavg()[0]:.1f}, {options.threads} threads, "
        f"median of {options.rounds} rounds, {len(weights)} candidates, {len(ALPHAS)} penalties"
    )
    print(f"{'':12s}{'s':>8s}{'ratio':>8s}{'mean r':>9s}{'same penalties':>16s}")
    reference = found["banded"][2]
    for name, (coef, intercept, penalties) in found.items():
        held = x[n:] @ coef + intercept
        r = np.mean([np.corrcoef(p, m)[0, 1] for p, m in zip(held.T, y[n:].T, strict=True)])
        ratio = statistics.median(
            theirs / ours for theirs, ours in zip(seconds[name], seconds["banded"], strict=True)
        )
        same = ""
        if penalties is not None:
            same = f"{np.isclose(penalties, reference, rtol=1e-2).all(axis=0).mean():16.3f}"
        print(f"{name:12s}{statistics.median(seconds[name]):8.2f}{ratio:8.2f}{r:9.4f}{same}")
    print("ratio: time over that of banded; same penalties: vertices that chose as banded did")


if __name__ == "__main__":
    main()
