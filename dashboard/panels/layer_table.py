"""Median r of every layer in every ROI, as a heatmap whose cells lead to the layer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st

from core.brain import HEMISPHERES
from core.datasets import Subject
from core.runs import Run
from dashboard import services, state
from dashboard.charts.layer_heatmap import LayerColumn, layer_by_roi
from dashboard.encoder_menu import EncoderKey, EncoderMenu, backbone_title
from dashboard.panels.downloads import file_name, rounded
from dashboard.places import has_rois


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


def layer_columns(subject: Subject, a: Run, b: Run) -> list[LayerColumn]:
    """Score all layers of A's backbone, then of B's, on the validation images."""
    menu = EncoderMenu.of(services.runs_of(subject.id))
    key_a, key_b = EncoderKey.of(a), EncoderKey.of(b)
    blocks = [("a", key_a)] + ([("b", key_b)] if key_b.backbone != key_a.backbone else [])
    places = roi_vertices_of_both(subject)
    columns = []
    for block, own in blocks:
        for layer in menu.layers(own.backbone):
            key = EncoderKey(own.backbone, layer, own.encoder)
            if key not in menu.runs:
                continue
            r = np.asarray(menu.runs[key].validation.r)
            values = np.array([_median(r[v]) for v in places.values()])
            shown = "a" if key == key_a else "b" if key == key_b else ""
            joined = sum(len(source.layers) for source in menu.runs[key].sources)
            name = layer if joined == 1 else f"{joined} layers"
            columns.append(LayerColumn(block, name, str(key), shown, values))
    return columns


def _median(values: np.ndarray) -> float:
    defined = values[np.isfinite(values)]
    return float(np.median(defined)) if len(defined) else float("nan")


def show_layers(subject: Subject, a: Run, b: Run, columns: list[LayerColumn]) -> None:
    """Draw the heatmap; a click on a cell compares that layer."""
    rois = list(roi_vertices_of_both(subject))
    titles = {"a": f"<b>A</b> {backbone_title(a)}"}
    if any(c.block == "b" for c in columns):
        titles["b"] = f"<b>B</b> {backbone_title(b)}"
    highest = np.nanmax([np.nanmax(c.values) for c in columns])
    high = max(0.2, float(np.ceil(highest * 10) / 10))
    figure = layer_by_roi(rois, columns, titles, high=high, stamp=subject.stamp)
    figure["layout"]["height"] = 90 + 21 * max(len(rois), 3)
    # Another set of columns is another chart: an old click must not live on in it.
    key = f"compare-layers-{subject.id}-{len(columns)}"
    st.plotly_chart(
        figure,
        key=key,
        theme="streamlit",
        on_select=_taker(key),
        selection_mode="points",
        config={
            "displaylogo": False,
            "modeBarButtons": [["toImage"]],
            "toImageButtonOptions": {
                "format": "svg",
                "filename": file_name(subject, "layers-by-roi", "").rstrip("."),
            },
        },
    )
    st.html(
        f'<p class="cs-note">Median r over {_over(subject)} on '
        f"{a.validation.n_images} <b>validation</b> images, so that choosing a layer here leaves "
        f"the held-out images of the other panels untouched. Colours from 0 to {high:.1f}; ★ best "
        "layer of its backbone; framed: compared now. Click a cell to compare that layer.</p>"
    )


def _over(subject: Subject) -> str:
    if has_rois(subject):
        return "a ROI’s vertices (both hemispheres)"
    return f"all {subject.space.unit}"


def _taker(key: str) -> Callable[[], None]:
    def take() -> None:
        chosen = (st.session_state.get(key) or {}).get("selection") or {}
        points = chosen.get("points") or []
        if not points:
            return
        block, text = points[0]["customdata"]
        found = EncoderKey.parse(text)
        if block == "b":
            state.change(versus=text)
        elif found is not None:
            state.change(backbone=found.backbone, layer=found.layer, encoder=found.encoder)

    return take


def layer_rows(subject: Subject, columns: list[LayerColumn]) -> list[list[object]]:
    """Return one row per ROI for the CSV file."""
    places = roi_vertices_of_both(subject)
    values = np.stack([c.values for c in columns], axis=1)
    return [
        [roi, len(v), *rounded(row)] for (roi, v), row in zip(places.items(), values, strict=True)
    ]
