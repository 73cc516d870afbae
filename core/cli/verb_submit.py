"""``submit``: the archive of predictions that the Algonauts 2023 challenge takes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from cortiscope.core.cli import options as shared
from cortiscope.core.pipeline.demo import demo_data
from cortiscope.core.pipeline.submission import MAX_BYTES, write_submission
from cortiscope.core.progress import Progress
from cortiscope.core.runs import FORMER_WORDS
from cortiscope.core.storage import Home

NAME = "submit"
HELP = "Write an Algonauts 2023 submission: each subject's test images predicted by its run."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument(
        "--run",
        action="append",
        required=True,
        metavar="ID",
        dest="run_ids",
        help="one per subject, each with --run",
    )
    parser.add_argument("--data", required=True, metavar="DATA", help="a data folder, or demo")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.zip")
    shared.add_runs(parser)


def run(options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Carry the verb out."""
    store = shared.run_store(options)
    runs = [store.open(name) for name in options.run_ids]
    folder = Path(options.data)
    if options.data == shared.DEMO:
        folder = demo_data(Home.from_environment(), progress)
    made = write_submission(runs, folder, options.out, progress)
    return {
        "files": list(made.files),
        "subjects_missing": list(made.subjects_missing),
        "uncertain": list(made.uncertain),
        "simulated": made.simulated,
        "shapes": {name: list(shape) for name, shape in made.shapes.items()},
        "runs": dict(made.runs),
        "out": str(options.out),
        "bytes": made.n_bytes,
        "too_large": made.n_bytes > MAX_BYTES,
    }


def show(result: dict[str, Any]) -> str:
    """Format for people."""
    lines = [f"{name}: {' x '.join(map(str, s))}" for name, s in result["shapes"].items()]
    lines.append(f"{result['out']}: {result['bytes'] / 1e6:.1f} MB")
    if result["simulated"]:
        lines.append("SIMULATED data: for trying out, not for the challenge.")
    lines += [f"{run} was {FORMER_WORDS}." for run in result["uncertain"]]
    if result["too_large"]:
        lines.append(f"Too large: the challenge takes {MAX_BYTES / 1e6:.0f} MB.")
    if result["subjects_missing"]:
        lines.append(f"No run for {', '.join(result['subjects_missing'])}.")
    return "\n".join(lines)
