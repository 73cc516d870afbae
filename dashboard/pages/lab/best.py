"""What a place likes: its highest and lowest pictures, of the subject or a folder of one's own."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from zlib import crc32

import numpy as np
import streamlit as st

from cortiscope import services, state
from cortiscope.access import Action, allowed
from cortiscope.core.brain import Hemisphere
from cortiscope.core.datasets import Subject
from cortiscope.core.errors import CoreError
from cortiscope.core.evaluation import R
from cortiscope.core.pipeline.best_images import best_images
from cortiscope.core.runs import Run
from cortiscope.cortex_view import CortexMap
from cortiscope.errors import show_error, show_words
from cortiscope.markup import Html, as_text, html, show_html, show_note, show_title, signed
from cortiscope.panels.brain import show_brain, show_no_cortex
from cortiscope.panels.detail import NamedLocations, default_locations, locations_on_screen
from cortiscope.panels.downloads import csv_button, csv_text
from cortiscope.panels.methods import opening_lines, show_methods_and_code
from cortiscope.panels.roi_responses import roi_places
from cortiscope.panels.scores import metric_scale
from cortiscope.panels.stimulus import linked_pictures
from cortiscope.panels.work import watch_job
from cortiscope.regions import draw_again, region
from cortiscope.subject.model_menu import model_title
from cortiscope.work.jobs import end_words, latest, submit

_N_SHOWN = 10
_FOLDER = "lab-folder"
_COLUMNS = ("image", "name", "predicted", "measured", "role", "novelty")
_IMAGE = re.compile(r"[A-Za-z0-9+/=]+")


@region("lab-best")
def show_best(subject: Subject, run: Run) -> None:
    """Draw where the place is chosen, and its pictures."""
    place = locations_on_screen(subject) or default_locations(subject)
    pictures = st.container()
    if subject.space.is_placed:
        values = np.asarray(run.report.r, dtype=np.float32)
        shown = CortexMap(
            "r", values, metric_scale(R), model_title(run), "score", subject.simulated
        )
        show_brain(subject, [shown], key="lab-best-brain", height=380, redraws=("lab-best",))
        show_note("Click a vertex or brush a region: the pictures above are then its own.")
    else:
        show_no_cortex(subject, "The pictures are those of all voxels, or of the one selected.")
    with pictures:
        _pick_roi(subject, place)
        folder = _folder() if allowed(Action.PATHS) and allowed(Action.FIT) else ""
        if folder:
            found = _from_queue(subject, run, place, folder)
        else:
            positions = place.positions.astype(np.int64).tobytes()
            found = _ranked(run.id, subject.id, subject.state, positions)
        if found is not None:
            _draw(subject, run, place, folder, found)


def _pick_roi(subject: Subject, place: NamedLocations) -> None:
    """Draw the menu of ROIs; a vertex or region that was selected stands in its place."""
    names = {
        str(state.RoiName(own.roi, own.hemisphere.value)): f"{own.roi} {own.hemisphere.value}"
        for own in roi_places(subject)
        if len(own.vertices)
    }
    if not names:
        return
    key = "lab-best-roi"
    st.session_state[key] = next((k for k, own in names.items() if own == place.title), None)

    def take() -> None:
        state.change(roi=state.RoiName.parse(st.session_state[key] or ""), vertex="")

    st.selectbox(
        "ROI",
        list(names),
        index=None,
        format_func=names.__getitem__,
        placeholder=as_text(place.title),
        key=key,
        width=260,
        on_change=take,
    )


def _folder() -> str:
    """Draw the field for a folder of one's own and return what it names."""
    with st.expander("Pictures of your own", expanded=bool(st.session_state.get(_FOLDER))):
        st.text_input(
            "folder",
            key=_FOLDER,
            placeholder="a folder of pictures on this machine",
            help="Its features are computed once, in the queue, and kept",
        )
    return str(st.session_state.get(_FOLDER) or "").strip()


@lru_cache(maxsize=32)
def _ranked(run_id: str, subject_id: str, data: str, positions: bytes) -> dict[str, Any]:
    own = np.frombuffer(positions, np.int64)
    subject = services.subject(subject_id)
    return best_images(services.run(run_id), subject, own, "", k=_N_SHOWN).to_json()


def _words_of(subject: Subject, place: NamedLocations) -> tuple[list[str], str]:
    """Return the command line's words for a place, and what it reads from its input."""
    now = state.current().roi_name
    if place.roi and now is not None:
        return ["--roi", place.roi, "--hemisphere", Hemisphere(now.hemisphere).short], ""
    return ["--vertices", "-"], "\n".join(map(str, place.positions))


