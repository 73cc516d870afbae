"""``predict``: responses to new images by a fitted run."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.cli import options as shared
from core.pipeline.predict import predict_images
from core.progress import Progress
from core.storage import write_array

NAME = "predict"
HELP = "Predict responses to images: lh_pred.npy and rh_pred.npy (voxels: pred.npy), float32."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("--run", required=True, metavar="ID", dest="run_id")
    parser.add_argument("--images", nargs="+", required=True, metavar="DIR_OR_FILES")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    shared.add_runs(parser)


def run(options: argparse.Namespace, progress: Progress) -> dict[str, Any]:
    """Carry the verb out."""
    fitted = shared.run_store(options).open(options.run_id)
    images = shared.images_of(options.images)
    predicted = predict_images(fitted, images, progress=progress)
    files = {part: f"{part.prefix}pred.npy" for part in predicted}
    for part, values in predicted.items():
        write_array(options.out / files[part], values.astype("float32"))
    return {
        "run": fitted.id,
        "n_images": len(images),
        **shared.counts_of(fitted),
        "files": list(files.values()),
        "simulated": fitted.simulated,
    }


def show(result: dict[str, Any]) -> str:
    """Format for people."""
    stamp = " (fitted to SIMULATED data)" if result["simulated"] else ""
    places = shared.places_words(result)
    return f"{result['n_images']} images, {places}: {', '.join(result['files'])}{stamp}"
