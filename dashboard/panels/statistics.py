"""Statistics behind one chooser: any of the registry that is no map, computed when asked for.

What takes longer than some seconds (``Metric.long``) is asked for once more and stands in the
queue; either way it is what ``cortiscope evaluate`` says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import streamlit as st

from cortiscope import services, state
from cortiscope.access import Action, allowed
from cortiscope.core.datasets import Subject
from cortiscope.core.errors import CoreError
from cortiscope.core.evaluation import METRICS, Computed, Metric
from cortiscope.core.evaluation.report import images_of
from cortiscope.core.runs import EncodingSpec, Run
from cortiscope.core.runs.kept_results import kept_or_computed, read_kept
from cortiscope.core.simulation.recipe import DEFAULT_RECIPE, GROUP_RECIPE
from cortiscope.errors import show_error, show_words
from cortiscope.markup import as_text, show_note, show_title
from cortiscope.panels.scores import scored_run
from cortiscope.panels.statistic_figures import draw_statistic
from cortiscope.panels.work import watch_job
from cortiscope.regions import draw_again, region
from cortiscope.subject.model_menu import model_title
from cortiscope.work.jobs import end_words, latest, submit

_DEMO = "demo"


def statistics_of(n_models: int) -> list[Metric]:
    """Return what the chooser offers for so many models of one subject."""
    arities = ("one", "subjects") if n_models == 1 else ("pair", "several")
    return [m for m in METRICS.values() if m.shape != "vertex" and m.arity in arities]


@region("statistics")
def show_statistics(
    subject: Subject,
    runs: Sequence[Run],
    *,
    redraws: Sequence[str],
    pair: Callable[[], Sequence[Run]] | None = None,
) -> None:
    """Draw the chooser and the statistic that was chosen.

    Parameters
    ----------
    runs : one, or those compared, A first.
    redraws : the regions that follow a ROI that is picked here.
    pair : returns the two of several that are tested, the reference first.
    """
    show_title("Further statistics")
    metric = _choose(statistics_of(len(runs)))
    if metric is None:
        return
    if metric.arity == "subjects":
        runs = [*runs, *_in_other_subjects(runs[0])]
    elif metric.arity == "pair" and pair is not None and len(runs) > 2:
        runs = pair()
        first, second = map(model_title, runs)
        show_note("Here A is {first}, B is {second}.", first=first, second=second)
    show_note(
        "<b>{title}</b>: {definition}. {images} of {id}. {source}",
        title=metric.title,
        definition=metric.definition,
        images=_images(subject, runs[0], metric),
        id=", ".join(dict.fromkeys(run.subject for run in runs)),
        source=metric.source,
    )
    if metric.arity == "subjects":
        _offer_subjects(subject, runs)
        if len(runs) < 2:
            return
    if lack := next((why for run in runs if (why := metric.missing(run.report, run))), ""):
        st.info(as_text(f"It cannot be computed here: {lack}."))
        return
    found = _from_queue(subject, runs, metric) if metric.long else _computed_now(runs, metric)
    if found is not None:
        draw_statistic(subject, runs, metric, found, redraws)


def _images(subject: Subject, run: Run, metric: Metric) -> str:
    if metric.arity == "subjects":
        return "Held-out images"
    if metric.images is None or metric.missing(run.report, run):
        return f"{run.report.n_images} {images_of(run.report, subject)}"
    n, which = metric.images(scored_run(services.reported(run)))
    return f"{n or ''} {which} images".strip()


def _choose(offered: Sequence[Metric]) -> Metric | None:
    key = "statistic"
    names = {m.name: _asked(m) for m in offered}
    asked = state.current().statistic
    # What another page offers stays chosen there.
    st.session_state[key] = asked if asked in names else None
    if asked and asked not in METRICS:
        listed = ", ".join(names)
        st.warning(as_text(f"The address asks for statistic “{asked}”; there are {listed}."))
    st.selectbox(
        "statistic",
        list(names),
        index=None,
        format_func=names.__getitem__,
        placeholder=f"Choose a statistic: {as_text(', '.join(m.title for m in offered))}",
        label_visibility="collapsed",
        key=key,
        on_change=lambda: state.change(statistic=st.session_state[key] or ""),
    )
    chosen = st.session_state[key]
    return next((m for m in offered if m.name == chosen), None)


def better_than_chance(subject: Subject, run: Run) -> np.ndarray | None:
    """Return where a run is better than chance, (n_vertices,) bool; offer to test it until then."""
    metric = METRICS["permutation"]
    found = _from_queue(subject, [run], metric, where="accuracy-brain")
    if found is None:
        return None
    if "significant" not in found.maps:
        kept = kept_or_computed(metric, [scored_run(services.reported(run))], keep=False)
        return np.asarray(kept.maps["significant"]) == 1
    return np.asarray(found.maps["significant"]) == 1


def _asked(metric: Metric) -> str:
    """Return the question it answers, and its name."""
    return f"{metric.question} · {metric.title}" if metric.question else metric.title


def _in_other_subjects(run: Run) -> list[Run]:
    """Return the runs of the same configuration in other subjects, one of each."""
    found: dict[str, Run] = {}
    for other in services.run_store().survey()[0]:
        known = other.subject != run.subject and other.subject in services.subject_folders()
        if known and _configuration(other) == _configuration(run):
            found[other.subject] = other
    return [found[name] for name in sorted(found)]


def _configuration(run: Run) -> EncodingSpec:
    return replace(run.spec, subject="", data="")


def _offer_subjects(subject: Subject, runs: Sequence[Run]) -> None:
    """Say how many subjects there are, and offer more simulated ones where that would help."""
    run = runs[0]
    if len(runs) == 1:
        st.info(
            as_text(
                f"{model_title(run)} is fitted to {subject.id} alone. Fit the same to other "
                "subjects and their mean is shown here; from three on it is tested vertex by "
                "vertex."
            )
        )
    people = (*DEFAULT_RECIPE.subjects, *GROUP_RECIPE.subjects)
    have = {own.subject for own in runs}
    if run.subject not in people or have >= set(people) or not allowed(Action.FIT):
        return
    about = f"group {run.id}"
    job = latest(_DEMO, about)
    if job is not None and job.active:
        watch_job(_DEMO, about, "statistics")
        return
    if job is not None and job.result is None:
        show_words(*end_words(job))
    label = f"Fit it to four simulated subjects ({', '.join(people)})"
    if st.button(label, key="statistic-subjects"):
        try:
            submit(_DEMO, f"{model_title(run)} in four", ["demo", "--like", run.id], about=about)
        except CoreError as error:
            show_error(error)
            return
        draw_again()


def _computed_now(runs: Sequence[Run], metric: Metric) -> Computed:
    ids = tuple(run.id for run in runs)
    states = tuple(services.subject(run.subject).state for run in runs)
    return _computed(metric.name, ids, states, keep=allowed(Action.FIT))


@st.cache_data(show_spinner="Computing it for every ROI …", max_entries=64)
def _computed(name: str, runs: tuple[str, ...], states: tuple[str, ...], *, keep: bool) -> Computed:
    models = [scored_run(services.reported(services.run(run))) for run in runs]
    return kept_or_computed(METRICS[name], models, keep=keep)


def _from_queue(
    subject: Subject, runs: Sequence[Run], metric: Metric, *, where: str = "statistics"
) -> Computed | None:
    """Return what was kept or a job has found, or offer to start one, or say how far it is.

    Parameters
    ----------
    where : the region that is drawn.
    """
    ids = [run.id for run in runs]
    about = " ".join([metric.name, subject.state, *ids])
    kept = read_kept(metric, [scored_run(services.reported(run)) for run in runs])
    if kept is not None:
        return kept
    job = latest("evaluate", about)
    if job is not None and job.result is not None:
        return Computed(job.result["results"][metric.name])
    if job is not None and job.active:
        watch_job("evaluate", about, where)
        return None
    if job is not None:
        show_words(*end_words(job))
    if not allowed(Action.FIT):
        st.caption(
            "It takes long, and whoever serves this app has kept long work to themselves; "
            "“cortiscope evaluate” computes it on one’s own machine."
        )
        return None
    if st.button(f"Compute it: {as_text(metric.title)}", key=f"{where}-go"):
        named = [word for run in ids for word in ("--run", run)]
        folder = services.subject_folders()[subject.id]
        words = ["evaluate", "--data", str(folder), *named, "--what", metric.name]
        try:
            submit("evaluate", f"{metric.title} of {model_title(runs[0])}", words, about=about)
        except CoreError as error:
            show_error(error)
            return None
        draw_again()
    st.caption("It takes half a minute to some minutes, in a process of its own.")
    return None
