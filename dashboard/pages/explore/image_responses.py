"""Responses to one image over all voxels or vertices, measured and predicted, without a cortex."""

from __future__ import annotations

import numpy as np

from cortiscope import state
from cortiscope.charts.histogram import Distribution, overlaid_histogram, round_bins
from cortiscope.charts.responses import predicted_against_measured
from cortiscope.charts.style import MEASURED, PREDICTED
from cortiscope.core.datasets import Subject
from cortiscope.core.evaluation import pearson_r
from cortiscope.core.runs import Run
from cortiscope.look import show_chart
from cortiscope.markup import show_note, show_title, signed
from cortiscope.panels.downloads import (
    csv_button,
    csv_text,
    image_mark,
    numbering,
    place_columns,
    rounded,
)
from cortiscope.subject.locations import find_location, unit_of
from cortiscope.subject.model_menu import model_title


def show_image_responses(
    subject: Subject,
    run: Run,
    image: str,
    measured: np.ndarray | None,
    predicted: np.ndarray,
) -> None:
    """Draw both distributions, one against the other, and offer the table.

    Parameters
    ----------
    image : its name, as in ``test-12``.
    measured, predicted : (n_vertices,); measured is None where there is none.
    """
    unit, facts = subject.space.unit, subject.conventions
    shown = [Distribution("predicted", predicted, PREDICTED)]
    if measured is not None:
        shown.insert(0, Distribution("measured", measured, MEASURED))
    low, high, width = round_bins(np.concatenate([one.values for one in shown]), 60)
    show_title("Responses of all {unit} to this image", unit=unit)
    figure = overlaid_histogram(
        shown,
        low=low,
        high=high,
        width=width,
        label=facts.label("response"),
        unit=unit,
        stamp=subject.stamp,
    )
    show_chart(figure, key=f"explore-histogram{image_mark(subject)}", height=280)
    none = "" if measured is not None else " There is no measured response to it."
    show_note(
        "{n_predicted} {unit}, image {image} ({meaning}); predicted by {model_title}.{none}",
        n_predicted=f"{len(predicted):,}",
        unit=unit,
        image=image,
        meaning=facts.meaning,
        model_title=model_title(run),
        none=none,
    )
    if measured is not None:
        _against(subject, measured, predicted)

    def table() -> str:
        header, places = place_columns(subject)
        blank = np.full(len(predicted), np.nan)
        columns = zip(
            rounded(blank if measured is None else measured), rounded(predicted), strict=True
        )
        rows = ((*place, *own) for place, own in zip(places, columns, strict=True))
        about = (
            f"responses to image {image} ({facts.meaning}); {model_title(run)}; "
            f"{numbering(subject)}"
        )
        return csv_text(
            subject, about, [*header, facts.column("measured"), facts.column("predicted")], rows
        )

    csv_button(subject, f"{unit} (CSV)", f"explore-{image}", table)


def _against(subject: Subject, measured: np.ndarray, predicted: np.ndarray) -> None:
    location = find_location(subject, state.current().vertex_name)
    figure = predicted_against_measured(
        measured,
        predicted,
        numbers=np.arange(len(measured)),
        label=f"{unit_of(subject)} ",
        marked=None if location is None else location.position,
        facts=subject.conventions,
        stamp=subject.stamp,
    )
    show_chart(figure, key=f"explore-scatter{image_mark(subject)}", height=280)
    r = float(pearson_r(predicted[:, None], measured[:, None])[0])
    known = signed(r) if np.isfinite(r) else "undefined"
    show_note(
        "One dot per {unit_of}. Pattern correlation of this image: <b>r {known}</b> over "
        "{n_measured} {unit}. One image says little about a model: its score is the "
        "correlation over images, on Accuracy.",
        unit_of=unit_of(subject),
        known=known,
        n_measured=f"{len(measured):,}",
        unit=subject.space.unit,
    )
