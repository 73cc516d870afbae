"""``maps``: what a run knows of each vertex, or several together, as files."""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cortiscope.core.brain import part_from_short
from cortiscope.core.cli import options as shared
from cortiscope.core.datasets import require_outside_data
from cortiscope.core.errors import InvalidInput, check_option, unknown_name
from cortiscope.core.evaluation import ARITIES, METRICS, MODELS_MAPS, Metric, best_set_of
from cortiscope.core.notebook.scores import scored_runs
from cortiscope.core.progress import Progress
from cortiscope.core.runs import Run
from cortiscope.core.runs.kept_results import kept_or_computed
from cortiscope.core.runs.maps import MAPS, get_map, maps_of, vertex_map
from cortiscope.core.storage import atomic_file, write_array

NAME = "maps"
HELP = "Per-vertex maps of a fitted run, or of several: scores, penalty, fields, which is best."
FORMATS = ("npy", "csv")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument(
        "--run",
        required=True,
        action="append",
        metavar="ID",
        dest="run_ids",
        help="its name; 'list runs' shows them. Several (again) for the maps they have together, "
        "of layers early before late",
    )
    parser.add_argument(
        "--data",
        type=Path,
        help="data folder, for the maps of several (default: the demo, and those of "
        "CORTISCOPE_DATA)",
    )
    parser.add_argument(
        "--map",
        default="all",
        metavar="NAME,...",
        dest="maps",
        help=f"of {', '.join(MAPS)}; of several runs {', '.join(MODELS_MAPS)}; all there are "
        f"without. Computed where they are named: {_computed_words()}",
    )
    parser.add_argument(
        "--format",
        default="npy",
        metavar="|".join(FORMATS),
        dest="form",
        help="npy: an array per map and hemisphere, rows are the subject's vertices; csv: a table "
        "per hemisphere, a column per map, empty where a vertex has no value",
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for what is written"
    )
    shared.add_runs(parser)


def run(options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Carry the verb out."""
    check_option("--format", options.form, FORMATS)
    require_outside_data(options.out)
    store = shared.run_store(options)
    runs = [store.open(run_id) for run_id in options.run_ids]
    fitted = runs[0]
    names = [name.strip() for name in options.maps.split(",") if name.strip()]
    if not names:
        known = MAPS if len(runs) == 1 else MODELS_MAPS
        raise InvalidInput("--map names no map.", f"Allowed: {', '.join([*known, *_computed()])}.")
    if names == ["all"]:
        names = list(maps_of(fitted) if len(runs) == 1 else MODELS_MAPS)
    names = list(dict.fromkeys(names))
    found = _of_statistics(runs, names, options.data, progress)
    others = [name for name in names if name not in found]
    if len(runs) == 1:
        found |= {name: vertex_map(fitted, name) for name in others}
    elif others:
        found |= _of_several(runs, others, options.data)
    found = {name: found[name] for name in names}
    counts = fitted.n_vertices
    edges = np.cumsum([0, *counts.values()]).tolist()
    files = []
    for part, start, stop in zip(counts, edges[:-1], edges[1:], strict=True):
        prefix = part_from_short(part).prefix.replace("_", ".")
        own = {name: values[start:stop] for name, values in found.items()}
        if options.form == "npy":
            for name, values in own.items():
                files.append(f"{prefix}{name}.npy")
                write_array(options.out / files[-1], values)
        else:
            files.append(f"{prefix}maps.csv")
            _write_table(options.out / files[-1], own)
    return {
        "run": fitted.id,
        **({} if len(runs) == 1 else {"runs": [own.id for own in runs]}),
        "simulated": fitted.simulated,
        **shared.counts_of(fitted),
        "files": files,
        "maps": {
            name: {**_about(name, fitted), "n": int(np.isfinite(values).sum())}
            for name, values in found.items()
        },
    }


def _computed() -> dict[str, Metric]:
    """Return the maps that are computed with a statistic, by name."""
    return {name: metric for metric in METRICS.values() for name in metric.maps}


def _computed_words() -> str:
    found = (m for m in METRICS.values() if m.maps)
    return "; ".join(f"{', '.join(m.maps)} ({m.name}: {ARITIES[m.arity]})" for m in found)


def _of_statistics(
    runs: Sequence[Run], names: Sequence[str], data: Path | None, progress: Progress
) -> dict[str, np.ndarray]:
    """Compute the statistics that some of the maps come with, or read what was kept of them."""
    wanted = {name: own for name, own in _computed().items() if name in names}
    if not wanted:
        return {}
    models = scored_runs(runs, data)
    found: dict[str, np.ndarray] = {}
    for metric in {own.name: own for own in wanted.values()}.values():
        progress(len(found) / len(wanted), metric.title)
        maps = kept_or_computed(metric, models).maps
        for name in wanted:
            if name not in metric.maps:
                continue
            if name not in maps:
                raise InvalidInput(
                    f"There is no map {name} of voxels of unknown position.",
                    "'cortiscope evaluate' gives the numbers per ROI.",
                )
            found[name] = np.asarray(maps[name], np.float32)
    return found


def _of_several(
    runs: Sequence[Run], names: Sequence[str], data: Path | None
) -> dict[str, np.ndarray]:
    """Return the maps that several runs of a subject have together, by name."""
    for name in names:
        if name not in MODELS_MAPS:
            raise unknown_name("map of several runs", name, [*MODELS_MAPS, *_computed()])
    best = best_set_of(scored_runs(runs, data))
    return {name: np.asarray(MODELS_MAPS[name].of(best), np.float32) for name in names}


def _about(name: str, run: Run) -> dict[str, Any]:
    """Say what the numbers of a map are, and of which images."""
    report = run.report
    if name in _computed():
        return {
            "definition": _computed()[name].maps[name],
            "unit": "",
            "split": report.split,
            "n_images": report.n_images,
        }
    together = MODELS_MAPS.get(name)
    own = get_map(name) if together is None else together
    of_report = together is not None or get_map(name).scores
    return {
        "definition": own.definition,
        "unit": "" if together is not None else get_map(name).unit,
        "split": report.split if of_report else "fit",
        "n_images": report.n_images if of_report else run.facts.n_fit,
    }


def _write_table(path: Path, maps: dict[str, np.ndarray]) -> None:
    """Write a row per vertex and a column per map."""
    with atomic_file(path) as draft, draft.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["vertex", *maps])
        for k, values in enumerate(zip(*maps.values(), strict=True)):
            writer.writerow([k, *("" if np.isnan(v) else f"{v:.7g}" for v in values)])


def show(result: dict[str, Any]) -> str:
    """Format for people."""
    lines = ["SIMULATED data"] if result["simulated"] else []
    for name, own in result["maps"].items():
        unit = f", {own['unit']}" if own["unit"] else ""
        lines.append(
            f"{name}: {own['definition']}{unit} ({own['n']} vertices; {own['n_images']} "
            f"{own['split']} images)"
        )
    return "\n".join([*lines, ", ".join(result["files"])])
