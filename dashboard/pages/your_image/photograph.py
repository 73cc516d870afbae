"""The tray of photographs: the visitor's own, kept for the session, and samples to begin with."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import streamlit as st
from PIL import Image
from streamlit.runtime.uploaded_file_manager import UploadedFile

from cortiscope import services, state
from cortiscope.access import UPLOADS, visitor
from cortiscope.core.datasets import Subject
from cortiscope.core.errors import CoreError
from cortiscope.core.pipeline.picture import clear_examples
from cortiscope.errors import show_error
from cortiscope.markup import Html, as_text, html, show_html
from cortiscope.navigation import link_with
from cortiscope.panels.roi_responses import roi_places
from cortiscope.subject.model_menu import ModelMenu
from cortiscope.work.photographs import (
    MOST_UPLOADS,
    Crop,
    Photograph,
    cropped,
    samples,
    take_sample,
    take_upload,
)

#: In the address: a photograph that was uploaded, and with a number those after it. They stay with
#: the session that has them.
OWN = "own"
_TRAY, _COUNT, _PROBLEMS = "photo-tray", "photo-count", "photo-problems"
_UPLOAD, _CAMERA, _CAMERA_ON = "photo-upload", "photo-camera", "photo-camera-on"
_CROPS, _SMALL = "photo-crops", "photo-small"
_SMALLEST = 32  # pixels of a side that is cut out
_LOCAL = ("localhost", "127.0.0.1", "::1")


def choose_photograph(subject: Subject) -> Photograph | None:
    """Draw uploader, camera and tray; return what was chosen last, None if there is nothing.

    A file that cannot be read says so, and everything that was there stays.
    """
    _uploader()
    _camera()
    problems, at = st.session_state.get(_PROBLEMS, ((), ""))
    if at == state.current().photo:  # until something else is chosen
        for problem in problems:
            show_error(problem)
    return _chosen(subject)


def own_photographs() -> dict[str, Photograph]:
    """Return the session's photographs by their names in the address, oldest first."""
    tray: dict[str, Photograph] = st.session_state.setdefault(_TRAY, {})
    for name in [n for n, one in tray.items() if not one.path.is_file()]:
        del tray[name]  # whoever clears temporary folders has taken it
    return tray


def _remove(name: str) -> None:
    """Take a photograph out of the tray."""
    gone = own_photographs().pop(name, None)
    if gone is not None:
        st.session_state.get(_CROPS, {}).pop(gone.path.name, None)
    if state.current().photo == name:
        state.change(photo="")


def _uploader() -> None:
    most, files = UPLOADS[visitor().role]
    # A fresh widget after each upload: what was taken is in the tray, and named there.
    key = f"{_UPLOAD}-{st.session_state.get(_UPLOAD, 0)}"

    def take() -> None:
        _take(st.session_state[key])
        st.session_state[_UPLOAD] = st.session_state.get(_UPLOAD, 0) + 1

    st.file_uploader(
        "your photographs",
        # All types are let through: what is wrong with a file is said by us, in full.
        key=key,
        accept_multiple_files=True,
        on_change=take,
        help="JPEG, PNG, WebP, GIF, BMP or TIFF. They stay on the app’s machine, for this session, "
        f"the last {MOST_UPLOADS} side by side. A session takes {files:,} files and "
        f"{most // 2**20:,} MB; a reload begins another.",
    )


def _camera() -> None:
    if not st.session_state.get(_CAMERA_ON):

        def turn_on() -> None:
            st.session_state[_CAMERA_ON] = True

        st.button(
            "Camera",
            icon=":material/photo_camera:",
            key="photo-camera-go",
            on_click=turn_on,
            width="stretch",
        )
        return
    if not _is_secure(st.context.url):
        st.caption(
            "Browsers give a camera only to pages at https addresses or on the machine itself, "
            "and this one came over plain http from another: serve the app over https."
        )
        return

    def take() -> None:
        if (picture := st.session_state[_CAMERA]) is not None:
            _take([picture], "camera")
            st.session_state[_CAMERA_ON] = False

    st.camera_input("camera", key=_CAMERA, on_change=take, label_visibility="collapsed")


