"""``evaluate``: registered metrics and statistics of fitted runs (``list metrics``)."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cortiscope.core.cli import options as shared
from cortiscope.core.datasets import require_outside_data
from cortiscope.core.errors import InvalidInput
from cortiscope.core.evaluation import METRICS, Metric, Scored, get_metric
from cortiscope.core.notebook.scores import scored_runs
from cortiscope.core.progress import Progress
from cortiscope.core.runs import Run
from cortiscope.core.runs.kept_results import kept_or_computed
from cortiscope.core.storage import atomic_file

NAME = "evaluate"
HELP = "Metrics and statistics of fitted runs, over everything and per ROI."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument(
        "--run", required=True, action="append", metavar="ID", dest="run_ids", help="several: again"
    )
    parser.add_argument(
        "--what", required=True, metavar="NAME,...", help="'list metrics' shows all"
    )
    parser.add_argument(
        "--data", type=Path, help="data folder (default: the demo, and those of CORTISCOPE_DATA)"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="write each as DIR/NAME.json too")
    shared.add_runs(parser)


def run(options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Carry the verb out."""
    wanted = [get_metric(name.strip()) for name in options.what.split(",") if name.strip()]
    if not wanted:
        raise InvalidInput("--what names no statistic.", f"Allowed: {', '.join(METRICS)}.")
    store = shared.run_store(options)
    runs = [store.open(run_id) for run_id in options.run_ids]
    if options.out is not None:
        require_outside_data(options.out)
    models = scored_runs(runs, options.data)
    found = {}
    for k, metric in enumerate(wanted):
        progress(k / len(wanted), metric.title)
        found[metric.name] = _result(metric, models, runs)
        if options.out is not None:
            options.out.mkdir(parents=True, exist_ok=True)
            with atomic_file(options.out / f"{metric.name}.json") as draft:
                draft.write_text(json.dumps(found[metric.name], indent=1), encoding="utf-8")
    return {
        "runs": [own.id for own in runs],
        "simulated": any(own.simulated for own in runs),
        "results": found,
    }


def _result(metric: Metric, models: Sequence[Scored], runs: Sequence[Run]) -> dict[str, Any]:
    """Compute one member; what is of one model is computed of each, the first one leading."""
    if metric.arity != "one" or len(models) == 1:
        return kept_or_computed(metric, models).said
    each = {
        own.id: kept_or_computed(metric, [one]).said for own, one in zip(runs, models, strict=True)
    }
    return {**each[runs[0].id], "runs": each}


def show(result: dict[str, Any]) -> str:
    """Format for people."""
    lines = ["SIMULATED data"] if result["simulated"] else []
    for name, own in result["results"].items():
        n = "" if own["n_images"] is None else f"{own['n_images']} "
        lines.append(f"{name}: {own['definition']} ({n}{own['split']} images)")
        lines.append(f"  everything: {_words(own['all'])}")
        for side, rois in own["rois"].items():
            lines += [f"  {side} {roi}: {_words(value)}" for roi, value in rois.items()]
    return "\n".join(lines)


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{k} {_words(v)}" for k, v in value.items() if v is not None)
    if isinstance(value, list):
        return " ".join(map(_words, value))
    if isinstance(value, float):
        # A p of 2e-7 is not 0.
        return f"{value:.1e}" if 0 < abs(value) < 0.0005 else f"{value:.3f}"
    return str(value)
