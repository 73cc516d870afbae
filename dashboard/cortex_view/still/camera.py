"""A camera as the browser has it (``frontend/pure/camera.js``), and where it puts each vertex.

Hemispheres are mirror images, and so are their rotations. View axes: x right, y up, z towards the
viewer. Quaternions are (w, x, y, z).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cortiscope.cortex_view.space import SIDES
from cortiscope.cortex_view.still.brain import Brain

# Rows: the view's x, y and z axes in brain axes (x right, y anterior, z superior).
_AXES = {
    "lateral": ((0, 1, 0), (0, 0, 1), (1, 0, 0)),
    "medial": ((0, -1, 0), (0, 0, 1), (-1, 0, 0)),
    "ventral": ((1, 0, 0), (0, -1, 0), (0, 0, -1)),
    "dorsal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "anterior": ((-1, 0, 0), (0, 0, 1), (0, 1, 0)),
    "posterior": ((1, 0, 0), (0, 0, 1), (0, -1, 0)),
}
_HOME = (0.5, -0.74, -0.45)
_GAP = 9.0  # mm between the hemispheres
INFLATED = 1.0


@dataclass(frozen=True)
class Camera:
    """A rotation of the right hemisphere (quaternion), a place between folded 0 and flat 2."""

    rotation: tuple[float, ...]
    surface: float = INFLATED
    zoom: float = 1.0
    pan: tuple[float, float] = (0.0, 0.0)

    @property
    def is_flat(self) -> bool:
        """Whether the brain is cut open."""
        return self.surface > INFLATED


def camera_of(view: Mapping[str, Any] | None, start: Camera | None = None) -> Camera:
    """Return the camera that a checked view describes (``payload.check_view``)."""
    start = start or Camera(rotation=_look_from(_HOME))
    view = view or {}
    rotation = start.rotation
    if "preset" in view:
        rotation = _from_matrix(np.array(_AXES[view["preset"]], dtype=float))
    if "rotation" in view:
        given = np.array(view["rotation"], dtype=float)
        rotation = tuple(given / np.linalg.norm(given))
    pan = view.get("pan", start.pan)
    return Camera(
        rotation,
        float(view.get("surface", start.surface)),
        float(view.get("zoom", start.zoom)),
        (float(pan[0]), float(pan[1])),
    )


def cameras_of(view: Mapping[str, Any] | None, count: int) -> list[Camera]:
    """Return each view's camera: the shared one, or its own."""
    shared = camera_of(view)
    own = (view or {}).get("own", {})
    return [camera_of(own[str(i)], shared) if str(i) in own else shared for i in range(count)]


@dataclass(frozen=True)
class Placed:
    """Vertices turned, morphed and set side by side, in view millimetres around the frame's middle.

    Parameters
    ----------
    xyz : (n_vertices, 3), left then right.
    normals : (n_vertices, 3) in view axes, not normalised.
    width, height : of the frame, mm.
    boxes : per side (left, bottom, right, top), mm.
    upward : the direction that points up, where it is not superior.
    """

    xyz: np.ndarray
    normals: np.ndarray
    width: float
    height: float
    boxes: dict[str, tuple[float, float, float, float]]
    upward: str | None


