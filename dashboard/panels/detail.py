"""The panel of one vertex or ROI: score, ceiling, predicted against measured, top images."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st

from core.brain import Hemisphere
from core.datasets import Subject
from core.evaluation import pearson_r
from core.runs import Run
from dashboard import services, state
from dashboard.charts.scatter import predicted_against_measured
from dashboard.charts.theme import show_chart
from dashboard.panels.brain import focus_roi, selected_vertex
from dashboard.stimulus_files import stimulus_address

_N_TOP = 6


@dataclass(frozen=True)
class Place:
    """A vertex or a ROI of a subject, as positions in arrays over both hemispheres."""

    title: str
    hemisphere: Hemisphere
    positions: np.ndarray
    roi: str = ""


def place_on_screen(subject: Subject) -> Place | None:
    """Read the picked vertex or the ROI in focus; None if there is neither."""
    now = state.current()
    vertex = selected_vertex(now.vertex)
    if vertex is not None:
        side, number = vertex
        h = Hemisphere(side)
        found = np.flatnonzero(subject.cortex().index[h] == number)
        if len(found):
            names = subject.parcellation.names_at(h, int(found[0]))
            where = f" · {', '.join(names)}" if names else " · in no ROI"
            start = subject.space.slice_of(h).start
            return Place(f"vertex {number} {side}{where}", h, found + start)
    focus = focus_roi(now.roi)
    if focus is not None and focus[0] in subject.parcellation.roi_names:
        name, side = focus
        positions = subject.roi_vertices(name, Hemisphere(side))
        if len(positions):
            return Place(f"{name} {side}", Hemisphere(side), positions, name)
    return None


def default_place(subject: Subject) -> Place:
    """Where the panel starts: the right FFA if there is one, else the first ROI present."""
    for name in ("FFA-1", *subject.parcellation.roi_names):
        for h in (Hemisphere.RIGHT, Hemisphere.LEFT):
            if name in subject.parcellation.roi_names:
                positions = subject.roi_vertices(name, h)
                if len(positions):
                    return Place(f"{name} {h.value}", h, positions, name)
    everything = np.arange(subject.space.n_vertices())
    return Place("all vertices", Hemisphere.LEFT, everything)


def show_detail(subject: Subject, run: Run, current: tuple[str, int]) -> None:
    """Draw the panel for the place on screen.

    Parameters
    ----------
    current : split and row of the stimulus on screen, marked in the scatter.
    """
    place = place_on_screen(subject) or default_place(subject)
    st.html(f'<p class="cs-title">{escape(place.title)}</p>{_score_words(run, place)}')
    if subject.test.responses is None:
        why = "The test responses of this subject are withheld"
        why = why if len(subject.test) else "This subject has no test images"
        st.caption(f"{why}: no scatter, no top images.")
        return
    measured = services.test_responses(subject.id)[:, place.positions].mean(axis=1)
    predicted = services.held_out_predictions(run.id)[:, place.positions].mean(axis=1)
    marked = current[1] if current[0] == "test" else None
    figure = predicted_against_measured(measured, predicted, marked=marked, stamp=subject.stamp)
    show_chart(figure, key="detail-scatter", height=236)
    st.html(_top_images(subject, measured, predicted))


def _score_words(run: Run, place: Place) -> str:
    report = run.report
    r = np.asarray(report.r)[place.positions]
    n = len(place.positions)
    images = f"{report.n_images} {report.split} images"
    if not np.isfinite(r).any():
        return '<p class="cs-score">constant responses: no correlation</p>'
    ceiling = (
        None if report.ceiling is None else np.sqrt(np.asarray(report.ceiling)[place.positions])
    )
    attainable = "ceiling unknown" if ceiling is None else f"ceiling {np.median(ceiling):.2f}"
    if n == 1:
        return (
            f'<p class="cs-score"><b>r {r[0]:.2f}</b> {attainable}<br>Pearson r over {images}</p>'
        )
    mean_r = _r_of_mean(run, place)
    whole = "" if mean_r is None else f" · r of the ROI mean {mean_r:.2f}"
    return (
        f'<p class="cs-score"><b>r {np.nanmedian(r):.2f}</b> {attainable}<br>'
        f"median over {n} vertices, {images}{whole}</p>"
    )


def _r_of_mean(run: Run, place: Place) -> float | None:
    subject = services.subject(run.subject)
    if subject.test.responses is None:
        return None
    measured = services.test_responses(subject.id)[:, place.positions].mean(axis=1, keepdims=True)
    predicted = services.held_out_predictions(run.id)[:, place.positions]
    return float(pearson_r(predicted.mean(axis=1, keepdims=True), measured)[0])


def _top_images(subject: Subject, measured: np.ndarray, predicted: np.ndarray) -> str:
    rows = []
    for words, values in (("measured", measured), ("predicted", predicted)):
        best = np.argsort(values)[::-1][:_N_TOP]
        figures = "".join(
            f'<figure><img loading="lazy" alt="test image {k + 1}" '
            f'src="{stimulus_address(subject)}/test/{k}?s=96">'
            f"<figcaption>{values[k]:.1f}</figcaption></figure>"
            for k in best
        )
        rows.append(
            f'<p class="cs-note">highest <b>{words}</b>, of {len(values)} test images (z)</p>'
            f'<div class="cs-strip">{figures}</div>'
        )
    return "".join(rows)
