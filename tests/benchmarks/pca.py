"""PCA of features in half precision, beside scikit-learn's, interleaved.

Every solver runs in a process of its own on the same memory-mapped file, centring only. Peak
memory is what the process itself holds (Linux: RssAnon, sampled), not the file's pages.
scikit-learn turns float16 into float64; "32" hands it a float32 copy, its best case.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
SOLVERS = (
    "ours", "randomized", "randomized 32", "full", "covariance_eigh", "incremental",
    "ours incremental",
)  # fmt: skip


def make(folder: Path, images: int, features: int) -> None:
    """Write rectified features whose spectrum falls as a power law."""
    rng = np.random.default_rng(0)
    rank = min(images, 400)
    scores = rng.normal(size=(images, rank)) * np.arange(1, rank + 1) ** -0.7
    x = np.lib.format.open_memmap(folder / "x.npy", "w+", np.float16, (images, features))
    for start in range(0, features, 1024):
        part = slice(start, min(start + 1024, features))
        width = part.stop - part.start
        block = scores @ rng.normal(size=(rank, width)) + 0.5 * rng.normal(size=(images, width))
        x[:, part] = np.maximum(block, 0)
    x.flush()


def solve(solver: str, x: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return components (n_features, k) and shares of variance."""
    if solver.startswith("ours"):
        from cortiscope.core.encoding import Reduction, fit_reduction

        kind = "incremental_pca" if "incremental" in solver else "pca"
        reduction = fit_reduction(x, Reduction(kind, k, scaling="none", batch_size=max(300, k)))
        return reduction.components, reduction.explained
    from sklearn.decomposition import PCA, IncrementalPCA

    if solver == "incremental":
        model = IncrementalPCA(k, batch_size=max(300, k)).fit(x)
    else:
        name, _, bits = solver.partition(" ")
        given = x.astype(np.float32) if bits else x
        model = PCA(k, svd_solver=name, copy=not bits, random_state=0).fit(given)
    return model.components_.T, model.explained_variance_ratio_


class Peak:
    """The most memory of its own that this process holds inside the block, in MB."""

    def __enter__(self) -> Peak:
        self._before = self.megabytes = _anonymous_megabytes()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self.megabytes -= self._before

    def _watch(self) -> None:
        while not self._done.wait(0.01):
            self.megabytes = max(self.megabytes, _anonymous_megabytes())


def _anonymous_megabytes() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("RssAnon:")[1].split()[0]) / 1024


def captured(x: np.ndarray, components: np.ndarray) -> float:
    """Return the share of variance in the span of the components, in float64."""
    basis = np.linalg.qr(components.astype(np.float64))[0]
    mean = x.mean(axis=0, dtype=np.float64)
    kept = whole = 0.0
    for start in range(0, len(x), 256):
        centred = x[start : start + 256].astype(np.float64) - mean
        kept += float(((centred @ basis) ** 2).sum())
        whole += float((centred**2).sum())
    return kept / whole


def child(folder: Path, solver: str, k: int, score: bool) -> None:
    x = np.load(folder / "x.npy", mmap_mode="r")
    solve(solver, x[:60, :80], 4)  # imports and warm-up
    with Peak() as peak:
        begun = time.perf_counter()
        components, explained = solve(solver, x, k)
        seconds = time.perf_counter() - begun
    result = {"seconds": seconds, "megabytes": peak.megabytes, "reported": float(explained.sum())}
    if score:
        result["captured"] = captured(x, components)
    print(json.dumps(result))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=600)
    parser.add_argument("--features", type=int, default=3000)
    parser.add_argument("--components", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument(
        "--solvers", nargs="+", choices=SOLVERS, default=("ours", "randomized", "randomized 32")
    )
    parser.add_argument("--child", nargs=2, metavar=("FOLDER", "SOLVER"), help=argparse.SUPPRESS)
    parser.add_argument("--score", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        folder, solver = options.child
        child(Path(folder), solver, options.components, options.score)
        return
    threads = str(options.threads)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    env |= {f"{name}_NUM_THREADS": threads for name in ("OMP", "OPENBLAS", "MKL")}
    rows: dict[str, list[dict[str, float]]] = {s: [] for s in options.solvers}
    with tempfile.TemporaryDirectory() as name:
        make(Path(name), options.images, options.features)
        for turn in range(options.rounds):
            for solver in options.solvers:
                command = [sys.executable, __file__, "--child", name, solver]
                command += ["--components", str(options.components)]
                command += ["--score"] * (turn == 0)
                ran = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
                rows[solver].append(json.loads(ran.stdout.splitlines()[-1]))
    first = options.solvers[0]
    print(f"load {os.getloadavg()[0]:.1f}, {threads} threads, median of {options.rounds} rounds")
    print(f"{options.images} x {options.features} float16, {options.components} components")
    print(f"{'':18s}{'s':>8s}{'ratio':>8s}{'peak MB':>9s}{'ratio':>8s}{'captured':>11s}")
    for solver, values in rows.items():
        time_ratio, memory_ratio = (
            statistics.median(b[key] / a[key] for a, b in zip(rows[first], values, strict=True))
            for key in ("seconds", "megabytes")
        )
        print(
            f"{solver:18s}{statistics.median(v['seconds'] for v in values):8.2f}{time_ratio:8.2f}"
            f"{statistics.median(v['megabytes'] for v in values):9.0f}{memory_ratio:8.2f}"
            f"{values[0]['captured']:11.7f}"
        )
    print(f"ratios against {first}; captured: share of variance in the span of the components")


if __name__ == "__main__":
    main()
