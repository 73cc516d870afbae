"""What runs and what they predict are called in files."""

from __future__ import annotations

from collections.abc import Sequence

from cortiscope.core.brain import VOXELS
from cortiscope.core.runs import Run
from cortiscope.core.runs.spec import readable


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
    """Name each run by its recipe or encoder; by its own name where that is another's too."""
    plain = {run.id: readable(run.recipe or run.encoder) for run in runs}
    names = list(plain.values())
    return {k: name if names.count(name) == 1 else readable(k) for k, name in plain.items()}


def readout_words(run: Run) -> str:
    """Say how features were reduced."""
    kind = str(run.record["spec"]["reduction"]["kind"]).replace("_", " ")
    return f"{kind} to {run.record['n_columns']} columns"
