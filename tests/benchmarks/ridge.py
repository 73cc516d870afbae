"""Ridge and least squares beside himalaya's and scikit-learn's, interleaved.

Every solver runs in a process of its own, round after round, so that its peak memory is its own.
Extra memory is the process's peak above its peak before the fit, when X and Y are loaded and
everything is imported, without the coefficients. All solvers get the same float32 data unless
``--peer-dtype`` says otherwise.
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
# Solver -> the solver that its time is compared with.
PEERS = {
    "ours": "himalaya",
    "ours, more alphas": "ours",
    "ours, gcv": "himalaya",
    "ours, loo": "scikit-learn, loo",
    "ours, one alpha": "scikit-learn, one alpha",
    "ours, ols": "scikit-learn, ols",
    "himalaya": None,
    "scikit-learn, loo": None,
    "scikit-learn, one alpha": None,
    "scikit-learn, ols": None,
}
DEFAULT = ("ours", "ours, more alphas", "ours, gcv", "himalaya")


class MappedResponses:
    """Responses in a .npy file that is mapped anew for each read, so that no page stays."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.shape = np.load(path, mmap_mode="r").shape

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key) -> np.ndarray:
        return np.array(np.load(self.path, mmap_mode="r")[key])


def make(folder: Path, images: int, features: int, vertices: int) -> None:
    """Write X with a power-law spectrum and Y with 2 to 60 % of its variance explained."""
    rng = np.random.default_rng(0)
    n = images + images // 4
    sizes = 30 * np.arange(1, features + 1) ** -0.5
    x = (rng.normal(size=(n, features)) * sizes).astype(np.float32)
    shapes = {"y": (images, vertices), "y_held": (n - images, vertices)}
    y, y_held = (
        np.lib.format.open_memmap(folder / f"{name}.npy", "w+", np.float32, shape)
        for name, shape in shapes.items()
    )
    for start in range(0, vertices, 1000):
        part = slice(start, min(start + 1000, vertices))
        width = part.stop - part.start
        signal = x @ (rng.normal(size=(features, width)).astype(np.float32) / sizes[:, None] ** 0.5)
        signal /= signal.std(0)
        share = rng.uniform(0.02, 0.6, size=width)
        noise = rng.normal(size=signal.shape)
        both = np.sqrt(share) * signal + np.sqrt(1 - share) * noise
        y[:, part], y_held[:, part] = both[:images], both[images:]
    np.save(folder / "x.npy", x[:images])
    np.save(folder / "x_held.npy", x[images:])


def loaded(path: Path, columns: slice, dtype: str) -> np.ndarray:
    """Read columns of a file, some rows at a time, so that nothing else is ever in memory."""
    shape = np.load(path, mmap_mode="r")[:, columns].shape
    values = np.empty(shape, dtype=dtype)
    for start in range(0, shape[0], 100):
        rows = slice(start, start + 100)
        values[rows] = np.load(path, mmap_mode="r")[rows, columns]
    return values


def solve(solver: str, x, y, options: argparse.Namespace):
    """Return coefficients (n_features, n_vertices), intercept and penalties or None."""
    name, _, how = solver.partition(", ")
    n_alphas = options.more_alphas if how == "more alphas" else options.alphas
    alphas = np.logspace(0, 7, n_alphas)
    grid = (100.0,) if how == "one alpha" else tuple(float(a) for a in alphas)
    if name == "ours":
        from cortiscope.core.encoding.ridge.closed_form import fit_ridge_closed_form
        from cortiscope.core.encoding.ridge.kfold import fit_ridge_cv
        from cortiscope.core.encoding.ridge.least_squares import fit_least_squares

        device = options.device
        if how == "ols":
            return *fit_least_squares(x, y, device=device), None
        if how in ("gcv", "loo"):
            fit = fit_ridge_closed_form(x, y, alphas=grid, criterion=how, device=device)
        else:
            fit = fit_ridge_cv(x, y, alphas=grid, n_folds=options.folds, device=device)
        return fit.coef, fit.intercept, fit.alpha
    x, y = np.ascontiguousarray(x), np.asarray(y[:, :])
    if name == "himalaya":
        from himalaya.backend import set_backend
        from himalaya.ridge import RidgeCV
        from sklearn.model_selection import KFold

        backend = set_backend("torch_cuda" if options.device.startswith("cuda") else "torch")
        batches = {"n_targets_batch": 1000, "n_alphas_batch": 5}
        model = RidgeCV(
            alphas=alphas, cv=KFold(options.folds), fit_intercept=True, solver_params=batches
        ).fit(x, y)
        found = (model.coef_, model.intercept_, model.best_alphas_)
        return tuple(backend.to_numpy(a) for a in found)
    from sklearn.linear_model import LinearRegression, Ridge, RidgeCV

    if how == "loo":
        model = RidgeCV(alphas, alpha_per_target=True).fit(x, y)
        return model.coef_.T, model.intercept_, model.alpha_
    model = (LinearRegression() if how == "ols" else Ridge(grid[0])).fit(x, y)
    return model.coef_.T, model.intercept_, None


