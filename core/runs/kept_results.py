"""Statistics that were computed once, kept beside the run they are of.

``kept/NAME.json`` in the run's folder holds what ``evaluate`` says, with the seal of it, and of
the maps beside it. It is no part of the run: what is damaged, or of other code, data or scores,
is computed again and takes its place.
"""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from cortiscope.core.errors import CoreError
from cortiscope.core.evaluation import Computed, Metric, Scored, compute, is_built_in
from cortiscope.core.runs.run import Run
from cortiscope.core.storage import write_array, write_json
from cortiscope.core.storage.content import combined, seal

KEPT_FOLDER = "kept"
"""In the folder of a run."""


def kept_or_computed(metric: Metric, models: Sequence[Scored], *, keep: bool = True) -> Computed:
    """Return a metric of runs: as it was kept, or computed now, and kept.

    Parameters
    ----------
    models : whole runs; of several the first one's folder keeps it.
    keep : whether anything may be written. Where nothing can be, nothing is said of it.
    """
    found = read_kept(metric, models)
    if found is None:
        found = compute(metric, models)
        if keep:
            with contextlib.suppress(CoreError):
                _write(metric, models, found)
    return found


def read_kept(metric: Metric, models: Sequence[Scored]) -> Computed | None:
    """Return what was kept of these runs as they are; None where nothing is, or it is damaged."""
    place = _place(metric, models)
    if place is None:
        return None
    with contextlib.suppress(OSError, ValueError, TypeError, LookupError, RecursionError):
        kept = json.loads(place.read_text(encoding="utf-8"))
        said = kept["said"]
        if kept["of"] != _identity(metric, models) or kept["seal"] != _seal(said):
            return None
        maps = {}
        for name, own in kept["maps"].items():
            data = _beside(place, name).read_bytes()
            if seal(data) != own:
                return None
            maps[name] = np.load(io.BytesIO(data), allow_pickle=False)
        return Computed(said, maps)
    return None


def _write(metric: Metric, models: Sequence[Scored], found: Computed) -> None:
    place = _place(metric, models)
    if place is None:
        return
    said = json.loads(json.dumps(found.said))
    seals = {}
    for name, values in found.maps.items():
        write_array(_beside(place, name), values)
        seals[name] = seal(_beside(place, name).read_bytes())
    # Last: whoever finds it finds what it names.
    of = _identity(metric, models)
    write_json(place, {"of": of, "said": said, "seal": _seal(said), "maps": seals})


def _place(metric: Metric, models: Sequence[Scored]) -> Path | None:
    """Return where it is kept; None of what could be something else the next time."""
    runs = [one.model for one in models]
    whole = all(isinstance(run, Run) for run in runs)
    worth = metric.shape != "vertex" and is_built_in(metric)
    if not whole or not worth or any(one.keep is not None for one in models):
        return None
    first, *others = [run for run in runs if isinstance(run, Run)]
    among = f"-{combined([run.id for run in others])[:12]}" if others else ""
    return first.folder / KEPT_FOLDER / f"{metric.name}{among}.json"


def _beside(place: Path, name: str) -> Path:
    return place.with_name(f"{place.stem}.{name}.npy")


def _identity(metric: Metric, models: Sequence[Scored]) -> str:
    """Return a digest of all that it was computed from."""
    parts = [metric.name, _code()]
    for one in models:
        assert isinstance(one.model, Run) and one.subject is not None  # noqa: S101, PT018 - _place
        arrays = json.dumps(one.model.record.get("arrays"), sort_keys=True)
        scores = np.asarray(one.report.r, dtype=np.float64).tobytes()
        parts += [one.model.id, arrays, one.subject.state, seal(scores)]
    return combined(parts)


def _seal(said: Any) -> str:
    return seal(json.dumps(said, sort_keys=True).encode())


@cache
def _code() -> str:
    """Return a digest of the code that fits and scores: another may give other numbers."""
    core = Path(__file__).parents[1]
    files = [*(core / "encoding").rglob("*.py"), *(core / "evaluation").rglob("*.py")]
    return combined([seal(path.read_bytes()) for path in sorted(files)])
