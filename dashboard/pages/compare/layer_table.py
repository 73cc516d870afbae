"""Mean r of every layer in every ROI, as a heatmap whose cells lead to the layer."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
import streamlit as st

from cortiscope import services, state
from cortiscope.charts.layer_heatmap import LayerColumn, layer_by_roi
from cortiscope.core.brain import HEMISPHERES
from cortiscope.core.datasets import Subject
from cortiscope.core.errors import InvalidInput
from cortiscope.core.evaluation import selection_optimism
from cortiscope.core.runs import Run
from cortiscope.core.runs.facets import facets
from cortiscope.look import show_chart
from cortiscope.markup import Html, show_note, signed
from cortiscope.navigation import link_with
from cortiscope.panels.downloads import file_name, rounded
from cortiscope.subject.locations import has_rois, unit_of
from cortiscope.subject.model_menu import ModelMenu, backbone_title

_BLOCKS = "abcdef"
# Beyond this many predicted responses, folding them takes more than some seconds.
_MANY_RESPONSES = 20_000_000


def roi_vertices_of_both(subject: Subject) -> dict[str, np.ndarray]:
    """Return each present ROI's vertices, both hemispheres together, in visual order.

    Where there is no ROI, everything counts as one.
    """
    if not has_rois(subject):
        return {f"all {subject.space.unit}": np.arange(subject.space.n_vertices())}
    pooled = {
        roi: np.concatenate([subject.roi_vertices(roi, h) for h in HEMISPHERES])
        for roi in subject.parcellation.roi_names
    }
    return {roi: v for roi, v in pooled.items() if len(v)}


def layer_columns(subject: Subject, runs: Sequence[Run]) -> list[LayerColumn]:
    """Score the layers that were fitted like A, then those like B ..., on the validation images.

    Layers stand once, in the block of the first model that is one of them.
    """
    menu = ModelMenu.of(services.runs_of(subject.id))
    letters = {run.id: letter for run, letter in zip(runs, _BLOCKS, strict=False)}
    places = roi_vertices_of_both(subject)
    columns: list[LayerColumn] = []
    for run, block in zip(runs, _BLOCKS, strict=False):
        if run.id in {column.key for column in columns}:
            continue
        for layer in menu.layers_like(run):
            r = np.asarray(layer.validation.r)
            values = np.array([_mean(r[v]) for v in places.values()])
            joined = sum(len(source.layers) for source in layer.sources)
            name = layer.layer if joined == 1 else f"{joined} layers"
            columns.append(LayerColumn(block, name, layer.id, letters.get(layer.id, ""), values))
    return columns


def _mean(values: np.ndarray) -> float:
    defined = values[np.isfinite(values)]
    return float(np.mean(defined)) if len(defined) else float("nan")


def show_layers(subject: Subject, runs: Sequence[Run], columns: list[LayerColumn]) -> None:
    """Draw the heatmap; a click on a cell compares that layer in its block's model's place."""
    rois = list(roi_vertices_of_both(subject))
    a = runs[0]
    blocks = dict.fromkeys(column.block for column in columns)
    titles = {block: backbone_title(runs[_BLOCKS.index(block)]) for block in blocks}
    highest = np.nanmax([np.nanmax(c.values) for c in columns])
    high = max(0.2, float(np.ceil(highest * 10) / 10))
    figure = layer_by_roi(
        rois,
        columns,
        titles,
        lambda c, cell: link_with(cell, **_in_place_of(runs, c)),
        high=high,
        stamp=subject.stamp,
    )
    show_chart(
        figure,
        key=f"compare-layers-{subject.id}",
        height=90 + 21 * max(len(rois), 3),
        filename=file_name(subject, "layers-by-roi", "").rstrip("."),
    )
    show_note(
        "Mean r over {all_of} on {n_images} <b>validation</b> images{look}. Colours from 0 to "
        "{high}; ★ best layer of its backbone; framed: compared now. Click a cell to compare "
        "that layer.{left_out}",
        all_of=_over(subject),
        n_images=a.validation.n_images,
        look=_look_words(subject, a, columns),
        high=f"{high:.1f}",
        left_out=Html(_left_out(subject, runs)),
    )


def _in_place_of(runs: Sequence[Run], column: LayerColumn) -> dict[str, str]:
    """Return the fields by which a layer takes the place of its block's model."""
    k = _BLOCKS.index(column.block)
    if k == 0:
        return {"run": column.key}
    others = [run.id for run in runs[1:]]
    others[k - 1] = column.key
    return {"versus": state.listed(others)}


