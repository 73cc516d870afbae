"""The sidebar: subject, stimulus, and the model on screen."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from html import escape
from typing import NoReturn

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cortiscope import services, state
from cortiscope.access import Action, allowed
from cortiscope.core.datasets import Subject
from cortiscope.core.errors import CoreError
from cortiscope.core.evaluation import INTERVAL
from cortiscope.core.runs import Run, changes
from cortiscope.core.runs.belonging import state_words
from cortiscope.core.runs.facets import differing
from cortiscope.errors import PageEnds, show_error
from cortiscope.look import stamp
from cortiscope.markup import as_text, show_html, signed
from cortiscope.navigation import link_to
from cortiscope.panels.detail import keep_layers
from cortiscope.panels.fit_dialog import fit_button, open_fit_dialog
from cortiscope.panels.mesh_menu import say_mesh
from cortiscope.panels.model_details import offer_undo
from cortiscope.panels.model_picker import pick_from_table, step_through_layers
from cortiscope.panels.run_states import show_run_states
from cortiscope.panels.scores import interval_text
from cortiscope.panels.selection import check_places
from cortiscope.subject.model_menu import ModelKey, ModelMenu, key_title, model_title
from cortiscope.work.jobs import latest


def pick_subject() -> Subject:
    """Draw the subject menu and return the subject on screen."""
    chosen = choose_subject()
    try:
        subject = open_chosen(chosen)
    except CoreError as error:
        show_error(error)
        link_to("data", f"All problems in {chosen}")
        raise PageEnds from None
    say_mesh(subject)
    return subject


def choose_subject() -> str:
    """Draw the subject menu and return the id of the subject on screen, not yet opened."""
    ids = list(services.subject_folders())
    asked = state.current().subject
    if asked and asked not in ids:
        listed = ", ".join(ids)
        state.tell(f"There is no subject “{asked}”; there are {listed}. Showing {ids[0]}.")
    chosen = asked if asked in ids else ids[0]
    for problem in services.data_folder_problems():
        st.sidebar.warning(as_text(str(problem)))
    with st.sidebar:
        chosen = _menu("subject", "subject", ids, chosen, str)
    if chosen != asked:
        # Vertices, images and runs are the subject's own.
        state.change(subject=chosen, vertex="")
    return chosen


def open_chosen(chosen: str) -> Subject:
    """Open the subject on screen and print its stamp.

    Raises
    ------
    CoreError : its folder is damaged.
    """
    opened = services.subject(chosen)
    bar = st.empty()

    def report(share: float, words: str) -> None:
        bar.progress(share, as_text(f"{words[:1].upper()}{words[1:]} …"))

    # Its files are read the first time only, and where they have changed.
    opened.identified(report)
    bar.empty()
    stamp(opened.stamp)
    check_places(opened)
    return opened


def pick_model(subject: Subject, head: DeltaGenerator | None = None) -> Run:
    """Draw the choice of a model, and return the one on screen."""
    run = pick_model_if_any(subject, head)
    if run is None:
        _say_that_none_is_fitted(subject)
    return run


def pick_model_if_any(subject: Subject, head: DeltaGenerator | None = None) -> Run | None:
    """Draw the same; None where no model has been fitted yet.

    Parameters
    ----------
    head : where the model's name goes; the sidebar without. Under it the table has room.
    """
    with st.sidebar:
        open_fit_dialog(subject)
        with st.container():  # it comes and goes, above a region
            offer_undo()
        run = next(iter(_pick_runs(subject, head=head)), None)
        show_run_states(subject, run)
    return run


def pick_models(subject: Subject) -> tuple[Run, ...]:
    """Draw the choice of two to six models to compare.

    Returns
    -------
    A, then B ... F, none twice, with reports by the present rules; A alone where there is no other.
    """
    with st.sidebar:
        open_fit_dialog(subject)
        with st.container():  # it comes and goes, above a region
            offer_undo()
        runs = _pick_runs(subject, several=True)
        show_run_states(subject, runs[0] if runs else None)
    if not runs:
        _say_that_none_is_fitted(subject)
    return tuple(services.reported(run) for run in runs)


def offer_first_fit(subject: Subject) -> None:
    """Say that a subject has no encoding model yet, beside the button that leads to one."""
    words, button = st.columns([7, 4], gap="medium", vertical_alignment="center")
    words.info(_none_is_fitted(subject))
    with button:
        fit_button(subject)


def _none_is_fitted(subject: Subject) -> str:
    former = state_words(services.subject_runs(subject.id).of_other_data, subject)
    when = " as its data are now." if former else " yet."
    how = "Fit one here; what it predicts appears beside the measured responses."
    words = [f"No encoding model has been fitted to {subject.id}{when}{_fits_under_way()}"]
    words += [how] if allowed(Action.FIT) else []
    return as_text(" ".join([*words, former]).rstrip())


def _say_that_none_is_fitted(subject: Subject) -> NoReturn:
    """Say so where the page's figures would be, and end the page."""
    offer_first_fit(subject)
    link_to("explore", f"The measured responses of {subject.id}")
    link_to("data", f"What the folder of {subject.id} holds")
    raise PageEnds


