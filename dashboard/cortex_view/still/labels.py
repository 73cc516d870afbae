"""Which ROI names to write, and where: never over each other (``frontend/pure/labels.js``)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from cortiscope.cortex_view.still.brain import Brain, StillRoi, Subject
from cortiscope.cortex_view.still.camera import Placed
from cortiscope.cortex_view.still.layout import Sight

_PIXELS_PER_LABEL = 6000  # of the brains' area: less room, fewer names
_FACING = 0.25
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Label:
    """A ROI and the vertex in its middle; rank 0 is written before 1 and 2."""

    roi: StillRoi
    vertex: int
    rank: int


def choose_labels(
    brain: Brain,
    subject: Subject,
    placed: Placed,
    *,
    flat: bool,
    wanted: Collection[int],
    raised: Callable[[StillRoi], bool],
    visible: Callable[[int], bool],
) -> list[Label]:
    """Return ROIs whose middle is in sight: raised ones, each group's largest, the rest by size.

    Parameters
    ----------
    wanted : places in ``subject.rois``.
    visible : whether a vertex is in front of everything else.
    """
    found = []
    for i in wanted:
        roi = subject.rois[i]
        members = roi.members[brain.in_flat[roi.members]] if flat else roi.members
        if not len(members):
            continue
        xyz = placed.xyz[members]
        vertex = int(members[np.argmin(((xyz - xyz.mean(0)) ** 2).sum(1))])
        if placed.normals[vertex, 2] >= _FACING and visible(vertex):
            found.append((roi, vertex))
    found.sort(key=lambda item: -len(item[0].members))
    led: set[tuple[str, str]] = set()
    labels = []
    for roi, vertex in found:
        key = (roi.group, roi.side)
        labels.append(Label(roi, vertex, 0 if raised(roi) else 2 if key in led else 1))
        led.add(key)
    return sorted(labels, key=lambda label: label.rank)


def place_labels(
    labels: list[Label],
    sight: Sight,
    placed: Placed,
    *,
    width_of: Callable[[str], float],
    height: float,
    taken: list[Box],
    hints: dict[tuple[str, str], tuple[float, float]],
) -> list[tuple[Label, float, float]]:
    """Return labels with their text's middle in CSS pixels; ``hints`` keeps views alike."""
    left, top, w, h = sight.cell.body
    area = min(w * h, placed.width * placed.height * sight.scale**2)
    most = max(4, int(area // _PIXELS_PER_LABEL))
    used = list(taken)
    out: list[tuple[Label, float, float]] = []
    for label in labels:
        if len(out) >= most and label.rank > 0:
            break
        x, y = sight.to_screen(placed.xyz[label.vertex])
        wide = width_of(label.roi.name) + 6
        step = height * 0.85
        aside = wide / 2 + 4
        key = (label.roi.name, label.roi.side)
        tries = [
            (0, 0),
            (0, -step),
            (0, step),
            (-aside, 0),
            (aside, 0),
            (0, -2 * step),
            (0, 2 * step),
        ]
        for dx, dy in [hints[key]] if key in hints else tries:
            at_x, at_y = x + dx, y + dy
            box = (at_x - wide / 2, at_y - height / 2, at_x + wide / 2, at_y + height / 2)
            inside = box[0] > left and box[2] < left + w and box[1] > top and box[3] < top + h
            if not inside or any(overlap(box, other) for other in used):
                continue
            used.append(box)
            hints[key] = (dx, dy)
            out.append((label, float(at_x), float(at_y)))
            break
    return out


def overlap(a: Box, b: Box) -> bool:
    """Whether two boxes (left, top, right, bottom) share area."""
    return a[0] < b[2] and a[2] > b[0] and a[1] < b[3] and a[3] > b[1]
