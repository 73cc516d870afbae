"""Your image: a photograph, the cortex it is predicted to drive, and why."""

from __future__ import annotations

from html import escape
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image
from streamlit.delta_generator import DeltaGenerator

from cortiscope import services, state
from cortiscope.access import Action, allowed
from cortiscope.core.datasets import Subject
from cortiscope.core.errors import CoreError
from cortiscope.core.evaluation import novelty_of_looks
from cortiscope.core.pipeline.picture import (
    BY_FEATURES,
    BY_LOOKS,
    feature_novelty,
    looks_to_compare,
    nearest_of_run,
    novelty_words,
    reference_images,
)
from cortiscope.core.runs import Run
from cortiscope.cortex_view import CortexMap
from cortiscope.errors import errors_on_page
from cortiscope.markup import Html, show_html, show_note, signed
from cortiscope.navigation import Page, link_with
from cortiscope.pages.your_image.occlusion import OCCLUSION_GRID, show_occlusion
from cortiscope.pages.your_image.photograph import (
    as_cut,
    choose_photograph,
    data_url,
    own_photographs,
    show_changes,
)
from cortiscope.pages.your_image.prediction import show_distribution, show_spread
from cortiscope.pages.your_image.rois import Beside, show_percentiles, show_place, show_sentence
from cortiscope.panels.brain import (
    response_scale,
    show_brain,
    show_no_cortex,
)
from cortiscope.panels.methods import opening_lines, show_methods_and_code, show_simulation_note
from cortiscope.panels.sidebar import pick_model, pick_subject
from cortiscope.panels.stimulus import linked_pictures
from cortiscope.panels.trust import with_reliability
from cortiscope.regions import region
from cortiscope.subject.locations import has_rois
from cortiscope.subject.model_menu import model_title
from cortiscope.work.photographs import Photograph, as_seen
from cortiscope.work.picture_worker import design_of, first_guesses, looks_of, seen_of

# What follows the vertex or ROI that is selected.
_PLACES = ("photo-brain", "photo-rois", "photo-place", "photo-occlusion")


def render() -> None:
    """Draw the page."""
    subject = pick_subject()
    head, choice = st.sidebar.container(), st.sidebar.container()
    run = pick_model(subject, head)
    _photograph(subject, run, choice)
    show_simulation_note(subject, key="photo")


@region("photo")
def _photograph(subject: Subject, run: Run, choice: DeltaGenerator) -> None:
    """Draw the choice of a photograph, into ``choice``, and all that follows it."""
    with choice:
        original = choose_photograph(subject)
    if original is None:
        return
    photograph = as_cut(original)
    beside = Beside.of(subject, run, photograph)
    design, residual = _design(run.id, str(photograph.path))
    predicted = run.fitted.predict(design[None])[0]
    picture, brain = st.container(key="photo-head").columns([2, 7], gap="medium")
    with picture:
        _picture(subject, run, photograph)
        if has_rois(subject):
            show_sentence(beside, predicted)
        show_changes(original)
    with brain:
        _brain(subject, run, photograph, predicted)
    chart, panel = st.columns([7, 4], gap="medium")
    with chart:
        if has_rois(subject):
            _percentiles(beside, photograph, predicted, _others(run, original))
        else:
            show_spread(subject, run, photograph.name, predicted)
        show_methods_and_code(
            subject,
            run,
            _code(subject, run, photograph),
            key="photo",
            of_page=_of_page(subject, run),
        )
    with panel, errors_on_page():
        _place(beside, predicted)
        _gauge(subject, run, photograph, design, residual)
        _nearest(subject, run, photograph, design)
        _guesses(run, photograph)
        _occlusion(beside, photograph, design, predicted)


def _others(run: Run, original: Photograph) -> list[tuple[str, np.ndarray]]:
    """Predict for the other photographs of the tray, as they are cut."""
    others = [one for one in own_photographs().values() if one.path != original.path]
    designs = [_design(run.id, str(as_cut(one).path))[0] for one in others]
    predicted = [run.fitted.predict(design[None])[0] for design in designs]
    return [(one.name, own) for one, own in zip(others, predicted, strict=True)]


