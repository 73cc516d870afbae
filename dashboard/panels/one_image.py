"""One image over all vertices: how the measured responses to it are distributed."""

from __future__ import annotations

import numpy as np
import streamlit as st

from cortiscope.charts.histogram import round_bins, vertex_histogram
from cortiscope.core.datasets import Subject
from cortiscope.look import show_chart
from cortiscope.markup import as_text, html, show_html, show_note, show_title
from cortiscope.navigation import link_with
from cortiscope.panels.data_words import moments_words
from cortiscope.panels.downloads import csv_button, csv_text, image_mark, rounded
from cortiscope.panels.stimulus import StimulusChoice
from cortiscope.stimulus_files import stimulus_address
from cortiscope.subject.locations import location_at, unit_of


def show_image_over_vertices(subject: Subject, stimulus: StimulusChoice) -> None:
    """Draw how the measured responses to one image are distributed over vertices."""
    unit, units, facts = unit_of(subject), subject.space.unit, subject.conventions
    show_title("One image over all {units}", units=units)
    split = subject.split(stimulus.split)
    picture, chart = st.columns([2, 7], gap="medium")
    caption, kinds = stimulus.note.caption, ", ".join(stimulus.note.categories)
    with picture:
        show_html(
            '{picture}<p class="cs-note"><b>{name}</b> ({file}){caption}{kinds}</p>',
            picture=link_with(
                html(
                    '<img class="cs-photo" alt="{words}" src="{base}/{split}/{row}?s=320">',
                    words=caption or stimulus.name,
                    base=stimulus_address(subject),
                    split=stimulus.split,
                    row=stimulus.row,
                ),
                page="",
                title="Show on the cortex, on Explore",
                image=stimulus.name,
            ),
            name=stimulus.name,
            file=split.images.ids[stimulus.row],
            caption=html("<br>{words}", words=caption) if caption else "",
            kinds=html("<br>{words}", words=kinds) if kinds else "",
        )
    with chart:
        if split.responses is None:
            st.caption(f"{as_text(_why_none(subject))}: choose a training image in the gallery.")
            return
        values = split.response_rows(np.array([stimulus.row]))[0]
        low, high, width = round_bins(values, 60)
        figure = vertex_histogram(
            values,
            low=low,
            high=high,
            width=width,
            label=facts.label(f"measured response to {stimulus.name}"),
            stamp=subject.stamp,
            unit=units,
        )
        show_chart(figure, key=f"data-image-histogram{image_mark(subject)}", height=230)
        repeats = split.repeats
        shown = "" if repeats is None else f" Average of {repeats[stimulus.row]} trials."
        show_note(
            "{moments_words}{shown}",
            moments_words=moments_words(values, units, facts),
            shown=shown,
        )

        def table() -> str:
            locations = (location_at(subject, k) for k in range(len(values)))
            rows = (
                (s.part, s.number, ", ".join(s.rois), v)
                for s, v in zip(locations, rounded(values), strict=True)
            )
            definition = f"measured responses to image {stimulus.name} ({facts.meaning})"
            header = ["hemisphere" if subject.space.is_placed else "part", unit, "rois"]
            return csv_text(subject, definition, [*header, facts.column("response")], rows)

        csv_button(subject, "this image (CSV)", f"{stimulus.name}-responses", table)


def _why_none(subject: Subject) -> str:
    why = subject.conventions.why_no_test_scores or "there are no responses to this image"
    return why[0].upper() + why[1:]
