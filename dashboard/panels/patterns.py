"""Which images are alike, measured and predicted: RDMs of a ROI, and the images as maps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from cortiscope import services, state
from cortiscope.charts.rdm import image_maps, rdm_pair
from cortiscope.core.datasets import Subject
from cortiscope.core.evaluation import compare_rdms, compute_rdm, map_images
from cortiscope.core.evaluation.metrics import WHOLE, Group, distinct_rows
from cortiscope.core.runs import Run
from cortiscope.look import show_chart
from cortiscope.markup import Html, show_note, show_title, signed
from cortiscope.navigation import link_with
from cortiscope.panels.downloads import csv_button, csv_text, image_mark, rounded
from cortiscope.panels.scores import scored_run
from cortiscope.stimulus_files import stimulus_address
from cortiscope.subject.model_menu import model_title

# More pictures cover each other.
_MOST_PICTURES = 100


def show_patterns(subject: Subject, run: Run) -> None:
    """Draw RDMs and maps of images for whoever asks, of the ROI in focus or of everything."""
    if not st.toggle("which images are alike", key="statistic-patterns"):
        return
    focus = state.current().roi_name
    group: Group = WHOLE if focus is None else (focus.name, focus.hemisphere)
    found = _patterns(run.id, subject.state, group)
    if found is None:
        show_note("A pattern needs at least two vertices.")
        return
    rows, rdms, blocks, points = found
    where = "everything" if focus is None else f"{focus.name} {focus.hemisphere}"
    rho = compare_rdms(*rdms)
    show_title("Which images are alike in {where}", where=where)
    show_note(
        "1 − r of the patterns of every two of {n} images{order}, one scale; ρ {rho}. Below, the "
        "same by classical scaling to two dimensions, the predicted turned onto the measured; a "
        "picture leads to its image.{focus}",
        n=len(rows),
        order=", by category" if any(name for name, _ in blocks) else "",
        rho=signed(rho),
        focus="" if focus is not None else " Click a ROI above to see its patterns.",
    )
    mark = image_mark(subject)
    show_chart(rdm_pair(rdms, blocks, stamp=subject.stamp), key=f"statistic-rdm{mark}", height=380)
    split, base = run.reported[0], stimulus_address(subject)
    chosen = np.unique(np.linspace(0, len(rows) - 1, min(_MOST_PICTURES, len(rows))).astype(int))

    def link(k: int, picture: Html) -> Html:
        name = state.ImageName(split, int(rows[chosen[k]]) + 1)
        return link_with(picture, page="", title=str(name), image=name, search=None)

    pictures = [f"{base}/{split}/{rows[k]}?s=96" for k in chosen]
    maps = image_maps([own[chosen] for own in points], pictures, link, stamp=subject.stamp)
    show_chart(maps, key=f"statistic-mds{mark}", height=380)
    if len(chosen) < len(rows):
        show_note("{n} of the {all} images are drawn.", n=len(chosen), all=len(rows))
    names = [str(state.ImageName(split, int(row) + 1)) for row in rows]
    definition = f"1 - Pearson r of the patterns of two images over {where}; {model_title(run)}"

    def table() -> str:
        first, second = np.triu_indices(len(rows), 1)
        numbers = (rounded(rdm[first, second]) for rdm in rdms)
        pairs = ((names[i], names[k]) for i, k in zip(first, second, strict=True))
        lines = ((*pair, *own) for pair, *own in zip(pairs, *numbers, strict=True))
        return csv_text(subject, definition, ["image", "other", "measured", "predicted"], lines)

    csv_button(subject, "pairs of images (CSV)", "statistic-rdm", table)


_Found = tuple[
    np.ndarray, tuple[np.ndarray, np.ndarray], list[tuple[str, int]], tuple[np.ndarray, np.ndarray]
]


@st.cache_data(show_spinner="Comparing the images …", max_entries=32)
def _patterns(run_id: str, _state: str, group: Group) -> _Found | None:
    """Return rows of the split, RDMs, categories in order, and maps; None without a pattern."""
    run = services.run(run_id)
    scored = scored_run(services.reported(run))
    vertices = scored.groups.get(group, np.empty(0, int))
    if len(vertices) < 2 or scored.subject is None:
        return None
    split, reported = run.reported
    kept = distinct_rows(scored)
    rows = np.arange(len(scored.subject.split(split).images))[reported][kept]
    notes = scored.subject.split(split).notes
    kinds = [next(iter(notes[row].categories), "") if notes else "" for row in rows]
    order = np.array(sorted(range(len(rows)), key=lambda k: (kinds[k], k)))
    both = [values[kept[order]][:, vertices] for values in (scored.measured, scored.predicted)]
    rdms = compute_rdm(both[0]), compute_rdm(both[1])
    return rows[order], rdms, _blocks([kinds[k] for k in order]), map_images(*rdms)


def _blocks(kinds: Sequence[str]) -> list[tuple[str, int]]:
    return [(kind, kinds.count(kind)) for kind in dict.fromkeys(kinds)]
