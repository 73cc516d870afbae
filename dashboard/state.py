"""What is on screen, as one frozen value: in the session and in the address bar.

The address is read when a session starts and when somebody goes back, forward or along a link; the
browser writes it, as soon as a run has published the selection. Empty fields are left out of it.
An unknown value is reported and ignored.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from secrets import token_hex
from typing import Any, NamedTuple

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from cortiscope.address_bar import address_bar, publish_address
from cortiscope.cortex_view import read_view
from cortiscope.markup import as_text

_SESSION_KEY, _VIEW_KEY, _NAME_KEY = "selection", "address_view", "session_name"
_READ_KEY = "selection_as_read"
_TOLD_KEY = "to_be_told"

_LONGEST = 300
_BETWEEN = "."
_LISTED = ","
MOST_COMPARED = 6

#: The cortex viewer keeps its cameras and colours under this name; the browser writes it.
VIEW = "view"


class ImageName(NamedTuple):
    """An image of a subject, as in ``test-12``: its split, and its number from 1."""

    split: str
    number: int

    @classmethod
    def parse(cls, text: str) -> ImageName | None:
        """Read it; None where it is no such name."""
        split, _, number = text.partition("-")
        known = split in ("train", "test") and _is_number(number, _LONGEST)
        return cls(split, int(number)) if known else None

    def __str__(self) -> str:
        return f"{self.split}-{self.number}"


class RoiName(NamedTuple):
    """A ROI of a hemisphere, as in ``FFA-1~right``."""

    name: str
    hemisphere: str

    @classmethod
    def parse(cls, text: str) -> RoiName | None:
        """Read it; None where it is no such name."""
        name, _, side = text.partition("~")
        return cls(name, side) if name and side in ("left", "right") else None

    def __str__(self) -> str:
        return f"{self.name}~{self.hemisphere}"


class VertexName(NamedTuple):
    """A vertex (template number) or voxel (column from 0): ``left~4711``, ``voxels~12``."""

    part: str
    number: int

    @classmethod
    def parse(cls, text: str) -> VertexName | None:
        """Read it; None where it is no such name."""
        part, _, number = text.partition("~")
        known = part in ("left", "right", "voxels") and _is_number(number, 9)
        return cls(part, int(number)) if known else None

    def __str__(self) -> str:
        return f"{self.part}~{self.number}"


class Draw(NamedTuple):
    """Random images of a split, as in ``train~7``."""

    split: str
    seed: int

    @classmethod
    def parse(cls, text: str) -> Draw | None:
        """Read it; None where it is no such name."""
        split, _, seed = text.partition("~")
        return cls(split, int(seed)) if split and _is_number(seed, 6) else None

    def __str__(self) -> str:
        return f"{self.split}~{self.seed}"


def _is_number(text: str, digits: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= digits


@dataclass(frozen=True)
class Selection:
    """The shared state of all pages; every field is a short string, empty for "the default".

    Fields are as in the address, so that a page can say what it could not read; what they name is
    read here alone (``image_name``, ``roi_name``, ``vertex_name``, ``picked``, ``drawn``).

    Parameters
    ----------
    subject : subject id.
    run : id of the encoding model on screen, which is its whole identity.
    backbone, layer, encoder : what ``run`` is grouped by in menus; not written into the address,
        but read from those of before runs were named by their ids, and kept as the wish where a
        subject lacks the run. Backbone with weights, as in ``small_cnn~pretrained``.
    image : split and number, as in ``test-12``.
    search : words that captions or categories of the gallery's images have.
    roi : ROI in focus, as in ``FFA-1~right``.
    vertex : picked vertex, as in ``left~4711`` (template number); the last of several.
    picks : those picked before it, as in ``left~12.right~80``.
    versus : ids of the runs that Compare shows beside ``run``, one to five, joined by commas;
        formerly of one, as in ``gabor~fixed~energy~ridge``.
    pair : letters of the two that Compare tests of several, the reference first, as in ``AC``.
    between : what Compare maps of all models together: empty (each by itself), or the name of a
        map (``pages.compare.together``).
    scale : how brains are scaled on Explore: empty (one scale) or ``own``.
    show : map beside the responses on Explore: empty, or the name of one (``panels.maps``).
    metric : on Accuracy and Compare: empty (r), or the name of another registered metric.
    statistic : on Accuracy and Compare: empty, or the name of a registered statistic.
    mask : on Accuracy: empty, or ``significant`` for vertices that are better than chance alone.
    ncsnr : on Accuracy: least ncsnr of the vertices summarised, as in ``0.40``; empty for all.
    photo : photograph on Your image: a built-in one, or ``own`` for what was uploaded.
    mesh : the cortex that a subject on fsaverage is drawn on: empty (full where it is here),
        ``full``, ``mean`` (fsaverage5, mean of the nearest) or ``nested`` (every 16th vertex).
    draw : random images on Data: split and seed, as in ``train~7``.
    tool : question of the Lab: empty (``contrast``), ``best``, ``seed`` or ``why``.
    a, b : the two sets of pictures there (``core.datasets.picture_sets``); empty for the usual.
    control : what is partialled out of their contrast: empty, or ``gabor``.
    map : which map the Lab's question shows; empty for its first.
    """

    subject: str = ""
    run: str = ""
    backbone: str = ""
    layer: str = ""
    encoder: str = ""
    image: str = ""
    search: str = ""
    roi: str = ""
    vertex: str = ""
    picks: str = ""
    versus: str = ""
    pair: str = ""
    between: str = ""
    scale: str = ""
    show: str = ""
    metric: str = ""
    statistic: str = ""
    mask: str = ""
    ncsnr: str = ""
    photo: str = ""
    mesh: str = ""
    draw: str = ""
    tool: str = ""
    a: str = ""
    b: str = ""
    control: str = ""
    map: str = ""

    @property
    def image_name(self) -> ImageName | None:
        """The image; None where none is named."""
        return ImageName.parse(self.image)

    @property
    def roi_name(self) -> RoiName | None:
        """The ROI in focus; None where none is named."""
        return RoiName.parse(self.roi)

    @property
    def vertex_name(self) -> VertexName | None:
        """The selected vertex, the last of those picked; None where none is named."""
        return VertexName.parse(self.vertex)

    @property
    def picked(self) -> tuple[VertexName, ...]:
        """All picked vertices in order, the selected one last; what cannot be read is left out."""
        names = [*self.picks.split(_BETWEEN), self.vertex] if self.vertex else []
        return tuple(found for name in names if (found := VertexName.parse(name)) is not None)

    @property
    def compared(self) -> tuple[str, ...]:
        """Ids of all runs that Compare is asked for: A, then B ... F; none of them twice."""
        names = (self.run, *self.versus.split(_LISTED))
        return tuple(dict.fromkeys(name for name in names if name))[:MOST_COMPARED]

    @property
    def drawn(self) -> Draw | None:
        """Which random images; None where none are named."""
        return Draw.parse(self.draw)


def joined(picks: Iterable[VertexName]) -> str:
    """Return picks as they stand in the address."""
    return _BETWEEN.join(map(str, picks))


def listed(runs: Iterable[str]) -> str:
    """Return ids of runs as they stand in ``versus``."""
    return _LISTED.join(runs)


FIELDS = tuple(f.name for f in fields(Selection))
_OF_RUN = ("backbone", "layer", "encoder")
# Fields that hold several names.
_PARTS = {"versus": MOST_COMPARED - 1}


def current() -> Selection:
    """Return this session's selection."""
    return st.session_state.get(_SESSION_KEY, Selection())


