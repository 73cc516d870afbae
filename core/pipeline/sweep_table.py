"""The table of a sweep's runs: every number with its n, split and weights beside it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from core.backbones import get_card
from core.encoding.scopes import SCOPE_WORDS
from core.runs import Run

COLUMNS = (
    "subject",
    "simulated",
    "recipe",
    "features",
    "weights",
    "stand_ins",
    "encoder",
    "scope",
    "n_columns",
    "n_fit",
    "split",
    "n_held_out",
    "n_vertices",
    "median_r",
    "mean_r",
    "noise_normalized",
    "validation_median_r",
    "seconds",
    "run",
)


def table_row(run: Run) -> dict[str, Any]:
    """Put one run into the table's columns.

    ``median_r`` and ``mean_r`` are over vertices, of Pearson r over the held-out images;
    ``noise_normalized`` is the challenge's score (0 to 100) over the same;
    ``validation_median_r`` is on the validation images, to choose by; ``seconds`` are for readout,
    fit and scores, without the pass through the network.
    """
    spec, overall = run.record["spec"], run.report.overall
    return {
        "subject": run.subject,
        "simulated": run.simulated,
        "recipe": run.recipe,
        "features": "; ".join(
            f"{get_card(s.backbone).title} {' + '.join(s.layers)}" for s in run.sources
        ),
        "weights": run.record["weights_label"],
        "stand_ins": "; ".join(spec["stand_ins"]),
        "encoder": run.encoder,
        "scope": SCOPE_WORDS[spec["scope"]],
        "n_columns": run.record["n_columns"],
        "n_fit": run.record["n_fit"],
        "split": run.report.split,
        "n_held_out": run.report.n_images,
        "n_vertices": overall.n,
        "median_r": overall.median_r,
        "mean_r": overall.mean_r,
        "noise_normalized": overall.noise_normalized,
        "validation_median_r": run.validation.overall.median_r,
        "seconds": round(sum(run.record["seconds"].values()), 2),
        "run": run.id,
    }


def csv_table(rows: Sequence[dict[str, Any]]) -> str:
    """Write rows as CSV; an unknown number is an empty field."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def markdown_table(rows: Sequence[dict[str, Any]]) -> str:
    """Write rows as a table for people: of a layer search the chosen layer alone."""
    lines = [
        "| recipe | features (weights) | encoder | n fit / held out | median r | mean r "
        "| noise-normalised | s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in best_of_searches(rows):
        weights = f" ({row['weights']})" if row["weights"] else ""
        ceiling = row["noise_normalized"]
        lines.append(
            f"| {row['recipe'] or row['encoder']} | {row['features']}{weights} | {row['encoder']} "
            f"| {row['n_fit']} / {row['n_held_out']} | {_number(row['median_r'], 3)} "
            f"| {_number(row['mean_r'], 3)} | {_number(ceiling, 1)} | {row['seconds']:.1f} |"
        )
    return "\n".join(lines) + "\n"


def best_of_searches(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep one row per subject and recipe: of several the best one on the validation images."""
    kept: dict[Any, dict[str, Any]] = {}
    for k, row in enumerate(rows):
        key = (row["subject"], row["recipe"]) if row["recipe"] else k
        if key not in kept or _validation(row) > _validation(kept[key]):
            kept[key] = row
    return list(kept.values())


def _validation(row: dict[str, Any]) -> float:
    value = row["validation_median_r"]
    return -1.0 if value is None else float(value)


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
