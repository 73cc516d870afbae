"""Ridge with a penalty per vertex, beside himalaya's and scikit-learn's, interleaved.

Every solver runs in a process of its own, so that its peak memory is its own; X and Y are
memory-mapped files. scikit-learn chooses by leave-one-out, which it computes in closed form.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
SOLVERS = ("ours", "ours gcv", "ours loo", "himalaya", "scikit-learn")


def make(folder: Path, images: int, features: int, vertices: int) -> None:
    """Write X with a power-law spectrum and Y with 2 to 60 % of its variance explained."""
    rng = np.random.default_rng(0)
    sizes = 30 * np.arange(1, features + 1) ** -0.5
    x = (rng.normal(size=(images + images // 4, features)) * sizes).astype(np.float32)
    y = np.lib.format.open_memmap(
        folder / "y.npy", "w+", np.float32, (images + images // 4, vertices)
    )
    for start in range(0, vertices, 1024):
        part = slice(start, min(start + 1024, vertices))
        width = part.stop - part.start
        signal = x @ (rng.normal(size=(features, width)).astype(np.float32) / sizes[:, None] ** 0.5)
        signal /= signal.std(0)
        share = rng.uniform(0.02, 0.6, size=width)
        noise = rng.normal(size=signal.shape)
        y[:, part] = np.sqrt(share) * signal + np.sqrt(1 - share) * noise
    np.save(folder / "x.npy", x)
    y.flush()


def solve(solver: str, x: np.ndarray, y: np.ndarray, alphas: np.ndarray, folds: int):
    """Return coefficients (n_features, n_vertices), intercept and penalties."""
    if solver.startswith("ours"):
        from core.encoding.ridge import fit_ridge_cv
        from core.encoding.ridge_closed_form import fit_ridge_closed_form

        grid = tuple(float(a) for a in alphas)
        if solver == "ours":
            fit = fit_ridge_cv(x, y, alphas=grid, n_folds=folds)
        else:
            fit = fit_ridge_closed_form(x, y, alphas=grid, criterion=solver.split()[1])
        return fit.coef, fit.intercept, fit.alpha
    if solver == "himalaya":
        from himalaya.backend import set_backend
        from himalaya.ridge import RidgeCV
        from sklearn.model_selection import KFold

        set_backend("torch")
        model = RidgeCV(
            alphas=alphas,
            cv=KFold(folds),
            fit_intercept=True,
            solver_params={"n_targets_batch": 1000, "n_alphas_batch": 5},
        ).fit(np.ascontiguousarray(x), np.array(y))
        found = (model.coef_, model.intercept_, model.best_alphas_)
        return tuple(np.asarray(a) for a in found)
    from sklearn.linear_model import RidgeCV as LeaveOneOut

    model = LeaveOneOut(alphas, alpha_per_target=True).fit(x, y)
    return model.coef_.T, model.intercept_, model.alpha_


def child(folder: Path, solver: str, n_alphas: int, folds: int, threads: int) -> None:
    import torch

    torch.set_num_threads(threads)
    x, y = (np.load(folder / f"{name}.npy", mmap_mode="r") for name in "xy")
    n = len(x) * 4 // 5
    alphas = np.logspace(0, 7, n_alphas)
    solve(solver, x[:60, :8], y[:60, :4], alphas, folds)  # imports and warm-up
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.perf_counter()
    coef, intercept, alpha = solve(solver, x[:n], y[:n], alphas, folds)
    seconds = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    held = (x[n:] @ coef + intercept).astype(np.float64)
    truth = np.asarray(y[n:], dtype=np.float64)
    held, truth = held - held.mean(0), truth - truth.mean(0)
    r = (held * truth).sum(0) / np.sqrt((held**2).sum(0) * (truth**2).sum(0) + 1e-30)
    np.savez(folder / f"{solver}.npz", alpha=alpha, r=r)
    print(json.dumps({"seconds": seconds, "megabytes": peak / 1024}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1000, help="to fit; a quarter more is scored")
    parser.add_argument("--features", type=int, default=200)
    parser.add_argument("--vertices", type=int, default=1000)
    parser.add_argument("--alphas", type=int, default=20)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--solvers", nargs="+", choices=SOLVERS, default=SOLVERS)
    parser.add_argument("--child", nargs=2, metavar=("FOLDER", "SOLVER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        folder, solver = options.child
        child(Path(folder), solver, options.alphas, options.folds, options.threads)
        return
    threads = str(options.threads)
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": threads}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, options.images, options.features, options.vertices)
        rows: dict[str, list[dict[str, float]]] = {s: [] for s in options.solvers}
        for _ in range(options.rounds):
            for solver in options.solvers:
                command = [sys.executable, __file__, "--child", name, solver]
                for flag in ("alphas", "folds", "threads"):
                    command += [f"--{flag}", str(getattr(options, flag))]
                ran = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
                rows[solver].append(json.loads(ran.stdout.splitlines()[-1]))
        found = {s: dict(np.load(folder / f"{s}.npz")) for s in options.solvers}
    first = options.solvers[0]
    print(f"load {os.getloadavg()[0]:.1f}, {threads} threads, median of {options.rounds} rounds")
    print(f"{'':14s}{'s':>9s}{'ratio':>8s}{'peak MB':>9s}{'same alpha':>12s}{'median r':>10s}")
    for solver, values in rows.items():
        ratio = statistics.median(
            theirs["seconds"] / ours["seconds"]
            for ours, theirs in zip(rows[first], values, strict=True)
        )
        same = np.isclose(found[solver]["alpha"], found[first]["alpha"], rtol=1e-3).mean()
        print(
            f"{solver:14s}{statistics.median(v['seconds'] for v in values):9.2f}{ratio:8.2f}"
            f"{statistics.median(v['megabytes'] for v in values):9.0f}{same:12.4f}"
            f"{np.median(found[solver]['r']):10.4f}"
        )
    print(f"ratio and share of same alphas against {first}; peak memory includes the results")


if __name__ == "__main__":
    main()