def products(x, options: argparse.Namespace, n_vertices: int, n_alphas: int) -> float:
    """Count the floating-point operations of the K-fold ridge's matrix products for Y."""
    import torch

    from cortiscope.core.encoding.ridge.data import decreasing_penalties
    from cortiscope.core.encoding.ridge.fold import Fold
    from cortiscope.core.encoding.ridge.kfold import fold_rows

    grid = decreasing_penalties(tuple(np.logspace(0, 7, n_alphas)))
    n, d = x.shape
    design = torch.as_tensor(x).double()
    design -= design.mean(0)
    gram = design.T @ design
    count = 2 * n * d + 4 * d**2  # X'y, and the coefficients from it
    for held in fold_rows(n, options.folds):
        fold = Fold.prepare(design.float(), gram, held, grid, torch.float32)
        count += 4 * d**2 + 4 * n_alphas * d
        for block in fold.norms.rows:
            count += sum(2 * matrix.numel() for _, _, matrix in block.images)
            count += 2 * block.n_curves**2 * (block.height + n_alphas)
    return float(count) * n_vertices


def sgemm_peak() -> float:
    """Return the best rate of a large product, in operations per second."""
    import torch

    a, b, out = torch.randn(2000, 2000), torch.randn(2000, 2000), torch.empty(2000, 2000)
    seconds = []
    for _ in range(8):
        begun = time.perf_counter()
        torch.mm(a, b, out=out)
        seconds.append(time.perf_counter() - begun)
    return 2 * 2000**3 / min(seconds)


def child(folder: Path, solver: str, options: argparse.Namespace) -> dict[str, float]:
    if solver == "make":
        make(folder, options.images, options.features, options.vertices)
        return {}
    import torch

    torch.set_num_threads(options.threads)
    if solver == "sgemm":
        return {"rate": sgemm_peak()}
    ours, used = solver.startswith("ours"), slice(0, options.vertices)
    small = np.random.default_rng(0).normal(size=(60, 12)).astype(np.float32)
    tiny = argparse.Namespace(**{**vars(options), "folds": 2})
    solve(solver, small[:, :8], small[:, 8:], tiny)  # imports and warm-up
    dtype = "float32" if ours else options.peer_dtype
    x = loaded(folder / "x.npy", slice(None), dtype)
    if options.memmap and ours:
        y = MappedResponses(folder / "y.npy")
    else:
        y = loaded(folder / "y.npy", used, dtype)
    cuda = options.device.startswith("cuda")
    if cuda:
        torch.cuda.reset_peak_memory_stats()
    before, begun, cpu = _peak(), time.perf_counter(), _cpu()
    coef, intercept, alpha = solve(solver, x, y, options)
    told = {"seconds": time.perf_counter() - begun, "cpu": _cpu() - cpu, "megabytes": _peak()}
    told["extra"] = told["megabytes"] - before - coef.nbytes / 2**20
    if cuda:
        told["device megabytes"] = torch.cuda.max_memory_allocated() / 2**20
    x_held, y_held = (np.load(folder / f"{name}_held.npy", mmap_mode="r") for name in "xy")
    r = np.empty(coef.shape[1])
    for start in range(0, len(r), 1000):
        part = slice(start, start + 1000)
        held = (x_held @ coef[:, part] + intercept[part]).astype(np.float64)
        truth = y_held[:, used][:, part].astype(np.float64)
        held, truth = held - held.mean(0), truth - truth.mean(0)
        r[part] = (held * truth).sum(0) / np.sqrt((held**2).sum(0) * (truth**2).sum(0) + 1e-30)
    found = {"r": r} if alpha is None else {"r": r, "alpha": alpha}
    np.savez(folder / f"{solver} {options.vertices}.npz", **found)
    if solver in ("ours", "ours, more alphas"):
        n_alphas = options.alphas if solver == "ours" else options.more_alphas
        told["products"] = products(x, options, len(r), n_alphas)
    return told


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peak() -> float:
    size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return size / (2**20 if sys.platform == "darwin" else 2**10)


