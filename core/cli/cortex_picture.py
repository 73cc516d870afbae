"""A still picture of the cortex on request: the app's maps as JSON in, a PNG out."""

from __future__ import annotations

import base64
import io
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from cortiscope.core.brain import Hemisphere
from cortiscope.core.cli.answers import read_array
from cortiscope.core.datasets import Subject, open_subject


def cortex_picture(request: dict[str, Any]) -> dict[str, str]:
    """Draw what ``cortiscope.work.picture_worker.cortex_of`` asks for."""
    # Seconds to import, and most sessions never ask.
    from cortiscope.core.figures.cortex import Outline, Scale, Theme, cortex_figure

    maps: dict[str, np.ndarray] = {}
    scales: dict[str, Scale] = {}
    for each in request["maps"]:
        # Titles may repeat; what is added does not show.
        title = each["title"] + "\u200b" * sum(t.rstrip("\u200b") == each["title"] for t in maps)
        maps[title] = read_array(each["values"])
        scale = each["scale"]
        colours = tuple(tuple(float(c) for c in rgb) for rgb in read_array(scale["colours"]))
        scales[title] = Scale(
            scale["low"],
            scale["high"],
            scale["unit"],
            scale["label"],
            scale["kind"],
            colours,
            tuple(scale["hidden"]) if scale["hidden"] else None,
        )
    figure = cortex_figure(
        maps,
        _subject(Path(request["subject"]), request["state"]),
        views=[request["side"]],
        surface=request["surface"],
        scale=scales,
        outlines=[
            Outline(name, colour, Hemisphere(side) if side else None)
            for name, colour, side in request["outlines"]
        ],
        labels=request["labels"],
        marks=[(side, int(vertex)) for side, vertex in request["marks"]],
        theme=Theme(**request["theme"]),
        note=request["note"],
        size=(request["width"] / 100, request["height"] / 100),
        way=request["way"],
        framing=request["framing"],
    )
    stream = io.BytesIO()
    figure.savefig(stream, dpi=100 * request["ratio"], facecolor=figure.get_facecolor())
    return {"png": base64.b64encode(stream.getvalue()).decode()}


@lru_cache(maxsize=4)
def _subject(folder: Path, state: str) -> Subject:
    """Open a subject, again only when its files change."""
    return open_subject(folder)
