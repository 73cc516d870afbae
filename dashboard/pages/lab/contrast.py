"""What differs between two sets of pictures: chosen, mapped, per ROI, and what to mind."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import streamlit as st

from cortiscope import services, state
from cortiscope.access import Action, allowed
from cortiscope.core.datasets import Subject
from cortiscope.core.datasets.picture_sets import categories_of, picture_set
from cortiscope.core.errors import CoreError
from cortiscope.core.features import FeatureStore
from cortiscope.core.pipeline.contrast import (
    PictureContrast,
    contrast_of,
)
from cortiscope.core.pipeline.gabor_control import has_gabor_energy
from cortiscope.core.runs import Run
from cortiscope.cortex_view import ColourScale, CortexMap
from cortiscope.errors import show_error, show_words
from cortiscope.markup import as_text, show_html, show_note
from cortiscope.pages.lab.contrast_rois import (
    PLACES,
    show_downloads,
    show_methods_and_verb,
    show_rois,
)
from cortiscope.panels.brain import show_brain, show_no_cortex
from cortiscope.panels.work import watch_job
from cortiscope.regions import draw_again, region
from cortiscope.subject.model_menu import model_title
from cortiscope.work.jobs import end_words, latest, submit

_MAPS = {
    "": "measured over all pictures, predicted over held-out ones",
    "t": "t, where q < .05",
    "held": "measured and predicted, both over held-out pictures",
}
_GABOR = "gabor"
_HOW = (
    "`category:face,body` · `caption:red car` · `train` · `test`, joined by `and`; `not` before "
    "one takes all other pictures"
)


@region("lab-contrast")
def show_contrast(subject: Subject, run: Run | None) -> None:
    """Draw the choice of both sets and all that follows it."""
    a, b, control = _choose(subject)
    if not (a and b):
        if not subject.space.is_placed:
            show_no_cortex(subject, "Sets are compared over all voxels.")
        show_note(
            "Name two sets of pictures. Those of {id} have no categories: name words of captions "
            "(caption:dog), or a text file of names.",
            id=subject.id,
        )
        return
    if control and not _ready(subject, a, b):
        return
    with st.spinner("Comparing responses …"):
        found = _found(subject, run, a, b, control)
    with st.container(key="lab-verdict"):
        show_html('<p class="cs-verdict">{words}</p>', words=_verdict(subject, found))
    _brain(subject, run, found)
    show_rois(subject, found)
    with st.container(horizontal=True, gap="small"):
        show_downloads(subject, found)
        show_methods_and_verb(subject, run, found)
    with st.expander("What to mind in reading it"):
        st.markdown(
            "- A region that was chosen by a contrast is tested on other pictures: add `and train` "
            "to choose, `and test` to test.\n"
            "- Sets differ in more than their names: faces come with people, streets with cars. "
            "Gabor energy partialled out takes away what contrast and orientation explain.\n"
            "- With sets of unequal size or spread Welch’s t is right; the smaller set says how "
            "sure it is.\n"
            "- A prediction’s SD is about r times the measured one, and so are its differences: "
            "compare signs and order."
        )


def _choose(subject: Subject) -> tuple[str, str, str]:
    """Draw both sets, what swaps them, and the control; return them."""
    now, (first, second) = state.current(), _usual(subject)
    a, b = now.a or first, now.b or second
    counts = ", ".join(f"{name} {n}" for name, n in list(categories_of(subject).items())[:60])
    known = f"Categories of {subject.id}: {counts}" if counts else ""
    with st.container(key="lab-sets", horizontal=True, vertical_alignment="bottom", gap="small"):
        for letter, chosen in (("a", a), ("b", b)):
            _set_field(letter, chosen, known)
        st.button(
            "",
            icon=":material/swap_horiz:",
            key="lab-swap",
            help="Swap A and B: every sign turns",
            on_click=lambda: state.change(a=b, b=a),
        )
        st.session_state["lab-control"] = now.control == _GABOR
        st.checkbox(
            "without Gabor energy",
            key="lab-control",
            help="Contrast energy of the pictures is partialled out in a linear model",
            on_change=lambda: state.change(
                control=_GABOR if st.session_state["lab-control"] else ""
            ),
        )
    return a, b, now.control if now.control == _GABOR else ""


def _set_field(letter: str, chosen: str, known: str) -> None:
    key = f"lab-set-{letter}"
    st.session_state[key] = chosen

    def take() -> None:
        state.change(**{letter: st.session_state[key].strip()})

    st.text_input(
        as_text(f"{letter.upper()}: pictures"),
        key=key,
        placeholder="category:face, caption:dog …",
        help=f"{_HOW}.  \n{as_text(known)}",
        on_change=take,
    )


@lru_cache(maxsize=16)
def _usual_of(subject_id: str, data: str) -> tuple[str, str]:
    names = list(categories_of(services.subject(subject_id)))
    if not names:
        return "", ""
    first = "face" if "face" in names else names[0]
    places = [name for name in ("indoor", "street", "nature") if name in names]
    others = f"category:{','.join(places)} and " if places and first not in places else ""
    return f"category:{first}", f"{others}not category:{first}"


def _usual(subject: Subject) -> tuple[str, str]:
    """Return the sets to begin with: faces against scenes where there are these."""
    return _usual_of(subject.id, subject.state)


def _found(subject: Subject, run: Run | None, a: str, b: str, control: str) -> PictureContrast:
    """Compute it; sets in files are read by whoever may see the machine’s files."""
    return _computed(
        *(subject.id, subject.state, "" if run is None else run.id, a, b, control),
        allowed(Action.PATHS),
    )


@lru_cache(maxsize=16)
def _computed(
    subject_id: str,
    data: str,
    run_id: str,
    a: str,
    b: str,
    control: str,
    files: bool,  # noqa: FBT001 - a cache's key
) -> PictureContrast:
    return contrast_of(
        *(services.subject(subject_id), a, b, services.run(run_id) if run_id else None),
        control=control or "none",
        store=FeatureStore(services.home().features),
        files=files,
    )


def _ready(subject: Subject, a: str, b: str) -> bool:
    """Whether Gabor energy is there; else offer to compute it, elsewhere, or say how far it is."""
    if has_gabor_energy(subject, FeatureStore(services.home().features)):
        return True
    for own in (a, b):  # a job reads files; nobody names one who may not
        picture_set(subject, own, files=allowed(Action.PATHS))
    about = f"gabor {subject.state}"
    job = latest("contrast", about)
    if job is not None and job.active:
        watch_job("contrast", about, "lab-contrast")
        return False
    if job is not None and job.result is None:
        show_words(*end_words(job))
    if not allowed(Action.FIT):
        st.caption("Gabor energy of these pictures was not computed yet.")
    elif st.button("Compute the Gabor energy of all pictures", key="lab-gabor"):
        folder = services.subject_folders()[subject.id]
        words = ["contrast", "--data", str(folder), "--subject", subject.id]
        words += ["--a", a, "--b", b, "--control", "gabor"]
        try:
            submit("contrast", f"Gabor energy of {subject.id}", words, about=about)
        except CoreError as error:
            show_error(error)
            return False
        draw_again()
    return False


def _verdict(subject: Subject, found: PictureContrast) -> str:
    own = found.measured
    n, unit = len(own.vertices.t), subject.space.unit
    alike = "" if found.halves is None else f"; maps of random halves correlate {found.halves:.2f}"
    both = f"; {found.n_both} of both sets left out" if found.n_both else ""
    without = ", Gabor energy partialled out" if found.control == _GABOR else ""
    return (
        f"A {own.n_a} pictures, B {own.n_b}{both}. {found.n_found:,} of {n:,} {unit} differ at "
        f"q < .05{without}{alike}."
    )


@region("lab-contrast-brain")
def _brain(subject: Subject, run: Run | None, found: PictureContrast) -> None:
    if not subject.space.is_placed:
        show_no_cortex(subject, "Differences are in the files below.")
        return
    chosen = state.current().map if state.current().map in _MAPS else ""
    offered = [name for name in _MAPS if name != "held" or found.predicted is not None]
    chosen = chosen if chosen in offered else ""
    show_brain(
        subject, _maps(subject, run, found, chosen), key="lab-brain", height=430, redraws=PLACES
    )
    key = "lab-contrast-map"
    st.session_state[key] = chosen
    st.selectbox(
        "map",
        offered,
        format_func=lambda name: f"Map: {_MAPS[name]}",
        label_visibility="collapsed",
        key=key,
        on_change=lambda: state.change(map=st.session_state[key]),
    )
    if found.lacks and run is not None:
        show_note("No prediction: {why}.", why=found.lacks)


def _maps(
    subject: Subject, run: Run | None, found: PictureContrast, chosen: str
) -> list[CortexMap]:
    own = found.measured.vertices
    counts = f"{found.measured.n_a} and {found.measured.n_b} pictures"
    if chosen == "t":
        # An end that leaves the extremes apart; NaN is grey.
        end = float(np.ceil(np.nanquantile(np.abs(own.t), 0.99)))
        values = np.where(own.q < 0.05, own.t, np.nan).astype(np.float32)
        scale = ColourScale("diverging", -end, end, "", "Welch’s t")
        return [CortexMap("t", values, scale, counts, "score", subject.simulated)]
    held = found.held_out if chosen == "held" else None
    measured = found.measured if held is None else held
    end = max(0.1, float(np.ceil(10 * np.nanquantile(np.abs(own.difference), 0.99)) / 10))
    scale = ColourScale("diverging", -end, end, subject.conventions.unit, "A − B")

    def drawn(role: str, values: np.ndarray, subtitle: str) -> CortexMap:
        title = f"{role} A − B"
        shown = values.astype(np.float32)
        return CortexMap(title, shown, scale, subtitle, role, subject.simulated)

    if held is not None:
        counts = f"{held.n_a} and {held.n_b} held-out pictures"
    maps = [drawn("measured", measured.vertices.difference, counts)]
    if found.predicted is not None and run is not None:
        few = f"{found.predicted.n_a} and {found.predicted.n_b} held-out pictures"
        words = f"{few} · {model_title(run)}"
        maps.append(drawn("predicted", found.predicted.vertices.difference, words))
    return maps
