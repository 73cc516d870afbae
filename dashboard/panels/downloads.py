"""Tables as CSV files: the definition and the stamp lead as comment lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import streamlit as st

from core.brain import HEMISPHERES
from core.datasets import Subject


def csv_text(subject: Subject, definition: str, header: Sequence[str], rows: Iterable) -> str:
    """Write a table; simulated data say so in the first line."""
    text = io.StringIO()
    if subject.stamp:
        text.write(f"# {subject.stamp}: made by a computer, no evidence about brains\n")
    text.write(f"# {definition}\n")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def file_name(subject: Subject, what: str, ending: str = "csv") -> str:
    """Name a download; simulated data say so there, too."""
    mark = "-SIMULATED" if subject.simulated else ""
    return f"cortiscope-{subject.id}-{what}{mark}.{ending}"


def csv_button(subject: Subject, label: str, what: str, write: Callable[[], str]) -> None:
    """Draw a button; the text is written only when somebody asks for it."""
    st.download_button(
        label,
        data=write,
        file_name=file_name(subject, what),
        mime="text/csv",
        key=f"csv-{what}",
        on_click="ignore",
        type="tertiary",
        icon=":material/download:",
    )


def vertex_places(subject: Subject) -> list[tuple[str, int, str]]:
    """Return hemisphere, template vertex and ROIs of every vertex, left hemisphere first."""
    places = []
    for h in HEMISPHERES:
        held: dict[int, list[str]] = {}
        for roi in subject.parcellation.roi_names:
            for k in subject.parcellation.vertices(roi, h):
                held.setdefault(int(k), []).append(roi)
        places += [
            (h.value, int(number), ", ".join(held.get(k, ())))
            for k, number in enumerate(subject.cortex().index[h])
        ]
    return places


def rounded(values: np.ndarray) -> list[object]:
    """Return four digits each, and nothing where there is no value."""
    return [round(float(v), 4) if np.isfinite(v) else "" for v in values]


def image_mark(subject: Subject) -> str:
    """End the name of a chart's file: simulated data say so there, too."""
    return "-SIMULATED" if subject.simulated else ""
