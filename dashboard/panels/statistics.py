"""Statistics behind one chooser: any of the registry that is no map, computed when asked for.

What takes longer than some seconds (``Metric.long``) is asked for once more and stands in the
queue; either way it is what ``cortiscope evaluate`` says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from cortiscope import services, state
from cortiscope.access import Action, allowed
from cortiscope.charts.curves import curves
from cortiscope.core.datasets import Subject
from cortiscope.core.errors import CoreError
from cortiscope.core.evaluation import METRICS, Metric, results
from cortiscope.core.evaluation.report import images_of
from cortiscope.core.runs import Run
from cortiscope.errors import show_error, show_words
from cortiscope.look import show_plotly, theme
from cortiscope.markup import Html, as_text, html, show_html, show_note, show_title, signed
from cortiscope.panels.downloads import csv_button, csv_text, image_mark
from cortiscope.panels.roi_responses import roi_places, rows_as_csv, take_roi
from cortiscope.panels.scores import scored_run
from cortiscope.regions import draw_again, draw_instead, region
from cortiscope.roi_chart import Axis, Mark, RoiRow, Series, roi_chart
from cortiscope.subject.model_menu import model_title
from cortiscope.work.jobs import end_words, latest, progress_words, submit

Numbers = Mapping[str, tuple[float, float | None, float | None]]
"""Name -> a number of a place, and the ends of its interval, where it has one."""

_SIDES = {"left": "lh", "right": "rh"}
# In the file and in the text, and no marks of a chart: how many, and how sure.
_BESIDE = ("n", "p", "p_adjusted", "smallest_p")
_MOST_SERIES = 6


def statistics_of(n_models: int) -> list[Metric]:
    """Return what the chooser offers for so many models of one subject."""
    arities = ("one",) if n_models == 1 else ("pair", "several")
    return [m for m in METRICS.values() if m.shape != "vertex" and m.arity in arities]


@region("statistics")
def show_statistics(subject: Subject, runs: Sequence[Run], *, redraws: Sequence[str]) -> None:
    """Draw the chooser and the statistic that was chosen.

    Parameters
    ----------
    runs : one, or A and B.
    redraws : the regions that follow a ROI that is picked here.
    """
    show_title("Further statistics")
    metric = _choose(statistics_of(len(runs)))
    if metric is None:
        return
    show_note(
        "<b>{title}</b>: {definition}. {images} of {id}. {source}",
        title=metric.title,
        definition=metric.definition,
        images=_images(subject, runs[0], metric),
        id=subject.id,
        source=metric.source,
    )
    if lack := next((why for run in runs if (why := metric.missing(run.report, run))), ""):
        st.info(as_text(f"It cannot be computed here: {lack}."))
        return
    if metric.long:
        found = _from_queue(subject, runs, metric)
    else:
        found = _computed(metric.name, tuple(run.id for run in runs), subject.state)
    if found is not None:
        _draw(subject, runs, metric, found, redraws)


def _images(subject: Subject, run: Run, metric: Metric) -> str:
    if metric.images is None or metric.missing(run.report, run):
        return f"{run.report.n_images} {images_of(run.report, subject)}"
    n, which = metric.images(scored_run(services.reported(run)))
    return f"{n or ''} {which} images".strip()


def _choose(offered: Sequence[Metric]) -> Metric | None:
    key = "statistic"
    names = {m.name: m.title for m in offered}
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
        placeholder=f"Choose a statistic: {as_text(', '.join(names.values()))}",
        label_visibility="collapsed",
        key=key,
        on_change=lambda: state.change(statistic=st.session_state[key] or ""),
    )
    chosen = st.session_state[key]
    return next((m for m in offered if m.name == chosen), None)


@st.cache_data(show_spinner="Computing it for every ROI …", max_entries=64)
def _computed(name: str, runs: tuple[str, ...], state: str) -> dict[str, Any]:
    models = [scored_run(services.reported(services.run(run))) for run in runs]
    return results(METRICS[name], models)


def _from_queue(subject: Subject, runs: Sequence[Run], metric: Metric) -> dict[str, Any] | None:
    """Return the result of a job, or offer to start it, or say how far it is."""
    ids = [run.id for run in runs]
    about = " ".join([metric.name, subject.state, *ids])
    job = latest("evaluate", about)
    if job is not None and job.result is not None:
        found: dict[str, Any] = job.result["results"][metric.name]
        return found
    if job is not None and job.active:
        _watch(about)
        return None
    if job is not None:
        show_words(*end_words(job))
    if not allowed(Action.FIT):
        st.caption(
            "It takes long, and whoever serves this app has kept long work to themselves; "
            "“cortiscope evaluate” computes it on one’s own machine."
        )
        return None
    if st.button(f"Compute it: {as_text(metric.title)}", key="statistic-go"):
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


@st.fragment(run_every=1.0)
def _watch(about: str) -> None:
    job = latest("evaluate", about)
    if job is None or not job.active:
        draw_instead("statistics")
    else:
        st.progress(job.share, text=as_text(f"{job.title}: {progress_words(job)}"))


def _draw(
    subject: Subject,
    runs: Sequence[Run],
    metric: Metric,
    found: dict[str, Any],
    redraws: Sequence[str],
) -> None:
    chart, panel = st.columns([7, 4], gap="medium")
    with chart:
        if metric.shape == "curve":
            _curves(subject, metric, found)
        elif metric.shape == "roi" and subject.space.is_placed:
            _by_roi(subject, runs, metric, found, redraws)
        else:
            st.json(found, expanded=False)
    with panel:
        show_title("Over everything")
        show_html('<dl class="cs-facts">{rows}</dl>', rows=Html(_facts(found["all"])))
        if metric.shape != "curve":
            show_note("{note}", note=subject.stamp)
        csv_button(
            subject,
            f"{metric.title} (CSV)",
            f"statistic-{metric.name}",
            lambda: _csv(subject, metric, found, "; ".join(map(model_title, runs))),
        )


def numbers_of(value: Mapping[str, Any] | None) -> Numbers:
    """Return the numbers of a place; ``low`` and ``high`` are of the number before them."""
    found: dict[str, tuple[float, float | None, float | None]] = {}
    before = ""
    for name, own in (value or {}).items():
        if isinstance(own, Mapping) and "value" in own:
            found[name] = own["value"], own.get("low"), own.get("high")
        elif isinstance(own, Mapping):
            found |= {f"{name} {part}": number for part, number in numbers_of(own).items()}
        elif name in ("low", "high"):
            if before in found:
                n, low, high = found[before]
                found[before] = (n, own, high) if name == "low" else (n, low, own)
        elif isinstance(own, int | float) and np.isfinite(own):
            found[name], before = (own, None, None), name
    return found


def _drawn(numbers: Numbers) -> Numbers:
    shown = {k: v for k, v in numbers.items() if k not in _BESIDE and not k.startswith("n_")}
    return dict(list(shown.items())[:_MOST_SERIES])


def _by_roi(
    subject: Subject,
    runs: Sequence[Run],
    metric: Metric,
    found: dict[str, Any],
    redraws: Sequence[str],
) -> None:
    names = list(_drawn(numbers_of(found["all"])))
    rows = []
    for place in roi_places(subject):
        value = found["rois"].get(_SIDES[place.hemisphere.value], {}).get(place.roi)
        own = numbers_of(value)
        marks = tuple(_mark(own[name]) if name in own else None for name in names)
        look = (place.roi, place.group, place.title, place.colour, place.hemisphere.value)
        rows.append(RoiRow(*look, len(place.vertices), marks))
    ends = [
        end
        for row in rows
        for mark in row.marks
        if mark is not None
        for end in (mark.value, mark.low, mark.high)
        if end is not None
    ]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    step = 0.1 if high - low > 0.2 else 0.02
    axis = Axis(
        metric.title,
        "",
        float(np.floor(low / step) * step),
        float(np.ceil((high + 1e-9) / step) * step),
    )
    series = [Series(_words(name), role="abcdef"[k]) for k, name in enumerate(names)]
    definition = f"{metric.definition[0].upper()}{metric.definition[1:]}. {_models(runs)}"
    roi_chart(
        rows,
        series,
        axis,
        key=f"statistic-{metric.name}",
        height=310,
        title=f"{metric.title[0].upper()}{metric.title[1:]} of each ROI",
        definition=definition,
        stamp=subject.stamp,
        focus=state.current().roi_name,
        on_pick=partial(take_roi, redraws=redraws),
        csv=rows_as_csv(rows, [s.name for s in series], f"{subject.stamp} {definition}".strip()),
    )


def _mark(number: tuple[float, float | None, float | None]) -> Mark:
    value, low, high = number
    return Mark(value) if low is None or high is None else Mark(value, low, high)


def _models(runs: Sequence[Run]) -> str:
    if len(runs) == 1:
        return f"{model_title(runs[0])}."
    return " ".join(
        f"{letter}: {model_title(run)}." for letter, run in zip("AB", runs, strict=True)
    )


def _curves(subject: Subject, metric: Metric, found: dict[str, Any]) -> None:
    focus = state.current().roi_name
    beside = {}
    if focus is not None:
        own = found["rois"].get(_SIDES[focus.hemisphere], {}).get(focus.name)
        beside = {f"{focus.name} {focus.hemisphere}": own} if own else {}
    show_title("{title}", title=metric.title)
    if found["all"] is None and not beside:
        show_note("Click a ROI in a chart above to see the curve of the training it took part in.")
        return
    figure = curves(found["all"], beside, stamp=subject.stamp, theme=theme())
    show_plotly(figure, key=f"statistic-{metric.name}{image_mark(subject)}", height=310)
    if not beside and any(found["rois"].values()):
        show_note("Click a ROI in a chart above to see its curve beside that of everything.")


def _facts(value: Mapping[str, Any] | None) -> str:
    if value is None:
        return html("<dt>none</dt><dd>there is no value over everything</dd>")
    rows = []
    for name, (number, low, high) in numbers_of(value).items():
        ends = "" if low is None or high is None else f" [{signed(low, 3)}, {signed(high, 3)}]"
        rows.append(
            html(
                "<dt>{number}<small>{ends}</small></dt><dd>{words}</dd>",
                number=_number(number),
                ends=ends,
                words=_words(name),
            )
        )
    for name, own in value.items():
        if isinstance(own, list) and own:
            rows.append(
                html(
                    "<dt>{first} … {last}</dt><dd>{words}</dd>",
                    first=_number(own[0]),
                    last=_number(own[-1]),
                    words=_words(name),
                )
            )
    return "".join(rows)


def _number(value: float | None) -> str:
    if value is None:
        return "none"
    if isinstance(value, int):
        return f"{value:,}"
    return "< .001" if 0 < abs(value) < 0.001 else signed(value, 3)


def _words(name: str) -> str:
    whole = {"n": "vertices", "n_vertices": "vertices", "n_undefined": "undefined"}
    words = whole.get(name, name.replace("_", " "))
    # The page calls the two models A and B.
    return re.sub(r" [ab]$", lambda letter: letter[0].upper(), words)


def _csv(subject: Subject, metric: Metric, found: dict[str, Any], titles: str) -> str:
    """Write one row per place; what is a list or has parts stands as JSON in its cell."""
    places = {("everything", "both"): found["all"]}
    for hemisphere, side in _SIDES.items():
        places |= {(roi, hemisphere): own for roi, own in found["rois"].get(side, {}).items()}
    names = list(dict.fromkeys(name for own in places.values() for name in own or {}))
    rows = (
        (*place, *(_cell((own or {}).get(name)) for name in names)) for place, own in places.items()
    )
    about = (
        f"{metric.title}: {metric.definition}; {found['n_images'] or ''} {found['split']} images; "
    )
    return csv_text(subject, about + titles, ["roi", "hemisphere", *names], rows)


def _cell(value: Any) -> object:
    if value is None:
        return ""
    return json.dumps(value) if isinstance(value, list | dict) else value
