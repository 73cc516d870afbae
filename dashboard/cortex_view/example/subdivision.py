"""A finer mesh from a coarse one: every triangle becomes four.

fsaverage5 subdivided twice has as many vertices as fsaverage (163,842) and stands in for it where
size matters and anatomy does not. The coarse vertices keep their numbers, as in fsaverage.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.brain.surfaces import HemisphereSurfaces


def subdivide(surface: HemisphereSurfaces) -> HemisphereSurfaces:
    """Return the hemisphere with a vertex more on every edge.

    Parameters
    ----------
    surface : closed, so that every edge belongs to two faces; the flat faces are among its faces.

    Returns
    -------
    finer : 4 n - 6 vertices for n; new ones lie half way between their edge's ends on every
        surface, on the sphere at its radius.
    """
    edges, numbers = _edges(surface.faces)
    first_new = len(surface.pial)

    def midpoints(values: np.ndarray) -> np.ndarray:
        middle = (values[edges[:, 0]] + values[edges[:, 1]]) / 2
        return np.concatenate([values, middle]).astype(values.dtype)

    def split(faces: np.ndarray) -> np.ndarray:
        a, b, c = faces.T.astype(np.int64)
        ab, bc, ca = (numbers(p, q) + first_new for p, q in ((a, b), (b, c), (c, a)))
        quarters = [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
        return np.stack([np.stack(q, axis=1) for q in quarters], axis=1).reshape(-1, 3)

    sphere = midpoints(surface.sphere)
    radius = np.linalg.norm(surface.sphere[0])
    return HemisphereSurfaces(
        pial=midpoints(surface.pial),
        white=midpoints(surface.white),
        inflated=midpoints(surface.inflated),
        sphere=sphere / np.linalg.norm(sphere, axis=1, keepdims=True) * radius,
        flat=midpoints(surface.flat),
        faces=split(surface.faces),
        flat_faces=split(surface.flat_faces),
        sulcal_depth=midpoints(surface.sulcal_depth),
    )


def _edges(
    faces: np.ndarray,
) -> tuple[np.ndarray, Callable[[np.ndarray, np.ndarray], np.ndarray]]:
    """(n_edges, 2) vertices of each edge, and a function from two ends to the edge's number."""
    ends = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).astype(np.int64)
    n = int(faces.max()) + 1
    keys = np.unique(ends.min(axis=1) * n + ends.max(axis=1))

    def number(p: np.ndarray, q: np.ndarray) -> np.ndarray:
        return np.searchsorted(keys, np.minimum(p, q) * n + np.maximum(p, q))

    return np.stack([keys // n, keys % n], axis=1), number
