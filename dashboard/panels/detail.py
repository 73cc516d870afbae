"""The panel of one vertex or ROI: score, ceiling, predicted against measured, top images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import NamedTuple

import numpy as np
import streamlit as st

from cortiscope import services, state
from cortiscope.charts.layer_curve import layer_curve
from cortiscope.charts.responses import measured_and_predicted, predicted_against_measured
from cortiscope.core.brain import Hemisphere
from cortiscope.core.datasets import Subject
from cortiscope.core.evaluation import pearson_r
from cortiscope.core.runs import Run
from cortiscope.look import show_chart
from cortiscope.markup import Html, html, show_html, signed
from cortiscope.navigation import link_with
from cortiscope.panels.downloads import image_mark
from cortiscope.panels.receptive_fields import show_attention, show_fields
from cortiscope.panels.selection import region_came_last, region_positions
from cortiscope.panels.stimulus import linked_pictures
from cortiscope.regions import redraw
from cortiscope.subject.locations import find_location, has_rois, location_at

_N_TOP = 6
_LAYERS = "detail-layers"


@dataclass(frozen=True)
class NamedLocations:
    """A vertex, voxel, ROI or brushed region of a subject, as positions over all its parts."""

    title: str
    positions: np.ndarray
    roi: str = ""
    is_region: bool = False


def locations_on_screen(subject: Subject) -> NamedLocations | None:
    """Read what was selected last: the brushed region, the picked vertex, the ROI in focus."""
    region = region_positions(subject) if region_came_last(subject) else None
    if region is not None and len(region):
        return NamedLocations("the brushed region", region, is_region=True)
    now = state.current()
    location = find_location(subject, now.vertex_name)
    if location is not None:
        where = f" · {location.where}" if location.where else ""
        return NamedLocations(f"{location.title}{where}", np.array([location.position]))
    focus = now.roi_name
    if focus is not None and subject.space.is_placed:
        name, side = focus
        if name in subject.parcellation.roi_names:
            positions = subject.roi_vertices(name, Hemisphere(side))
            if len(positions):
                return NamedLocations(f"{name} {side}", positions, name)
    return None


def default_locations(subject: Subject) -> NamedLocations:
    """Where the panel starts: the right FFA if there is one, the first ROI present, or all."""
    names = subject.parcellation.roi_names if subject.space.is_placed else ()
    for name in ("FFA-1", *names):
        for h in (Hemisphere.RIGHT, Hemisphere.LEFT):
            if name in names:
                positions = subject.roi_vertices(name, h)
                if len(positions):
                    return NamedLocations(f"{name} {h.value}", positions, name)
    return NamedLocations(f"all {subject.space.unit}", np.arange(subject.space.n_vertices()))


def best_locations(subject: Subject, run: Run) -> NamedLocations:
    """Return the vertex or voxel that is best on the validation images: a start without ROIs."""
    r = np.asarray(run.validation.r)
    if not np.isfinite(r).any():
        return default_locations(subject)
    location = location_at(subject, int(np.nanargmax(r)))
    return NamedLocations(
        f"{location.title} · the best on validation images", np.array([location.position])
    )


@dataclass(frozen=True)
class MeanResponses:
    """The mean responses of some locations to the images behind a run's report.

    Parameters
    ----------
    split, rows : the images; rows from 0.
    measured, predicted : (n_images,), averaged over the locations.
    marked : which of the images is on screen, or None.
    """

    locations: NamedLocations
    split: str
    rows: np.ndarray
    measured: np.ndarray
    predicted: np.ndarray
    marked: int | None

    @classmethod
    def on_screen(
        cls, subject: Subject, run: Run, current: tuple[str, int] | None
    ) -> MeanResponses:
        """Read them for the locations on screen; ``current`` is the image's split and row."""
        start = default_locations(subject) if has_rois(subject) else best_locations(subject, run)
        locations = locations_on_screen(subject) or start
        split, rows = run.reported
        measured, predicted = _means(run, subject.id, subject.state, _as_key(locations))
        found = np.flatnonzero(rows == current[1]) if current and current[0] == split else rows[:0]
        marked = int(found[0]) if found.size else None
        return cls(locations, split, rows, measured, predicted, marked)


