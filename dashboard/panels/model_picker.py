"""One button with a model's whole name; behind it the table of all models of the subject.

Names are written whole: what tells two models apart is as likely to stand at the end. Beside the
table there is one direct control, a slider over the layers that were fitted alike, since stepping
through a network's layers is what people do most.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from cortiscope import state
from cortiscope.charts.layer_curve import layer_curve
from cortiscope.core.datasets import Subject
from cortiscope.core.runs import Run
from cortiscope.core.runs.facets import differing, facets
from cortiscope.markup import as_text, show_html
from cortiscope.panels.fit_dialog import fit_button, fit_is_asked_for
from cortiscope.subject.model_menu import ModelMenu, backbone_title, validation_score

# Each has a column of its own, or is in the words of one.
_IN_COLUMNS = ("backbone", "weights", "layer", "regressor", "scope")
_SHOWN = "shown"


@st.fragment
def pick_from_table(
    subject: Subject,
    menu: ModelMenu,
    run: Run,
    *,
    field: str,
    letter: str = "",
    without: str = "",
) -> None:
    """Draw the button and, while it is open, the table; a pick redraws the whole page.

    Below the table another model can be fitted.

    Parameters
    ----------
    run : the one on screen.
    field : of the selection, which holds the id: ``run`` or ``versus``.
    letter : before the name, where there are two.
    without : id of a run that cannot be picked.
    """
    if run.id not in state.current().compared or fit_is_asked_for():
        st.rerun()
    key = f"models-{field}"

    def close() -> None:
        st.session_state[key] = False

    title = menu.titles()[run.id]
    words = f"{letter}: {title}" if letter else title
    drawer = st.popover(
        as_text(words), key=key, on_change="rerun", width="stretch", wrap=True, type="secondary"
    )
    if drawer.open:
        with drawer:
            _table(menu, run, field=field, without=without, close=close)
            fit_button(subject, key=f"fit-open-{field}", then=close)


def _table(
    menu: ModelMenu, run: Run, *, field: str, without: str, close: Callable[[], None]
) -> None:
    offered = [one for one in menu.runs if one.id != without]
    rows = model_rows(offered)
    words = st.text_input(
        "filter",
        key=f"models-{field}-filter",
        placeholder=f"filter {len(offered)} models: untrained block4 ridge …",
        label_visibility="collapsed",
        type="search",
        live=True,
    )
    kept = [k for k, row in enumerate(rows) if holds(row, words)]
    if not kept:
        st.caption(as_text(f"None of {len(offered)} models has all of “{words.strip()}”."))
        return
    columns = {name: [rows[k][name] for k in kept] for name in rows[0]}
    mark = ["●" if offered[k].id == run.id else "" for k in kept]
    table = f"models-{field}-table"

    def take() -> None:
        cells = st.session_state[table].selection.cells
        if cells:
            state.change(**{field: offered[kept[cells[0][0]]].id})
            close()

    st.dataframe(
        {_SHOWN: mark, **columns},
        key=table,
        hide_index=True,
        height=min(420, 38 + 35 * len(kept)),
        width=_WIDTH,
        on_select=take,
        selection_mode="single-cell",
        column_config={
            _SHOWN: st.column_config.TextColumn("", width=30, help="●: on screen"),
            "r": st.column_config.NumberColumn(format="%.3f", width=60, help=_R_HELP),
            "fitted": st.column_config.TextColumn(width=90),
        },
    )
    st.caption(
        "A click on a row shows that model, one on a head sorts. r: mean over all vertices or "
        "voxels, on the validation images."
    )


_WIDTH = 820
_R_HELP = "Mean over vertices of Pearson r on the validation images, by which models are chosen"


def model_rows(runs: list[Run]) -> list[dict[str, Any]]:
    """Return column -> value of each run; what they do not differ in besides is in no column."""
    others = [name for name in differing(runs) if name not in _IN_COLUMNS] if runs else []
    rows = []
    for run in runs:
        found = facets(run)
        besides = [found[name] for name in others if found.get(name)]
        rows.append(
            {
                "network": backbone_title(run),
                "layer": run.layer,
                "r": validation_score(run),
                "regressor": run.method,
                "besides": " · ".join(besides),
                "fitted": run.facts.created[:10],
            }
        )
    if not any(row["besides"] for row in rows):
        for row in rows:
            del row["besides"]
    return rows


def holds(row: dict[str, Any], words: str) -> bool:
    """Whether a row of the table has every word, whatever its case."""
    text = " ".join(str(value) for name, value in row.items() if name != "r").lower()
    return all(word in text for word in words.lower().split())


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
        st.caption(as_text(f"The curve joins layers fitted alike; left out: {others}."))
