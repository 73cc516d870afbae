"""How far a vertex's value can be relied on, for fading a map towards the cortex."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core.runs import Run
from dashboard.cortex_view import CortexMap

CEILING = "noise ceiling, r"
HELD_OUT = "held-out r of the encoder"


def reliability_of(run: Run, *, of_scores: bool = False) -> tuple[np.ndarray, str] | None:
    """Return (n_vertices,) 0 to 1 and what it is, or None where nothing is known.

    The square root of the noise ceiling, which knows no prediction; where that is unknown, the
    encoder's own r on held-out images, negative ones as 0. Scores are not faded by themselves, so
    ``of_scores`` leaves the second out.
    """
    report = run.report
    if report.ceiling is not None:
        return np.sqrt(np.asarray(report.ceiling)), CEILING
    if of_scores:
        return None
    return np.clip(np.nan_to_num(np.asarray(report.r)), 0, 1), HELD_OUT


def with_reliability(
    maps: Sequence[CortexMap], run: Run, *, of_scores: bool = False
) -> list[CortexMap]:
    """Return maps that the viewer's colour menu can fade by reliability; off at first."""
    known = reliability_of(run, of_scores=of_scores)
    if known is None:
        return list(maps)
    reliability, label = known
    return [replace(m, reliability=reliability, reliability_label=label) for m in maps]
