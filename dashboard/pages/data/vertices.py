"""The responses themselves: all vertices at once, and one over all images."""

from __future__ import annotations

from html import escape

import numpy as np
import streamlit as st

from cortiscope import services, state
from cortiscope.charts.histogram import round_bins, vertex_histogram
from cortiscope.charts.responses import response_series
from cortiscope.core.datasets import Split, Subject
from cortiscope.core.datasets.conventions import AVERAGED
from cortiscope.look import show_chart
from cortiscope.markup import show_html, show_note, show_title, signed
from cortiscope.panels.data_words import SPLIT_WORDS, moments_words
from cortiscope.panels.downloads import csv_button, csv_text, file_name, image_mark, rounded
from cortiscope.panels.stimulus import StimulusChoice, linked_pictures
from cortiscope.regions import draw_again
from cortiscope.subject.locations import Location, find_location, location_at, unit_of


def show_all_vertices(subject: Subject) -> None:
    """Draw how mean, SD and ncsnr are distributed over vertices."""
    units, facts = subject.space.unit, subject.conventions
    found = services.moments(subject.id, subject.fingerprint)
    show_title("All {units}", units=units)
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
        " An SD below 1 is expected: averaging over repeats takes noise out of a single-trial z."
        if facts.is_single_trial_z and facts.repeats.value == AVERAGED
        else ""
    )
    show_note(
        "Mean and SD of each of {n_mean} {units} over {sample}.{below}{flat}{unknown}",
        n_mean=f"{len(found.mean):,}",
        units=units,
        sample=sample,
        below=below,
        flat=flat,
        unknown="" if subject.ncsnr is not None else " ncsnr is unknown here.",
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


_N_TOP = 6


def show_vertex_over_images(subject: Subject, stimulus: StimulusChoice) -> None:
    """Draw the responses of one vertex to all images of a split, and how they are distributed."""
    unit, facts = unit_of(subject), subject.conventions
    show_title("One {unit} over all images", unit=unit)
    location = _pick_location(subject)
    split = _with_responses(subject, stimulus.split)
    responses = services.responses_at(
        subject.id, subject.fingerprint, split.name, location.position
    )
    chart, side = st.columns([7, 4], gap="medium")
    with chart:
        marked = stimulus.row if stimulus.split == split.name else None
        _series(subject, split, responses, marked)
        show_note(
            "{moments_words} {location_words} In the order of the rows, not necessarily that in "
            "which the images were shown. Click a dot to go to its image.",
            moments_words=moments_words(responses, "images", facts),
            location_words=_location_words(subject, location),
        )

        def table() -> str:
            definition = (
                f"responses of {location.title} to the {SPLIT_WORDS[split.name]} images "
                f"({facts.meaning})"
            )
            rows = zip(split.images.ids, rounded(responses), strict=True)
            numbered = ((f"{split.name}-{k}", *row) for k, row in enumerate(rows, start=1))
            return csv_text(
                subject, definition, ["image", "id", facts.column("response")], numbered
            )

        csv_button(
            subject, f"this {unit} (CSV)", f"{split.name}-{location.part}-{location.number}", table
        )
    with side:
        low, high, width = round_bins(responses, 40)
        figure = vertex_histogram(
            responses,
            low=low,
            high=high,
            width=width,
            label=facts.label(f"response of {location.title}"),
            stamp=subject.stamp,
            unit="images",
        )
        show_chart(figure, key=f"data-vertex{image_mark(subject)}", height=200)
        show_html(_extremes(subject, split, responses))


def _with_responses(subject: Subject, asked: str) -> Split:
    """Return the split asked for, or the other one where it has no responses."""
    split = subject.split(asked)
    return split if split.responses is not None else subject.train


def _pick_location(subject: Subject) -> Location:
    """Draw the choice of a vertex and return it; it is in the address."""
    found = find_location(subject, state.current().vertex_name)
    location = found or location_at(subject, _first_position(subject))
    space, unit = subject.space, unit_of(subject)
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        part = location.part
        if space.is_placed:
            part = (
                st.segmented_control(
                    "hemisphere",
                    [str(p) for p in space.parts],
                    default=location.part,
                    required=True,
                    # A new widget for a vertex chosen elsewhere: the old one remembers its own.
                    key=f"data-side-{subject.id}-{location.name}",
                )
                or location.part
            )
        number = st.number_input(
            f"{unit} number, from 0",
            min_value=0,
            value=location.number,
            step=1,
            width=190,
            key=f"data-number-{subject.id}-{location.name}",
        )
        if (part, number) != (location.part, location.number):
            _go_to(_nearest(subject, part, int(number)))
        if st.button("Random", key="data-random-vertex", icon=":material/shuffle:"):
            position = int(np.random.default_rng().integers(space.n_vertices()))
            _go_to(location_at(subject, position))
        if subject.ncsnr is not None and st.button(
            "Most reliable", key="data-best-vertex", help="The highest ncsnr of all."
        ):
            _go_to(location_at(subject, int(np.nanargmax(subject.ncsnr))))
    return location


def _go_to(location: Location) -> None:
    state.change(vertex=location.name, roi=location.roi)
    draw_again()


def _nearest(subject: Subject, part: str, number: int) -> Location:
    """Return the vertex of a hemisphere with the nearest number: the subject has some only."""
    space = subject.space
    own = next(p for p in space.parts if p == part)
    start = space.slice_of(own).start
    if not space.is_placed:
        return location_at(subject, start + min(number, space.n_vertices(own) - 1))
    numbers = subject.cortex().index[own]  # type: ignore[index]
    if not len(numbers):
        return location_at(subject, 0)
    return location_at(subject, start + int(np.argmin(np.abs(numbers - number))))


def _first_position(subject: Subject) -> int:
    """Where to start: the most reliable vertex where reliability is known, else the first."""
    return 0 if subject.ncsnr is None else int(np.nanargmax(subject.ncsnr))


def _location_words(subject: Subject, location: Location) -> str:
    words = [location.title[0].upper() + location.title[1:]]
    if location.where:
        words.append(location.where)
    if subject.ncsnr is not None:
        words.append(f"ncsnr {subject.ncsnr[location.position]:.2f}")
    return ", ".join(words) + "."


def _series(subject: Subject, split: Split, responses: np.ndarray, marked: int | None) -> None:
    figure = response_series(
        responses,
        split=split.name,
        marked=marked,
        captions=[note.caption for note in split.notes],
        facts=subject.conventions,
        stamp=subject.stamp,
    )
    show_chart(
        figure,
        key=f"data-series-{subject.id}-{split.name}",
        height=290,
        filename=file_name(subject, "vertex-over-images", "").rstrip("."),
        on_pick=lambda number: state.change(image=state.ImageName(split.name, number)),
    )


def _extremes(subject: Subject, split: Split, responses: np.ndarray) -> str:
    order = np.argsort(responses)  # NaN last
    order = order[np.isfinite(responses[order])]
    rows = []
    for words, best in (("highest", order[::-1][:_N_TOP]), ("lowest", order[:_N_TOP])):
        figures = linked_pictures(
            subject, [(split.name, int(k), signed(responses[k], 1)) for k in best]
        )
        rows.append(
            f'<p class="cs-note"><b>{words}</b> of {len(order):,} '
            f"{escape(subject.conventions.label(SPLIT_WORDS[split.name] + ' images'))}</p>"
            f'<div class="cs-strip">{figures}</div>'
        )
    return "".join(rows)
