"""What all views of one picture share, and how each view's values become colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cortiscope.cortex_view.colour import TABLES, colour_table
from cortiscope.cortex_view.payload import CortexMap
from cortiscope.cortex_view.still.brain import Brain, StillRoi, Subject
from cortiscope.cortex_view.still.request import Rgb, StillRequest
from cortiscope.cortex_view.still.shading import Ink, Look
from cortiscope.cortex_view.still.tint import greys, line_colour

_LINEAR = ("diverging", "sequential")


@dataclass(frozen=True)
class Scene:
    """One picture's brain, ROIs, colours and choices.

    Parameters
    ----------
    view : choices that hold, the request's among them.
    groups : ROI groups outlined.
    line_colours : (r, g, b) of each ROI bit.
    """

    brain: Brain
    subject: Subject
    look: Look
    view: Mapping[str, Any]
    groups: frozenset[str]
    line_colours: tuple[Rgb, ...]
    accent: Rgb
    stamp: str

    @classmethod
    def of(
        cls,
        brain: Brain,
        subject: Subject,
        view: Mapping[str, Any],
        request: StillRequest,
        focus: tuple[str, str | None] | None,
        stamp: str,
        ratio: float,
        plain: bool,
    ) -> Scene:
        """Gather what the views share."""
        gyri, sulci, grey = greys(request.theme)
        groups = frozenset(view.get("groups", subject.shown))
        lines = [line_colour(colour, request.theme) for _, _, colour in subject.names]
        shown = sum(1 << bit for bit, (_, group, _) in enumerate(subject.names) if group in groups)
        look = Look(
            gyri,
            sulci,
            grey,
            np.array(request.background) / 255,
            np.array(lines).reshape(-1, 3),
            shown,
            _raised(subject, focus),
            ratio,
            plain,
        )
        inks = tuple(_to_rgb(line) for line in lines)
        return cls(brain, subject, look, view, groups, inks, request.accent, stamp)

    def is_raised(self, roi: StillRoi) -> bool:
        """Whether a ROI is brought forward."""
        return bool(self.look.raised[roi.side] >> roi.bit & 1)

    def stands_out(self, roi: StillRoi) -> bool:
        """Whether a ROI is drawn in full: it is brought forward, or none is."""
        return self.is_raised(roi) or not any(self.look.raised.values())

    def labelled(self) -> list[int]:
        """Return places in ``subject.rois`` of those whose names are wanted."""
        names = self.view.get("labels", True)
        return [
            i
            for i, roi in enumerate(self.subject.rois)
            if self.is_raised(roi) or (names and roi.group in self.groups)
        ]


def ink_of(maps: Sequence[CortexMap], number: int, view: Mapping[str, Any], theme: str) -> Ink:
    """Return one map's colours: its scale, with what ``view`` chooses for that scale."""
    shown, scale = maps[number], maps[number].scale
    # Scales count in the order of the maps that have them.
    which = list(dict.fromkeys(m.scale for m in maps)).index(scale)
    chosen = view if which == 0 else view.get("scales", {}).get(str(which), {})
    low, high = scale.low, scale.high
    if "range" in chosen and scale.kind != "categorical":
        low, high = chosen["range"]
    table = view.get("tables", {}).get(scale.kind)
    if which and chosen.get("table") in TABLES[scale.kind]:
        table = chosen["table"]
    reliable = view.get("reliability") if shown.reliability is not None else None
    return Ink(
        kind=scale.kind,
        low=low,
        high=high,
        table=colour_table(scale.kind, theme, table),
        hidden=_hidden_band(scale.kind, chosen.get("threshold", 0)),
        opacity=view.get("opacity", 1.0),
        reliable=None if reliable is None else (reliable[0], reliable[1]),
    )


def _hidden_band(kind: str, threshold: Any) -> tuple[float, float] | None:
    """Values strictly between are not shown; None hides nothing."""
    if kind not in _LINEAR:
        return None
    if isinstance(threshold, list | tuple):
        return (threshold[0], threshold[1]) if threshold[0] < threshold[1] else None
    if threshold <= 0:
        return None
    return (-threshold if kind == "diverging" else -np.inf, threshold)


def _raised(subject: Subject, focus: tuple[str, str | None] | None) -> dict[str, int]:
    if focus is None:
        return {"left": 0, "right": 0}
    name, side = focus
    bits = sum(1 << bit for bit, (known, _, _) in enumerate(subject.names) if known == name)
    return {each: bits if side in (None, each) else 0 for each in ("left", "right")}


def _to_rgb(colour: np.ndarray) -> Rgb:
    red, green, blue = (round(float(value) * 255) for value in colour)
    return red, green, blue
