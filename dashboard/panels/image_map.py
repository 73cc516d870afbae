"""Images as a map: the subject's pictures placed by responses, by patterns, or by a layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from cortiscope import services, state
from cortiscope.address_bar import LINK_CLASS
from cortiscope.core.datasets import Subject
from cortiscope.core.datasets.picture_sets import set_of_names
from cortiscope.core.evaluation import compute_rdm, map_images
from cortiscope.core.evaluation.report import images_of
from cortiscope.core.runs import Run
from cortiscope.markup import as_text, show_note
from cortiscope.panels.detail import (
    NamedLocations,
    best_locations,
    default_locations,
    locations_on_screen,
)
from cortiscope.panels.downloads import csv_button
from cortiscope.panels.roi_responses import roi_places
from cortiscope.panels.stimulus import ChosenPictures, chosen_pictures, keep_set
from cortiscope.regions import redraw, region
from cortiscope.stimulus_files import stimulus_address
from cortiscope.stimulus_gallery import GalleryPick, MapAxis, PlacedPictures, picture_map
from cortiscope.subject.locations import has_rois
from cortiscope.subject.model_menu import model_title

# More pictures cover each other; what is drawn of more is said.
_MOST = 1000
_KEY = "explore-map"
_WAYS = {
    "responses": "measured and predicted mean of what is selected",
    "rois": "measured means of two ROIs",
    "patterns": "measured patterns of what is selected (scaling of their RDM)",
    "layer": "the layer on screen (its first two principal components)",
}


@dataclass(frozen=True)
class _Map:
    """A map with what it is made of; ``n`` pictures there are, of which some are drawn."""

    placed: PlacedPictures
    words: str
    n: int


@region(_KEY)
def show_images_as_map(subject: Subject, run: Run | None) -> None:
    """Offer the pictures as a map; nothing is computed before it is opened."""
    if run is None or not st.toggle("Images as a map", key=f"{_KEY}-open"):
        return
    ways = [way for way in _WAYS if way != "rois" or len(_rois(subject)) > 1]
    left, right = st.columns([5, 3], vertical_alignment="bottom")
    way = left.selectbox("placed by", ways, format_func=_WAYS.__getitem__, key=f"{_KEY}-way")
    selected = locations_on_screen(subject) or (
        default_locations(subject) if has_rois(subject) else best_locations(subject, run)
    )
    with right:
        made = _made(subject, run, way, selected)
    if made is None:
        return
    _draw(subject, made)
    few = "" if made.n == len(made.placed.pictures) else f" {len(made.placed.pictures)} are drawn."
    show_note("{words}{few} Wheel: larger. Click: that picture.", words=made.words, few=few)
    _show_set(subject)


def _made(subject: Subject, run: Run, way: str, selected: NamedLocations) -> _Map | None:
    if way == "layer":
        return _by_layer(subject, run)
    if way == "rois":
        return _by_rois(subject)
    if way == "patterns":
        return _by_patterns(subject, run, selected)
    return _by_responses(subject, run, selected)


def _sampled(n: int) -> np.ndarray:
    """Return which of n pictures are drawn: all, or so many at equal steps."""
    return np.unique(np.linspace(0, n - 1, min(_MOST, n)).astype(int))


def _reported(
    subject: Subject, run: Run, where: NamedLocations
) -> tuple[list[tuple[str, int]], np.ndarray, np.ndarray, str, int]:
    """Return pictures, measured and predicted (n_drawn, n_positions), and what they are."""
    split, rows = run.reported
    rows = np.arange(len(subject.split(split)))[rows]
    drawn = _sampled(len(rows))
    key = where.positions.astype(np.int64).tobytes()
    predicted, measured = services.reported_at(run, subject, key)
    pictures = [(split, int(row)) for row in rows[drawn]]
    what = f"{len(rows):,} {images_of(run.report, subject)}"
    return pictures, measured[drawn], predicted[drawn], what, len(rows)


def _by_responses(subject: Subject, run: Run, where: NamedLocations) -> _Map:
    pictures, measured, predicted, what, n = _reported(subject, run, where)
    facts = subject.conventions
    axes = (
        MapAxis(facts.label(f"measured, {where.title}"), "measured"),
        MapAxis(facts.label("predicted"), "predicted"),
    )
    points = np.stack([measured.mean(axis=1), predicted.mean(axis=1)], axis=1)
    words = (
        f"{what}, by the mean response of {where.title}: measured, and predicted by "
        f"{model_title(run)}."
    )
    return _Map(_placed(pictures, points, axes), words, n)


def _by_patterns(subject: Subject, run: Run, where: NamedLocations) -> _Map | None:
    if len(where.positions) < 2:
        show_note("A pattern needs at least two vertices: select a ROI or brush a region.")
        return None
    pictures, measured, _, what, n = _reported(subject, run, where)
    rdm = compute_rdm(measured)
    axes = MapAxis("first dimension"), MapAxis("second dimension")
    words = (
        f"{what}: near each other where the measured patterns over {where.title} are alike "
        "(1 − r, classical scaling to two dimensions)."
    )
    return _Map(_placed(pictures, map_images(rdm, rdm)[0], axes), words, n)


def _by_layer(subject: Subject, run: Run) -> _Map:
    splits = [split for split in (subject.test, subject.train) if len(split)]
    every = [(split.name, row) for split in splits for row in range(len(split))]
    drawn = _sampled(len(every))
    points = _components(run.id, tuple(split.name for split in splits))[:, :2]
    axes = MapAxis("first principal component"), MapAxis("second principal component")
    words = (
        f"All {len(every):,} images of {subject.id}, by what {model_title(run)} reads of them: "
        "the first two principal components of its stored design."
    )
    return _Map(_placed([every[k] for k in drawn], points, axes), words, len(every))


@st.cache_data(show_spinner="Placing the pictures …", max_entries=32)
def _components(run_id: str, splits: tuple[str, ...]) -> np.ndarray:
    """Return (n_drawn, 2) of the images of some splits, one after another, by their design."""
    run = services.run(run_id)
    parts = [run.array(f"design_{name}") for name in splits]
    drawn, starts = _sampled(sum(map(len, parts))), np.cumsum([0, *map(len, parts)])
    rows = np.concatenate(
        [
            np.asarray(part[drawn[(drawn >= low) & (drawn < low + len(part))] - low], float)
            for part, low in zip(parts, starts[:-1], strict=True)
        ]
    )
    centred = rows - rows.mean(axis=0)
    # By the products of images, of which there are fewer than a design has columns.
    values, vectors = np.linalg.eigh(centred @ centred.T)
    return vectors[:, ::-1][:, :2] * np.sqrt(np.maximum(values[::-1][:2], 0))


def _rois(subject: Subject) -> list[state.RoiName]:
    return [
        state.RoiName(place.roi, place.hemisphere.value)
        for place in roi_places(subject)
        if len(place.vertices)
    ]


def _by_rois(subject: Subject) -> _Map | None:
    rois = _rois(subject)
    focus = state.current().roi_name
    first = focus if focus in rois else rois[0]
    others = [roi for roi in rois if roi != first]
    second = st.selectbox(
        "other ROI", others, format_func=lambda roi: as_plain(roi), key=f"{_KEY}-other"
    )
    known = [s for s in (subject.test, subject.train) if len(s) and s.responses is not None]
    if not known:
        show_note("There are no measured responses.")
        return None
    every = [(split.name, row) for split in known for row in range(len(split))]
    drawn = [every[k] for k in _sampled(len(every))]
    points = _means_of(subject.id, subject.state, (first, second), tuple(drawn))
    a, b = as_plain(first), as_plain(second)
    label = subject.conventions.label
    axes = MapAxis(label(f"measured, {a}"), a), MapAxis(label(f"measured, {b}"), b)
    words = f"{len(every):,} images, by the measured mean response of {a} and of {b}."
    corners = (f"{b} only", "both", "neither", f"{a} only")
    return _Map(_placed(drawn, points, axes, corners), words, len(every))


def as_plain(roi: state.RoiName) -> str:
    """Return a ROI's name in words."""
    return f"{roi.name} {roi.hemisphere}"


