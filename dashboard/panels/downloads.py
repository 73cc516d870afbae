"""Tables as CSV files: the definition and the stamp lead as comment lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import streamlit as st

from cortiscope import services
from cortiscope.access import Action, allowed
from cortiscope.core.brain import FSAVERAGE5_VERTICES
from cortiscope.core.datasets import Subject
from cortiscope.core.runs.spec import readable
from cortiscope.core.storage.csv_cells import plain_rows


def csv_text(subject: Subject, definition: str, header: Sequence[str], rows: Iterable) -> str:
    """Write a table; simulated data say so in the first line."""
    text = io.StringIO()
    if subject.stamp:
        text.write(f"# {subject.stamp}: not measured, and not evidence about brains\n")
    text.write(f"# {' '.join(definition.split())}\n")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows(plain_rows([header, *rows]))
    return text.getvalue()


def file_name(subject: Subject, what: str, ending: str = "csv") -> str:
    """Name a download; simulated data say so there, too."""
    mark = "-SIMULATED" if subject.simulated else ""
    return f"cortiscope-{readable(subject.id)}-{what}{mark}.{ending}"


def csv_button(
    subject: Subject, label: str, what: str, write: Callable[[], str], *, ending: str = "csv"
) -> None:
    """Draw a button; the text is written only when somebody asks for it."""
    if not allowed(Action.DOWNLOAD):
        return
    st.download_button(
        label,
        data=write,
        file_name=file_name(subject, what, ending),
        mime="text/csv" if ending == "csv" else "text/plain",
        key=f"csv-{what}",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )


def place_columns(subject: Subject) -> tuple[list[str], list[tuple[object, ...]]]:
    """Return a table's first columns: header, and one row per vertex or voxel."""
    locations = services.locations(subject.id, subject.state)
    if not subject.space.is_placed:
        return ["voxel"], [(location.number,) for location in locations]
    return ["hemisphere", "vertex", "rois"], [
        (location.part, location.number, ", ".join(location.rois)) for location in locations
    ]


def numbering(subject: Subject) -> str:
    """Say what the numbers of vertices or voxels mean."""
    if not subject.space.is_placed:
        return "voxel: column of the responses, from 0"
    template = "fsaverage5" if subject.cortex().n_template == FSAVERAGE5_VERTICES else "fsaverage"
    return f"vertex: {template} number, from 0"


def rounded(values: np.ndarray) -> list[object]:
    """Return four digits each, and nothing where there is no value."""
    return [round(float(v), 4) if np.isfinite(v) else "" for v in values]


def image_mark(subject: Subject) -> str:
    """End the name of a chart's file: simulated data say so there, too."""
    return "-SIMULATED" if subject.simulated else ""
