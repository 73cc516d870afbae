"""The icosahedron that FreeSurfer's templates are subdivided from, and lumpy brains of it."""

import numpy as np

from cortiscope.core.brain import CorticalSurfaces, HemisphereSurfaces

# FreeSurfer's ic0.tri, from 0.
FACES = np.array([
    [0, 3, 4], [0, 4, 5], [0, 5, 1], [0, 1, 2], [0, 2, 3], [3, 2, 8], [3, 8, 9], [3, 9, 4],
    [4, 9, 10], [4, 10, 5], [5, 10, 6], [5, 6, 1], [1, 6, 7], [1, 7, 2], [2, 7, 8], [8, 11, 9],
    [9, 11, 10], [10, 11, 6], [6, 11, 7], [7, 11, 8],
])  # fmt: skip


def points() -> np.ndarray:
    """(12, 3) on the unit sphere: the poles, and two rings of five."""
    ring = [(np.arange(5) * 72 + start) * np.pi / 180 for start in (-72, -108)]
    out = np.zeros((12, 3))
    out[[0, 11], 2] = 1, -1
    for first, turn, height in ((1, ring[0], 1), (6, ring[1], -1)):
        out[first : first + 5, 0] = 2 / np.sqrt(5) * np.cos(turn)
        out[first : first + 5, 1] = 2 / np.sqrt(5) * np.sin(turn)
        out[first : first + 5, 2] = height / np.sqrt(5)
    return out


def lumpy_brain(sphere: np.ndarray, faces: np.ndarray) -> CorticalSurfaces:
    """Return two unlike hemispheres; their flat maps leave out the faces below."""
    sides = []
    for sign in (-1, 1):
        lumps = 1 + 0.2 * np.sin(sign * 3 * sphere[:, :1] + sphere[:, 1:2])
        above = (sphere[faces][..., 2] > -0.7).all(axis=1)
        flat = sphere * [70 + 10 * sign, 50, 0]
        sides.append(
            HemisphereSurfaces(
                *((k * lumps * sphere).astype(np.float32) for k in (40, 36, 50)),
                sphere=(100 * sphere).astype(np.float32),
                flat=flat.astype(np.float32),
                faces=faces.astype(np.int32),
                flat_faces=faces[above].astype(np.int32),
                sulcal_depth=sphere[:, 0].astype(np.float32),
            )
        )
    return CorticalSurfaces(*sides)
