"""What is at work: a line in the sidebar, a word when one's own has ended, and the list of all.

A region of its own: while something is at work it alone is drawn anew, once a second where it is
the visitor's, and once that has ended nothing is asked any more. The rest of the page stays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cortiscope import services, state
from cortiscope.access import Action, allowed
from cortiscope.charts.layer_curve import training_curve
from cortiscope.core.errors import CoreError
from cortiscope.core.pipeline.jobs import (
    CANCELLED,
    DONE,
    FAILED,
    INTERRUPTED,
    STOPPING,
    WAITING,
    Job,
    kind_of,
)
from cortiscope.core.runs import Run
from cortiscope.errors import errors_on_page, show_words
from cortiscope.markup import Html, as_text, show_html, show_note
from cortiscope.regions import draw_instead, region
from cortiscope.subject.model_menu import order_of_choice
from cortiscope.work.jobs import (
    cancel,
    end_words,
    go_on,
    is_mine,
    latest,
    mine,
    progress_words,
    put_away,
    queue,
    time_words,
    whose,
)

_REGION = "work"
_OWN, _OTHERS = 1.0, 5.0  # seconds between two looks
_DRAWN, _TOASTED, _ASKED = "work-drawn", "work-toasted", "work-list-asked"
_LISTED = 20
_FITTING = ("fit", "sweep")


def show_work() -> None:
    """Draw the region at the end of the sidebar, the same on all pages."""
    # Opened by a run of the page, so that its end is one too: the timer of a dialog that a region
    # has opened would go on, and draw where the next message is (both are at the page's top).
    if st.session_state.pop(_ASKED, False):
        _list()
    with st.sidebar.container(key="work"):
        _region(_without_model())


@st.fragment(run_every=1.0)
def watch_job(kind: str, about: str, where: str) -> None:
    """Say how far the newest job of a kind is, until it has ended.

    Parameters
    ----------
    where : the region that is drawn again then.
    """
    job = latest(kind, about)
    if job is None or not job.active:
        services.look_again()  # subjects may have been made
        draw_instead(where)
    else:
        st.progress(job.share, text=as_text(f"{job.title}: {progress_words(job)}"))


def _without_model() -> str:
    """Return the subject on screen where it has no model that could be shown, else nothing."""
    subject = state.current().subject
    if not mine(queue().jobs()) or subject not in services.subject_folders():
        return ""
    try:
        return "" if services.runs_of(subject) else subject
    except CoreError:  # the page says what is wrong with it
        return ""


@region(_REGION)
def _region(without: str) -> None:
    """Draw it.

    Parameters
    ----------
    without : the subject on screen, if it has no model that could be shown.
    """
    jobs = queue().jobs()
    own = mine(jobs)
    st.session_state[_DRAWN] = _shape(jobs)
    # The timer may come once more after it has been stopped: what it draws finds its place empty.
    at_work, ended = st.container(), st.container()
    with ended:
        for job in [job for job in own if not job.active]:
            best = _best(job)
            if best is not None and best.subject == without:
                # There is nothing on screen that this would take away.
                put_away(job)
                state.change(subject=best.subject, run=best.id)
                st.rerun()
            _announce(job, best)
    if any(job.active for job in jobs):
        with at_work:
            st.fragment(_watch, run_every=_OWN if any(job.active for job in own) else _OTHERS)()
    some = any(job.active or kind_of(job).announced for job in jobs)
    if some and st.button(as_text(_counted(jobs)), key="work-list", type="tertiary"):
        st.session_state[_ASKED] = True
        st.rerun()


def _shape(jobs: Sequence[Job]) -> tuple[object, ...]:
    """Return what the region is drawn anew for: something was asked for, started or has ended."""
    own = {job.id for job in mine(jobs)}
    return tuple((job.id, job.state) for job in jobs if job.active or job.id in own)


def _watch() -> None:
    jobs = queue().jobs()
    if _shape(jobs) != st.session_state.get(_DRAWN):
        draw_instead(_REGION)
    for job in [job for job in mine(jobs) if job.active]:
        st.progress(job.share, text=as_text(f"{job.title}: {progress_words(job)}"))
        if drawn := training_curve(job.curves):
            show_html("{drawn}", drawn=Html(drawn))
        with st.container(horizontal=True):
            if job.state != STOPPING and st.button("Cancel", key=f"work-cancel-{job.id}"):
                with errors_on_page():
                    cancel(job)
                    draw_instead(_REGION)
            if job.runs:
                _offer_so_far(job)


def _offer_so_far(job: Job) -> None:
    """Offer what is finished already: it can be looked at while the rest is fitted."""
    run = services.find_run(job.runs[-1])
    words = f"Show the latest of {len(job.runs)}"
    if run is not None and st.button(words, key=f"work-far-{job.id}", help="It is fitted."):
        state.change(subject=run.subject, run=run.id)
        st.rerun()


def _announce(job: Job, best: Run | None) -> None:
    """Say how a visitor's job has ended, until they have put it away."""
    done = job.state == DONE
    words, hint = end_words(job)
    title = f"{job.title} has been fitted." if best is not None else f"{job.title} is done."
    if job.id not in st.session_state.setdefault(_TOASTED, set()):
        st.session_state[_TOASTED].add(job.id)
        st.toast(as_text(title if done else f"{job.title}: {words}"))
    if done:
        st.info(as_text(title))
    else:
        show_words(f"{job.title}: {words}", hint, calm=job.state != FAILED)
    with st.container(horizontal=True):
        if best is not None and st.button("Show it", key=f"work-show-{job.id}"):
            put_away(job)
            state.change(subject=best.subject, run=best.id)
            st.rerun()
        if st.button("Close", key=f"work-close-{job.id}"):
            put_away(job)
            draw_instead(_REGION)


