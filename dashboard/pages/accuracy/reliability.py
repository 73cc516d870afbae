"""Which vertices are shown: by their reliability, never by r; and a mask of what chance gives."""

from __future__ import annotations

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cortiscope import services, state
from cortiscope.core.datasets import Subject
from cortiscope.core.evaluation import METRICS, Evaluation, Metric, Scored, evaluate
from cortiscope.core.runs import Run
from cortiscope.panels.roi_responses import roi_places
from cortiscope.panels.scores import scored_run
from cortiscope.panels.statistic_figures import command_lines
from cortiscope.panels.statistics import better_than_chance

MASK = "significant"
_HIGHEST = 1.5
_KEY = "accuracy-ncsnr"


def pick_threshold(subject: Subject) -> float:
    """Draw the slider and return the least ncsnr; 0 keeps every vertex."""
    if subject.ncsnr is None:
        unit = subject.space.unit
        st.caption(f"No ncsnr in this folder: {unit} cannot be chosen by their reliability.")
        return 0.0
    asked = _asked()
    # The widget's own state follows the selection, so that an edited address wins.
    if st.session_state.get(f"{_KEY}-of") != asked:
        st.session_state[_KEY] = asked
    chosen = st.slider(
        f"{subject.space.unit} with ncsnr of at least",
        0.0,
        _HIGHEST,
        step=0.05,
        key=_KEY,
        help="ncsnr: SD of a vertex’s signal over the SD of its noise in single trials, from "
        "repeats alone. Choosing by it is fair, because no prediction enters it; choosing by "
        "r and then summarising r would be circular.",
    )
    st.session_state[f"{_KEY}-of"] = chosen
    state.change(ncsnr=f"{chosen:.2f}" if chosen > 0 else "")
    return chosen


def offer_mask(menu: DeltaGenerator) -> None:
    """Draw the choice of a mask; it hides vertices of the map, and changes no number."""
    key = "accuracy-mask"
    st.session_state[key] = state.current().mask == MASK
    menu.checkbox(
        "only where better than chance",
        key=key,
        help="r above that of shuffled images, at a false discovery rate of .05 over vertices",
        on_change=lambda: state.change(mask=MASK if st.session_state[key] else ""),
    )


def unmasked(subject: Subject, run: Run) -> np.ndarray | None:
    """Return (n_vertices,) bool, what the mask leaves; None without one, or until it is known."""
    return better_than_chance(subject, run) if state.current().mask == MASK else None


def mask_words(subject: Subject) -> tuple[str, ...]:
    """Say for a paper what the mask hides; nothing without one."""
    if state.current().mask != MASK:
        return ()
    metric = METRICS["permutation"]
    return (
        f"The map shows {subject.space.unit} alone that are better than chance ({metric.definition}"
        "); no number is computed over them alone.",
    )


def mask_code(subject: Subject, run: Run) -> str:
    """Return the lines that give the mask; nothing without one."""
    if state.current().mask != MASK:
        return ""
    metric = METRICS["permutation"]
    _, maps = command_lines(subject, [run], metric)
    return f"found = cs.statistic({metric.name!r}, model)  # the mask as a file:\n# {maps}\n"


def _asked() -> float:
    text = state.current().ncsnr
    if not text:
        return 0.0
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= _HIGHEST:
        state.tell(
            f"There is no ncsnr “{text}”: it goes from 0 to {_HIGHEST}; showing all vertices."
        )
        return 0.0
    return round(value / 0.05) * 0.05


def kept(subject: Subject, threshold: float) -> np.ndarray:
    """Return (n_vertices,) bool, the same for every model."""
    if subject.ncsnr is None or threshold <= 0:
        return np.ones(subject.space.n_vertices(), bool)
    return np.asarray(subject.ncsnr) >= threshold


@st.cache_data(show_spinner="Summarising the reliable vertices …", max_entries=64)
def _restricted(run_id: str, threshold: float) -> Evaluation:
    run = services.run(run_id)
    subject = services.subject(run.subject)
    split, rows = run.reported
    predicted, _ = services.reported_responses(run)
    return evaluate(
        subject,
        predicted,
        split=split,
        rows=rows,
        label=run.report.split,
        keep=kept(subject, threshold),
    )


def scored_above(run: Run, threshold: float, metric: Metric) -> Scored:
    """Return the run on the images of its report, over the vertices above the threshold.

    Parameters
    ----------
    metric : shown, so that its values are remembered.
    """
    if threshold <= 0:
        return scored_run(run, metric)
    return scored_run(
        *(run, metric),
        report=_restricted(run.id, threshold),
        keep=kept(services.subject(run.subject), threshold),
        kept_by=f"ncsnr {threshold:.2f}",
    )


def survivors(subject: Subject, threshold: float) -> str:
    """Say how many vertices are left, and in which ROIs few or none."""
    keep = kept(subject, threshold)
    if keep.all():
        return f"All {len(keep):,} {subject.space.unit} are summarised."
    gone, few = [], []
    for roi, _, _, _, h, vertices in roi_places(subject):
        left = int(keep[vertices].sum())
        if not len(vertices):
            continue
        if left == 0:
            gone.append(f"{roi} {h.value}")
        elif left < 10:
            few.append(f"{roi} {h.value} ({left} of {len(vertices)})")
    words = (
        f"{int(keep.sum()):,} of {len(keep):,} {subject.space.unit} are left, the same for all "
        "models."
    )
    if gone:
        words += f" None in {', '.join(gone)}."
    if few:
        words += f" Fewer than 10 in {', '.join(few)}."
    return words
