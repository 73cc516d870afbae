"""The table of a sweep's runs: every number with its n, split and weights beside it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from cortiscope.core.backbones import card_or_name
from cortiscope.core.encoding.scopes import SCOPE_WORDS
from cortiscope.core.pipeline.results import unit_of
from cortiscope.core.runs import Run, RunSource
from cortiscope.core.storage.csv_cells import plain_cell

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
    "n_undefined",
    "mean_r",
    "mean_r_low_95",
    "mean_r_high_95",
    "median_r",
    "noise_normalized",
    "chance",
    "n_zero_ceiling",
    "challenge_score",
    "validation_median_r",
    "seconds",
    "run",
)


def table_row(run: Run) -> dict[str, Any]:
    """Put one run into the table's columns.

    ``median_r`` and ``mean_r`` are over vertices, of Pearson r over the held-out images;
    the interval of the mean is by a leave-one-stimulus-out jackknife and t; ``noise_normalized``
    (0 to 100) leaves vertices of ceiling 0 out, ``chance`` is what it would be of an r of 0,
    ``challenge_score`` keeps the challenge's rule for them;
    ``validation_median_r`` is on the validation images, to choose by; ``seconds`` are for
    reduction, fit and scores, without the pass through the network.
    """
    overall = run.report.overall
    return {
        "subject": run.subject,
        "simulated": run.simulated,
        "recipe": run.recipe,
        "features": "; ".join(
            f"{card_or_name(s.backbone).title} {' + '.join(s.layers)}" for s in run.sources
        ),
        "weights": run.facts.weights_label,
        "stand_ins": "; ".join(run.stand_ins),
        "features_short": " + ".join(_short(s) for s in run.sources),
        "weights_short": " + ".join(dict.fromkeys(s.weights["kind"] for s in run.sources)),
        "in_place_of": "; ".join(
            w.split(" for ", 1)[1].removesuffix(" (pretrained)") for w in run.stand_ins
        ),
        "scope_short": run.spec.scope.replace("_", " ")
        + (", cross-subject" if run.spec.with_subjects else ""),
        "encoder": run.regressor,
        "scope": _scope_words(run),
        "n_columns": run.facts.n_columns,
        "n_fit": run.facts.n_fit,
        "split": run.report.split,
        "n_held_out": run.report.n_images,
        "n_vertices": overall.n,
        "n_undefined": overall.n_undefined,
        "unit": unit_of(run),
        "mean_r": overall.mean_r,
        "mean_r_low_95": overall.low,
        "mean_r_high_95": overall.high,
        "median_r": overall.median_r,
        "noise_normalized": overall.noise_normalized,
        "chance": overall.chance,
        "n_zero_ceiling": overall.n_zero_ceiling,
        "challenge_score": overall.challenge_score,
        "validation_median_r": run.validation.overall.median_r,
        "seconds": round(sum(run.facts.seconds.values()), 2),
        "run": run.id,
    }


def _scope_words(run: Run) -> str:
    """Say which vertices share a model; voxels of unknown position are in no hemisphere."""
    if unit_of(run) == "voxels":
        return "one model for all voxels"
    return SCOPE_WORDS[run.spec.scope]


def _short(source: RunSource) -> str:
    card = card_or_name(source.backbone)
    title = card.title
    if len(card.layers_offered) == 1 and source.layers == tuple(card.layers_offered):
        return title
    if len(source.layers) > 2:
        return f"{title}, {len(source.layers)} layers"
    return f"{title} {' + '.join(source.layers)}"


def csv_table(rows: Sequence[dict[str, Any]]) -> str:
    """Write rows as CSV; an unknown number is an empty field."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows({k: plain_cell(v) for k, v in row.items()} for row in rows)
    return stream.getvalue()


def markdown_table(rows: Sequence[dict[str, Any]]) -> str:
    """Write rows as a table for people; of a layer search the chosen layer, with all its seconds.

    The split and what is in the columns are said above the table, since they are the same for all.
    """
    kept = best_of_searches(rows)
    simulated = "SIMULATED data. " if any(row["simulated"] for row in rows) else ""
    splits = ", ".join(sorted({f"{row['n_held_out']} {row['split']} images" for row in kept}))
    counts = ", ".join(sorted({f"{row['n_vertices']:,} {row['unit']}" for row in kept}))
    lines = [
        f"{simulated}Pearson r over {splits}; mean with its 95 % interval over images, and median, "
        f"over {counts}; noise-normalised: 0 to 100, without those of ceiling 0 (chance: what it "
        "is of an r of 0); s: reduction, fit and scores, without the pass through the network.",
        "",
        "| recipe | features | weights | in place of | regressor, scope | n fit | mean r "
        "| median r | noise-normalised (chance) | s |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in kept:
        cells = [
            row["recipe"] or row["subject"],
            row["features_short"] + (f", best of {row['searched']}" if row["searched"] > 1 else ""),
            row["weights_short"],
            row["in_place_of"] or "",
            f"`{row['encoder']}`, {row['scope_short']}",
            row["n_fit"],
            _number(row["mean_r"], 3) + _interval(row) + _without(row),
            _number(row["median_r"], 3),
            _number(row["noise_normalized"], 1) + _chance(row),
            f"{row['seconds']:.1f}",
        ]
        lines.append("| " + " | ".join(str(c) for c in cells) + " |")
    return "\n".join(lines) + "\n"


def best_of_searches(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep one row per subject and recipe: of several the best one on the validation images.

    ``searched`` counts them, and ``seconds`` are those of all.
    """
    groups: dict[Any, list[dict[str, Any]]] = {}
    for k, row in enumerate(rows):
        groups.setdefault((row["subject"], row["recipe"]) if row["recipe"] else k, []).append(row)
    found = []
    for group in groups.values():
        best: dict[str, Any] = max(group, key=_validation)
        seconds = sum(row["seconds"] for row in group)
        found.append({**best, "searched": len(group), "seconds": seconds})
    return found


def _validation(row: dict[str, Any]) -> float:
    value = row["validation_median_r"]
    return -1.0 if value is None else float(value)


def _interval(row: dict[str, Any]) -> str:
    low, high = row["mean_r_low_95"], row["mean_r_high_95"]
    return "" if low is None else f" ({_number(low, 3)} to {_number(high, 3)})"


def _without(row: dict[str, Any]) -> str:
    """Say how many vertices have no r: the mean is over the others alone."""
    return f" without {row['n_undefined']:,} constant" if row["n_undefined"] else ""


def _chance(row: dict[str, Any]) -> str:
    return "" if row["chance"] is None else f" ({_number(row['chance'], 1)})"


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
