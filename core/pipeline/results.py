"""Results as CSV files in the forms of img2brain's ``Results`` folder.

Per subject: ``Feature_eng/Corr_allvoxes/NETWORK_corr.csv``, Pearson r of every voxel (rows) by
every layer of a network (columns); ``Feature_eng/Median_corr/NETWORK_corr_median.csv``, their
medians, and ``median_corr_all_layers.csv``, all layers ranked. ``Evaluation_allmodels/
corr_MODEL.csv``, r of every voxel by one model; ``mean_corr_allmodels.csv`` and
``median_corr_allmodels.csv``, all models ranked. ``Predictions/fmri_test_pred.csv``, the test
images by the model of the largest median. ``README.txt`` says what every number is.

Not taken over: rows named after another network, numbers rounded before they are ranked, and means
and medians called by each other's name or "accuracy".
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cortiscope.core.brain import VOXELS
from cortiscope.core.config import to_plain
from cortiscope.core.encoding.predictor import LinearPredictor
from cortiscope.core.runs import Run
from cortiscope.core.runs.spec import readable
from cortiscope.core.storage import atomic_file
from cortiscope.core.storage.csv_cells import plain_rows


def write_results(runs: Sequence[Run], folder: Path) -> tuple[Path, ...]:
    """Write the files of some runs into ``folder/SUBJECT``.

    Runs that differ in network and layer alone are a layer search, all others models.

    Returns
    -------
    The files, in the order written.
    """
    written: list[Path] = []
    for subject in dict.fromkeys(run.subject for run in runs):
        own = [run for run in runs if run.subject == subject]
        where = folder / readable(subject)
        searches = searches_among(own)
        searched = {run.id for group in searches for run in group}
        models = [run for run in own if run.id not in searched]
        for group in searches:
            # Several searches differ in regressor, reduction or split, so a run's name is added.
            name = "Feature_eng" if len(searches) == 1 else f"Feature_eng_{group[0].id}"
            written += write_search(group, where / name)
        if models:
            written += write_models(models, where / "Evaluation_allmodels")
            written += write_predictions(models, where / "Predictions")
        written.append(write_readme(own, searches, models, where / "README.txt"))
    return tuple(written)


def searches_among(runs: Iterable[Run]) -> list[list[Run]]:
    """Group the single-layer runs whose configurations are otherwise equal, two at least."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        if len(run.spec.features) == 1:
            asked = to_plain(replace(run.spec, stand_ins=()))
            del asked["features"]
            groups.setdefault(json.dumps(asked, sort_keys=True), []).append(run)
    return [group for group in groups.values() if len(group) > 1]


def write_search(runs: Sequence[Run], where: Path) -> list[Path]:
    """Write r of every voxel per network, the medians per network, and all layers ranked."""
    written = []
    for network in dict.fromkeys(network_label(run) for run in runs):
        own = [run for run in runs if network_label(run) == network]
        layers = [run.layer for run in own]
        columns = np.stack([np.asarray(run.report.r) for run in own], axis=1)
        rows = ([number(value) for value in row] for row in columns.tolist())
        path = where / "Corr_allvoxes" / f"{network}_corr.csv"
        written.append(write_table(path, layers, rows))
        medians = [[run.layer, number(run.report.overall.median_r)] for run in own]
        path = where / "Median_corr" / f"{network}_corr_median.csv"
        written.append(write_table(path, ["layer", "median_r"], medians))
    path = where / "Median_corr" / "median_corr_all_layers.csv"
    return [*written, write_ranked(path, runs, "median_r")]


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


def write_readme(
    runs: Sequence[Run], searches: Sequence[Sequence[Run]], models: Sequence[Run], path: Path
) -> Path:
    """Write it for the runs of one subject."""
    first, one = runs[0], one_of(runs[0])
    lines = [
        f"Encoding models of {first.subject}{stamp_of(first)}",
        "",
        f"r: Pearson correlation between predicted and measured responses of one {one} over the "
        f"held-out images; nan where either never varies. Row k of a file of r is {one} k, "
        f"counted from 0, of {first.report.overall.n:,}.",
        f"median_r, mean_r: over the {unit_of(first)} whose r is defined; n_undefined counts the "
        "others. rank: by the same number on the validation images, validation_...; the held-out "
        "one is only reported.",
        *(f"Images: {words}." for words in sorted({_images(run) for run in runs})),
    ]
    if any(run.report.split == "validation" for run in runs):
        lines.append(
            "Test responses are not known. A layer or a model that is chosen by these numbers is "
            "chosen on the images they describe, so the best looks better than it is."
        )
    for group in searches:
        lines.append(
            f"Layer search: {len(group)} layers, {group[0].regressor}, "
            f"{reduction_words(group[0])}; not comparable with models of another number of columns."
        )
    labels = model_labels(models)
    lines += [f"{labels[run.id]}: {run.title}, {reduction_words(run)}." for run in models]
    if models:
        lines.append(
            f"Predictions: test images by {labels[ranked(models, 'median_r')[0].id]}, fitted on "
            "the fit images alone."
        )
    with atomic_file(path) as draft:
        draft.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _images(run: Run) -> str:
    return (
        f"{run.facts.n_fit:,} fitted, {run.report.n_images:,} held out "
        f"({run.report.split}); validation images by the rule {run.spec.split_rule}, "
        f"seed {run.spec.seed}"
    )


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
        row += [run.facts.weights_label, run.regressor, _penalty(run)]
        row += [number(getattr(run.validation.overall, statistic))]
        row += [number(getattr(overall, statistic)), overall.n, overall.n_undefined]
        row += [run.report.split, run.report.n_images, run.facts.n_fit]
        rows.append([*row, run.facts.n_columns, run.id])
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


def unit_of(run: Run) -> str:
    """``voxels`` or ``vertices``."""
    return "voxels" if VOXELS.short in run.n_vertices else "vertices"


def one_of(run: Run) -> str:
    """``voxel`` or ``vertex``."""
    return {"voxels": "voxel", "vertices": "vertex"}[unit_of(run)]


def stamp_of(run: Run) -> str:
    """Return the words that go on everything simulated, else nothing."""
    return " (SIMULATED data)" if run.simulated else ""


def network_label(run: Run) -> str:
    """Return a run's networks with the kind of their weights, as file names hold them."""
    names = []
    for source in run.sources:
        seed = source.weights.get("seed") or 0
        kind = source.weights["kind"]
        names.append(f"{source.backbone}-{kind}" + (f"-seed{seed}" if seed else ""))
    return readable("+".join(dict.fromkeys(names)))


def model_labels(runs: Sequence[Run]) -> dict[str, str]:
    """Name each run by its recipe or regressor; by its own name where that is another's too."""
    plain = {run.id: readable(run.recipe or run.regressor) for run in runs}
    names = list(plain.values())
    return {k: name if names.count(name) == 1 else readable(k) for k, name in plain.items()}


def reduction_words(run: Run) -> str:
    """Say how features were reduced."""
    kind = run.spec.reduction.kind.replace("_", " ")
    return f"{kind} to {run.facts.n_columns} columns"


def write_numbers(path: Path, values: np.ndarray, words: str) -> None:
    """Write (n,) or (n_rows, n_columns) floats, as many digits as float32 has; NaN as ``nan``.

    Parameters
    ----------
    words : what the numbers are, in one line.
    """
    with atomic_file(path) as draft, draft.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(f"# {' '.join(words.split())}\n")
        np.savetxt(stream, np.asarray(values), fmt="%.9g", delimiter=",")
