"""The best and the worst predicted vertices; a click on a row selects the vertex."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st

from core.datasets import Subject
from core.evaluation import Evaluation
from dashboard import state
from dashboard.panels.downloads import vertex_places

_N_ROWS = 10


def show_extremes(subject: Subject, report: Evaluation) -> None:
    """Draw both tables side by side."""
    r = np.asarray(report.r)
    order = np.argsort(r)  # NaN last
    defined = order[: int(np.isfinite(r).sum())]
    places = vertex_places(subject)
    left, right = st.columns(2, gap="medium")
    with left:
        st.html(f'<p class="cs-title">best predicted, of {len(defined):,} vertices</p>')
        _table(subject, report, places, defined[::-1][:_N_ROWS], "best")
    with right:
        st.html(f'<p class="cs-title">worst predicted, of {len(defined):,} vertices</p>')
        _table(subject, report, places, defined[:_N_ROWS], "worst")


def _table(
    subject: Subject,
    report: Evaluation,
    places: list[tuple[str, int, str]],
    positions: np.ndarray,
    name: str,
) -> None:
    r = np.asarray(report.r)
    columns: dict[str, Any] = {
        "hemisphere": [places[k][0] for k in positions],
        "vertex": [places[k][1] for k in positions],
        "ROIs": [places[k][2] or "none" for k in positions],
        "r": [float(r[k]) for k in positions],
    }
    if report.ceiling is not None:
        columns["ceiling"] = [float(np.sqrt(report.ceiling[k])) for k in positions]
    if subject.ncsnr is not None:
        columns["ncsnr"] = [float(subject.ncsnr[k]) for k in positions]
    key = f"vertices-{name}"

    def take() -> None:
        cells = st.session_state[key].selection.cells
        if cells:
            side, number, rois = places[positions[cells[0][0]]]
            first = rois.split(", ")[0]
            state.change(vertex=f"{side}~{number}", roi=f"{first}~{side}" if first else "")

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
            "vertex": st.column_config.NumberColumn(format="%d", width=70),
            "ROIs": st.column_config.TextColumn(width=170),
            "r": decimals,
            "ceiling": decimals,
            "ncsnr": decimals,
        },
    )
