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
from dashboard.panels.brain import focus_roi
from dashboard.places import find_spot, has_rois, spot_at
from dashboard.stimulus_files import stimulus_address

_N_TOP = 6


@dataclass(frozen=True)
class Place:
    """A vertex, a voxel or a ROI of a subject, as positions in arrays over all its parts."""

    title: str
    positions: np.ndarray
    roi: str = ""


def place_on_screen(subject: Subject) -> Place | None:
    """Read the picked vertex or the ROI in focus; None if there is neither."""
    now = state.current()
    spot = find_spot(subject, now.vertex)
    if spot is not None:
        where = f" · {spot.where}" if spot.where else ""
        return Place(f"{spot.title}{where}", np.array([spot.position]))
    focus = focus_roi(now.roi)
    if focus is not None and subject.space.is_placed:
        name, side = focus
        if name in subject.parcellation.roi_names:
            positions = subject.roi_vertices(name, Hemisphere(side))
            if len(positions):
                return Place(f"{name} {side}", positions, name)
    return None


def default_place(subject: Subject) -> Place:
    """Where the panel starts: the right FFA if there is one, the first ROI present, or all."""
    names = subject.parcellation.roi_names if subject.space.is_placed else ()
    for name in ("FFA-1", *names):
        for h in (Hemisphere.RIGHT, Hemisphere.LEFT):
            if name in names:
                positions = subject.roi_vertices(name, h)
                if len(positions):
                    return Place(f"{name} {h.value}", positions, name)
    return Place(f"all {subject.space.unit}", np.arange(subject.space.n_vertices()))


def best_place(subject: Subject, run: Run) -> Place:
    """Return the best predicted vertex or voxel: where the panel starts without ROIs."""
    r = np.asarray(run.report.r)
    if not np.isfinite(r).any():
        return default_place(subject)
    spot = spot_at(subject, int(np.nanargmax(r)))
    return Place(f"{spot.title} · the best predicted", np.array([spot.position]))


def show_detail(subject: Subject, run: Run, current: tuple[str, int] | None) -> None:
    """Draw the panel for the place on screen.

    Parameters
    ----------
    current : split and row of the stimulus on screen, marked in the scatter; None without one.
    """
    start = default_place(subject) if has_rois(subject) else best_place(subject, run)
    place = place_on_screen(subject) or start
    split, rows = services.reported_images(run)
    both = services.reported_at(run.id, place.positions.astype(np.int64).tobytes())
    predicted, measured = both[0].mean(axis=1), both[1].mean(axis=1)
    words = _score_words(subject, run, place, predicted, measured)
    st.html(f'<p class="cs-title">{escape(place.title)}</p>{words}')
    here = current is not None and current[0] == split and current[1] in rows
    marked = int(np.flatnonzero(rows == current[1])[0]) if here and current else None
    figure = predicted_against_measured(
        measured, predicted, numbers=rows + 1, label=f"{split}-", marked=marked, stamp=subject.stamp
    )
    show_chart(figure, key="detail-scatter", height=236)
    st.html(_top_images(subject, run, split, rows, measured, predicted))


def _score_words(
    subject: Subject, run: Run, place: Place, predicted: np.ndarray, measured: np.ndarray
) -> str:
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
    mean_r = float(pearson_r(predicted[:, None], measured[:, None])[0])
    of_what = "ROI mean" if place.roi else "mean"
    return (
        f'<p class="cs-score"><b>r {np.nanmedian(r):.2f}</b> {attainable}<br>'
        f"median over {n:,} {subject.space.unit}, {images} · r of the {of_what} {mean_r:.2f}</p>"
    )


def _top_images(
    subject: Subject,
    run: Run,
    split: str,
    rows: np.ndarray,
    measured: np.ndarray,
    predicted: np.ndarray,
) -> str:
    strips = []
    for words, values in (("measured", measured), ("predicted", predicted)):
        best = np.argsort(values)[::-1][:_N_TOP]
        figures = "".join(
            f'<figure><img loading="lazy" alt="{split} image {rows[k] + 1}" '
            f'src="{stimulus_address(subject)}/{split}/{rows[k]}?s=96">'
            f"<figcaption>{values[k]:.1f}</figcaption></figure>"
            for k in best
        )
        strips.append(
            f'<p class="cs-note">highest <b>{words}</b>, of {len(values)} {run.report.split} '
            f'images (z)</p><div class="cs-strip">{figures}</div>'
        )
    return "".join(strips)