def run(name: str, solver: str, vertices: int, options: argparse.Namespace) -> dict[str, float]:
    """Run one solver on the first vertices in a process of its own."""
    command = [sys.executable, __file__, "--child", name, solver, "--vertices", str(vertices)]
    for flag in ("images", "features", "alphas", "more_alphas", "folds", "threads", "device"):
        command += [f"--{flag.replace('_', '-')}", str(getattr(options, flag))]
    command += ["--peer-dtype", options.peer_dtype] + ["--memmap"] * options.memmap
    threads = {"OMP_NUM_THREADS": str(options.threads), "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, env={**os.environ, **threads}, stdout=subprocess.PIPE, text=True)
    if ran.returncode:
        raise SystemExit(f"{solver} failed")
    return json.loads(ran.stdout.splitlines()[-1])


def extrapolated(pair: list[dict[str, float]], sizes: list[int], vertices: int) -> dict[str, float]:
    """Go on in a straight line from two numbers of vertices, in everything that was measured."""
    (a, b), (first, second) = sizes, pair
    step = (vertices - a) / (b - a)
    return {key: first[key] + step * (second[key] - first[key]) for key in first}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1000, help="to fit; a quarter more is scored")
    parser.add_argument("--features", type=int, default=200)
    parser.add_argument("--vertices", type=int, default=600)
    parser.add_argument("--alphas", type=int, default=20, help="from 1 to 1e7")
    parser.add_argument("--more-alphas", type=int, default=100)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--device", default="cpu", help="of our solvers and himalaya's")
    parser.add_argument("--peer-dtype", choices=("float32", "float64"), default="float32")
    parser.add_argument(
        "--memmap", action="store_true", help="our solvers read Y from its file, part by part"
    )
    parser.add_argument(
        "--extrapolate",
        nargs=2,
        type=int,
        metavar="VERTICES",
        help="run peers on these two numbers of vertices and go on in a straight line",
    )
    parser.add_argument("--solvers", nargs="+", choices=tuple(PEERS), default=DEFAULT)
    parser.add_argument("--child", nargs=2, metavar=("FOLDER", "SOLVER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        folder, solver = options.child
        print(json.dumps(child(Path(folder), solver, options)))
        return
    with tempfile.TemporaryDirectory() as name:
        measure(name, options)


def measure(name: str, options: argparse.Namespace) -> None:
    """Run all rounds and print a row per solver."""
    vertices, shorter = options.vertices, options.extrapolate
    run(name, "make", vertices, options)
    rows: dict[str, list[dict[str, float]]] = {s: [] for s in ("sgemm", *options.solvers)}
    for _ in range(options.rounds):
        for solver, told in rows.items():
            if shorter and PEERS.get(solver, "") is None:
                pair = [run(name, solver, size, options) for size in shorter]
                told.append(extrapolated(pair, shorter, vertices))
            else:
                told.append(run(name, solver, vertices, options))
    found = {}
    for solver in options.solvers:
        peer = shorter and PEERS[solver] is None
        found[solver] = np.load(Path(name) / f"{solver} {max(shorter) if peer else vertices}.npz")

    def middle(solver: str, key: str, over: str | None = None) -> float:
        values = [told[key] for told in rows[solver]]
        if over:
            values = [theirs[key] / v for v, theirs in zip(values, rows[over], strict=True)]
        return statistics.median(values)

    rate = max(told["rate"] for told in rows["sgemm"])
    print(
        f"{options.images} images x {options.features} features x {vertices} vertices, "
        f"{options.alphas} alphas x {options.folds} folds, {options.device}, {options.threads} "
        f"threads, load {os.getloadavg()[0]:.1f}, median of {options.rounds} rounds; "
        f"peers in {options.peer_dtype}"
    )
    print(f"sgemm peak {rate / 1e9:.0f} GFLOP/s")
    print(
        f"{'':26s}{'s':>9s}{'CPU s':>9s}{'ratio':>8s}{'CPU':>8s}{'extra MB':>10s}{'all MB':>8s}"
        f"{'of peak':>9s}{'median r':>10s}"
    )
    for solver in options.solvers:
        peer = PEERS[solver]
        against = peer if peer in rows else None
        ratio, cpu, share, notes = "", "", "", ""
        if against:
            ratio = f"{middle(solver, 'seconds', against):.2f}"
            cpu = f"{middle(solver, 'cpu', against):.2f}"
        if "products" in rows[solver][0] and options.device == "cpu":
            share = f"{middle(solver, 'products') / middle(solver, 'seconds') / rate:.0%}"
        if shorter and peer is None:
            notes += f"  EXTRAPOLATED from {shorter[0]} and {shorter[1]} vertices"
        if "device megabytes" in rows[solver][0]:
            notes += f"  {middle(solver, 'device megabytes'):.0f} MB on the device"
        print(
            f"{solver:26s}{middle(solver, 'seconds'):9.2f}{middle(solver, 'cpu'):9.2f}"
            f"{ratio:>8s}{cpu:>8s}{middle(solver, 'extra'):10.0f}"
            f"{middle(solver, 'megabytes'):8.0f}{share:>9s}"
            f"{np.median(found[solver]['r']):10.5f}{notes}"
        )
    for solver in options.solvers:
        peer = PEERS[solver]
        if peer in found:
            ours, theirs = found[solver], found[peer]
            n = min(len(ours["r"]), len(theirs["r"]))
            r, r_theirs = ours["r"][:n], theirs["r"][:n]
            line = (
                f"{solver} and {peer}, {n} vertices: median r differs by "
                f"{np.median(r) - np.median(r_theirs):+.1e}, of one vertex by at most "
                f"{np.abs(r - r_theirs).max():.1e}"
            )
            if "alpha" in ours and "alpha" in theirs and solver != "ours, more alphas":
                same = np.isclose(ours["alpha"][:n], theirs["alpha"][:n], rtol=1e-3).mean()
                line += f", same alpha for {same:.2%}"
            print(line)
    print("ratio: the peer's time over this solver's (of 'more alphas': over ours with fewer)")


if __name__ == "__main__":
    main()
