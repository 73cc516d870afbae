"""A contrast in numbers: ROI by ROI as a chart or a table, files, methods and code."""

from __future__ import annotations

import shlex
from functools import partial

import numpy as np
import streamlit as st

from cortiscope import state
from cortiscope.access import Action, allowed
from cortiscope.core.datasets import Subject
from cortiscope.core.evaluation.metrics import WHOLE
from cortiscope.core.pipeline.contrast import DEFINITION, PictureContrast, contrast_methods_text
from cortiscope.core.pipeline.methods import references
from cortiscope.core.runs import Run
from cortiscope.markup import as_text, p_words, signed
from cortiscope.panels.downloads import csv_button, csv_text, numbering, place_columns, rounded
from cortiscope.panels.methods import opening_lines
from cortiscope.panels.roi_responses import RoiPlace, roi_places, rows_as_csv, take_roi
from cortiscope.regions import region
from cortiscope.roi_chart import Axis, Mark, RoiRow, Series, roi_chart

PLACES = ("lab-contrast-brain", "lab-contrast-rois")
"""The regions that follow a ROI that is picked."""


@region("lab-contrast-rois")
def show_rois(subject: Subject, found: PictureContrast) -> None:
    """Draw the chart of ROIs, or the table."""
    if not roi_places(subject):
        return
    chart, table = st.tabs(["chart", "table"], key="lab-rois-tab", on_change="rerun")
    if table.open:
        numbers = found.table().drop(columns=["df"])
        table.dataframe(numbers, hide_index=True, height=420)
        return
    with chart:
        _chart(subject, found)


def _chart(subject: Subject, found: PictureContrast) -> None:
    paired = found.predicted is not None
    rows = [_row(found, place) for place in roi_places(subject)]
    ends = [e for row in rows for m in row.marks if m for e in (m.low, m.high) if e is not None]
    low, high = min([0.0, *ends]), max([0.1, *ends])
    images = f" over {found.images}" if paired else " over all pictures of both sets"
    definition = (
        f"Mean response of the ROI to A ({found.a}) less that to B ({found.b}){images}, with its "
        "95 % t interval over pictures; the tooltip has the difference over all pictures, with p "
        "and q."
    )
    names = ["measured", "predicted"] if paired else ["measured"]
    marks = {"measured": "dot", "predicted": "ring"}
    roi_chart(
        rows,
        [Series(name, role=name, mark=marks[name]) for name in names],
        Axis(
            "A − B",
            subject.conventions.unit,
            float(np.floor(10 * low) / 10),
            float(np.ceil(10 * high) / 10),
        ),
        key="lab-rois",
        height=320,
        title="A − B in each ROI",
        definition=definition,
        stamp=subject.stamp,
        focus=state.current().roi_name,
        on_pick=partial(take_roi, redraws=PLACES),
        csv=rows_as_csv(rows, names, f"{subject.stamp} {definition}".strip()),
    )


def _row(found: PictureContrast, place: RoiPlace) -> RoiRow:
    roi, group, title, colour, h, vertices = place
    own = found.of((roi, h.value))
    names = ["measured"] if found.predicted is None else ["held_out", "predicted"]
    marks: list[Mark | None] = [None] * len(names)
    note = ""
    if own is not None and own["p"] is not None:
        note = (
            f"all pictures: {signed(own['measured'], plus=True)}, p {p_words(own['p'])}, "
            f"q {p_words(own['q'])}"
        )
        ends = [("", "") if name == "measured" else (name, "_") for name in names]
        marks = [
            Mark(own[name], own[f"{start}{dash}low"], own[f"{start}{dash}high"])
            if own[f"{start}{dash}low"] is not None
            else None
            for name, (start, dash) in zip(names, ends, strict=True)
        ]
    return RoiRow(roi, group, title, colour, h.value, len(vertices), tuple(marks), None, note)


def show_downloads(subject: Subject, found: PictureContrast) -> None:
    """Offer ROIs and vertices as files."""
    about = f"A: {found.a}; B: {found.b}; {DEFINITION}"

    def rois() -> str:
        table = found.table()
        rows = table.astype(object).where(table.notna(), None).itertuples(index=False)
        return csv_text(subject, about, list(table.columns), rows)

    def vertices() -> str:
        header, places = place_columns(subject)
        maps = found.maps()
        numbers = zip(*(rounded(own) for own in maps.values()), strict=True)
        rows = ((*place, *own) for place, own in zip(places, numbers, strict=True))
        return csv_text(subject, f"{about}; {numbering(subject)}", [*header, *maps], rows)

    if found.of(WHOLE) is not None:
        csv_button(subject, "ROIs (CSV)", "lab-contrast-rois", rois)
    unit = subject.space.unit
    csv_button(subject, f"{unit} (CSV)", f"lab-contrast-{unit}", vertices)


def show_methods_and_verb(subject: Subject, run: Run | None, found: PictureContrast) -> None:
    """Offer the paragraph for a paper, the code for a notebook and the line for a shell."""
    with st.popover("Methods", key="lab-contrast-methods"):
        text = contrast_methods_text(subject, found)
        st.write(as_text(text))
        st.caption(as_text(references(text)))
    with st.popover("Show the code", key="lab-contrast-code"):
        model = "" if run is None else ", model"
        control = ', control="gabor"' if found.control != "none" else ""
        st.code(
            opening_lines(subject, run)
            + f"found = cs.contrast(subject, {found.a!r}, {found.b!r}{model}{control})\n"
            "table = found.table()  # ROI by ROI\n"
            "t = found.maps()['t']  # (n_vertices,)\n",
            language="python",
        )
        where = str(subject.folder.parent) if allowed(Action.PATHS) else "DATA"
        words = ["--data", where, "--subject", subject.id, "--a", found.a, "--b", found.b]
        words += [] if run is None else ["--run", run.id]
        words += ["--control", "gabor"] if found.control != "none" else []
        st.code(f"cortiscope contrast {shlex.join(words)} --out DIR", language="bash")