def change(**values: str | ImageName | RoiName | VertexName | Draw | None) -> None:
    """Change fields of the selection; the next run shows it. Another vertex is a pick alone."""
    if "vertex" in values:
        values = {"picks": "", **values}
    texts = {name: "" if value is None else str(value) for name, value in values.items()}
    st.session_state[_SESSION_KEY] = replace(current(), **texts)


def widget_key(name: str, chosen: str) -> str:
    """Return the key of a widget that shows ``chosen``, a new one when that changed elsewhere.

    A widget forgets its state when another page is opened, and the browser may still hold an older
    one. So the selection is the widget's default, and whenever it was changed elsewhere (address,
    click, finished fit) a fresh widget takes the old one's place; ``seen`` says what it shows.
    """
    turn = f"menu-{name}-turn"
    if st.session_state.get(f"menu-{name}-seen") != chosen:
        st.session_state[turn] = st.session_state.get(turn, 0) + 1
    return f"menu-{name}-{st.session_state[turn]}"


def seen(name: str, value: str) -> None:
    """Take down what a widget of ``widget_key`` shows."""
    st.session_state[f"menu-{name}-seen"] = value


def read_address() -> None:
    """Take over what the address says if it is news, and tell what it cannot mean.

    It is news to a session that starts, and where the browser went back or forward or followed a
    link. What Streamlit tells of the address otherwise may be older than the selection.
    """
    address = st.query_params.to_dict()
    if _NAME_KEY in st.session_state and not _came_through_history():
        if not address:  # a page was opened from the bar: what is looked at there is its own
            st.session_state[_VIEW_KEY] = ("", None)
        return
    st.session_state.setdefault(_NAME_KEY, token_hex(8))
    asked = address.pop(VIEW, "")
    view, unread = read_view(asked)
    st.session_state[_VIEW_KEY] = (asked, view)
    known = {k: v for k, v in address.items() if k in FIELDS}
    if unread:
        some = ", ".join(f"“{item}”" for item in unread[:5])
        tell(f"The address’s view holds {some}, which was not recognised and was ignored.")
    if unknown := [k for k in address if k not in FIELDS and not k.startswith("embed")]:
        some = ", ".join(f"“{name[:40]}”" for name in unknown[:5])
        tell(f"The address asks for {some}, which the app does not know; it was ignored.")
    for name in [n for n, v in known.items() if not is_readable(v, parts=_PARTS.get(n, 1))]:
        tell(f"The address gives {name} an unreadable value; it was ignored.")
        del known[name]
    # A page that was left before its address was written has none: the selection stays.
    if known:
        st.session_state[_SESSION_KEY] = st.session_state[_READ_KEY] = Selection(**known)


