"""The cortical surfaces as the browser gets them: quantised, faces sorted, one file.

Positions are stored as int16 with one step for all surfaces (about 0.006 mm on fsaverage, far
below a pixel); normals are computed in the browser. Faces that exist on the flat map come first,
so the flat surface is "the first n faces" and needs no list of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cortiscope.cortex_view.container import pack

SURFACES = ("pial", "inflated", "flat")
_STEPS = 32767
_NARROW = 65535  # Up to here face indices are uint16, beyond uint32.
_MAX_VERTICES = 2**19  # 256 columns by 2,048 rows: the smallest texture WebGL2 promises.


@dataclass(frozen=True)
class HemisphereMesh:
    """One hemisphere's surfaces, which share one vertex order.

    Parameters
    ----------
    pial, inflated : (n_vertices, 3) coordinates in mm (x right, y anterior, z superior).
    flat : (n_vertices, 3) flat map in mm, x and y as drawn on screen, z ignored.
    faces : (n_faces, 3) triangles of the closed surfaces, counter-clockwise from outside.
    flat_faces : (n_flat_faces, 3) those of ``faces`` that the flat map keeps.
    sulcal_depth : (n_vertices,) positive in sulci, negative on gyri; any unit.
    coarse_faces, coarse_flat_faces : (m, 3) triangles of a coarser mesh over some of the vertices,
        and those on the flat map: drawn while the brain moves where the browser is slow. Or None.
    """

    pial: np.ndarray
    inflated: np.ndarray
    flat: np.ndarray
    faces: np.ndarray
    flat_faces: np.ndarray
    sulcal_depth: np.ndarray
    coarse_faces: np.ndarray | None = None
    coarse_flat_faces: np.ndarray | None = None

    def __post_init__(self) -> None:
        n = len(self.pial)
        if not 3 <= n <= _MAX_VERTICES:
            raise ValueError(f"A hemisphere has {n} vertices; allowed: 3 to {_MAX_VERTICES}.")
        for name in SURFACES:
            shape = getattr(self, name).shape
            if shape != (n, 3):
                raise ValueError(f"Surface {name!r} has shape {shape}; pial has ({n}, 3).")
        if self.sulcal_depth.shape != (n,):
            raise ValueError(
                f"sulcal_depth has shape {self.sulcal_depth.shape}; one value per vertex is ({n},)."
            )
        if (self.coarse_faces is None) != (self.coarse_flat_faces is None):
            raise ValueError("coarse_faces and coarse_flat_faces go together; one is None.")
        for name in ("faces", "flat_faces", "coarse_faces", "coarse_flat_faces"):
            faces = getattr(self, name)
            if faces is None:
                continue
            if faces.ndim != 2 or faces.shape[1] != 3:
                raise ValueError(f"{name} has shape {faces.shape}; allowed: (n, 3).")
            if faces.size and (faces.min() < 0 or faces.max() >= n):
                raise ValueError(
                    f"{name} refers to vertices {faces.min()} to {faces.max()}; this hemisphere "
                    f"has 0 to {n - 1}."
                )

    @property
    def n_vertices(self) -> int:
        """Vertices of this hemisphere."""
        return len(self.pial)


@dataclass(frozen=True)
class CortexGeometry:
    """Both hemispheres."""

    left: HemisphereMesh
    right: HemisphereMesh

    def to_bytes(self) -> bytes:
        """Return the geometry asset, uncompressed."""
        drawn = {"left": _as_drawn(self.left), "right": _as_drawn(self.right)}
        largest = max(float(np.abs(p).max()) for each in drawn.values() for p in each.values())
        step = largest / _STEPS or 1.0
        header: dict[str, object] = {"kind": "geometry", "version": 1, "step": step}
        arrays: dict[str, np.ndarray] = {}
        for side, mesh in (("left", self.left), ("right", self.right)):
            index_type = np.uint16 if mesh.n_vertices <= _NARROW else np.uint32
            faces, n_flat = _flat_first(_neighbours_together(mesh), mesh.flat_faces)
            about = {"n_vertices": mesh.n_vertices, "n_flat_faces": n_flat}
            if mesh.coarse_faces is not None and mesh.coarse_flat_faces is not None:
                coarse, n_flat = _flat_first(mesh.coarse_faces, mesh.coarse_flat_faces)
                about["n_coarse_flat_faces"] = n_flat
                arrays[f"{side}_coarse"] = coarse.astype(index_type)
            header[side] = about
            for name, coordinates in drawn[side].items():
                arrays[f"{side}_{name}"] = np.rint(coordinates / step).astype(np.int16)
            arrays[f"{side}_faces"] = faces.astype(index_type)
            arrays[f"{side}_depth"] = _to_bytes(mesh.sulcal_depth)
        return pack(header, arrays)


def _as_drawn(mesh: HemisphereMesh) -> dict[str, np.ndarray]:
    """Return the coordinates of each surface; what the flat map leaves out waits at 0."""
    flat = np.zeros((mesh.n_vertices, 3))
    kept = np.unique(mesh.flat_faces)
    # A vertex in no flat face has whatever coordinates its maker left there.
    flat[kept, :2] = np.asarray(mesh.flat, dtype=np.float64)[kept, :2]
    surfaces = {"pial": mesh.pial, "inflated": mesh.inflated, "flat": flat}
    for name, coordinates in surfaces.items():
        if not np.isfinite(coordinates).all():
            raise ValueError(f"Surface {name!r} has coordinates that are not finite.")
    return {name: np.asarray(p, dtype=np.float64) for name, p in surfaces.items()}


def _neighbours_together(mesh: HemisphereMesh) -> np.ndarray:
    """Return the faces along a Z-order curve: a graphics card then works out a vertex once.

    It remembers the last few vertices only. Counted for sixteen, fsaverage's own order takes 1.5
    vertices a face, this 0.8.
    """
    centres = np.asarray(mesh.inflated, dtype=np.float64)[mesh.faces].mean(axis=1)
    span = np.ptp(centres, axis=0).max() or 1.0
    cells = ((centres - centres.min(axis=0)) / span * 1023).astype(np.uint32)
    code = np.zeros(len(cells), dtype=np.uint32)
    for bit in range(10):
        for axis in range(3):
            code |= (cells[:, axis] >> bit & 1) << (3 * bit + axis)
    return mesh.faces[np.argsort(code, kind="stable")]


def _flat_first(faces: np.ndarray, flat_faces: np.ndarray) -> tuple[np.ndarray, int]:
    """Reorder faces so that those of the flat map lead; return them and how many they are."""
    kept = np.isin(_face_keys(faces), _face_keys(flat_faces))
    n_flat = int(kept.sum())
    if n_flat != len(flat_faces):
        raise ValueError(
            f"{len(flat_faces) - n_flat} of {len(flat_faces)} flat faces are not among the "
            "surface's faces; the flat map must be cut from the same mesh."
        )
    return np.concatenate([faces[kept], faces[~kept]]), n_flat


def _face_keys(faces: np.ndarray) -> np.ndarray:
    """(n,) one integer per face, the same for every order of its vertices."""
    ordered = np.sort(np.asarray(faces, dtype=np.int64), axis=1)
    keys: np.ndarray = (ordered[:, 0] << 40) | (ordered[:, 1] << 20) | ordered[:, 2]
    return keys


def _to_bytes(depth: np.ndarray) -> np.ndarray:
    """Scale sulcal depth to 0..255 (sulci high), cutting the outer 2 % on both sides."""
    low, high = np.percentile(depth, [2, 98])
    scaled = (np.asarray(depth, dtype=np.float64) - low) / max(high - low, 1e-9)
    return np.rint(np.clip(scaled, 0, 1) * 255).astype(np.uint8)
