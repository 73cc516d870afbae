"""The files of a layer search: runs that differ in network and layer alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from cortiscope.core.pipeline.results.tables import number, write_ranked, write_table
from cortiscope.core.pipeline.results.wording import network_label
from cortiscope.core.runs import Run


def searches_among(runs: Iterable[Run]) -> list[list[Run]]:
    """Group the single-layer runs whose configurations are otherwise equal, two at least."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        spec = {k: v for k, v in run.record["spec"].items() if k not in ("features", "stand_ins")}
        if len(run.record["spec"]["features"]) == 1:
            groups.setdefault(json.dumps(spec, sort_keys=True), []).append(run)
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