@st.cache_data(show_spinner="Reading responses …", max_entries=32)
def _means_of(
    subject_id: str,
    data: str,
    rois: tuple[state.RoiName, state.RoiName],
    pictures: tuple[tuple[str, int], ...],
) -> np.ndarray:
    """Return the measured means (n_pictures, 2) of two ROIs; pictures of one split together."""
    subject = services.subject(subject_id)
    held = {(place.roi, place.hemisphere.value): place.vertices for place in roi_places(subject)}
    means = []
    for name in dict.fromkeys(split for split, _ in pictures):
        rows = np.array([row for split, row in pictures if split == name])
        responses = subject.split(name).rows_on_disk(rows)
        means.append(np.stack([responses[:, held[roi]].mean(axis=1) for roi in rois], axis=1))
    return np.concatenate(means)


def _placed(
    pictures: list[tuple[str, int]],
    points: np.ndarray,
    axes: tuple[MapAxis, MapAxis],
    corners: tuple[str, str, str, str] | None = None,
) -> PlacedPictures:
    """Leave out what has no place: responses that are unknown."""
    points = np.asarray(points, float)
    known = np.isfinite(points).all(axis=1)
    own = [picture for picture, is_known in zip(pictures, known, strict=True) if is_known]
    return PlacedPictures(own, points[known], axes, corners)


