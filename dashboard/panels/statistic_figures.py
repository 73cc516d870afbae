"""How a statistic is drawn: by its shape, with its numbers, its table and the code beside it."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from cortiscope import state
from cortiscope.access import Action, allowed
from cortiscope.charts.curves import ENDS, curves
from cortiscope.core.datasets import Subject
from cortiscope.core.evaluation import RSA, Computed, Metric
from cortiscope.core.evaluation.subjects import LEAST_SUBJECTS
from cortiscope.core.runs import Run
from cortiscope.cortex_view import ColourScale, CortexMap
from cortiscope.look import show_plotly, theme
from cortiscope.markup import Html, as_text, html, show_html, show_note, show_title, signed
from cortiscope.panels.brain import show_brain
from cortiscope.panels.downloads import csv_button, csv_text, image_mark
from cortiscope.panels.methods import opening_lines
from cortiscope.panels.patterns import show_patterns
from cortiscope.panels.roi_responses import roi_places, rows_as_csv, take_roi
from cortiscope.roi_chart import Axis, Mark, RoiRow, Series, roi_chart
from cortiscope.subject.model_menu import model_title

Numbers = Mapping[str, tuple[float, float | None, float | None]]
"""Name -> a number of a place, and the ends of its interval, where it has one."""

_SIDES = {"left": "lh", "right": "rh"}
# In the file and in the text, and no marks of a chart: how many, and how sure.
_BESIDE = ("n", "p", "p_adjusted", "smallest_p", "sd", "t", "df")
_MOST_SERIES = 6


def draw_statistic(
    subject: Subject,
    runs: Sequence[Run],
    metric: Metric,
    computed: Computed,
    redraws: Sequence[str],
) -> None:
    """Draw a statistic of some models as ``evaluate`` gives it."""
    found = computed.said
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
        show_html(
            '<dl class="cs-facts">{rows}</dl>',
            rows=Html(_facts(found["all"], of_subjects=len({run.subject for run in runs}) > 1)),
        )
        if metric.shape != "curve":
            show_note("{note}", note=subject.stamp)
        with st.container(horizontal=True, gap="small"):
            csv_button(
                subject,
                f"{metric.title} (CSV)",
                f"statistic-{metric.name}",
                lambda: _csv(subject, metric, found, "; ".join(map(model_title, runs))),
            )
            with st.popover("Show the code", key="statistic-code"):
                st.code(_code(subject, runs, metric), language="python")
                st.code("\n".join(command_lines(subject, runs, metric)), language="bash")
            with st.popover("Methods", key="statistic-methods"):
                st.write(as_text(_paragraph(runs, metric, found)))
    if metric.name == RSA.name:
        show_patterns(subject, runs[0])
    if subject.space.is_placed:
        _on_cortex(subject, runs, metric, computed.maps, redraws)


def _on_cortex(
    subject: Subject,
    runs: Sequence[Run],
    metric: Metric,
    maps: Mapping[str, np.ndarray],
    redraws: Sequence[str],
) -> None:
    """Draw the maps of a statistic for whoever asks: they are a figure more."""
    shown = [(title, maps[name], kind) for name, title, kind in _DRAWN if name in maps]
    if not shown or not st.toggle("on the cortex", key="statistic-cortex"):
        return
    # One scale for the maps of a kind, so that they compare.
    high = {k: _end([v for _, v, kind in shown if kind == k]) for k in {kind for *_, kind in shown}}
    drawn = [
        CortexMap(
            title=title,
            values=np.asarray(values, dtype=np.float32),
            scale=ColourScale(*_KINDS[kind](high[kind]), kind, title),
            role="score",
            simulated=subject.simulated,
        )
        for title, values, kind in shown
    ]
    show_brain(subject, drawn, key="statistic-brain", height=380, redraws=redraws)
    show_note("{words}", words=f"{_map_words(metric, maps, len(runs))} Grey: no value.")


_KINDS: dict[str, Callable[[float], tuple[str, float, float]]] = {
    "r": lambda high: ("sequential", 0.0, high),
    "R²": lambda high: ("diverging", -high, high),
    "t": lambda high: ("diverging", -high, high),
    "found": lambda _: ("sequential", 0.0, 1.0),
}
# Name -> title, and what its values are; others are in files alone.
_DRAWN = (
    ("significant", "better than chance", "found"),
    ("unique_a", "unique A", "R²"),
    ("unique_b", "unique B", "R²"),
    ("shared", "shared", "R²"),
    ("group_mean", "mean r", "r"),
    ("group_t", "t over subjects", "t"),
)


def _end(values: Sequence[np.ndarray]) -> float:
    """Return where a scale ends: at 98 % of the values, in two digits."""
    sizes = np.abs(np.concatenate([v[np.isfinite(v)] for v in values]))
    return float(f"{np.quantile(sizes, 0.98):.2g}") or 1.0 if sizes.size else 1.0


def _map_words(metric: Metric, maps: Mapping[str, np.ndarray], n_models: int) -> str:
    counts = maps.get("group_n")
    if counts is None:
        words = "; ".join(metric.maps[name] for name, *_ in _DRAWN if name in maps)
        return f"{words[0].upper()}{words[1:]}."
    have = [f"{int((counts == n).sum()):,} in {n}" for n in range(n_models, 0, -1)]
    words = f"Of {n_models} subjects, vertices of fsaverage that are: {', '.join(have)}."
    if n_models < LEAST_SUBJECTS:
        return (
            f"{words} No t of {n_models} subjects: it would follow the noise of their difference; "
            f"{LEAST_SUBJECTS} are the least."
        )
    return f"{words} t: one-sample, against 0, where at least {LEAST_SUBJECTS} have the vertex."


def _code(subject: Subject, runs: Sequence[Run], metric: Metric) -> str:
    others = "".join(f", {run.id!r}" for run in runs[1:])
    return opening_lines(subject, runs[0]) + (
        f'found = cs.statistic({metric.name!r}, model{others})\nfound["all"], found["rois"]["lh"]\n'
    )


def command_lines(subject: Subject, runs: Sequence[Run], metric: Metric) -> list[str]:
    """Return the line that computes a statistic, and that which writes its maps, if any."""
    named = " ".join(f"--run {run.id}" for run in runs)
    where = f" --data {shlex.quote(str(subject.folder.parent))}" if allowed(Action.PATHS) else ""
    maps = ",".join(metric.maps)
    lines = [f"cortiscope evaluate {named} --what {metric.name}{where}"]
    return lines + ([f"cortiscope maps {named} --map {maps}{where} --out maps"] if maps else [])


def _paragraph(runs: Sequence[Run], metric: Metric, found: Mapping[str, Any]) -> str:
    """Write a paragraph for a methods section: what, of which models, over what, after whom."""
    people = ", ".join(dict.fromkeys(run.subject for run in runs))
    n = f"{found['n_images']} " if found["n_images"] else ""
    words = f"{metric.title[0].upper()}{metric.title[1:]}: {metric.definition}"
    source = f" {metric.source}." if metric.source else ""
    return f"{words}. {n}{found['split']} images of {people}. {_models(runs)}{source}".strip()


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
            if before in found and not isinstance(own, list):
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
    if len({run.subject for run in runs}) > 1:
        return f"{model_title(runs[0])}, fitted to {', '.join(run.subject for run in runs)}."
    return " ".join(
        f"{letter}: {model_title(run)}." for letter, run in zip("ABCDEF", runs, strict=False)
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


def _facts(value: Mapping[str, Any] | None, *, of_subjects: bool = False) -> str:
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
                words=_of_subjects(name) if of_subjects else _words(name),
            )
        )
    for name, own in value.items():
        if isinstance(own, list) and own and name not in ENDS:
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


def _of_subjects(name: str) -> str:
    known = {"n": "subjects", "n_absent": "subjects without a value", "sd": "SD between subjects"}
    return known.get(name, _words(name))


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
