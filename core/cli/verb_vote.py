"""``vote``: finished runs of a subject, mixed per vertex into one (``core.pipeline.voting``)."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from cortiscope.core import notebook
from cortiscope.core.cli import options as shared
from cortiscope.core.cli.fit_summary import show as show
from cortiscope.core.cli.fit_summary import summary
from cortiscope.core.datasets import open_subject
from cortiscope.core.encoding.vote import VoteSettings
from cortiscope.core.pipeline.voting import vote
from cortiscope.core.progress import Progress

NAME = "vote"
HELP = "Mix finished runs per vertex by their r on the validation images, into a run of its own."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument(
        "--run", required=True, action="append", metavar="ID", dest="run_ids", help="two or more"
    )
    parser.add_argument(
        "--data", type=Path, help="data folder (default: the demo, and those of CORTISCOPE_DATA)"
    )
    parser.add_argument(
        "--sharpness",
        type=float,
        default=VoteSettings.sharpness,
        help="what r is multiplied with before the softmax that gives the weights (default "
        f"{VoteSettings.sharpness:g}; 0: all alike)",
    )
    shared.add_runs(parser)


def run(options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Carry the verb out."""
    store = shared.run_store(options)
    members = [store.open(run_id) for run_id in options.run_ids]
    first = members[0]
    given = None if options.data is None else open_subject(options.data, first.subject)
    subject = notebook.subject_of(first, given).identified(progress)
    made = vote(members, subject, store, sharpness=options.sharpness)
    return {**summary(made, subject), "runs_of_former_data": [], "data_changed": ""}