def _pick_runs(
    subject: Subject, *, several: bool = False, head: DeltaGenerator | None = None
) -> list[Run]:
    """Draw the choice; return the models on screen, or none where none is fitted."""
    menu = ModelMenu.of(services.runs_of(subject.id))
    if not menu.runs:
        return []
    run = _asked_for(menu, subject)
    key = ModelKey.of(run)
    state.change(run=run.id, backbone=key.backbone, layer=key.layer, encoder=key.regressor)
    others = _others(menu, subject, run) if several else []
    with head or nullcontext():
        pick_from_table(subject, menu, (run, *others), several=several)
    step_through_layers(menu, run)
    keep_layers(menu.layers_like(run))
    run = services.reported(run)
    show_html(score_line(run, subject.space.unit))
    if words := _fits_under_way():
        st.caption(as_text(words))
    return [run, *others]


def _asked_for(menu: ModelMenu, subject: Subject) -> Run:
    """Return the run on screen, or the nearest to what was asked for, and say why."""
    now = state.current()
    if (found := menu.get(now.run)) is not None:
        return found
    former = services.find_run(now.run) if now.run else None
    if former is not None:
        run = menu.nearest(ModelKey.of(former), like=former)
    else:
        start = ModelKey.of(menu.default())
        wish = {k: v for k, name in _PARTS.items() if (v := getattr(now, name)) and not now.run}
        run = menu.nearest(replace(start, **wish))
    if problem := _not_here(menu, subject, run, former):
        state.tell(f"{problem}; showing {model_title(run)}.")
    return run


# Parts of a key -> what addresses call them.
_PARTS = {"backbone": "backbone", "layer": "layer", "regressor": "encoder"}


def _not_here(menu: ModelMenu, subject: Subject, shown: Run, former: Run | None) -> str:
    """Say what was asked for and is not among a subject's runs; empty if nothing."""
    now, key = state.current(), ModelKey.of(shown)
    if former is not None and former.subject == subject.id:
        what = changes([former], subject)
        since = f" ({what})" if what else ""
        return (
            f"“{model_title(former)}” was fitted to {subject.id} before its data changed{since}, "
            "and can be fitted again"
        )
    if former is not None:
        missing = ModelKey.of(former) != key
        return f"{subject.id} has no “{model_title(former)}”" if missing else ""
    if now.run in services.run_store().deleted():
        return f"“{now.run}” was deleted; “cortiscope runs undelete {now.run}” brings it back"
    if now.run:
        return f"There is no run “{now.run}” here"
    asked = {k: v for k, name in _PARTS.items() if (v := getattr(now, name))}
    if all(getattr(key, k) == v for k, v in asked.items()):
        return ""
    words = [key_title(v) if k == "backbone" else v for k, v in asked.items()]
    return f"{subject.id} has no “{' · '.join(words)}”"


def _fits_under_way() -> str:
    """Say that the demo's other models are still being fitted, while they are."""
    job = latest("demo")
    if job is None or not job.active:
        return ""
    return (
        f" More of the demo’s models are being fitted ({100 * job.share:.0f} %); reload to "
        "see them."
    )