def _is_secure(url: str | None) -> bool:
    """Whether a browser gives its camera to a page at this address."""
    address = urlsplit(url or "")
    host = address.hostname or ""
    return address.scheme == "https" or host in _LOCAL or host.endswith(".localhost")


def _take(uploads: Iterable[UploadedFile], called: str = "") -> None:
    """Put uploads into the tray, the last that can be read on screen; note what is wrong.

    Parameters
    ----------
    called : what they are, with a number; by their files' names without.
    """
    tray, problems = own_photographs(), []
    for upload in uploads:
        try:
            photograph = take_upload(upload)
        except CoreError as error:
            problems.append(error)
            continue
        name = next((n for n, one in tray.items() if one.path == photograph.path), "")
        if name:
            photograph = tray.pop(name)
        else:
            count = st.session_state[_COUNT] = st.session_state.get(_COUNT, 0) + 1
            name = OWN if count == 1 else f"{OWN}-{count}"
            if called:
                photograph = replace(photograph, name=f"{called} {count}")
        tray[name] = photograph
        for former in list(tray)[:-MOST_UPLOADS]:
            del tray[former]
        state.change(photo=name)
    st.session_state[_PROBLEMS] = problems, state.current().photo


def _chosen(subject: Subject) -> Photograph | None:
    """Draw the tray and return what is chosen of it."""
    own, examples, others = own_photographs(), _examples(subject), samples()
    names = [*own, *examples, *others]
    asked = state.current().photo
    if asked and asked not in names:
        ended = asked == OWN or asked.startswith(f"{OWN}-")
        state.tell(
            "The address asks for an uploaded photograph, which ended with its session. "
            "Upload it again."
            if ended
            else f"There is no photograph “{asked}”; there are {', '.join([*examples, *others])}."
        )
    if not names:
        st.info("No sample photograph is on this machine; upload one.")
        return None
    chosen = asked if asked in names else next(iter([*examples, *others, *own]))
    state.change(photo=chosen)
    try:
        taken = {}
        for name, (split, row) in examples.items():
            path = subject.split(split).images.paths[row]
            called = str(state.ImageName(split, row + 1))
            taken[name] = take_sample(path, called, (split, row))
        taken |= {name: take_sample(path) for name, path in others.items()}
    except CoreError as error:
        show_error(error)
        return own.get(chosen)
    small = _thumbnails(one.path for one in (*own.values(), *taken.values()))
    if own:
        yours = {name: (one.name, small[one.path]) for name, one in own.items()}
        _strip("yours", yours, chosen)
    _strip("samples", {name: (name, small[one.path]) for name, one in taken.items()}, chosen)
    if examples:
        _say_how_chosen(subject, examples)
    return {**taken, **own}[chosen]


def as_cut(photograph: Photograph) -> Photograph:
    """Return the part of a photograph that was chosen, or all of it."""
    crop = st.session_state.get(_CROPS, {}).get(photograph.path.name, Crop())
    return photograph if crop == Crop() else cropped(photograph, crop)


