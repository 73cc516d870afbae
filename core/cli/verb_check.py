"""``check``: everything that is wrong with a data folder, in one go."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from cortiscope.core.cli import options as shared
from cortiscope.core.datasets import check_folder
from cortiscope.core.pipeline.demo import demo_data
from cortiscope.core.progress import Progress
from cortiscope.core.storage import Home

NAME = "check"
HELP = "Recognise a data folder's layout and report everything that is wrong with it."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("data", metavar="DATA", help="a data folder, or demo")
    parser.add_argument("--subject", metavar="ID", help="only this one")
    parser.add_argument(
        "--deep", action="store_true", help="decode every image (default: a sample, all headers)"
    )


def run(options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Carry the verb out."""
    folder = Path(options.data)
    if options.data == shared.DEMO:
        folder = demo_data(Home.from_environment(), progress)
    report = check_folder(folder, subject=options.subject, deep=options.deep, progress=progress)
    return {"data": str(folder), **report.to_json()}


def show(result: dict[str, Any]) -> str:
    """Format for people."""
    lines = [f"{result['data']}: {result['layout']}, {len(result['subjects'])} subjects"]
    for subject in result["subjects"]:
        rois = set(subject["rois"]["lh"]) | set(subject["rois"]["rh"])
        stamp = "SIMULATED, " if subject["simulated"] else ""
        lines.append(
            f"{subject['id']}: {stamp}{subject['n_train']:,} training and {subject['n_test']:,} "
            f"test images, {_places(subject)}, {len(rois)} ROIs"
        )
        lines += [f"  problem: {words}" for words in subject["problems"]]
        lines += [f"  note: {words}" for words in subject["notes"]]
    lines += [f"problem: {words}" for words in result["problems"]]
    n = result["n_problems"]
    return "\n".join([*lines, "No problems." if not n else f"{n} problem{'s' if n > 1 else ''}."])


def _places(subject: dict[str, Any]) -> str:
    if subject["voxels"] != 0:
        return f"{_count(subject['voxels'])} voxels of unknown position"
    left, right = (_count(subject["vertices"][h]) for h in ("lh", "rh"))
    return f"{left} left + {right} right vertices"


def _count(n: int | None) -> str:
    return "unknown" if n is None else f"{n:,}"