def _from_queue(
    subject: Subject, run: Run, place: NamedLocations, folder: str
) -> dict[str, Any] | None:
    """Return what a job has found in a folder, or offer to start one, or say how far it is."""
    words, given = _words_of(subject, place)
    about = " ".join([run.id, subject.state, folder, *words, str(crc32(given.encode()))])
    job = latest("best-images", about)
    if job is not None and job.result is not None:
        return job.result
    if job is not None and job.active:
        watch_job("best-images", about, "lab-best")
        return None
    if job is not None:
        show_words(*end_words(job))
    if st.button(f"Rank its pictures for {as_text(place.title)}", key="lab-best-go"):
        data = services.subject_folders()[subject.id]
        command = ["best-images", "--run", run.id, *words, "--images", folder]
        command += ["--data", str(data), "--k", str(_N_SHOWN), "--thumbnails"]
        try:
            submit("best-images", f"Pictures for {place.title}", command, given, about=about)
        except CoreError as error:
            show_error(error)
            return None
        draw_again()
    st.caption("A pass that is cancelled goes on where it was; another ROI then takes seconds.")
    return None


def _draw(
    subject: Subject,
    run: Run,
    place: NamedLocations,
    folder: str,
    found: Mapping[str, Any],
) -> None:
    where = "of your folder" if folder else f"of {subject.id}"
    show_title("What does {place} like?", place=place.title)
    for end, words in (("highest", "Highest"), ("lowest", "Lowest")):
        show_note("<b>{words}</b> predicted response", words=words)
        figures = (_own_figures if folder else _figures)(subject, found[end])
        show_html('<div class="cs-strip cs-wide">{figures}</div>', figures=figures)
    r = found["r_not_fitted"]
    agrees = "" if r is None else f" Among pictures that were not fitted, r {signed(r)}."
    show_note(
        "By the mean predicted response of {n} {unit}, among {images} pictures {where}; measured "
        "beside, where it is known.{agrees} “fit”: the model was fitted on this picture, so its "
        "prediction is no test. {stamp}",
        n=f"{found['n_vertices']:,}",
        unit=subject.space.unit,
        images=f"{found['n_images']:,}",
        where=where,
        agrees=agrees,
        stamp=subject.stamp,
    )
    with st.container(horizontal=True, gap="small"):
        csv_button(subject, "pictures (CSV)", "lab-best", lambda: _csv(subject, place, found))
        show_methods_and_code(
            *(subject, run, _code(subject, run, place, folder)), key="lab-best",
            of_page=f"Pictures were ranked by the mean predicted response of {place.title}, copies "
            "of a picture once.",
        )  # fmt: skip


def _numbers(own: Mapping[str, Any]) -> Html:
    """Write prediction and measurement of a picture, and what is to be known of it."""
    known = own["measured"]
    measured = "" if known is None else html("<br>measured {m}", m=signed(known, 1))
    role = html("<br>{role}", role=own["role"]) if own["role"] == "fit" else ""
    novelty = own.get("novelty")
    far = "" if novelty is None or novelty < 95 else Html("<br>unlike what was fitted")
    return html(
        "predicted {p}{measured}{role}{far}",
        p=signed(own["predicted"], 1),
        measured=measured,
        role=role,
        far=far,
    )


def _figures(subject: Subject, ranked: Sequence[Mapping[str, Any]]) -> Html:
    named = [(state.ImageName.parse(own["image"]), own) for own in ranked]
    return linked_pictures(
        subject,
        [(name.split, name.number - 1, _numbers(own)) for name, own in named if name is not None],
        page="",
    )


def _own_figures(subject: Subject, ranked: Sequence[Mapping[str, Any]]) -> Html:
    """Draw what the job has made small: nothing of the folder is opened here."""
    figures = []
    for own in ranked:
        small = str(own.get("thumbnail", ""))
        if _IMAGE.fullmatch(small):
            figures.append(
                html(
                    '<figure><img alt="{name}" title="{name}" src="data:image/jpeg;base64,{small}">'
                    "<figcaption>{words}</figcaption></figure>",
                    name=own["name"],
                    small=small,
                    words=_numbers(own),
                )
            )
    return Html("".join(figures))


def _csv(subject: Subject, place: NamedLocations, found: Mapping[str, Any]) -> str:
    words = (
        f"{place.title}: mean over {found['n_vertices']} {subject.space.unit}, among "
        f"{found['n_images']} pictures; novelty: percentile among images that were not fitted"
    )
    rows = [
        [end, *(own[name] for name in _COLUMNS)]
        for end in ("highest", "lowest")
        for own in found[end]
    ]
    return csv_text(subject, words, ["end", *_COLUMNS], rows)


def _code(subject: Subject, run: Run, place: NamedLocations, folder: str) -> str:
    now = state.current().roi_name
    words, _ = _words_of(subject, place)
    if place.roi and now is not None:
        what = f"{place.roi!r}, {now.hemisphere!r}"
        asked = shlex.join(words)
    else:
        what = f"vertices={shortened_list(place.positions)}"
        asked = "--vertices FILE"
    images = f", images={folder!r}" if folder else ""
    more = f" --images {shlex.quote(folder)}" if folder else ""
    return opening_lines(subject, run) + (
        f"found = cs.best_images(model, {what}{images})\n"
        "table = found.table()  # a row per picture\n"
        f"# cortiscope best-images --run {run.id} {asked}{more}\n"
    )


def shortened_list(positions: np.ndarray) -> str:
    """Write positions as Python does, a long list by its first ones."""
    shown = ", ".join(map(str, positions[:8]))
    return f"[{shown}]" if len(positions) <= 8 else f"[{shown}, ...]"
