"""Every triangle becomes four, in FreeSurfer's order of vertices and faces.

fsaverage is an icosahedron subdivided seven times, fsaverage5 five times, so each has the other's
vertices as its first ones. The order below gives back fsaverage5's vertices and faces exactly when
an icosahedron is subdivided five times; carried on, it numbers fsaverage's. So fsaverage's sphere
is known without its files, and fsaverage5 subdivided twice can stand in for it where size matters
and anatomy does not.
"""

from __future__ import annotations

import numpy as np

from cortiscope.core.brain.surfaces import HemisphereSurfaces


def subdivide_faces(faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Put a vertex on every edge of a closed mesh.

    Parameters
    ----------
    faces : (n_faces, 3) vertex numbers.

    Returns
    -------
    ends : (n_edges, 2) the edge that each new vertex halves; the first one's number follows the
        highest in ``faces``.
    finer : (4 * n_faces, 3). First the part at the first corner of every face; then, face by face,
        the parts at its third corner, in its middle and at its second corner.
    """
    n = int(faces.max()) + 1
    a, b, c = np.asarray(faces, dtype=np.int64).T
    # New vertices are numbered face by face, on the edges a c, b c and a b.
    sides = np.stack([np.stack(e, axis=1) for e in ((a, c), (b, c), (a, b))], axis=1).reshape(-1, 2)
    keys, first, inverse = np.unique(
        sides.min(axis=1) * n + sides.max(axis=1), return_index=True, return_inverse=True
    )
    order = np.argsort(first)
    rank = np.empty(len(keys), dtype=np.int64)
    rank[order] = np.arange(len(keys))
    ac, bc, ab = (n + rank[inverse].reshape(-1, 3)).T
    rest = np.stack([[ac, bc, c], [ab, bc, ac], [ab, b, bc]], axis=0).transpose(2, 0, 1)
    finer = np.concatenate([np.stack([a, ab, ac], axis=1), rest.reshape(-1, 3)])
    return np.stack([keys[order] // n, keys[order] % n], axis=1), finer.astype(np.int32)


def subdivide_sphere(sphere: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return vertices (4 n - 6, 3), float64 on the unit sphere, and faces of the finer sphere."""
    unit = _unit(np.asarray(sphere, dtype=np.float64))
    ends, finer = subdivide_faces(faces)
    return np.concatenate([unit, _unit(unit[ends[:, 0]] + unit[ends[:, 1]])]), finer


def positions_on_sphere(surface: HemisphereSurfaces, numbers: np.ndarray) -> np.ndarray:
    """Return where vertices of a finer mesh lie on the sphere of a coarser one.

    Parameters
    ----------
    numbers : (n,) of the vertices, as fsaverage has them.

    Returns
    -------
    (n, 3) float32 mm.
    """
    points, faces = surface.sphere, surface.faces
    while len(points) <= numbers.max(initial=0):
        points, faces = subdivide_sphere(points, faces)
    radius = np.linalg.norm(surface.sphere[0])
    return (radius * _unit(points[numbers].astype(np.float64))).astype(np.float32)


def subdivide(surface: HemisphereSurfaces) -> HemisphereSurfaces:
    """Return the hemisphere with a vertex more on every edge, 4 n - 6 for n.

    New vertices lie half way between their edge's ends on every surface, on the sphere at its
    radius. Anatomy gets no finer.
    """
    ends, faces = subdivide_faces(surface.faces)

    def midpoints(values: np.ndarray) -> np.ndarray:
        middle = (values[ends[:, 0]] + values[ends[:, 1]]) / 2
        return np.concatenate([values, middle]).astype(values.dtype)

    sphere = midpoints(surface.sphere)
    radius = np.linalg.norm(surface.sphere[0])
    return HemisphereSurfaces(
        pial=midpoints(surface.pial),
        white=midpoints(surface.white),
        inflated=midpoints(surface.inflated),
        sphere=(_unit(sphere) * radius).astype(sphere.dtype),
        flat=midpoints(surface.flat),
        faces=faces,
        flat_faces=faces[_children_of(surface.flat_faces, surface.faces)],
        sulcal_depth=midpoints(surface.sulcal_depth),
    )


def _unit(points: np.ndarray) -> np.ndarray:
    return np.asarray(points / np.linalg.norm(points, axis=1, keepdims=True))


def _children_of(some: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(4 * n_faces,) bool: finer faces that lie in one of ``some``, which are among ``faces``."""
    n = int(faces.max()) + 1

    def keys(triangles: np.ndarray) -> np.ndarray:
        low, middle, high = np.sort(np.asarray(triangles, dtype=np.int64), axis=1).T
        return np.asarray((low * n + middle) * n + high)

    kept = np.isin(keys(faces), keys(some))
    return np.concatenate([kept, np.repeat(kept, 3)])
