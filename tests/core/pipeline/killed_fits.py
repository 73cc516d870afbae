"""Kill ``fit`` with SIGKILL at ten moments, starting it anew each time, and look at what is left.

``python -m tests.core.pipeline.killed_fits FOLDER`` on a small subject: what a command line does,
in forks of one process that has torch imported already. ``--processes``: every fit is a command
line of its own, and the moments are random ones; ``--full``: as many vertices as released.
"""

from __future__ import annotations

import argparse
import json
import signal
from pathlib import Path

import numpy as np

from cortiscope.core.runs import RunStore
from tests.core.killing import Start, run, start_fork, start_process
from tests.data.algonauts_folder import write_subject

WORDS = [
    *("fit", "--subject", "subj01", "--backbone", "gabor", "--layers", "energy"),
    *("--pool", "grid:2", "--reduce", "pca:8", "--json"),
]
BY_ROI = ["--encoder", "lasso", "--scope", "roi"]
# Share of the whole, and the longest wait from there: in features, in the reduction, in the parts
# of the regressor, and in scores and saving, which report no progress of their own.
SPREAD = [(0.3, 0.02), (0.45, 0.02), (0.6, 0.02), (0.72, 0.02), (0.76, 0), (0.82, 0), (0.88, 0)]
SPREAD += [(0.916, 0.1), (0.916, 0.2), (0.916, 0.3)]


def fit(
    start: Start, data: Path, home: Path, *, kill_at: float | None = None, later: float = 0.0
) -> tuple[int, str]:
    """Fit; kill it ``later`` seconds after its progress has reached a share."""
    words = [*WORDS, *BY_ROI, "--data", str(data)]
    return run(words, home, start=start, kill_at=kill_at, later=later)


def finish(start: Start, data: Path, home: Path) -> dict:
    """Fit to the end; return what does not depend on time."""
    status, answer = fit(start, data, home)
    assert status == 0, (status, answer)
    result = json.loads(answer.splitlines()[-1])
    return {key: result[key] for key in ("run", "scores", "n_train", "n_held_out", "split")}


def finished_files(home: Path) -> dict[Path, bytes]:
    """Return every file that has its final name: arrays, records, pieces of what is not done."""
    return {
        path: path.read_bytes()
        for kind in ("features", "runs")
        for path in sorted((home / kind).rglob("*"))
        if path.is_file() and ".part" not in str(path.relative_to(home))
    }


def check_nothing_lost(before: dict[Path, bytes], after: dict[Path, bytes], home: Path) -> None:
    """Files stay as they are; pieces go when the whole is there."""
    for path, content in before.items():
        if path in after:
            assert after[path] == content, f"{path} was changed"
            continue
        piece = path.relative_to(home)
        if piece.parts[1] == ".drafts":
            whole = home / "runs" / piece.parts[2] / "run.json"
        else:
            whole = path.parent.with_name(path.parent.name[1:].removesuffix(".draft") + ".npy")
        assert whole.exists(), f"{path} is gone"


def check_equal(home: Path, whole: Path, run_id: str) -> None:
    """A listed run has the files and the numbers of one that nobody interrupted."""
    found, expected = (RunStore(h / "runs").open(run_id) for h in (home, whole))
    names = sorted(path.name for path in expected.folder.iterdir())
    assert sorted(path.name for path in found.folder.iterdir()) == names
    for name in (n.removesuffix(".npy") for n in names if n.endswith(".npy")):
        np.testing.assert_array_equal(found.array(name), expected.array(name), err_msg=name)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--processes", action="store_true")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    data, home, whole = (options.folder / name for name in ("data", "home", "whole"))
    rng = np.random.default_rng(options.seed)
    write_subject(
        data / "subj01", n_train=options.images, n_test=9, full=options.full, private=True
    )
    if options.processes:
        start, moments = (
            start_process,
            [(share, 0.5) for share in sorted(rng.uniform(0.3, 0.92, 10))],
        )
    else:
        import sklearn  # noqa: F401  (each fork would import them by itself)
        import torch  # noqa: F401

        start, moments = start_fork, SPREAD
    expected = finish(start, data, whole)
    kept: dict[Path, bytes] = {}
    killed = []
    for share, latest in moments:
        later = rng.uniform(0, latest)
        status, _ = fit(start, data, home, kill_at=share, later=later)
        killed.append(status == -signal.SIGKILL)
        after = finished_files(home)
        check_nothing_lost(kept, after, home)
        kept = after
        ids = RunStore(home / "runs").ids()
        assert set(ids) <= {expected["run"]}, ids
        for run_id in ids:
            check_equal(home, whole, run_id)
        print(f"killed at {share:.2f} + {later:.3f} s: {killed[-1]}, {len(kept)} files, {ids}")
    assert finish(start, data, home) == expected
    check_equal(home, whole, expected["run"])
    print(json.dumps({"killed": sum(killed)}))


if __name__ == "__main__":
    main()