def _as_key(locations: NamedLocations) -> bytes:
    return locations.positions.astype(np.int64).tobytes()


# What follows model and locations alone stands beside one image after another.
@lru_cache(maxsize=64)
def _means(run: Run, subject_id: str, data: str, positions: bytes) -> tuple[np.ndarray, np.ndarray]:
    predicted, measured = services.reported_at(run, services.subject(subject_id), positions)
    return measured.mean(axis=1), predicted.mean(axis=1)


def show_detail(subject: Subject, run: Run, current: tuple[str, int] | None) -> None:
    """Draw the panel for the locations on screen.

    Parameters
    ----------
    current : split and row of the stimulus on screen, marked in the scatter, in which another can
        be chosen; None without one.
    """
    shown = MeanResponses.on_screen(subject, run, current)
    title, words = shown.locations.title, _words(subject, run, shown).score
    if shown.locations.is_region:
        # Its accuracy stands above, with all else that is known of it.
        title, words = "Its mean, image by image", _mean_words(run, shown)
    show_html('<p class="cs-title">{title}</p>{words}', title=title, words=Html(words))
    _scatter(subject, shown, choice=current is not None)
    strips = Html("".join(_words(subject, run, shown).strips))
    show_html("{strips}{curve}", strips=strips, curve=_curve(run, shown))
    show_fields(subject, run, shown.locations.positions, current)
    show_attention(subject, run, shown.locations.positions, current)


def show_wide_detail(subject: Subject, run: Run) -> None:
    """Draw the same over the whole page, with both responses image by image."""
    shown = MeanResponses.on_screen(subject, run, None)
    show_html(
        '<p class="cs-title">{title}</p>{score_words}',
        title=shown.locations.title,
        score_words=Html(_words(subject, run, shown).score),
    )
    left, right = st.columns([4, 7], gap="medium")
    measured, predicted = _words(subject, run, shown).strips
    with left:
        _scatter(subject, shown)
        show_html("{strip}{curve}", strip=Html(measured), curve=_curve(run, shown))
    with right:
        figure = measured_and_predicted(
            shown.measured,
            shown.predicted,
            numbers=shown.rows + 1,
            label=f"{shown.split}-",
            facts=subject.conventions,
            stamp=subject.stamp,
        )
        show_chart(figure, key=f"detail-series{image_mark(subject)}", height=236)
        show_html(predicted)


def keep_layers(runs: Sequence[Run]) -> None:
    """Take down which runs differ from the one on screen in their layer alone.

    They are looked up once a page: another image has no time for it.
    """
    st.session_state[_LAYERS] = tuple(runs)


def _curve(run: Run, shown: MeanResponses) -> Html:
    """Return r of these locations over the layers of the network; a dot leads to its layer."""
    runs = st.session_state.get(_LAYERS, ())
    if run.id not in [one.id for one in runs]:
        return Html()
    return _curve_of(runs, run.layer, _as_key(shown.locations), shown.locations.title)


@lru_cache(maxsize=64)
def _curve_of(runs: tuple[Run, ...], layer: str, positions: bytes, title: str) -> Html:
    places = np.frombuffer(positions, np.int64)
    points, links = [], []
    for run in runs:
        r = np.asarray(run.validation.r)[places]
        if np.isfinite(r).any():
            mean = float(np.nanmean(r))
            points.append((run.layer, mean))
            links.append(link_with("", title=f"{run.layer}: r {signed(mean)}", run=run.id))
    if not (curve := layer_curve(points, layer, links)):
        return Html()
    words = html('<p class="cs-note"><b>layers</b>, {title}</p>', title=title)
    return Html(words + curve)


def _scatter(subject: Subject, shown: MeanResponses, *, choice: bool = False) -> None:
    figure = predicted_against_measured(
        shown.measured,
        shown.predicted,
        numbers=shown.rows + 1,
        label=f"{shown.split}-",
        marked=shown.marked,
        facts=subject.conventions,
        stamp=subject.stamp,
    )

    def take(number: int) -> None:
        state.change(image=state.ImageName(shown.split, number), search="")
        redraw("explore-image", "stimulus-search")

    key = f"detail-scatter{image_mark(subject)}"
    show_chart(
        figure,
        key="detail-scatter",
        height=236,
        filename=f"cortiscope-{key}",
        on_pick=take if choice else None,
    )