def show_changes(photograph: Photograph) -> None:
    """Draw what cuts a photograph, and what takes one's own out of the tray."""
    name = photograph.path.name
    keys = {part: f"photo-crop-{part}-{name}" for part in ("zoom", "across", "down")}
    crops: dict[str, Crop] = st.session_state.setdefault(_CROPS, {})
    crop = crops.get(name, Crop())
    with Image.open(photograph.path) as picture:
        most = max(1.1, min(4.0, min(picture.size) / _SMALLEST))

    def cut() -> None:
        crops[name] = Crop(**{part: st.session_state[key] for part, key in keys.items()})

    def whole() -> None:
        crops.pop(name, None)
        for part, key in keys.items():
            st.session_state[key] = getattr(Crop(), part)

    with st.container(horizontal=True, gap="small"):
        with st.popover("Crop"):
            ends = {"zoom": (1.0, most), "across": (0.0, 1.0), "down": (0.0, 1.0)}
            words = {"zoom": "zoom", "across": "left to right", "down": "top to bottom"}
            for part, key in keys.items():
                st.session_state.setdefault(key, getattr(crop, part))
                st.slider(as_text(words[part]), *ends[part], step=0.05, key=key, on_change=cut)
            st.button("Whole picture", key="photo-crop-none", on_click=whole)
        own = next((n for n, one in own_photographs().items() if one.path == photograph.path), "")
        if own:
            st.button("Remove", key="photo-remove", on_click=_remove, args=(own,))


def _strip(title: str, pictures: Mapping[str, tuple[str, str]], chosen: str) -> None:
    figures = []
    for name, (words, url) in pictures.items():
        picture = html('<img alt="{words}" src="{url}">', words=words, url=url)
        figures.append(
            html(
                "<figure{on}>{link}<figcaption>{words}</figcaption></figure>",
                on=Html(' class="cs-on" aria-current="true"' if name == chosen else ""),
                link=link_with(picture, title=words, photo=name),
                words=words,
            )
        )
    show_html(
        '<p class="cs-note">{title}</p><div class="cs-strip cs-tray">{figures}</div>',
        title=title,
        figures=Html("".join(figures)),
    )


def _say_how_chosen(subject: Subject, examples: Mapping[str, tuple[str, int]]) -> None:
    drawn = "drawn scenes that the simulated subject" if subject.simulated else "pictures that"
    which = " and ".join(filter(None, [", ".join(list(examples)[:-1]), list(examples)[-1]]))
    show_html(
        '<p class="cs-note" title="{rule}">{which}: {drawn} {subject} saw, held out from '
        "fitting.</p>",
        rule="Of the held-out images whose most unusual prediction is high and in an area of the "
        "kind, the one whose measured responses stand out most for these areas.",
        which=which,
        drawn=drawn,
        subject="" if subject.simulated else subject.id,
    )


def _thumbnails(paths: Iterable[Path]) -> dict[Path, str]:
    """Return small pictures, made once; they end with the session, as what they show does."""
    known: dict[Path, str] = st.session_state.get(_SMALL, {})
    made = {}
    for path in paths:
        if path not in known:
            with Image.open(path) as picture:
                small = picture.convert("RGB")
            small.thumbnail((128, 128))
            known[path] = data_url(small)
        made[path] = known[path]
    st.session_state[_SMALL] = made
    return made


def data_url(picture: Image.Image) -> str:
    """Return a picture for a page itself: nobody else can ask for it."""
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=88)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()


def _examples(subject: Subject) -> dict[str, tuple[str, int]]:
    """Name images of the subject, by kind, that show what its areas are known for."""
    start = ModelMenu.of(services.runs_of(subject.id)).default()
    return _examples_of(subject.id, subject.state, start.id)


# By where the app starts, so that all models show the same pictures.
@lru_cache(maxsize=16)
def _examples_of(subject_id: str, data: str, run_id: str) -> dict[str, tuple[str, int]]:
    subject, run = services.subject(subject_id), services.run(run_id)
    split, rows = run.reported
    if subject.split(split).responses is None:
        return {}
    places, columns, start = [], [], 0
    for place in roi_places(subject):
        places.append((place.group, np.arange(start, start + len(place.vertices))))
        columns.append(place.vertices)
        start += len(place.vertices)
    if not start:
        return {}
    positions = np.concatenate(columns).astype(np.int64)
    predicted, measured = services.reported_at(run, subject, positions.tobytes())
    chosen = clear_examples(places, measured, predicted)
    return {kind: (split, int(rows[k])) for kind, k in chosen.items()}
