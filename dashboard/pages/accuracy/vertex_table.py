"""The best and the worst predicted vertices; a click on a row selects the vertex.

They are chosen by the validation images: of the extremes of the reported r, luck would be a part.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from cortiscope import services, state
from cortiscope.core.datasets import Subject
from cortiscope.core.evaluation import Metric, Scored
from cortiscope.core.runs import Run
from cortiscope.markup import show_title
from cortiscope.regions import redraw
from cortiscope.subject.locations import Location, unit_of

_N_ROWS = 10
_CHOSEN_BY = "validation r"


def show_extremes(
    subject: Subject, run: Run, scored: Scored, metric: Metric, *, redraws: Sequence[str] = ()
) -> None:
    """Draw both tables side by side.

    Parameters
    ----------
    scored : the run, over the vertices that are kept.
    metric : shown; it has a column of its own beside those of every report.
    redraws : the regions that follow a vertex.
    """
    chosen_by = np.where(np.isfinite(scored.report.r), run.validation.r, np.nan)
    order = np.argsort(chosen_by)  # NaN last
    defined = order[: int(np.isfinite(chosen_by).sum())]
    locations = services.locations(subject.id, subject.state)
    left, right = st.columns(2, gap="medium")
    with left:
        show_title(
            "best predicted, of {n_defined} {unit}",
            n_defined=f"{len(defined):,}",
            unit=subject.space.unit,
        )
        _table(subject, run, scored, metric, locations, defined[::-1][:_N_ROWS], "best", redraws)
    with right:
        show_title(
            "worst predicted, of {n_defined} {unit}",
            n_defined=f"{len(defined):,}",
            unit=subject.space.unit,
        )
        _table(subject, run, scored, metric, locations, defined[:_N_ROWS], "worst", redraws)


def _table(
    subject: Subject,
    run: Run,
    scored: Scored,
    metric: Metric,
    locations: list[Location],
    positions: np.ndarray,
    name: str,
    redraws: Sequence[str],
) -> None:
    report = scored.report
    r = np.asarray(report.r)
    own = [locations[k] for k in positions]
    columns: dict[str, Any] = {unit_of(subject): [location.number for location in own]}
    if subject.space.is_placed:
        columns["hemisphere"] = [location.part for location in own]
        columns["ROIs"] = [", ".join(location.rois) or "none" for location in own]
    if report.split != run.validation.split:
        columns[_CHOSEN_BY] = [float(run.validation.r[k]) for k in positions]
    columns["r"] = [float(r[k]) for k in positions]
    if metric.of_score is None:
        columns[metric.title] = [float(scored.values(metric)[k]) for k in positions]
    if report.ceiling is not None:
        columns["ceiling"] = [float(np.sqrt(report.ceiling[k])) for k in positions]
    if subject.ncsnr is not None:
        columns["ncsnr"] = [float(subject.ncsnr[k]) for k in positions]
    key = f"vertices-{name}"

    def take() -> None:
        cells = st.session_state[key].selection.cells
        if cells:
            location = own[cells[0][0]]
            state.change(vertex=location.name, roi=location.roi)
            redraw(*redraws)

    decimals = st.column_config.NumberColumn(format="%.2f", width=60)
    st.dataframe(
        columns,
        key=key,
        hide_index=True,
        height="content",
        on_select=take,
        selection_mode="single-cell",
        column_config={
            "hemisphere": st.column_config.TextColumn(width=85),
            unit_of(subject): st.column_config.NumberColumn(format="%d", width=70),
            "ROIs": st.column_config.TextColumn(width=170),
            _CHOSEN_BY: st.column_config.NumberColumn(format="%.2f", width=80),
            "r": decimals,
            metric.title: decimals,
            "ceiling": decimals,
            "ncsnr": decimals,
        },
    )