def place(brain: Brain, camera: Camera) -> Placed:
    """Turn and morph both hemispheres and set them side by side."""
    layer = min(1, int(camera.surface))
    share = camera.surface - layer
    positions = _mix(brain.positions[layer], brain.positions[layer + 1], share)
    normals = _mix(brain.normals[layer], brain.normals[layer + 1], share)
    centres = {
        side: _mix(brain.centres[side][layer], brain.centres[side][layer + 1], share)
        for side in SIDES
    }
    xyz, turned, boxes, matrices = [], [], {}, {}
    for side, other in (("left", "right"), ("right", "left")):
        own = centres[side]
        centre = np.array([own[0], *((own[1:] + centres[other][1:]) / 2)])
        matrix = matrices[side] = _to_matrix(_rotation_of(camera, side))
        part = brain.slices[side]
        at = (positions[part] - centre) @ matrix.T
        framed = at[brain.in_flat[part]] if camera.is_flat else at
        boxes[side] = (*framed[:, :2].min(0), *framed[:, :2].max(0))
        xyz.append(at)
        turned.append(normals[part] @ matrix.T)
    left, right = boxes["left"], boxes["right"]
    widths = left[2] - left[0], right[2] - right[0]
    shift = (widths[0] - widths[1]) / 2
    bottom, top = min(left[1], right[1]), max(left[3], right[3])
    anchors = {"left": -_GAP / 2 - left[2] + shift, "right": _GAP / 2 - right[0] + shift}
    for at, side in zip(xyz, SIDES, strict=True):
        at[:, :2] += [anchors[side], -(bottom + top) / 2]
    return Placed(
        np.concatenate(xyz),
        np.concatenate(turned),
        sum(widths) + _GAP,
        top - bottom,
        {
            side: tuple(
                value + (anchors[side] if k % 2 == 0 else -(bottom + top) / 2)
                for k, value in enumerate(box)
            )
            for side, box in boxes.items()
        },
        None if camera.is_flat else _upward(matrices["right"]),
    )


def _mix(a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray:
    return a + (b - a) * share if share else a


def _upward(matrix: np.ndarray) -> str | None:
    x, y, z = matrix[1]
    if z > 0.5:
        return None
    if abs(y) > 0.7:
        return "anterior" if y > 0 else "posterior"
    if z < -0.7:
        return "inferior"
    if abs(x) > 0.7:
        return "lateral" if x > 0 else "medial"
    return None


def _rotation_of(camera: Camera, side: str) -> np.ndarray:
    """Return one hemisphere's rotation, squared up to the flat map as it flattens."""
    q = np.array(camera.rotation)
    flatness = min(1.0, max(0.0, camera.surface - INFLATED))
    if flatness > 0:
        lateral = np.array(_from_matrix(np.array(_AXES["lateral"], dtype=float)))
        q = _slerp(q, lateral, flatness * flatness * (3 - 2 * flatness))
    return q * [1, 1, -1, -1] if side == "left" else q


def _slerp(start: np.ndarray, end: np.ndarray, share: float) -> np.ndarray:
    cosine = float(start @ end)
    if cosine < 0:
        end, cosine = -end, -cosine
    if cosine > 0.9995:
        mixed = start + (end - start) * share
        out: np.ndarray = mixed / np.linalg.norm(mixed)
        return out
    angle = np.arccos(cosine)
    out = (np.sin((1 - share) * angle) * start + np.sin(share * angle) * end) / np.sin(angle)
    return out


def _look_from(direction: tuple[float, float, float]) -> tuple[float, ...]:
    z = np.array(direction) / np.linalg.norm(direction)
    x = np.array([-z[1], z[0], 0.0]) / np.hypot(z[0], z[1])
    return _from_matrix(np.stack([x, np.cross(z, x), z]))


def _to_matrix(q: np.ndarray) -> np.ndarray:
    w, x, y, z = q
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def _from_matrix(m: np.ndarray) -> tuple[float, ...]:
    """Return the quaternion of a rotation matrix, from its largest component."""
    # Shepperd's four squares: 4 w^2, 4 x^2, 4 y^2, 4 z^2.
    diagonal = np.diag(m)
    squares = 1 + np.array([diagonal.sum(), *(2 * diagonal - diagonal.sum())])
    k = int(np.argmax(squares))
    table = np.array(
        [
            [squares[0], m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]],
            [m[2, 1] - m[1, 2], squares[1], m[0, 1] + m[1, 0], m[0, 2] + m[2, 0]],
            [m[0, 2] - m[2, 0], m[0, 1] + m[1, 0], squares[2], m[1, 2] + m[2, 1]],
            [m[1, 0] - m[0, 1], m[0, 2] + m[2, 0], m[1, 2] + m[2, 1], squares[3]],
        ]
    )
    q = table[k] / (2 * np.sqrt(squares[k]))
    return tuple(float(v) for v in q)
