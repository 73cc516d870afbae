"""What is at work: a line in the sidebar, a word when one's own has ended, and the list of all.

A region of its own: while something of the visitor's is at work it alone is drawn anew, once a
second, and once that has ended nothing is asked any more. The rest of the page stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NoReturn

import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.scriptrunner import RerunData, RerunException, get_script_run_ctx

from cortiscope import services, state
from cortiscope.access import Action, allowed
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
from cortiscope.errors import show_words
from cortiscope.markup import as_text, show_html, show_note
from cortiscope.subject.model_menu import order_of_choice
from cortiscope.work.jobs import (
    cancel,
    end_words,
    go_on,
    is_mine,
    mine,
    progress_words,
    queue,
    time_words,
)

_REGION = "work"
_DRAWN, _TOASTED = "work-drawn", "work-toasted"
_LISTED = 20


def show_work() -> None:
    """Draw the region at the end of the sidebar, the same on all pages."""
    with st.sidebar.container(key="work"):
        _region(_without_model())


def _without_model() -> str:
    """Return the subject on screen where it has no model that could be shown, else nothing."""
    subject = state.current().subject
    known = subject in services.subject_folders()
    return subject if known and not services.runs_of(subject) else ""


@st.fragment(key=_REGION)
def _region(without: str) -> None:
    """Draw it.

    Parameters
    ----------
    without : the subject on screen, if it has no model that could be shown.
    """
    jobs = queue().jobs()
    own = mine(jobs)
    st.session_state[_DRAWN] = _shape(jobs)
    for job in [job for job in own if not job.active]:
        best = _best(job)
        if best is not None and best.subject == without:
            # There is nothing on screen that this would take away.
            queue().tell(job.id)
            state.change(subject=best.subject, run=best.id)
            st.rerun()
        _announce(job, best)
    if any(job.active for job in own):
        _progress()
    some = any(job.active or kind_of(job).announced for job in jobs)
    if some and st.button(
        as_text(_counted(jobs)), key="work-list", type="tertiary", width="stretch"
    ):
        _list()


def _shape(jobs: Sequence[Job]) -> tuple[object, ...]:
    """Return what the region is drawn anew for: something was started or has ended."""
    return tuple((job.id, job.state) for job in mine(jobs))


@st.fragment(run_every=1.0)
def _progress() -> None:
    jobs = queue().jobs()
    if _shape(jobs) != st.session_state.get(_DRAWN):
        redraw(_REGION)
    for job in [job for job in mine(jobs) if job.active]:
        st.progress(job.share, text=as_text(f"{job.title}: {progress_words(job)}"))
        if job.runs:
            _offer_so_far(job)
        if job.state != STOPPING and st.button("Cancel", key=f"work-cancel-{job.id}"):
            cancel(job)
            redraw(_REGION)


def _offer_so_far(job: Job) -> None:
    """Offer what is finished already: it can be looked at while the rest is fitted."""
    run = services.find_run(job.runs[-1])
    n = len(job.runs)
    if run is not None and st.button(f"Show the latest of {n} fitted", key=f"work-far-{job.id}"):
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
            queue().tell(job.id)
            state.change(subject=best.subject, run=best.id)
            st.rerun()
        if st.button("Close", key=f"work-close-{job.id}"):
            queue().tell(job.id)
            redraw(_REGION)


def _best(job: Job) -> Run | None:
    """Return the best of what a job has fitted, on the validation images."""
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


@st.dialog("Jobs", width="large", on_dismiss="rerun")
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
        whose = "you" if is_mine(job) else "another visitor"
        with words:
            _row(job, whose)
        if job.state in (FAILED, CANCELLED, INTERRUPTED):
            _button(button, "Go on", job, go_on)
        elif job.active and job.state != STOPPING:
            _button(button, "Cancel", job, cancel)


def _row(job: Job, whose: str) -> None:
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
        "</p><p><small>{whose} · {at}{detail}</small></p></div>",
        state=job.state,
        title=title,
        words=state_words,
        percent=percent,
        whose=whose,
        at=at,
        detail=f" · {detail}" if detail else "",
    )


def _button(place: DeltaGenerator, label: str, job: Job, do: Callable[[Job], None]) -> None:
    if allowed(Action.CANCEL, of=job.owner) and place.button(
        label, key=f"work-{label}-{job.id}", width="stretch"
    ):
        do(job)
        st.rerun(scope="fragment")


def redraw(key: str) -> NoReturn:
    """End a fragment's run, and run the one of a key instead: that which holds it.

    Streamlit offers this to callbacks of widgets alone (``st.rerun``); a fragment that runs by a
    timer has none, and ends only when what holds it is drawn without it.
    """
    context = get_script_run_ctx()
    assert context is not None  # noqa: S101 - a fragment runs in one
    raise RerunException(
        RerunData(
            query_string=context.query_string,
            page_script_hash=context.page_script_hash,
            fragment_id_queue=context.fragment_storage.resolve_target(key),
            is_fragment_scoped_rerun=True,
            cached_message_hashes=context.cached_message_hashes,
            context_info=context.context_info,
        )
    )
