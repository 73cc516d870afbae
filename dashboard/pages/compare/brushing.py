"""The scatter of vertices, one model against another, and what was brushed in it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from html import escape
from typing import Any

import numpy as np
import streamlit as st

from cortiscope import services
from cortiscope.charts.vertex_scatter import DotGroup, a_against_b
from cortiscope.core.brain import HEMISPHERES
from cortiscope.core.datasets import Subject
from cortiscope.core.evaluation import Metric
from cortiscope.look import show_plotly, theme
from cortiscope.markup import signed
from cortiscope.pages.compare.pair import Pair
from cortiscope.panels.downloads import file_name
from cortiscope.roi_chart import Shades
from cortiscope.subject.locations import unit_of
from cortiscope.subject.roi_style import roi_colour

_KEY = "compare-scatter"
_MOST_DOTS = 8000
_NO_ROI = Shades("#9aa3af", "#76808c")


def brushed(subject: Subject) -> np.ndarray | None:
    """Return positions (n,) of the vertices brushed since, or None where nothing is."""
    state: Any = st.session_state.get(_key(subject)) or {}
    points = (state.get("selection") or {}).get("points") or []
    positions = [_position(p) for p in points]
    found = np.array(sorted({k for k in positions if k is not None}), dtype=int)
    return found if len(found) else None


def _key(subject: Subject) -> str:
    # Another subject has other vertices: a brush must not outlive it.
    return f"{_KEY}-{subject.id}"


def _position(point: Any) -> int | None:
    value = point.get("customdata")
    if isinstance(value, list | tuple):
        value = value[0] if value else None
    return None if value is None else int(value)


def show_scatter(pair: Pair) -> None:
    """Draw the scatter; a brush runs the page again."""
    subject, (of_a, of_b) = pair.subject, pair.values
    names = [
        f"{location.title} · {location.where}" if location.where else location.title
        for location in services.locations(subject.id, subject.state)
    ]
    figure = a_against_b(
        of_a,
        of_b,
        _groups(subject),
        names=names,
        titles=pair.titles,
        letters=pair.letters,
        ends=_ends(of_a, of_b, pair.metric),
        label=pair.metric.title,
        tick=20.0 if pair.metric.unit == "%" else 0.2,
        stamp=subject.stamp,
        theme=theme(),
    )
    show_plotly(
        figure,
        key=_key(subject),
        height=520,
        tools=("lasso2d", "select2d"),
        filename=file_name(subject, "a-against-b", "").rstrip("."),
        on_select="rerun",
        selection_mode=("box", "lasso"),
    )


def _ends(a: np.ndarray, b: np.ndarray, metric: Metric) -> tuple[float, float]:
    both = np.concatenate([a[np.isfinite(a)], b[np.isfinite(b)]])
    if not len(both):
        return -0.2, 1.0
    steps = 8 / metric.scale_high
    return float(np.floor(both.min() * steps) / steps), float(np.ceil(both.max() * steps) / steps)


def _groups(subject: Subject) -> list[DotGroup]:
    """Give each vertex one class: its first in visual order; streams alone count as none."""
    taken = np.zeros(subject.space.n_vertices(), bool)
    groups: dict[str, list[np.ndarray]] = {}
    colours: dict[str, Shades] = {}
    names = subject.parcellation.roi_names if subject.space.is_placed else ()
    classes = {subject.parcellation.class_of(roi) for roi in names}
    for roi in names:
        name = subject.parcellation.class_of(roi)
        if name == "streams":
            continue
        title, colour = roi_colour(name)
        colours[title] = colour
        for h in HEMISPHERES:
            vertices = subject.roi_vertices(roi, h)
            own = vertices[~taken[vertices]]
            taken[own] = True
            groups.setdefault(title, []).append(own)
    dots = [DotGroup(t, colours[t], np.concatenate(v)) for t, v in groups.items()]
    title = "streams only" if groups or "streams" in classes else f"all {subject.space.unit}"
    drawn = drawn_dots(len(taken))
    rest = DotGroup(title, _NO_ROI, np.flatnonzero(~taken))
    return [
        replace(d, positions=d.positions[drawn[d.positions]])
        for d in (rest, *dots)
        if len(d.positions)
    ]


def drawn_dots(n: int) -> np.ndarray:
    """Return (n,) bool: which dots are drawn; more than the eye and browser take are thinned."""
    drawn = np.ones(n, dtype=bool)
    if n > _MOST_DOTS:
        drawn[:] = False
        drawn[np.random.default_rng(0).choice(n, _MOST_DOTS, replace=False)] = True
    return drawn


def _thinned(subject: Subject) -> str:
    n = subject.space.n_vertices()
    return "" if n <= _MOST_DOTS else f" ({_MOST_DOTS:,} of {n:,} drawn, at random)"


def brush_words(pair: Pair, positions: np.ndarray | None) -> str:
    """Say what the brush holds."""
    subject = pair.subject
    units = subject.space.unit
    if positions is None:
        then = (
            f"the brains then show these {units} alone"
            if subject.space.is_placed
            else "their means appear here"
        )
        return (
            f'<p class="cs-note">One dot per {unit_of(subject)}{_thinned(subject)}. Above the '
            f"dotted line {pair.better[0]} predicts better, below it {pair.better[1]}. "
            "<b>Draw a lasso around dots</b>: "
            f"{then}.</p>"
        )
    locations = services.locations(subject.id, subject.state)
    held = Counter(f"{roi} {locations[k].part}" for k in positions for roi in locations[k].rois)
    where = ", ".join(f"{name} {n}" for name, n in held.most_common(6))
    placed = (
        f"The brains show these alone. Most are in {escape(where) or 'no ROI'}. "
        if subject.space.is_placed
        else ""
    )
    of_a, of_b = (np.nanmean(own[positions]) for own in pair.values)
    return (
        f'<p class="cs-note"><b>{len(positions):,} {units} brushed</b>: mean '
        f"{escape(pair.metric.title)} of {pair.letters[0]} {signed(of_a)}, of {pair.letters[1]} "
        f"{signed(of_b)} (chosen by these "
        f"very scores, so not an estimate for new images). {placed}"
        "Double-click in the chart to clear the selection.</p>"
    )
