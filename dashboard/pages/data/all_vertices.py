"""All vertices at once: how mean, SD and reliability of their responses are distributed."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cortiscope import services
from cortiscope.charts.histogram import round_bins, vertex_histogram
from cortiscope.charts.theme import show_chart
from cortiscope.core.datasets import Subject
from cortiscope.core.datasets.conventions import AVERAGED
from cortiscope.panels.downloads import csv_button, csv_text, image_mark, rounded
from cortiscope.subject.locations import location_at, unit_of


def all_vertices(subject: Subject) -> None:
    """Draw how mean, SD and ncsnr are distributed over vertices."""
    units, facts = subject.space.unit, subject.conventions
    found = services.moments(subject.id, subject.fingerprint)
    st.html(f'<p class="cs-title">All {units}</p>')
    shown = [
        ("mean", facts.label("mean response"), found.mean),
        ("sd", facts.label("SD over images"), found.sd),
    ]
    if subject.ncsnr is not None:
        shown.append(("ncsnr", "ncsnr", np.asarray(subject.ncsnr)))
    for column, (name, label, values) in zip(st.columns(len(shown)), shown, strict=True):
        with column:
            low, high, width = round_bins(values, 40)
            figure = vertex_histogram(
                values,
                low=low if name == "mean" else 0.0,
                high=high,
                width=width,
                label=label,
                stamp=subject.stamp,
                unit=units,
            )
            show_chart(figure, key=f"data-{name}{image_mark(subject)}", height=190)
    constant = int((found.sd == 0).sum())
    sample = (
        f"all {found.n_all:,} training images"
        if found.n_images == found.n_all
        else f"{found.n_images:,} of {found.n_all:,} training images, spread evenly"
    )
    flat = f" {constant:,} never vary: they have no correlation." if constant else ""
    below = (
        " An SD below 1 is as it should be: averaging over repeats takes noise out of a "
        "single-trial z."
        if facts.is_single_trial_z and facts.repeats.value == AVERAGED
        else ""
    )
    st.html(
        f'<p class="cs-note">Mean and SD of each of {len(found.mean):,} {units} over {sample}.'
        f"{below}{flat}{'' if subject.ncsnr is not None else ' ncsnr is unknown here.'}</p>"
    )

    def table() -> str:
        locations = (location_at(subject, k) for k in range(len(found.mean)))
        ncsnr = np.full(len(found.mean), np.nan) if subject.ncsnr is None else subject.ncsnr
        columns = (rounded(found.mean), rounded(found.sd), rounded(np.asarray(ncsnr)))
        rows = (
            (s.part, s.number, ", ".join(s.rois), *own)
            for s, *own in zip(locations, *columns, strict=True)
        )
        header = ["hemisphere" if subject.space.is_placed else "part", unit_of(subject), "rois"]
        definition = f"mean and SD of responses over {sample} ({facts.meaning})"
        return csv_text(subject, definition, [*header, "mean", "sd", "ncsnr"], rows)

    csv_button(subject, f"all {units} (CSV)", "moments", table)