def _draw(subject: Subject, made: _Map) -> None:
    placed, kept = made.placed, chosen_pictures(subject)
    if not placed.pictures:
        show_note("No picture has a known response here.")
        return

    def take(picked: GalleryPick) -> None:
        state.change(image=state.ImageName(picked.split, picked.number + 1), search="")
        redraw("explore-image", "stimulus-search")

    def encircle(indices: list[int]) -> None:
        name = kept.name if kept else "encircled"
        keep_set(ChosenPictures(subject.id, name, tuple(placed.pictures[k] for k in indices)))
        state.change(search="")
        redraw("explore-image", "stimulus-search", _KEY)

    picture_map(
        placed,
        key=f"{_KEY}-pictures",
        base_url=stimulus_address(subject),
        captions=[_caption(subject, *picture) for picture in placed.pictures],
        link=(LINK_CLASS, "?image={name}&search="),
        chosen=[k for k, p in enumerate(placed.pictures) if kept and p in kept.held],
        words=made.words,
        stamp=subject.stamp,
        on_pick=take,
        on_lasso=encircle,
    )


def _caption(subject: Subject, split: str, row: int) -> str:
    notes = subject.split(split).notes
    return (notes[row].caption or ", ".join(notes[row].categories))[:120] if notes else ""


def _show_set(subject: Subject) -> None:
    """Name the set that was encircled, and offer it as a file of names."""
    if (kept := chosen_pictures(subject)) is None:
        return
    name, count, save, drop = st.columns([3, 3, 3, 2], vertical_alignment="center")
    key = f"{_KEY}-name-{len(kept.pictures)}-{kept.name}"

    def rename() -> None:
        words = " ".join(st.session_state[key].split())[:60]
        if words:
            keep_set(ChosenPictures(kept.subject, words, kept.pictures))
        redraw("stimulus-search", _KEY)

    def forget() -> None:
        keep_set(None)
        redraw("explore-image", "stimulus-search", _KEY)

    name.text_input(
        "name of the set", kept.name, key=key, label_visibility="collapsed", on_change=rename
    )
    count.caption(as_text(f"{len(kept.pictures)} pictures, shown in the gallery"))
    with save:
        csv_button(subject, "names (text)", "picture-set", lambda: set_text(kept), ending="txt")
    drop.button("forget the set", key=f"{_KEY}-forget", type="tertiary", on_click=forget)


def set_text(kept: ChosenPictures) -> str:
    """Write a set as a file that verbs read as one (``core.datasets.picture_sets``)."""
    names = [str(state.ImageName(split, row + 1)) for split, row in kept.pictures]
    return f"# {kept.name}: {len(names)} pictures of {kept.subject}\n{set_of_names(names)}"