@st.cache_data(show_spinner="The network looks at the picture …", max_entries=256)
def _design(run_id: str, path: str) -> tuple[np.ndarray, float]:
    return design_of(run_id, Path(path))


def _picture(subject: Subject, run: Run, photograph: Photograph) -> None:
    seen = _seen(run.id, str(photograph.path))
    words = _seen_words(subject, photograph, seen)
    show_html(
        '<p class="cs-title">as the model sees it</p><img class="cs-photo" alt="{name}, '
        '{words}" src="{url}"><p class="cs-note">{called}, {original}. The network sees '
        "{words}.</p>",
        name=photograph.name,
        called=_called(photograph),
        words=words,
        url=data_url(as_seen(photograph, seen)),
        original=photograph.original + (", cropped" if photograph.crop else ""),
    )
    for note in photograph.notes:
        show_note("<b>{note}</b>", note=note)


def _called(photograph: Photograph) -> str:
    """Name a photograph; an image of the subject leads to where it is explored."""
    if photograph.stimulus is None:
        return photograph.name
    image = state.ImageName(photograph.stimulus[0], photograph.stimulus[1] + 1)
    return link_with(photograph.name, page="", title=f"{image} on Explore", image=image, search="")


@region("photo-brain")
def _brain(subject: Subject, run: Run, photograph: Photograph, predicted: np.ndarray) -> None:
    if not subject.space.is_placed:
        show_no_cortex(subject, "The prediction is shown as a distribution.")
        show_distribution(subject, run, photograph.name, predicted)
        return
    shown = CortexMap(
        title="predicted",
        subtitle=f"{model_title(run)} · {subject.conventions.meaning}",
        values=predicted.astype(np.float32),
        scale=response_scale(subject),
        role="predicted",
        simulated=subject.simulated,
    )
    maps = with_reliability([shown], run)
    show_brain(subject, maps, key="photo-brain", height=460, redraws=_PLACES)


@st.cache_data(show_spinner=False, max_entries=256)
def _seen(run_id: str, path: str) -> tuple[float, float, float, float]:
    return seen_of(run_id, Path(path))


def _seen_words(
    subject: Subject, photograph: Photograph, seen: tuple[float, float, float, float]
) -> str:
    """Say which part of a photograph reaches the network, in degrees where those are known."""
    with Image.open(photograph.path) as picture:
        width, height = picture.size
    left, top, right, bottom = seen
    # Subjects' stimuli are framed alike, and are square.
    share = min(1.0, (right - left) / min(width, height))
    if (right - left, bottom - top) == (width, height):
        words = "all of it" if width == height else "all of it, stretched to a square"
        share = 1.0
    elif round(100 * share) == 100:
        words = "its central square"
    else:
        words = f"the inner {100 * share:.0f} % of its central square, and nothing of the rest"
    degrees = subject.conventions.picture_degrees.value
    if degrees is None:
        return words
    if round(100 * share) == 100:
        return f"{words}: the {degrees:g}° that the subject’s stimuli filled"
    return f"{words}: {share * degrees:.1f}° of the {degrees:g}° that the subject’s stimuli filled"


@region("photo-rois")
def _percentiles(
    beside: Beside,
    photograph: Photograph,
    predicted: np.ndarray,
    others: list[tuple[str, np.ndarray]],
) -> None:
    show_percentiles(beside, photograph, predicted, others, redraws=_PLACES)


@region("photo-place")
def _place(beside: Beside, predicted: np.ndarray) -> None:
    show_place(beside, predicted)


def _gauge(
    subject: Subject, run: Run, photograph: Photograph, design: np.ndarray, residual: float
) -> None:
    by_features = feature_novelty(run, subject, design, residual)
    if by_features is None:
        return
    which = reference_images(run, subject)[2]
    looks = (_looks(tuple(map(str, paths))) for paths in looks_to_compare(run, subject))
    found = {
        BY_FEATURES: by_features,
        BY_LOOKS: novelty_of_looks(_looks((str(photograph.path),))[0], *looks),
    }
    # What is said of photographs is not of a stimulus.
    drawn = subject.simulated and photograph.stimulus is None
    verdict, words = novelty_words(found, which, simulated=drawn)
    marks = "".join(
        f'<b style="left:{100 * min(far.ratio, 3) / 3:.1f}%" title="by {escape(what)}"></b>'
        for what, far in found.items()
    )
    show_html(
        '<p class="cs-title">how unusual is it for this model?</p><div class="cs-gauge" '
        'role="img" aria-label="{words}"><i style="left:{third}%" title="median {which} '
        'image"></i>{marks}</div><p class="cs-note"><b>{verdict}</b> It is {words}.</p>',
        words=words,
        third=f"{100 / 3:.1f}",
        which=which,
        marks=Html(marks),
        verdict=verdict,
    )