def _best(job: Job) -> Run | None:
    """Return the best of what a job has fitted, on the validation images."""
    if job.kind not in _FITTING:
        return None
    runs = [run for name in job.runs if (run := services.find_run(name)) is not None]
    if not runs and job.result:
        reported = job.result.get("runs", [job.result])
        names = [one.get("run", "") for one in reported if isinstance(one, dict)]
        runs = [run for name in names if (run := services.find_run(name)) is not None]
    return max(runs, key=order_of_choice, default=None)


def _counted(jobs: Sequence[Job]) -> str:
    running = sum(job.running for job in jobs)
    waiting = sum(job.state == WAITING for job in jobs)
    counts = [f"{running} running"] * bool(running) + [f"{waiting} waiting"] * bool(waiting)
    return ", ".join(counts) or "All jobs"


@st.dialog("Jobs", width="medium", on_dismiss="rerun")
def _list() -> None:
    n = queue().workers
    at_a_time = "one fit at a time" if n == 1 else f"{n} fits at a time"
    show_note(
        "In order; {at_a_time}, one for every four cores of this machine, since each makes use of "
        "several. Checks of folders do not wait behind fits.",
        at_a_time=at_a_time,
    )
    _rows()


@st.fragment(run_every=1.5)
def _rows() -> None:
    jobs = [job for job in queue().jobs() if job.active or kind_of(job).announced]
    listed = [job for job in jobs if job.active]
    listed += [job for job in reversed(jobs) if not job.active][:_LISTED]
    for job in listed:
        words, button = st.columns([5, 1], vertical_alignment="center")
        with words:
            _row(job, "you" if is_mine(job) else "another visitor")
        if job.state in (FAILED, CANCELLED, INTERRUPTED):
            _button(button, "Go on", job, go_on)
        elif job.active and job.state != STOPPING:
            _button(button, "Cancel", job, cancel)


def _row(job: Job, by: str) -> None:
    """Say of a job what, whose, since when, how far; why one failed is for whose it is."""
    at = f"asked for {time_words(job.submitted)}"
    if job.active:
        state_words, detail = job.state, progress_words(job)
    else:
        state_words, detail = job.state, " ".join(end_words(job)) if is_mine(job) else ""
        at = f"ended {time_words(job.ended)}" if job.ended else at
    percent = f" {100 * job.share:.0f} %" if job.running else ""
    title = job.title if kind_of(job).announced or is_mine(job) else "a check or a preparation"
    show_html(
        '<div class="cs-job" data-state="{state}"><p><b>{title}</b> <small>{words}{percent}</small>'
        "</p><p><small>{by} · {at}{detail}</small></p></div>",
        state=job.state,
        title=title,
        words=state_words,
        percent=percent,
        by=by,
        at=at,
        detail=f" · {detail}" if detail else "",
    )


def _button(place: DeltaGenerator, label: str, job: Job, do: Callable[[Job], None]) -> None:
    if allowed(Action.CANCEL, of=whose(job)) and place.button(
        label, key=f"work-{label}-{job.id}", width="stretch"
    ):
        with errors_on_page():
            do(job)
            st.rerun(scope="fragment")
