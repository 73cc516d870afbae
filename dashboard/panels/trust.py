"""How far a vertex's value can be relied on, and how large a prediction should be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st

from cortiscope import services
from cortiscope.core.runs import Run
from cortiscope.cortex_view import CortexMap
from cortiscope.markup import signed

CEILING = "noise ceiling, r"
HELD_OUT = "held-out r of the model"


def reliability_of(run: Run, *, of_scores: bool = False) -> tuple[np.ndarray, str] | None:
    """Return (n_vertices,) 0 to 1 and what it is, or None where nothing is known.

    The square root of the noise ceiling, which knows no prediction; where that is unknown, the
    model's own r on held-out images, negative ones as 0. Scores are not faded by themselves, so
    ``of_scores`` leaves the second out.
    """
    report = run.report
    if report.ceiling is not None:
        return np.sqrt(np.asarray(report.ceiling)), CEILING
    if of_scores:
        return None
    return np.clip(np.nan_to_num(np.asarray(report.r)), 0, 1), HELD_OUT


# Vertices whose spread is measured, evenly over all: their median does not need more.
_N_SPREAD = 2000
# A ratio of SDs this near to r is taken for it.
_NEAR = 0.05


def spread_words(run: Run) -> str:
    """Say how large this model's predictions are beside the measured responses, and should be.

    The linear prediction of least squared error has r times the SD of what it predicts.
    """
    r, ratio = _spread(run.id)
    if not np.isfinite(r):
        return "Neither predicted nor measured responses vary, so their sizes cannot be compared."
    if ratio > r + _NEAR:
        verdict = (
            "this one is larger than it should be: the map promises more than the model delivers"
        )
    elif ratio < r - _NEAR:
        verdict = "this one is smaller than it could be: the map looks paler than it has to"
    else:
        verdict = "so it looks paler on one scale, since the rest is noise or beyond the model"
    return (
        f"Over {run.report.n_images} {run.report.split} images this model’s predictions have "
        f"{ratio:.2f} of the measured SD, with r {signed(r)} (medians over "
        f"vertices). The best size for an r is r times the measured SD; {verdict}."
    )


@st.cache_data(show_spinner=False, max_entries=256)
def _spread(run_id: str) -> tuple[float, float]:
    """Return the medians of r and of SD predicted / SD measured over some vertices."""
    run = services.run(run_id)
    r = np.asarray(run.report.r)
    defined = np.flatnonzero(np.isfinite(r))
    if not len(defined):
        return float("nan"), float("nan")
    places = defined[:: max(1, len(defined) // _N_SPREAD)].astype(np.int64)
    predicted, measured = services.reported_at(run, services.subject(run.subject), places.tobytes())
    ratio = predicted.std(axis=0) / measured.std(axis=0)
    return float(np.median(r[places])), float(np.median(ratio))


def with_reliability(
    maps: Sequence[CortexMap], run: Run, *, of_scores: bool = False
) -> list[CortexMap]:
    """Return maps that the viewer's colour menu can fade by reliability; off at first."""
    known = reliability_of(run, of_scores=of_scores)
    if known is None:
        return list(maps)
    reliability, label = known
    return [replace(m, reliability=reliability, reliability_label=label) for m in maps]