@st.cache_data(show_spinner=False, max_entries=256)
def _looks(pictures: tuple[str, ...]) -> np.ndarray:
    return looks_of([Path(p) for p in pictures])


def _nearest(subject: Subject, run: Run, photograph: Photograph, design: np.ndarray) -> None:
    nearest = nearest_of_run(run, subject, design, but=photograph.stimulus)
    figures = linked_pictures(
        subject, [(one.split, one.row, signed(one.similarity)) for one in nearest], page=""
    )
    show_html(
        '<p class="cs-title">nearest stimuli</p><div class="cs-strip">{listed}</div><p '
        'class="cs-note">by cosine similarity in the model’s own feature space</p>',
        listed=figures,
    )


@st.cache_data(show_spinner=False, max_entries=256)
def _first_guesses(run_id: str, path: str) -> list[tuple[str, float]]:
    return first_guesses(run_id, Path(path))


def _guesses(run: Run, photograph: Photograph) -> None:
    try:
        guesses = _first_guesses(run.id, str(photograph.path))
    except CoreError:
        return  # this backbone names no categories
    rows = "".join(
        f'<li><span style="width:{100 * p:.0f}%"></span>{escape(name)} '
        f"<small>{100 * p:.0f} %</small></li>"
        for name, p in guesses[:4]
    )
    show_html(
        '<p class="cs-title">what the network itself sees</p><ul class="cs-guesses">{rows}</ul>',
        rows=Html(rows),
    )


@region("photo-occlusion")
def _occlusion(
    beside: Beside, photograph: Photograph, design: np.ndarray, predicted: np.ndarray
) -> None:
    seen = _seen(beside.run.id, str(photograph.path))
    show_occlusion(beside.subject, beside.run, photograph, design, seen, beside.farthest(predicted))


def _of_page(subject: Subject, run: Run) -> str:
    """Say how this page's own numbers come about."""
    others, which = services.reference_predictions(run.id)
    what = "a ROI’s" if has_rois(subject) else "the"
    return (
        f"The photograph was framed as the stimuli were. Percentiles: of {what} mean predicted "
        f"response, among those to {len(others)} {which} of {subject.id}. How unusual: distances "
        f"to the images fitted on, set against those of {which}; by the model’s features, and "
        "by looks (colours, contrasts, edges) that no network computes. Which part drives: the "
        f"fall of the predicted mean when one of {OCCLUSION_GRID} x {OCCLUSION_GRID} patches is "
        "blurred away."
    )


def _code(subject: Subject, run: Run, photograph: Photograph) -> str:
    where, remark = photograph.name, "  # where your photograph is"
    if photograph.source is not None and allowed(Action.PATHS):
        where, remark = str(photograph.source), ""
    picture, before = repr(where), ""
    if photograph.crop is not None:
        crop = photograph.crop
        before = (
            "from PIL import Image\n"
            f"whole = Image.open({where!r}){remark}\n"
            f"side = round(min(whole.size) / {crop.zoom:.2f})\n"
            f"left = round({crop.across:.2f} * (whole.width - side))\n"
            f"top = round({crop.down:.2f} * (whole.height - side))\n"
        )
        picture, remark = "whole.crop((left, top, left + side, top + side))", ""
    return opening_lines(subject, run) + (
        f"{before}found = cs.inspect_image(model, {picture}){remark}\n"
        "print(found.says)\n"
        "predicted = found.predicted  # (n_vertices,)\n"
        "table = found.table()  # ROI by ROI: mean predicted response and its percentile\n"
        "print(found)  # nearest stimuli, and whether to trust it\n"
    )


PAGE = Page("Your image", "your-image", render, for_class=True)