def _others(menu: ModelMenu, subject: Subject, first: Run) -> list[Run]:
    """Return what the first is compared with, its twin if nothing is asked for."""
    rest = [r for r in menu.runs if r.id != first.id]
    if not rest:
        return []
    others = _others_asked_for(menu, subject, first) or [_twin(first, rest)]
    ids = tuple(run.id for run in others)
    before, *same = st.session_state.get(_COMPARED, ("",))
    if before != first.id and ids == tuple(same) and (left := menu.get(before)) is not None:
        moved = {run.id: run for run in (menu.following(own, left, first) for own in others)}
        others = [run for run in moved.values() if run.id != first.id] or others
        ids = tuple(run.id for run in others)
    st.session_state[_COMPARED] = (first.id, *ids)
    state.change(versus=state.listed(ids))
    return others


# What was compared last: where A has gone to another layer, its twins follow.
_COMPARED = "compared-last"


def _others_asked_for(menu: ModelMenu, subject: Subject, first: Run) -> list[Run]:
    """Return the runs that the address compares the first with, or their like; say what is not."""
    found: dict[str, Run] = {}
    lacking = []
    for asked in state.current().compared[1:]:
        if (run := menu.get(asked) or _like(menu, asked)) is None:
            lacking.append(_title_of(asked))
        elif run.id != first.id:
            found.setdefault(run.id, run)
    if lacking:
        shown = "" if found else "; another is shown"
        named = "”, “".join(lacking)
        state.tell(f"{subject.id} has no “{named}” to compare with{shown}.")
    return list(found.values())


def _like(menu: ModelMenu, asked: str) -> Run | None:
    """Return the nearest run to one of another subject or state of the data, or to a key."""
    former = services.find_run(asked)
    key = ModelKey.parse(asked) if former is None else ModelKey.of(former)
    return menu.nearest(key, like=former) if key is not None and menu.alike(key) else None


def _title_of(asked: str) -> str:
    """Words for a run or key that the subject may lack."""
    if (former := services.find_run(asked)) is not None:
        return model_title(former)
    key = ModelKey.parse(asked)
    return asked if key is None else key.title


def _twin(first: Run, others: list[Run]) -> Run:
    """Prefer the untrained network at the same layer: the comparison that means something.

    Of several the one that shares most with the first.
    """
    own = ModelKey.of(first)
    twins = [
        run
        for run in others
        if _place_of(run) == _place_of(first) and ModelKey.of(run).backbone != own.backbone
    ]
    return min(twins or others[:1], key=lambda run: len(differing([run, first])))


def _place_of(run: Run) -> tuple[tuple[str, ...], str, str]:
    """Name networks, layer and method, whatever the weights."""
    return tuple(source.backbone for source in run.sources), run.layer, run.method


def _menu(
    name: str, label: str, options: list[str], chosen: str, words: Callable[[str], str]
) -> str:
    value = st.selectbox(
        label,
        options,
        index=options.index(chosen),
        key=state.widget_key(name, chosen),
        format_func=words,
    )
    state.seen(name, value)
    return str(value)


def score_line(run: Run, unit: str) -> str:
    """Say how good the model is over all ``unit`` (vertices or voxels), with n and split."""
    whole = run.report.overall
    if whole.mean_r is None:
        return (
            '<p class="cs-score"><b>no r</b>: predictions or responses of all '
            f"{whole.n:,} {unit} are constant</p>"
        )
    ceiling = f" of {whole.ceiling_r:.2f}" if whole.ceiling_r is not None else ""
    known = "attainable" if whole.ceiling_r is not None else "ceiling unknown"
    title = (
        f"Mean over {unit} of Pearson r between predicted and measured responses over held-out "
        f"images, with {INTERVAL}; attainable: mean square root of the noise ceiling."
    )
    return (
        f'<p class="cs-score" title="{escape(title)}"><b>r {signed(whole.mean_r)}</b>'
        f"{interval_text(whole)}{ceiling} {known}<br>"
        f"mean over {whole.n - whole.n_undefined:,} {unit}, "
        f"{run.report.n_images} {run.report.split} images</p>"
    )