def is_from_address(selection: Selection) -> bool:
    """Whether the address named this vertex, and no click since."""
    read: Selection | None = st.session_state.get(_READ_KEY)
    return read is not None and (read.vertex, read.picks) == (selection.vertex, selection.picks)


def _came_through_history() -> bool:
    run = get_script_run_ctx()
    return run is not None and run.is_history_navigation


def current_view() -> dict[str, Any] | None:
    """Return the view that the page's address came with, for its cortex viewer."""
    view: dict[str, Any] | None = st.session_state.get(_VIEW_KEY, ("", None))[1]
    return view


def is_readable(value: str, parts: int = 1) -> bool:
    """Whether it can be a name, or so many: folders may be called anything that can be printed."""
    return len(value) <= _LONGEST * parts and value.isprintable()


def mount_address() -> None:
    """Mount what writes the address in the browser, once per full run."""
    address_bar(key="address-bar", keep=(VIEW,))


def tell(words: str) -> None:
    """Say once what was asked for and is not there; it stays on screen until it is closed.

    Whoever says so also puts the selection right, so that the next run has nothing to say.
    """
    st.session_state.setdefault(_TOLD_KEY, []).append(words)


def publish() -> None:
    """Say that the address is to name the selection as it is now; in fragments too."""
    # Here, at the end of a run: one that starts anew in its middle would take it along.
    for words in st.session_state.pop(_TOLD_KEY, ()):
        st.toast(as_text(words), icon=":material/info:", duration="infinite")
    asked, view = st.session_state.get(_VIEW_KEY, ("", None))
    publish_address(
        to_address(current()),
        session=st.session_state.get(_NAME_KEY, ""),
        # The viewer writes what is looked at; what it could not read at all goes.
        drop=VIEW if asked and view is None else "",
    )


def to_address(selection: Selection) -> Mapping[str, str]:
    """Return the non-empty fields; a run's id says what it is grouped by, too."""
    implied = _OF_RUN if selection.run else ()
    return {n: value for n in FIELDS if n not in implied and (value := getattr(selection, n))}
