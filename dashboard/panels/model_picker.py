"""One button with a model's whole name; behind it the table of all models of the subject.

Names are written whole: what tells two models apart is as likely to stand at the end. On most pages
a click on a row shows that model; where models are compared, rows are ticked, and the order of
ticking gives the letters. Beside the table there is one direct control, a slider over the layers
that were fitted alike, since stepping through a network's layers is what people do most.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from cortiscope import state
from cortiscope.charts.layer_curve import layer_curve
from cortiscope.core.datasets import Subject
from cortiscope.core.runs import Run
from cortiscope.core.runs.facets import facets
from cortiscope.markup import Html, as_text, html, show_html, show_note
from cortiscope.panels.fit_dialog import fit_button, fit_is_asked_for
from cortiscope.panels.model_details import is_deleted_now, model_details
from cortiscope.subject.model_menu import ModelMenu, validation_score
from cortiscope.subject.model_table import (
    COLUMNS,
    GROUPS,
    OFFERED,
    PER_NETWORK,
    best_layers,
    holds,
    model_rows,
    per_network_words,
)

_KEY = "models-run"
_SHOWN = "shown"
_TICKED = "models-ticked"
# What was chosen of the table itself; widgets are forgotten while the drawer is closed.
_CHOSEN = "models-table"
LETTERS = "ABCDEF"
_WIDTH = 940


@st.fragment
def pick_from_table(
    subject: Subject, menu: ModelMenu, shown: tuple[Run, ...], *, several: bool = False
) -> None:
    """Draw the button and, while it is open, the table; a pick redraws the whole page.

    Below the table a model can be named, tagged and deleted, and another fitted.

    Parameters
    ----------
    shown : the models on screen, A first.
    several : whether two to six may be ticked.
    """
    now = state.current()
    asked = now.compared if several else (now.run,)
    if asked != tuple(run.id for run in shown) or fit_is_asked_for():
        st.rerun()

    def close() -> None:
        st.session_state[_KEY] = False

    if is_deleted_now():
        close()
    titles = [menu.titles[run.id] for run in shown]
    if several:
        named = [
            html("<b>{k}</b> {title}", k=k, title=t) for k, t in zip(LETTERS, titles, strict=False)
        ]
        show_note("{lines}", lines=Html("<br>".join(named)))
    words = f"Models compared: {len(shown)} of {len(menu.runs)}" if several else titles[0]
    drawer = st.popover(
        as_text(words), key=_KEY, on_change="rerun", width="stretch", wrap=True, type="secondary"
    )
    if not drawer.open:
        st.session_state.pop(_TICKED, None)
        return
    with drawer:
        _table(menu, shown, several=several, close=close)
        model_details(menu, shown, several=several)
        fit_button(subject, key="fit-open-run", then=close)


def _table(
    menu: ModelMenu, shown: tuple[Run, ...], *, several: bool, close: Callable[[], None]
) -> None:
    search, ways = st.columns([5, 3], vertical_alignment="bottom")
    words = search.text_input(
        "filter",
        key="models-run-filter",
        placeholder=f"filter {len(menu.runs)} models: untrained block4 ridge …",
        label_visibility="collapsed",
        type="search",
        live=True,
    )
    with ways:
        way = st.segmented_control(
            "rows",
            [_EACH, _NETWORKS],
            required=True,
            label_visibility="collapsed",
            **_kept("way", _EACH),
        )
    if way == _NETWORKS:
        runs, without = best_layers(menu, shown[0])
        note = per_network_words(runs, without)
    else:
        runs, note = menu.runs, ""
    rows = model_rows(menu, runs)
    kept = [k for k, row in enumerate(rows) if holds(row, words, _wanted())]
    if not kept:
        st.caption(as_text(f"None of {len(runs)} models has all of “{words.strip()}”."))
        return
    if way == _EACH and (group := _chosen("group")):
        kept = _grouped(kept, [row.get(group) for row in rows])
    listed = [runs[k] for k in kept]
    columns = {name: [rows[k][name] for k in kept] for name in _columns(rows[0], way)}
    (_tick if several else _click)(listed, columns, shown, close)
    if note:
        st.caption(as_text(note))
    if way == _EACH:
        with st.expander("Columns and order"):
            st.selectbox(
                "grouped by",
                GROUPS,
                index=None,
                placeholder="network, then depth",
                **_kept("group", None),
            )
            offered = [name for name in OFFERED if name in rows[0]]
            st.multiselect("further columns", offered, **_kept("columns", [], offered))


_EACH, _NETWORKS = "every model", "per network"


def _chosen(name: str) -> Any:
    return st.session_state.get(_CHOSEN, {}).get(name)


def _kept(name: str, default: Any, offered: list[str] | None = None) -> dict[str, Any]:
    """Return key and callback of a choice that outlasts the closing of the drawer."""
    key = f"models-run-{name}"

    def keep() -> None:
        st.session_state[_CHOSEN] = {
            **st.session_state.get(_CHOSEN, {}),
            name: st.session_state[key],
        }

    if key not in st.session_state:
        now = _chosen(name) or default
        st.session_state[key] = now if offered is None else [n for n in now if n in offered]
    return {"key": key, "on_change": keep}


def _grouped(kept: list[int], values: list[Any]) -> list[int]:
    """Put rows with the same value together, in the order of each value's first row."""
    first: dict[Any, int] = {}
    for k in kept:
        first.setdefault(values[k], k)
    return sorted(kept, key=lambda k: first[values[k]])


