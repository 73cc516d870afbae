"""What somebody selected on the cortex: picked vertices and a brushed region."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cortiscope.cortex_view.space import SIDES


@dataclass(frozen=True)
class PickedVertex:
    """A vertex somebody clicked.

    Parameters
    ----------
    hemisphere : ``left`` or ``right``.
    vertex : template vertex number.
    position : place in the maps' values (left vertices, then right); None without data there.
    rois : names of the ROIs that hold it.
    """

    hemisphere: str
    vertex: int
    position: int | None = None
    rois: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class CortexRegion:
    """A region somebody brushed: vertices with data.

    Parameters
    ----------
    left, right : (n_left,), (n_right,) template vertex numbers, in the order of the values.
    positions : (n,) places in the maps' values, ascending: left vertices, then right.
    """

    left: np.ndarray
    right: np.ndarray
    positions: np.ndarray

    def __len__(self) -> int:
        """Return the number of vertices; an empty region was cleared."""
        return len(self.positions)


def read_picks(raw: Mapping[str, Any]) -> tuple[PickedVertex, ...]:
    """Read the browser's picks, in order."""
    return tuple(
        PickedVertex(
            hemisphere=str(pick["hemisphere"]),
            vertex=int(pick["vertex"]),
            position=None if pick.get("position") is None else int(pick["position"]),
            rois=tuple(str(name) for name in pick.get("rois", ())),
        )
        for pick in raw["picks"]
    )


def read_region(raw: Mapping[str, Any]) -> CortexRegion:
    """Read the browser's region."""
    return CortexRegion(*(unpack_numbers(str(raw[name])) for name in (*SIDES, "positions")))


def unpack_numbers(text: str) -> np.ndarray:
    """Return whole numbers (n,) written as steps, seven bits a byte, base64 (``packing.js``)."""
    coded = np.frombuffer(base64.b64decode(text, validate=True), np.uint8).astype(np.int64)
    ends = np.flatnonzero(coded < 128)
    if not len(ends):
        return np.zeros(0, np.int64)
    starts = np.concatenate([[0], ends[:-1] + 1])
    within = np.arange(ends[-1] + 1) - np.repeat(starts, ends - starts + 1)
    folded = np.add.reduceat((coded[: ends[-1] + 1] & 127) << (7 * within), starts)
    # Even numbers are steps up, odd ones down.
    return np.cumsum((folded >> 1) ^ -(folded & 1))


def checked_picks(picks: Iterable[PickedVertex | tuple[str, int]]) -> list[list[Any]]:
    """Return the picks as the browser reads them, or say which is wrong."""
    checked: list[list[Any]] = []
    for pick in picks:
        side, vertex = (pick.hemisphere, pick.vertex) if isinstance(pick, PickedVertex) else pick
        if side not in SIDES or vertex < 0:
            raise ValueError(f"A pick is {(side, vertex)!r}; allowed: ('left' or 'right', vertex).")
        checked.append([side, int(vertex)])
    return checked


def checked_positions(region: CortexRegion, n_values: int) -> np.ndarray:
    """Return the region's positions as uint32, or say that they are another space's."""
    positions = np.asarray(region.positions)
    if positions.size and (positions.min() < 0 or positions.max() >= n_values):
        raise ValueError(
            f"The region has positions {positions.min()} to {positions.max()}; this space has 0 "
            f"to {n_values - 1}."
        )
    return positions.astype(np.uint32)
