"""Where a vertex is, as a code for a network: ROI -> box -> grid -> expanded grid -> sinusoids.

Chimisso et al. (arXiv 2309.09983) give each ROI its bounding box, make a grid of it and expand it
with its centre as origin, so that vertices differ more; values are then encoded by sinusoids.
Their expansion is not known. Sinusoids and rescaling follow a published recipe of the same
challenge (huzeyann/MemoryEncodingModel, ``point_pe.py``: 32 frequencies per axis, longest side
1000, period 10000).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cortiscope.core.brain import HEMISPHERES, ROI_CLASSES, ROI_NAMES
from cortiscope.core.encoding.scopes import scope_parts
from cortiscope.core.encoding.training import VertexTable
from cortiscope.core.errors import InvalidInput, check_option

BOXES = ("roi", "roi_class", "hemisphere")


@dataclass(frozen=True)
class PositionRecipe:
    """How positions become codes.

    Parameters
    ----------
    boxes : what has a box of its own in each hemisphere: every ``roi``, every ``roi_class``, or
        the ``hemisphere`` alone.
    expansion : factor on the distances from the box's centre; the default is ours.
    n_frequencies : per axis; a code has ``3 * 2 * n_frequencies`` values.
    max_steps : length of the longest side of a box before it is expanded.
    period : the sinusoids' frequencies go from 1 down towards 1 / period, in radians per step.
    """

    boxes: str = "roi"
    expansion: float = 2.0
    n_frequencies: int = 32
    max_steps: float = 1000.0
    period: float = 10_000.0

    def __post_init__(self) -> None:
        check_option("kind of box", self.boxes, BOXES)
        for name in ("expansion", "n_frequencies", "max_steps", "period"):
            if not getattr(self, name) > 0:
                raise InvalidInput(f"{name} must be positive; got {getattr(self, name)}.")


@dataclass(frozen=True)
class BoxedPositions:
    """The positions of one box on their way to codes.

    Parameters
    ----------
    name : hemisphere and ROI, as in ``left EBA``; the hemisphere alone for vertices in no ROI.
    vertices : (n,) places in the vertex table.
    positions : (n, 3) millimetres.
    low, high : (3,) millimetres, the box's corners.
    grid : (n, 3) steps from the box's centre; its longest side has ``max_steps``. Not rounded:
        a step is well below the distance between vertices.
    expanded : (n, 3) steps, ``grid`` times the expansion.
    codes : (n, 6 * n_frequencies) float32.
    """

    name: str
    vertices: np.ndarray
    positions: np.ndarray
    low: np.ndarray
    high: np.ndarray
    grid: np.ndarray
    expanded: np.ndarray
    codes: np.ndarray


def sinusoids(coordinates: np.ndarray, *, n_frequencies: int, period: float) -> np.ndarray:
    """Encode coordinates, axis after axis, as sines and then cosines.

    The frequencies, in radians per step, are evenly spaced in the logarithm from ``period**0`` to
    ``period**(1 / n_frequencies - 1)``.

    Parameters
    ----------
    coordinates : (n, n_axes).

    Returns
    -------
    (n, n_axes * 2 * n_frequencies) float32.
    """
    powers = np.linspace(0, 1 / n_frequencies - 1, n_frequencies)
    angles = np.asarray(coordinates, dtype=np.float64)[:, :, None] * period**powers
    waves = np.concatenate([np.sin(angles), np.cos(angles)], axis=2)
    return waves.reshape(len(waves), -1).astype(np.float32)


def encode_positions(
    table: VertexTable, recipe: PositionRecipe | None = None
) -> tuple[BoxedPositions, ...]:
    """Encode every vertex once, with all steps on the way.

    A vertex in several ROIs belongs to the first in visual order (``ROI_NAMES``: prf-visualrois,
    bodies, faces, places, words, streams; names of other parcellations after them, in their own
    order). A ROI's box holds all its vertices of a hemisphere, also those that another ROI
    encodes. Vertices in no ROI use the box of all vertices of their hemisphere.

    Raises
    ------
    InvalidInput : vertices whose position is not known, with their numbers.
    """
    recipe = recipe or PositionRecipe()
    check_positions(table.positions)
    found = []
    for code, hemisphere in enumerate(HEMISPHERES):
        whole = np.flatnonzero(table.hemispheres == code)
        free = np.zeros(len(table), dtype=bool)
        free[whole] = True
        for name, members in _groups(table, recipe.boxes).items():
            inside = members[table.hemispheres[members] == code]
            taken = inside[free[inside]]
            free[taken] = False
            if len(taken):
                found.append(_encode(f"{hemisphere} {name}", table, inside, taken, recipe))
        rest = np.flatnonzero(free)
        if len(rest):
            found.append(_encode(str(hemisphere), table, whole, rest, recipe))
    return tuple(found)


def check_positions(positions: np.ndarray) -> None:
    """Refuse positions (n_vertices, 3) that are not all known, with the vertices' numbers."""
    missing = np.flatnonzero(~np.isfinite(positions).all(axis=1))
    if len(missing):
        shown = ", ".join(map(str, missing[:8])) + (", ..." if len(missing) > 8 else "")
        raise InvalidInput(
            f"{len(missing)} of {len(positions)} vertices have no position: {shown}.",
            "Fit a regressor that does not use positions, or leave these vertices out.",
        )


