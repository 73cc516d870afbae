"""The files of models that were fitted beside one another, and the best one's predictions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cortiscope.core.pipeline.results.numbers import write_numbers
from cortiscope.core.pipeline.results.tables import ranked, write_ranked
from cortiscope.core.pipeline.results.wording import model_labels, one_of, stamp_of, unit_of
from cortiscope.core.runs import Run


def write_models(runs: Sequence[Run], where: Path) -> list[Path]:
    """Write r of every voxel per model, and all models ranked by validation."""
    written = []
    labels = model_labels(runs)
    for run in runs:
        path = where / f"corr_{labels[run.id]}.csv"
        words = (
            f"Pearson r of each {one_of(run)} over {run.report.n_images} {run.report.split} "
            f"images; {run.title}{stamp_of(run)}"
        )
        write_numbers(path, np.asarray(run.report.r), words)
        written.append(path)
    for name in ("mean", "median"):
        path = where / f"{name}_corr_allmodels.csv"
        written.append(write_ranked(path, runs, f"{name}_r", labels))
    return written


def write_predictions(runs: Sequence[Run], where: Path) -> list[Path]:
    """Predict the test images, if there are any, by the best model on the validation images."""
    best = ranked(runs, "median_r")[0]
    if not (best.folder / "design_test.npy").exists():
        return []
    path = where / "fmri_test_pred.csv"
    words = (
        f"Predicted responses, test images in the order of their names (rows) x {unit_of(best)} "
        f"(columns); {best.title}{stamp_of(best)}"
    )
    write_numbers(path, best.predict_rows("test", slice(None)), words)
    return [path]
