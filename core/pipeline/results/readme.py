"""What every number of the files is: its definition, n and split."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cortiscope.core.pipeline.results.tables import ranked
from cortiscope.core.pipeline.results.wording import (
    model_labels,
    one_of,
    readout_words,
    stamp_of,
    unit_of,
)
from cortiscope.core.runs import Run
from cortiscope.core.storage import atomic_file


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
            "chosen on the images they are about: of the best, they say too much."
        )
    for group in searches:
        lines.append(
            f"Layer search: {len(group)} layers, {group[0].encoder}, {readout_words(group[0])}; "
            "not comparable with models of another number of columns."
        )
    labels = model_labels(models)
    lines += [f"{labels[run.id]}: {run.title}, {readout_words(run)}." for run in models]
    if models:
        lines.append(
            f"Predictions: test images by {labels[ranked(models, 'median_r')[0].id]}, fitted on "
            "the fit images alone."
        )
    with atomic_file(path) as draft:
        draft.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def _images(run: Run) -> str:
    spec = run.record["spec"]
    rule = spec.get("split_rule", "random")
    return (
        f"{run.record['n_fit']:,} fitted, {run.report.n_images:,} held out "
        f"({run.report.split}); validation images by the rule {rule}, seed {spec['seed']}"
    )
