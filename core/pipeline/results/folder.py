"""All files of a set of runs, in a folder per subject."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cortiscope.core.pipeline.results.layer_search import searches_among, write_search
from cortiscope.core.pipeline.results.models import write_models, write_predictions
from cortiscope.core.pipeline.results.readme import write_readme
from cortiscope.core.runs import Run
from cortiscope.core.runs.spec import readable


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
            # Several searches differ in encoder, readout or split; a run's name tells them apart.
            name = "Feature_eng" if len(searches) == 1 else f"Feature_eng_{group[0].id}"
            written += write_search(group, where / name)
        if models:
            written += write_models(models, where / "Evaluation_allmodels")
            written += write_predictions(models, where / "Predictions")
        written.append(write_readme(own, searches, models, where / "README.txt"))
    return tuple(written)