def _look_words(subject: Subject, a: Run, columns: list[LayerColumn]) -> str:
    """Say what choosing a layer by these images does to the numbers that are reported."""
    if a.report.split != a.validation.split:
        return (
            ", so that choosing a layer here leaves the held-out images of the other panels "
            "untouched"
        )
    words = (
        ", which the other panels report too, since no other responses are known: a layer that is "
        "chosen here looks better there than it is (fit --report-fraction keeps images for the "
        "report alone)"
    )
    own = tuple(c.key for c in columns if c.block == "a")
    n_images, n_vertices = a.validation.n_images, len(a.validation.r)
    if len(own) < 2 or n_images * n_vertices * len(own) > _MANY_RESPONSES:
        return words
    flattery = _flattery(own)
    if flattery is None:
        return words
    mean, most, each = (signed(value, 3, plus=True) for value in flattery)
    return (
        f"{words}. By how much, by five-fold cross-validation of choosing among A’s {len(own)}: "
        f"{mean} on average over the rows, {most} at most; {each} where each "
        f"{unit_of(subject)} has a best layer of its own"
    )


@st.cache_data(show_spinner="Measuring what the choice of a layer adds …", max_entries=64)
def _flattery(runs: tuple[str, ...]) -> tuple[float, float, float] | None:
    """Return mean and largest over ROIs of the best layer's optimism, and that of vertices."""
    opened = [services.run(name) for name in runs]
    rows = np.asarray(opened[0].array("validation_rows"))
    if any(not np.array_equal(rows, run.array("validation_rows")) for run in opened[1:]):
        return None
    subject = services.subject(opened[0].subject)
    predicted = [run.predict_rows("train", rows) for run in opened]
    measured = subject.train.response_rows(rows)
    places = list(roi_vertices_of_both(subject).values())
    try:
        stimuli = subject.train.images.groups()[rows]
        found = selection_optimism(predicted, measured, places, stimuli=stimuli)
    except InvalidInput:  # too few images for folds
        return None
    return float(np.nanmean(found.of_places)), float(np.nanmax(found.of_places)), found.of_vertices


def _left_out(subject: Subject, runs: Sequence[Run]) -> str:
    """Say how the columns were fitted, and what else was of these backbones and is in none."""
    menu = ModelMenu.of(services.runs_of(subject.id))
    found = dict.fromkeys(words for run in runs if (words := menu.besides(run)))
    alike = dict.fromkeys(f"{facets(run)['reduction']}, {run.method}" for run in runs)
    words = f"Layers of a block were fitted alike ({'; '.join(alike)})"
    words += f"; left out: {'; '.join(found)}" if found else ""
    return f" {escape(words)}."


def _over(subject: Subject) -> str:
    if has_rois(subject):
        return "a ROI’s vertices (both hemispheres)"
    return f"all {subject.space.unit}"


def layer_rows(subject: Subject, columns: list[LayerColumn]) -> list[list[object]]:
    """Return one row per ROI for the CSV file."""
    places = roi_vertices_of_both(subject)
    values = np.stack([c.values for c in columns], axis=1)
    return [
        [roi, len(v), *rounded(row)] for (roi, v), row in zip(places.items(), values, strict=True)
    ]
