"""``sweep``: everything a plan asks for, on a Dask cluster; resumes."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from cortiscope.core.cli import options as shared
from cortiscope.core.errors import InvalidInput
from cortiscope.core.pipeline.demo import demo_data
from cortiscope.core.pipeline.jobs import SCHEDULER
from cortiscope.core.pipeline.plan import read_plan
from cortiscope.core.pipeline.results import write_results
from cortiscope.core.pipeline.sweep import SharedFolders, run_sweep
from cortiscope.core.pipeline.sweep_table import csv_table, markdown_table, table_row
from cortiscope.core.progress import Progress, part
from cortiscope.core.storage import Home, atomic_file

NAME = "sweep"
HELP = "Fit every combination of subjects, recipes, backbones, layers and regressors of a plan."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("plan", type=Path, metavar="PLAN.toml")
    parser.add_argument("--data", help=f"data folder, or {shared.DEMO!r}; default: the plan's")
    parser.add_argument(
        "--scheduler", metavar="ADDRESS", help=f"a Dask scheduler to use (default: {SCHEDULER})"
    )
    parser.add_argument(
        "--workers", type=shared.whole_number(1, 1024), help="processes of the local cluster"
    )
    parser.add_argument("--table", type=Path, metavar="FILE", help="write the table: .csv or .md")
    parser.add_argument(
        "--csv", type=Path, metavar="DIR", help="write r, ranked tables and predictions as CSV"
    )
    shared.add_precision(parser, None)
    shared.add_runs(parser)


def run(options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Carry the verb out."""
    plan = read_plan(options.plan)
    if options.table is not None and options.table.suffix not in (".csv", ".md"):
        raise InvalidInput(f"The table {options.table} must end in .csv or .md.")
    home, data = Home.from_environment(), options.data or plan.data
    if not data:
        raise InvalidInput("The plan names no data.", 'Add data = "..." or --data.')
    start = 0.0
    if data == shared.DEMO:
        data, start = demo_data(home, part(progress, 0.0, 0.1)), 0.1
    runs = shared.run_store(options)
    result = run_sweep(
        plan,
        SharedFolders(Path(data).absolute(), home.features, runs.root.absolute(), home.surfaces),
        scheduler=options.scheduler or os.environ.get(SCHEDULER) or None,
        workers=options.workers,
        precision=options.precision,
        progress=part(progress, start, 1.0),
    )
    opened = [runs.open(run_id) for run_id in result.runs]
    rows = [table_row(run) for run in opened]
    if options.table is not None:
        text = markdown_table(rows) if options.table.suffix == ".md" else csv_table(rows)
        with atomic_file(options.table) as draft:
            draft.write_text(text, encoding="utf-8")
    files = () if options.csv is None else write_results(opened, options.csv)
    return {
        "planned": result.planned,
        "done": len(result.done),
        "skipped": len(result.skipped),
        "failed": result.failed,
        "rows": rows,
        "files": [str(path) for path in files],
    }


def exit_status(result: dict[str, Any]) -> int:
    """Return 1 where anything of the plan could not be fitted."""
    return 1 if result["failed"] else 0


def show(result: dict[str, Any]) -> str:
    """Format for people."""
    lines = [
        f"{result['planned']} planned: {result['done']} fitted, {result['skipped']} there already, "
        f"{len(result['failed'])} failed"
    ]
    lines += [f"  {f['task']}: {f['message']} {f['hint']}".rstrip() for f in result["failed"]]
    lines += [f"  written: {path}" for path in result["files"]]
    return "\n".join([*lines, markdown_table(result["rows"])])
