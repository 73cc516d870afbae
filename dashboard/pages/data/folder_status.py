"""The problems of a folder: the verb ``check`` in the background, and its words on the page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import streamlit as st

from cortiscope import services
from cortiscope.access import Action, allowed
from cortiscope.core.errors import CannotWrite
from cortiscope.core.pipeline.jobs import CANCELLED, Job
from cortiscope.errors import show_error, show_words
from cortiscope.markup import Html, as_text, show_html
from cortiscope.work.folder_checks import (
    CheckResult,
    keep_result,
    load_result,
    start_check,
)
from cortiscope.work.jobs import cancel, end_words, latest, progress_words

_SHOWN = 12


def show_status(folder: Path, *, name: str, key: str) -> None:
    """Say what problems a folder has; look now if its files have changed since the last look.

    Parameters
    ----------
    name : of the folder, in words.
    key : of the widgets.
    """
    state = services.state_of(folder)
    job = latest("check", state)
    result = load_result(services.home(), state)
    if job is not None and job.result is not None:
        result = _kept(state, job, result)
    if not allowed(Action.CHECK):
        if result is not None:
            _show(result, name)
        return
    if job is None and result is None:
        job = start_check(folder, state, deep=False)
    if job is not None and job.result is None:
        _watch(folder, state, name, key)
    if result is not None and (job is None or not job.active):
        card, buttons = st.columns([9, 2], gap="small")
        with card:
            _show(result, name)
        with buttons:
            _buttons(folder, state, result, key)


def last_result(folder: Path) -> CheckResult | None:
    """Return what the last check of a folder said, if its files are as they were."""
    return load_result(services.home(), services.state_of(folder))


def _kept(state: str, job: Job, former: CheckResult | None) -> CheckResult | None:
    """Keep what a check has said until a file changes, whoever saw its end first."""
    deep, when = "--deep" in job.arguments, datetime.fromtimestamp(job.ended, UTC)
    said = CheckResult.at(when, job.result or {}, deep=deep)
    if said == former:
        return former
    try:
        return keep_result(services.home(), state, said)
    except CannotWrite as error:
        show_error(error)
        return said


@st.fragment(run_every=0.6)
def _watch(folder: Path, state: str, name: str, key: str) -> None:
    job = latest("check", state)
    if job is None or job.result is not None:
        st.rerun()
    elif job.active:
        line, stop = st.columns([6, 1], vertical_alignment="center")
        line.progress(job.share, text=as_text(f"Checking {name}: {progress_words(job)}"))
        if allowed(Action.CANCEL, of=job.owner) and stop.button(
            "Stop", key=f"{key}-stop", width="stretch"
        ):
            cancel(job)
    else:
        show_words(*end_words(job), calm=job.state == CANCELLED)
        if allowed(Action.CHECK) and st.button("Check again", key=f"{key}-retry"):
            start_check(folder, state, deep="--deep" in job.arguments)
            st.rerun()


def _show(result: CheckResult, name: str) -> None:
    problems = list(result.problems)
    looked = "every image decoded" if result.deep else "every file’s header, a sample of the images"
    when = f"checked {result.when}: {looked}, all response values"
    if problems:
        n = len(problems)
        words = "1 problem" if n == 1 else f"{n:,} problems"
        kind = "bad"
    else:
        words, kind = "No problems", "good"
    show_html(
        '<div class="cs-check" data-kind="{kind}" role="status"><p><b>{words}</b> in {name} '
        "<small>{when}</small></p>{listed}{notes}</div>",
        kind=kind,
        words=words,
        name=name,
        when=when,
        listed=Html(_listed(problems[:_SHOWN])),
        notes=Html(_notes(result.notes)),
    )
    if len(problems) > _SHOWN:
        with st.expander(f"{len(problems) - _SHOWN} more"):
            show_html(
                '<div class="cs-check">{listed}</div>', listed=Html(_listed(problems[_SHOWN:]))
            )


def _listed(lines: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>" if lines else ""


def _notes(lines: Sequence[str]) -> str:
    if not lines:
        return ""
    return f'<p class="cs-note"><b>Good to know.</b> {escape(" ".join(lines))}</p>'


def _buttons(folder: Path, state: str, result: CheckResult, key: str) -> None:
    if not allowed(Action.CHECK):
        return
    if not result.deep and st.button(
        "Decode every image",
        key=f"{key}-deep",
        help="Reads every picture to its last pixel.",
        width="stretch",
    ):
        start_check(folder, state, deep=True)
        st.rerun()
    if st.button(
        "Check again",
        key=f"{key}-again",
        help="Reads the folder and its values again.",
        width="stretch",
    ):
        services.look_again()
        start_check(folder, services.state_of(folder), deep=result.deep)
        st.rerun()
