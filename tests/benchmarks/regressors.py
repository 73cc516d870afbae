"""img2brain's regressors and Pearson r beside scikit-learn's and scipy's, interleaved.

For each row: seconds of each in turn, the peer's over ours, and the largest difference of what
they found (coefficients, predictions or r). ``exact`` is scikit-learn at a tolerance at which its
coefficients are final; errors of ours and of the peer are against it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
import warnings
from collections.abc import Callable, Iterator

import numpy as np
from threadpoolctl import threadpool_limits

ROWS = ("ols", "ridge", "lasso", "elastic_net", "multitask", "neighbours", "tree", "pearson_r")
Found = Callable[[], np.ndarray]


def designs(kind: str, images: int, features: int, seed: int = 0) -> np.ndarray:
    """PCA scores with a power-law spectrum, or columns that share a quarter as many sources."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(images, features))
    if kind == "PCA":
        axes = np.linalg.svd(x - x.mean(0), full_matrices=False)[0]
        x = axes * np.sqrt(images) * 3 * np.arange(1, features + 1) ** -0.5
    else:
        n = max(features // 4, 1)
        sources = rng.normal(size=(images, n)) @ rng.normal(size=(n, features))
        x = sources / np.sqrt(n) + 0.5 * x
    return x.astype(np.float32)


def responses(x: np.ndarray, vertices: int, seed: int = 1) -> np.ndarray:
    """Responses of which a fifth of the features explain 2 to 40 % of the variance."""
    rng = np.random.default_rng(seed)
    y = np.empty((len(x), vertices), dtype=np.float32)
    for start in range(0, vertices, 1024):
        width = min(1024, vertices - start)
        w = rng.normal(size=(x.shape[1], width)) * (rng.random((x.shape[1], width)) < 0.2)
        signal = x @ w
        signal /= signal.std(0) + 1e-12
        share = rng.uniform(0.02, 0.4, size=width)
        noise = rng.normal(size=signal.shape)
        y[:, start : start + width] = np.sqrt(share) * signal + np.sqrt(1 - share) * noise
    return y


def regressors(rows: list[str], x: np.ndarray, y: np.ndarray) -> Iterator[tuple]:
    """Give (title, ours, {peer: call}, exact or None), coefficients as (n_features, n_vertices)."""
    from sklearn import linear_model as peers

    from cortiscope.core.encoding.ridge.closed_form import fit_ridge_closed_form
    from cortiscope.core.encoding.ridge.least_squares import fit_least_squares
    from cortiscope.core.encoding.sparse.elastic_net import fit_elastic_net
    from cortiscope.core.encoding.sparse.multitask import fit_multitask

    def of(model: type, **settings: object) -> Found:
        return lambda: model(**settings).fit(x, y).coef_.T

    if "ols" in rows:
        peer = {"scikit-learn": of(peers.LinearRegression)}
        yield "ols", lambda: fit_least_squares(x, y)[0], peer, None
    if "ridge" in rows:
        peer = {"scikit-learn": of(peers.Ridge, alpha=1.0)}
        yield "ridge 1", lambda: fit_ridge_closed_form(x, y, alphas=(1.0,)).coef, peer, None
    for name, alpha, l1_ratio in (("lasso", 0.01, 1.0), ("elastic_net", 0.001, 0.5)):
        if name not in rows:
            continue
        net = {"alpha": alpha, "l1_ratio": l1_ratio}
        if name == "lasso":
            model, settings = peers.Lasso, {"alpha": alpha}
        else:
            model, settings = peers.ElasticNet, net
        peer = {
            "scikit-learn": of(model, **settings),
            "precompute": of(model, **settings, precompute=True),
            "precompute 1e-6": of(model, **settings, precompute=True, tol=1e-6),
        }
        twin = model(**settings, precompute=True, tol=1e-10, max_iter=100_000)

        def exact(twin=twin) -> np.ndarray:
            some = y[:, :: max(y.shape[1] // 200, 1)]
            return twin.fit(x.astype(np.float64), some.astype(np.float64)).coef_.T

        yield f"{name} {alpha:g}", lambda net=net: fit_elastic_net(x, y, **net).coef, peer, exact
        loose = {"precompute": peer["precompute"]}
        yield (
            f"{name} {alpha:g}, 1e-4",
            lambda net=net: fit_elastic_net(x, y, **net, tolerance=1e-4).coef,
            loose,
            exact,
        )
    if "multitask" in rows:
        settings = {"alphas": (1e-3, 1e-2, 1e-1, 1.0)}
        yield (
            "multitask lasso, 4 x 3",
            lambda: fit_multitask(x, y, l1_ratio=1.0, n_folds=3, **settings).coef,
            {"scikit-learn": of(peers.MultiTaskLassoCV, cv=3, **settings)},
            None,
        )


def others(rows: list[str], x: np.ndarray, y: np.ndarray) -> Iterator[tuple]:
    """Neighbours and the tree predict a quarter as many new images; r of as many."""
    from scipy.stats import pearsonr
    from sklearn.neighbors import KNeighborsRegressor
    from sklearn.tree import DecisionTreeRegressor

    from cortiscope.core.encoding.regressors import RegressorSpec, fit_regressor
    from cortiscope.core.encoding.training import TrainingData
    from cortiscope.core.evaluation import pearson_r

    asked = designs("PCA", max(len(x) // 4, x.shape[1] + 1), x.shape[1], seed=7)
    if "neighbours" in rows:
        ours = fit_regressor(TrainingData(x, y), RegressorSpec("neighbours"))
        theirs = KNeighborsRegressor().fit(x, y)
        peer = {"scikit-learn": lambda: theirs.predict(asked)}
        yield "neighbours predict", lambda: ours.predict(asked), peer, None
    if "tree" in rows:
        spec = RegressorSpec("tree")
        yield (
            "tree fit, predict",
            lambda: fit_regressor(TrainingData(x, y), spec).predict(asked),
            {
                "scikit-learn": lambda: (
                    DecisionTreeRegressor(random_state=224).fit(x, y).predict(asked)
                )
            },
            None,
        )
    if "pearson_r" in rows:
        p, m = y[: len(asked)], y[-len(asked) :]

        def loop() -> np.ndarray:
            return np.array([pearsonr(a, b)[0] for a, b in zip(p.T, m.T, strict=True)])

        yield "pearson r", lambda: pearson_r(p, m), {"scipy loop": loop}, None


def compare(title: str, ours: Found, peers: dict[str, Found], exact: Found | None, rounds: int):
    """Run ours and each peer in turn; print a line for each peer."""
    calls = {"ours": ours, **peers}
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    found: dict[str, np.ndarray] = {}
    for _ in range(rounds):
        for name, call in calls.items():
            begun = time.perf_counter()
            found[name] = call()
            seconds[name].append(time.perf_counter() - begun)
    truth = exact() if exact else None
    for name in peers:
        ratio = statistics.median(
            b / a for a, b in zip(seconds["ours"], seconds[name], strict=True)
        )
        line = f"{title:33s}{name:17s}{statistics.median(seconds['ours']):9.3f}"
        line += f"{statistics.median(seconds[name]):9.3f}{ratio:8.2f}"
        line += f"{np.abs(found['ours'] - found[name]).max():11.1e}"
        if truth is not None:
            step = max(found[name].shape[1] // 200, 1)
            for who in ("ours", name):
                line += f"{np.abs(found[who][:, ::step] - truth).max():11.1e}"
        print(line, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--features", type=int, default=50)
    parser.add_argument("--vertices", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    options = parser.parse_args()
    import torch

    torch.set_num_threads(options.threads)
    size = f"{options.images} x {options.features} x {options.vertices}"
    with threadpool_limits(options.threads), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        print(
            f"{size}, load {os.getloadavg()[0]:.1f}, {options.threads} threads, "
            f"median of {options.rounds} rounds"
        )
        print(
            f"{'':50s}{'ours s':>9s}{'peer s':>9s}{'ratio':>8s}{'difference':>11s}"
            f"{'our error':>11s}{'its error':>11s}"
        )
        for kind in ("PCA", "correlated"):
            x = designs(kind, options.images, options.features)
            y = responses(x, options.vertices)
            for _, ours, *_ in regressors(list(ROWS), x[:200], y[:200, :20]):
                ours()  # imports and warm-up
            for title, *rest in regressors(options.rows, x, y):
                # scikit-learn's multitask search takes many minutes at full size.
                rounds = 1 if title.startswith("multitask") else options.rounds
                compare(f"{title} {kind}", *rest, rounds)
            if kind == "PCA":
                for title, *rest in others(options.rows, x, y):
                    compare(title, *rest, options.rounds)


if __name__ == "__main__":
    main()
