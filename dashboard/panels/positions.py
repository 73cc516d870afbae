"""How a model that knows vertices by their positions sees them: ROI, box, grid, expanded grid.

Of all other models nothing is drawn.
"""

from __future__ import annotations

import numpy as np
import streamlit as st

from cortiscope import services, state
from cortiscope.charts.positions import boxed_positions, longest_sides
from cortiscope.core.brain import HEMISPHERES
from cortiscope.core.datasets import Subject
from cortiscope.core.encoding.neural.positions import (
    BoxedPositions,
    PositionRecipe,
    boxes_of_scope,
)
from cortiscope.core.encoding.neural.regressors import PositionalHeadSettings
from cortiscope.core.encoding.scopes import vertex_table
from cortiscope.core.runs import Run
from cortiscope.look import show_chart
from cortiscope.markup import show_note, show_title
from cortiscope.regions import region
from cortiscope.subject.locations import find_location

_HEIGHT = 300


@region("positions")
def show_positions(subject: Subject, run: Run) -> None:
    """Offer to draw what became of the vertices' positions, of a model that was given them."""
    settings = run.spec.encoder.settings
    known = isinstance(settings, PositionalHeadSettings) and subject.space.is_placed
    if not known or run.spec.with_subjects:
        return
    recipe = settings.recipe()
    label = "How the model knows a vertex: ROI, box, grid, expanded grid"
    if not st.toggle(label, key="positions"):
        return
    table = vertex_table(subject, services.home().surfaces)
    boxes = boxes_of_scope(table, run.spec.scope, recipe)
    box = boxes[_choose(boxes)]
    numbers = np.concatenate([subject.cortex("A vertex").index[h] for h in HEMISPHERES])
    same = table.hemispheres == table.hemispheres[box.vertices[0]]
    around = table.positions[same].astype(np.float64), numbers[same]
    _draw(subject, box, recipe, numbers, around)


def _choose(boxes: tuple[BoxedPositions, ...]) -> int:
    """Draw the choice of a box; the first one is that of the ROI in focus, if it has one."""
    focus = state.current().roi_name
    names = [_words(box) for box in boxes]
    wanted = "" if focus is None else f"{focus.name} {focus.hemisphere}"
    chosen: int = st.selectbox(
        "box of (vertices)",
        range(len(boxes)),
        index=names.index(wanted) if wanted in names else 0,
        format_func=lambda k: f"{names[k]} · {len(boxes[k].vertices):,}",
        key=f"positions-box-{wanted}",
    )
    return chosen


def _words(box: BoxedPositions) -> str:
    """Say whose box it is, of a name as in ``left EBA``."""
    side, _, roi = box.name.partition(" ")
    return f"{roi} {side}" if roi else f"the {side} hemisphere"


def _draw(
    subject: Subject,
    box: BoxedPositions,
    recipe: PositionRecipe,
    numbers: np.ndarray,
    around: tuple[np.ndarray, np.ndarray],
) -> None:
    seen = longest_sides(box.low, box.high)
    sides = box.high - box.low
    longest = float(sides.max())
    half = sides / 2 * (recipe.max_steps / longest if longest else 0.0)
    location = find_location(subject, state.current().vertex_name)
    here = np.flatnonzero(box.vertices == (-1 if location is None else location.position))
    same = {
        "seen": seen,
        "numbers": numbers[box.vertices],
        "marked": int(here[0]) if len(here) else None,
        "stamp": subject.stamp,
    }
    reach = recipe.max_steps / 2 * max(recipe.expansion, 1.0)
    wide = half * recipe.expansion
    drawn = (
        (
            f"1. {_words(box)} and its box",
            boxed_positions(box.positions, (box.low, box.high), unit="mm", others=around, **same),
        ),
        (
            "2. The grid",
            boxed_positions(box.grid, (-half, half), unit="steps", reach=reach, **same),
        ),
        (
            "3. The expanded grid",
            boxed_positions(box.expanded, (-wide, wide), unit="steps", reach=reach, **same),
        ),
    )
    for k, (column, (title, chart)) in enumerate(zip(st.columns(3), drawn, strict=True)):
        with column:
            show_title("{title}", title=title)
            show_chart(chart, key=f"positions-{k}", height=_HEIGHT)
    show_note(
        "The box of {name} is {sides} mm (left to right, back to front, down to up), its longest "
        "side {steps} steps; distances from its middle are then taken {expansion} times, and "
        "sines and cosines of {n} frequencies on each axis make {values} values of a vertex. A "
        "vertex in several ROIs is encoded in the first. Boxes and expansion follow "
        "Chimisso et al. (arXiv 2309.09983), who do not say by how much they expand.",
        name=_words(box),
        sides=" × ".join(f"{side:.0f}" for side in sides),
        steps=f"{recipe.max_steps:,.0f}",
        expansion=f"{recipe.expansion:g}",
        n=recipe.n_frequencies,
        values=box.codes.shape[1],
    )
