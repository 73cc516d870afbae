"""Tables of runs, ranked by one number, with all that the number depends on beside it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cortiscope.core.encoding.predictor import LinearPredictor
from cortiscope.core.pipeline.results.wording import one_of, unit_of
from cortiscope.core.runs import Run
from cortiscope.core.storage import atomic_file
from cortiscope.core.storage.csv_cells import plain_rows


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Path:
    """Write a CSV table with a header row."""
    with atomic_file(path) as draft, draft.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerows(plain_rows([header, *rows]))
    return path


def write_ranked(
    path: Path, runs: Sequence[Run], statistic: str, labels: Mapping[str, str] | None = None
) -> Path:
    """Write runs with their held-out ``median_r`` or ``mean_r``, ranked by that of validation.

    Parameters
    ----------
    labels : what a run is called, by its name; adds a column.
    """
    header = ["rank", *(["model"] if labels else []), "network", "layer", "weights", "encoder"]
    header += [
        "penalty",
        f"validation_{statistic}",
        statistic,
        f"n_{unit_of(runs[0])}",
        "n_undefined",
        "split",
        "n_images",
    ]
    header += ["n_fit", "n_columns", "run"]
    rows = []
    for rank, run in enumerate(ranked(runs, statistic), 1):
        overall = run.report.overall
        networks = "+".join(source.backbone for source in run.sources)
        row: list[Any] = [rank, *([labels[run.id]] if labels else []), networks, run.layer]
        row += [run.record["weights_label"], run.encoder, _penalty(run)]
        row += [number(getattr(run.validation.overall, statistic))]
        row += [number(getattr(overall, statistic)), overall.n, overall.n_undefined]
        row += [run.report.split, run.report.n_images, run.record["n_fit"]]
        rows.append([*row, run.record["n_columns"], run.id])
    return write_table(path, header, rows)


def ranked(runs: Sequence[Run], statistic: str) -> list[Run]:
    """Sort runs from the best on the validation images down; an undefined one is last.

    Never by the reported images: of the best by those, they would say too much.
    """

    def key(run: Run) -> float:
        value = getattr(run.validation.overall, statistic)
        return np.inf if value is None else -value

    return sorted(runs, key=key)


def number(value: float | None) -> str:
    """Write a number unrounded, as exactly as a float32 is; ``nan`` where it is undefined."""
    return "nan" if value is None else f"{value:.9g}"


def _penalty(run: Run) -> str:
    """Return the penalty that was chosen; words where each voxel has its own."""
    if not isinstance(run.fitted, LinearPredictor) or run.fitted.alpha is None:
        return ""
    chosen = np.unique(run.fitted.alpha)
    return f"{chosen[0]:.6g}" if len(chosen) == 1 else f"one per {one_of(run)}"