def boxes_of_scope(
    table: VertexTable, scope: str, recipe: PositionRecipe
) -> tuple[BoxedPositions, ...]:
    """Encode the vertices of every part of a scope, as a fit of that scope does.

    A part knows its own vertices alone, so that its boxes hold no others; parts may overlap.
    """
    return tuple(
        replace(box, vertices=part.vertices[box.vertices])
        for part in scope_parts(scope, len(table), table)
        for box in encode_positions(table.subset(part.vertices), recipe)
    )


def _groups(table: VertexTable, boxes: str) -> dict[str, np.ndarray]:
    if boxes == "hemisphere":
        return {}
    groups, order = table.rois, list(ROI_NAMES)
    if boxes == "roi_class":
        groups, order = table.roi_classes, [c.name for c in ROI_CLASSES]
    names = sorted(groups, key=lambda n: order.index(n) if n in order else len(order))
    return {n: np.asarray(groups[n], dtype=np.intp) for n in names}


def _encode(
    name: str, table: VertexTable, inside: np.ndarray, taken: np.ndarray, recipe: PositionRecipe
) -> BoxedPositions:
    """Encode ``taken`` in the box of ``inside``."""
    box = table.positions[inside].astype(np.float64)
    low, high = box.min(axis=0), box.max(axis=0)
    longest = float((high - low).max())
    positions = table.positions[taken].astype(np.float64)
    # A box of one vertex has no sides: the vertex is its centre.
    grid = (positions - (low + high) / 2) * (recipe.max_steps / longest if longest else 0.0)
    expanded = grid * recipe.expansion
    codes = sinusoids(expanded, n_frequencies=recipe.n_frequencies, period=recipe.period)
    return BoxedPositions(name, taken, positions, low, high, grid, expanded, codes)


def position_codes(
    table: VertexTable, recipe: PositionRecipe, *, with_box: bool = True
) -> np.ndarray:
    """Return one code per vertex, (n_vertices, n_values) float32, for a network.

    Parameters
    ----------
    with_box : append which box a vertex is in, one column per box. Codes are relative to a box,
        so vertices of different boxes may have the same.
    """
    boxes = encode_positions(table, recipe)
    n_code = 6 * recipe.n_frequencies
    codes = np.zeros((len(table), n_code + (len(boxes) if with_box else 0)), dtype=np.float32)
    for k, box in enumerate(boxes):
        codes[box.vertices, :n_code] = box.codes
        if with_box:
            codes[box.vertices, n_code + k] = 1
    return codes
