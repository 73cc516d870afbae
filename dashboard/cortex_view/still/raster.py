"""Triangles to pixels with a depth buffer, in numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_AT_ONCE = 1_500_000  # candidate pixels per step: about 100 MB of temporary arrays


@dataclass(frozen=True)
class Fragments:
    """The pixels that show a triangle.

    Parameters
    ----------
    pixel : (n,) int32, row * width + column.
    face : (n,) int32, the nearest triangle there.
    bary : (n, 3) float32 weights of its corners at the pixel's middle.
    dx, dy : (n, 3) float32, their change per pixel to the right and downwards.
    front : (n,) bool, seen from outside.
    depth : (height * width,) float32 z of what is seen, -inf where nothing is.
    """

    pixel: np.ndarray
    face: np.ndarray
    bary: np.ndarray
    dx: np.ndarray
    dy: np.ndarray
    front: np.ndarray
    depth: np.ndarray


def rasterise(
    xyz: np.ndarray, faces: np.ndarray, width: int, height: int, *, two_sided: bool = False
) -> Fragments:
    """Find the nearest triangle at the middle of each pixel.

    Parameters
    ----------
    xyz : (n_vertices, 3) x and y in pixels from the upper left corner, y downwards; larger z is
        nearer.
    faces : (n_faces, 3) counter-clockwise as seen from outside.
    two_sided : draw triangles seen from behind as well.
    """
    xy, z = xyz[:, :2], xyz[:, 2]
    a, b, c = (xy[faces[:, k]] for k in range(3))
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    # With y downwards, counter-clockwise has a negative area.
    kept = area != 0 if two_sided else area < 0
    low = np.ceil(np.minimum(np.minimum(a, b), c) - 0.5)
    high = np.floor(np.maximum(np.maximum(a, b), c) - 0.5)
    low = np.clip(low, 0, [width, height]).astype(np.int64)
    high = np.clip(high, -1, [width - 1, height - 1]).astype(np.int64)
    extent = high - low + 1
    drawn = np.flatnonzero(kept & (extent > 0).all(1))
    a, b, c, low, extent, area = (part[drawn] for part in (a, b, c, low, extent, area))
    # Weights are linear over the plane: their value at the origin and their slopes.
    slopes_x = (
        np.stack([b[:, 1] - c[:, 1], c[:, 1] - a[:, 1], a[:, 1] - b[:, 1]], 1) / area[:, None]
    )
    slopes_y = (
        np.stack([c[:, 0] - b[:, 0], a[:, 0] - c[:, 0], b[:, 0] - a[:, 0]], 1) / area[:, None]
    )
    corner_z = z[faces[drawn]]

    depth = np.full(width * height, -np.inf)
    owner = np.full(width * height, -1, np.int64)
    counts = extent.prod(1)
    edges = np.concatenate([[0], np.cumsum(counts)])
    first = 0
    while first < len(drawn):
        last = max(first + 1, int(np.searchsorted(edges, edges[first] + _AT_ONCE, "right")) - 1)
        part = slice(first, last)
        which = np.repeat(np.arange(first, last), counts[part])
        within = np.arange(len(which)) - (edges[which] - edges[first])
        columns = low[which, 0] + within % extent[which, 0]
        rows = low[which, 1] + within // extent[which, 0]
        bary = _weights(a[which], slopes_x[which], slopes_y[which], columns, rows)
        inside = (bary >= 0).all(1)
        which, bary = which[inside], bary[inside]
        pixel = rows[inside] * width + columns[inside]
        near = (bary * corner_z[which]).sum(1)
        np.maximum.at(depth, pixel, near)
        wins = near == depth[pixel]
        owner[pixel[wins]] = which[wins]
        first = last

    pixel = np.flatnonzero(owner >= 0)
    which = owner[pixel]
    dx, dy = slopes_x[which], slopes_y[which]
    return Fragments(
        pixel=pixel.astype(np.int32),
        face=drawn[which].astype(np.int32),
        bary=_weights(a[which], dx, dy, pixel % width, pixel // width).astype(np.float32),
        dx=dx.astype(np.float32),
        dy=dy.astype(np.float32),
        front=area[which] < 0,
        depth=depth.astype(np.float32),
    )


def _weights(
    corner: np.ndarray, dx: np.ndarray, dy: np.ndarray, columns: np.ndarray, rows: np.ndarray
) -> np.ndarray:
    """(n, 3) weights at pixel middles; at its first corner a triangle has (1, 0, 0)."""
    x = columns + 0.5 - corner[:, 0]
    y = rows + 0.5 - corner[:, 1]
    weights: np.ndarray = dx * x[:, None] + dy * y[:, None]
    weights[:, 0] += 1
    return weights