def _columns(row: dict[str, Any], way: str) -> list[str]:
    """Return which columns to show, in order: what rows are ordered by comes first."""
    if way == _NETWORKS:
        return [name for name in PER_NETWORK if name in row]
    wanted = _wanted()
    names = [name for name in row if name not in OFFERED or name in wanted]
    return sorted(names, key=lambda name: name != _chosen("group"))


def _wanted() -> set[str]:
    """Return the further columns that were asked for."""
    return {*(_chosen("columns") or ()), *filter(None, [_chosen("group")])}


def _show(key: str, marks: list[str], columns: dict[str, list[Any]], **how: Any) -> None:
    st.dataframe(
        {_SHOWN: marks, **columns},
        key=key,
        hide_index=True,
        height=min(420, 38 + 35 * len(marks)),
        width=_WIDTH,
        placeholder="",
        alt="Encoding models of the subject",
        column_config={
            _SHOWN: st.column_config.TextColumn("", width=30, help="On screen"),
            **{c.name: _config(c.form, c.width, c.help) for c in COLUMNS if c.name in columns},
        },
        **how,
    )


def _config(form: str, width: int | None, help_: str) -> Any:
    if form == "text":
        return st.column_config.TextColumn(width=width, help=help_ or None)
    if form == "curve":
        return st.column_config.LineChartColumn(width=width, help=help_, y_min=0)
    return st.column_config.NumberColumn(format=form, width=width, help=help_)


def _click(
    listed: list[Run],
    columns: dict[str, list[Any]],
    shown: tuple[Run, ...],
    close: Callable[[], None],
) -> None:
    table = f"{_KEY}-table"

    def take() -> None:
        cells = st.session_state[table].selection.cells
        if cells:
            state.change(run=listed[cells[0][0]].id)
            close()

    marks = ["●" if run.id == shown[0].id else "" for run in listed]
    _show(table, marks, columns, on_select=take, selection_mode="single-cell")
    st.caption("A click on a row shows that model, one on a head sorts.")


def _tick(
    listed: list[Run],
    columns: dict[str, list[Any]],
    shown: tuple[Run, ...],
    close: Callable[[], None],
) -> None:
    """Draw the table with boxes to tick: the first is A, the next B."""
    before = [run.id for run in shown]
    ticked: list[str] = st.session_state.setdefault(_TICKED, before)
    ids = [run.id for run in listed]
    # Other rows are another table: what was ticked by number in one means nothing in the other.
    table = f"{_KEY}-rows-{hash(tuple(ids))}"

    def take() -> None:
        now = [ids[k] for k in st.session_state[table]["selection"]["rows"]]
        left = [one for one in ticked if one in now or one not in ids]
        both = [*left, *(one for one in now if one not in left)]
        st.session_state[_TICKED] = both[: state.MOST_COMPARED]

    rows = [k for k, one in enumerate(ids) if one in ticked]
    known = st.session_state.get(table, {"selection": {"rows": None}})["selection"]["rows"]
    if known is None or sorted(known) != rows:
        st.session_state[table] = {"selection": {"rows": rows, "columns": [], "cells": []}}
    marks = [LETTERS[ticked.index(one)] if one in ticked else "" for one in ids]
    _show(table, marks, columns, on_select=take, selection_mode="multi-row")

    def compare() -> None:
        state.change(run=ticked[0], versus=state.listed(ticked[1:]))
        close()

    st.button(
        f"Compare {len(ticked)} models" if len(ticked) > 1 else "Tick two to six models",
        key="models-compare",
        type="primary",
        width="stretch",
        disabled=len(ticked) < 2 or ticked == before,
        on_click=compare,
    )
    st.caption(
        f"Two to {as_text(state.MOST_COMPARED)} models; the order of ticking gives the letters, "
        "and A is what the others are compared with."
    )


def step_through_layers(menu: ModelMenu, run: Run) -> None:
    """Draw r over the layers that were fitted like a run, and a slider that steps through them."""
    like = menu.layers_like(run)
    if len(like) < 2:
        return
    scores = [(one.layer, validation_score(one)) for one in like]
    known = [(name, r) for name, r in scores if r is not None]
    if curve := layer_curve(known, run.layer):
        show_html(curve)
    names = {one.id: one.layer for one in like}
    key = "model-layer"
    # The same slider as long as the layers are the same: it keeps the keyboard while one steps.
    st.session_state[key] = run.id

    def take() -> None:
        state.change(run=st.session_state[key])

    st.select_slider(
        "layer",
        list(names),
        format_func=names.__getitem__,
        key=key,
        on_change=take,
        label_visibility="collapsed",
    )
    if others := menu.besides(run):
        alike = f"{facets(run)['reduction']}, {run.method}"
        st.caption(as_text(f"The curve joins layers fitted alike ({alike}); left out: {others}."))
