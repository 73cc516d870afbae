"""``maps``: what a run knows of each vertex, as files."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import Any

import numpy as np

from cortiscope.core.brain import part_from_short
from cortiscope.core.cli import options as shared
from cortiscope.core.datasets import require_outside_data
from cortiscope.core.errors import InvalidInput, check_option
from cortiscope.core.progress import Progress
from cortiscope.core.runs.maps import MAPS, get_map, maps_of, vertex_map
from cortiscope.core.storage import atomic_file, write_array

NAME = "maps"
HELP = "Per-vertex maps of a fitted run: scores, penalty, receptive fields."
FORMATS = ("npy", "csv")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument(
        "--run", required=True, metavar="ID", dest="run_id", help="its name; 'list runs' shows them"
    )
    parser.add_argument(
        "--map",
        default="all",
        metavar="NAME,...",
        dest="maps",
        help=f"of {', '.join(MAPS)}; all that the run has without",
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
    fitted = shared.run_store(options).open(options.run_id)
    names = [name.strip() for name in options.maps.split(",") if name.strip()]
    if names == ["all"]:
        names = list(maps_of(fitted))
    if not names:
        raise InvalidInput("--map names no map.", f"Allowed: {', '.join(MAPS)}.")
    found = {name: vertex_map(fitted, name) for name in dict.fromkeys(names)}
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
    report = fitted.report
    return {
        "run": fitted.id,
        "simulated": fitted.simulated,
        **shared.counts_of(fitted),
        "files": files,
        "maps": {
            name: {
                "definition": get_map(name).definition,
                "unit": get_map(name).unit,
                "n": int(np.isfinite(values).sum()),
                "split": report.split if get_map(name).scores else "fit",
                "n_images": report.n_images if get_map(name).scores else fitted.facts.n_fit,
            }
            for name, values in found.items()
        },
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
