"""A prediction for one picture over all voxels or vertices, without a cortex."""

from __future__ import annotations

from html import escape

import numpy as np

from cortiscope import services
from cortiscope.charts.histogram import Distribution, overlaid_histogram, round_bins
from cortiscope.charts.style import PREDICTED, QUIET
from cortiscope.core.datasets import Subject
from cortiscope.core.datasets.describe import spread_rows
from cortiscope.core.evaluation import percentile_among
from cortiscope.core.runs import Run
from cortiscope.look import show_chart
from cortiscope.markup import Html, show_html, show_note, signed
from cortiscope.panels.downloads import (
    csv_button,
    csv_text,
    image_mark,
    numbering,
    place_columns,
    rounded,
)
from cortiscope.subject.model_menu import model_title


def show_distribution(subject: Subject, run: Run, picture: str, predicted: np.ndarray) -> None:
    """Draw the prediction over voxels, and those of images that the model was not fitted on."""
    others, which = services.reference_predictions(run.id)
    unit, facts = subject.space.unit, subject.conventions
    low, high, width = round_bins(predicted, 60)
    usual = others[spread_rows(len(others), 200)]
    # On average over images, so that both outlines count the same voxels.
    counted = np.sort(usual, axis=1).mean(axis=0) if len(usual) else np.empty(0)
    shown = [
        Distribution(picture, predicted, PREDICTED),
        Distribution(f"the {which} on average", counted, QUIET),
    ]
    figure = overlaid_histogram(
        shown,
        low=min(low, float(counted.min())) if len(counted) else low,
        high=max(high, float(counted.max())) if len(counted) else high,
        width=width,
        label=facts.label("predicted response"),
        unit=unit,
        stamp=subject.stamp,
    )
    show_chart(figure, key=f"photo-histogram{image_mark(subject)}", height=330)
    show_note(
        "{n_predicted} {unit}, {meaning}; {model_title}. The other outline: the predictions "
        "for {n_usual} {which}, each sorted over the {unit}, then averaged over the images.",
        n_predicted=f"{len(predicted):,}",
        unit=unit,
        meaning=facts.meaning,
        model_title=model_title(run),
        n_usual=len(usual),
        which=which,
    )


def show_spread(subject: Subject, run: Run, picture: str, predicted: np.ndarray) -> None:
    """Say where the prediction's mean and spread lie among those for other images."""
    others, which = services.reference_predictions(run.id)
    unit, stated = subject.space.unit, subject.conventions
    if not len(others):
        return
    facts = []
    for name, meaning, own, usual in (
        ("mean", escape(stated.label("predicted response")), predicted.mean(), others.mean(axis=1)),
        ("SD", escape(stated.label(f"over {unit}")), predicted.std(), others.std(axis=1)),
    ):
        percentile = percentile_among(own, usual)
        facts.append(
            f"<dt>{signed(own)}</dt><dd><b>{name}</b> {meaning}; higher than for "
            f"{percentile:.0f} % of {len(others)} {which}</dd>"
        )
    locations = services.locations(subject.id, subject.state)
    strongest = ", ".join(
        f"{locations[k].title} {signed(predicted[k])}" for k in np.argsort(predicted)[::-1][:6]
    )
    show_html(
        '<p class="cs-title">The prediction over all {unit}</p><dl '
        'class="cs-facts">{listed}</dl><p class="cs-note">{label}: {strongest}. {stamp}</p>',
        unit=unit,
        listed=Html("".join(facts)),
        label=stated.label("Predicted highest"),
        strongest=strongest,
        stamp=subject.stamp,
    )

    def table() -> str:
        header, places = place_columns(subject)
        rows = ((*place, value) for place, value in zip(places, rounded(predicted), strict=True))
        about = (
            f"prediction for {picture} ({stated.meaning}); {model_title(run)}; {numbering(subject)}"
        )
        return csv_text(subject, about, [*header, stated.column("predicted")], rows)

    csv_button(subject, f"{unit} (CSV)", "photo-prediction", table)
