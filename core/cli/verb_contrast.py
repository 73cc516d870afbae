"""``contrast``: what differs in the responses to two sets of pictures, measured and predicted."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from cortiscope.core import notebook
from cortiscope.core.cli import options as shared
from cortiscope.core.datasets import Subject, require_outside_data
from cortiscope.core.datasets.picture_sets import KINDS
from cortiscope.core.pipeline.contrast import (
    CONTROLS,
    PictureContrast,
    contrast_methods_text,
    contrast_of,
)
from cortiscope.core.pipeline.results import number, write_table
from cortiscope.core.progress import Progress
from cortiscope.core.storage import write_array, write_json

NAME = "contrast"
HELP = "Compare the responses to two sets of pictures: difference and t per vertex and ROI."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("--data", required=True, help="data folder, or 'demo'")
    parser.add_argument("--subject", metavar="ID", help="of a folder with several")
    for name in ("a", "b"):
        parser.add_argument(
            f"--{name}",
            required=True,
            metavar="SET",
            help=f"{', '.join(KINDS)}; several joined by 'and', 'not' before one takes all others: "
            "'category:indoor,street and not category:face'",
        )
    parser.add_argument(
        "--run", metavar="ID", dest="run_id", help="a model whose prediction is set beside"
    )
    parser.add_argument(
        "--control",
        default="none",
        choices=CONTROLS,
        help="gabor: partial the pictures' Gabor energy out",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="write maps there (lh.t.npy, ...), rois.csv and contrast.json",
    )
    shared.add_runs(parser)


def run(options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Carry the verb out."""
    if options.out is not None:
        require_outside_data(options.out)
    subject = shared.subject_of(options, progress)
    fitted = None
    if options.run_id:
        fitted = shared.run_store(options).open(options.run_id)
        notebook.subject_of(fitted, subject)
    found = contrast_of(
        *(subject, options.a, options.b, fitted),
        control=options.control,
        store=shared.feature_store(),
        progress=progress,
    )
    result = {
        "subject": subject.id,
        "simulated": subject.simulated,
        **found.to_json(),
        "methods": contrast_methods_text(subject, found),
    }
    if options.out is not None:
        result["files"] = _write(subject, found, result, options.out)
    return result


def _write(
    subject: Subject, found: PictureContrast, result: dict[str, Any], out: Path
) -> list[str]:
    """Write an array per map and part, the ROIs as CSV and everything else as JSON."""
    files = []
    for name, values in found.maps().items():
        for place in subject.space.parts:
            prefix = place.prefix.replace("_", ".")
            files.append(f"{prefix}{name}.npy")
            write_array(out / files[-1], values[subject.space.slice_of(place)])
    table = found.table()
    cells = [
        [number(float(v)) if isinstance(v, float) and np.isfinite(v) else v or "" for v in row]
        for row in table.astype(object).where(table.notna(), None).itertuples(index=False)
    ]
    files.append(write_table(out / "rois.csv", list(table.columns), cells).name)
    write_json(out / "contrast.json", result)
    return [*files, "contrast.json"]


def show(result: dict[str, Any]) -> str:
    """Format for people."""
    lines = [f"SIMULATED {result['subject']}"] if result["simulated"] else []
    lines += [
        f"A {result['a']}: {result['n_a']} pictures; B {result['b']}: {result['n_b']}",
        f"{result['n_significant']} vertices at q < .05",
        *([f"No prediction: {result['lacks']}."] if result["lacks"] else []),
        "          ROI   A - B        q   predicted   measured, held out",
    ]
    for side, rois in result["rois"].items():
        for roi, own in rois.items():
            q = "" if own["q"] is None else f"{own['q']:.1e}"
            lines.append(
                f"{side} {roi:>10} {_words(own['measured'])} {q:>8}     "
                f"{_words(own['predicted'])}     {_words(own['held_out'])}"
            )
    return "\n".join(lines)


def _words(value: float | None) -> str:
    return " " * 7 if value is None else f"{value:+7.3f}"