class _Words(NamedTuple):
    score: str
    strips: tuple[str, str]


def _words(subject: Subject, run: Run, shown: MeanResponses) -> _Words:
    is_roi = bool(shown.locations.roi)
    return _words_of(run, subject.id, subject.state, _as_key(shown.locations), is_roi)


@lru_cache(maxsize=64)
def _words_of(run: Run, subject_id: str, data: str, positions: bytes, is_roi: bool) -> _Words:  # noqa: FBT001
    subject, (split, rows) = services.subject(subject_id), run.reported
    locations = NamedLocations("", np.frombuffer(positions, np.int64), "a ROI" if is_roi else "")
    means = _means(run, subject_id, data, positions)
    shown = MeanResponses(locations, split, rows, *means, None)
    return _Words(_score_words(subject, run, shown), _top_images(subject, run, shown))


def _score_words(subject: Subject, run: Run, shown: MeanResponses) -> str:
    report, locations = run.report, shown.locations
    r = np.asarray(report.r)[locations.positions]
    n = len(locations.positions)
    images = f"{report.n_images} {report.split} images"
    if not np.isfinite(r).any():
        return '<p class="cs-score">constant responses: no correlation</p>'
    ceiling = (
        None if report.ceiling is None else np.sqrt(np.asarray(report.ceiling)[locations.positions])
    )
    attainable = "ceiling unknown" if ceiling is None else f"ceiling {ceiling.mean():.2f}"
    if n == 1:
        number = f'<p class="cs-score"><b>r {signed(r[0])}</b> {attainable}'
        return f"{number}<br>Pearson r over {images}</p>"
    of_what = "ROI mean" if locations.roi else "mean"
    return (
        f'<p class="cs-score"><b>r {signed(np.nanmean(r))}</b> {attainable}<br>'
        f"mean over {n:,} {subject.space.unit}, {images} · r of the {of_what} "
        f"{signed(_r_of_mean(shown))}, {_ceiling_of_mean(subject, run, shown)}</p>"
    )


def _ceiling_of_mean(subject: Subject, run: Run, shown: MeanResponses) -> str:
    """Say how well the mean response could be predicted: the vertices' ceilings do not say so."""
    truth = services.truth_at(subject, run, shown.locations.positions.astype(np.int64).tobytes())
    if truth is None:
        return "whose ceiling is unknown without single trials"
    best = truth.mean(axis=1)
    return f"that of the noise-free truth {signed(_r_with(best, shown.measured))}"


def _r_of_mean(shown: MeanResponses) -> float:
    return _r_with(shown.predicted, shown.measured)


def _r_with(one: np.ndarray, other: np.ndarray) -> float:
    return float(pearson_r(one[:, None], other[:, None])[0])


def _mean_words(run: Run, shown: MeanResponses) -> str:
    return (
        f'<p class="cs-score"><b>r {signed(_r_of_mean(shown))}</b> of the mean over '
        f"{len(shown.locations.positions):,} vertices, {run.report.n_images} {run.report.split} "
        "images</p>"
    )


def _top_images(subject: Subject, run: Run, shown: MeanResponses) -> tuple[str, str]:
    """Return two strips: images of the highest responses, measured and predicted; lowest folded."""
    strips = []
    for words, values in (("measured", shown.measured), ("predicted", shown.predicted)):
        order = np.argsort(values)
        high, low = (
            linked_pictures(
                subject,
                [(shown.split, int(shown.rows[k]), signed(values[k], 1)) for k in ends],
                page="",
            )
            for ends in (order[::-1][:_N_TOP], order[:_N_TOP])
        )
        strips.append(
            f'<p class="cs-note">highest <b>{words}</b>, of {len(values)} {run.report.split} '
            f"{escape(subject.conventions.label('images'))}</p>"
            f'<div class="cs-strip">{high}</div><details class="cs-more"><summary>lowest '
            f'{words}</summary><div class="cs-strip">{low}</div></details>'
        )
    measured, predicted = strips
    return measured, predicted
