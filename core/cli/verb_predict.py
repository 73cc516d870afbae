"""``predict``: responses to new images by a fitted run."""

from __future__ import annotations

import argparse
import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cortiscope.core.brain import VOXELS, Part
from cortiscope.core.cli import options as shared
from cortiscope.core.datasets import require_outside_data
from cortiscope.core.pipeline.predict import predict_images
from cortiscope.core.pipeline.results import write_numbers
from cortiscope.core.progress import Progress
from cortiscope.core.runs import Run
from cortiscope.core.stimuli import StimulusImages
from cortiscope.core.storage import atomic_file, write_array
from cortiscope.core.storage.csv_cells import plain_rows

NAME = "predict"
HELP = "Predict responses to images: lh_pred.npy and rh_pred.npy (voxels: pred.npy), float32."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument(
        "--run", required=True, metavar="ID", dest="run_id", help="its name; 'list runs' shows them"
    )
    shared.add_images(parser)
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder for what is written"
    )
    parser.add_argument(
        "--csv", action="store_true", help="write the same numbers as .csv too, and images.csv"
    )
    shared.add_runs(parser)


def run(options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Carry the verb out."""
    require_outside_data(options.out)
    fitted = shared.run_store(options).open(options.run_id)
    images = shared.images_of(options)
    predicted = predict_images(fitted, images, progress=progress)
    files = {part: f"{part.prefix}pred.npy" for part in predicted}
    for part, values in predicted.items():
        write_array(options.out / files[part], values.astype("float32"))
    written = [*files.values(), shared.write_names(options.out, images)]
    if options.csv:
        written += _write_csv(fitted, images, predicted, options.out)
    return {
        "run": fitted.id,
        "n_images": len(images),
        "images": list(images.ids),
        **shared.counts_of(fitted),
        "files": written,
        "units": fitted.conventions.units.value,
        "simulated": fitted.simulated,
    }


def _write_csv(
    fitted: Run, images: StimulusImages, predicted: Mapping[Part, np.ndarray], where: Path
) -> list[str]:
    """Write a row per image and a column per vertex, and which image is which row."""
    names = []
    for part, values in predicted.items():
        names.append(f"{part.prefix}pred.csv")
        columns = f"{part}" if part is VOXELS else f"{part} vertices"
        words = f"Predicted responses, images (rows) x {columns}; {fitted.conventions.meaning}; "
        words += fitted.title
        stamp = " (fitted to SIMULATED data)" if fitted.simulated else ""
        write_numbers(where / names[-1], values, words + stamp)
    with (
        atomic_file(where / "images.csv") as draft,
        draft.open("w", encoding="utf-8", errors="replace", newline="") as stream,
    ):
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["row", "image"])
        writer.writerows(plain_rows(enumerate(images.ids)))
    return [*names, "images.csv"]


def show(result: dict[str, Any]) -> str:
    """Format for people."""
    stamp = " (fitted to SIMULATED data)" if result["simulated"] else ""
    places = shared.places_words(result)
    return f"{result['n_images']} images, {places}: {', '.join(result['files'])}{stamp}"
