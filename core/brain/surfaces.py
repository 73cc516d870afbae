"""Cortical surfaces, and fsaverage5's, converted once from nilearn's packaged files.

nilearn takes seconds to import, so its GIfTI meshes are read once and kept as one ``.npz`` under
the project's home; every later start needs numpy alone. All surfaces of a hemisphere share one
vertex order, so turning one into another is linear interpolation of coordinates. Coordinates are
in mm, MNI305-like (x right, y anterior, z superior).
"""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from cortiscope.core.brain.spaces import HEMISPHERES, Hemisphere
from cortiscope.core.errors import CannotWrite
from cortiscope.core.storage import atomic_file

# nilearn's name -> ours; the sphere is the registered one (radius 100 mm).
_SURFACES = {
    "pial": "pial",
    "white_matter": "white",
    "inflated": "inflated",
    "sphere": "sphere",
    "flat": "flat",
}
_CACHE_NAME = "fsaverage5-v1.npz"


@dataclass(frozen=True)
class HemisphereSurfaces:
    """One hemisphere's meshes.

    Parameters
    ----------
    pial, white, inflated, sphere, flat : (n_vertices, 3) float32 coordinates in mm.
    faces : (n_faces, 3) int32 triangles of the closed surfaces.
    flat_faces : (n_flat_faces, 3) int32 triangles of the flat surface (cut faces left out).
    sulcal_depth : (n_vertices,) float32; positive in sulci, negative on gyri.
    """

    pial: np.ndarray
    white: np.ndarray
    inflated: np.ndarray
    sphere: np.ndarray
    flat: np.ndarray
    faces: np.ndarray
    flat_faces: np.ndarray
    sulcal_depth: np.ndarray

    @property
    def midthickness(self) -> np.ndarray:
        """(n_vertices, 3) half way between white and pial."""
        return (self.pial + self.white) / 2


@dataclass(frozen=True)
class CorticalSurfaces:
    """Both hemispheres of a template."""

    left: HemisphereSurfaces
    right: HemisphereSurfaces

    def __getitem__(self, hemisphere: Hemisphere) -> HemisphereSurfaces:
        return self.left if hemisphere is Hemisphere.LEFT else self.right


def load_fsaverage5(cache: Path) -> CorticalSurfaces:
    """Load fsaverage5 from ``cache`` (a folder), converting nilearn's files the first time."""
    return load_converted(cache / _CACHE_NAME, _read_from_nilearn)


def load_converted(target: Path, read: Callable[[], CorticalSurfaces]) -> CorticalSurfaces:
    """Load surfaces from an ``.npz``, which is written from ``read()`` the first time.

    One that is damaged is written anew; where nothing can be written, they are read each time.
    """
    with contextlib.suppress(OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return _stored(target)
    surfaces = read()
    arrays = {
        f"{h.short}_{part.name}": getattr(surfaces[h], part.name)
        for h in HEMISPHERES
        for part in fields(HemisphereSurfaces)
    }
    n_bytes = sum(array.nbytes for array in arrays.values())
    with (
        contextlib.suppress(CannotWrite),
        atomic_file(target, n_bytes) as draft,
        draft.open("wb") as stream,
    ):
        np.savez(stream, **arrays)
    return surfaces


def _stored(target: Path) -> CorticalSurfaces:
    with np.load(target, allow_pickle=False) as stored:
        return CorticalSurfaces(
            *(
                HemisphereSurfaces(
                    **{p.name: stored[f"{h.short}_{p.name}"] for p in fields(HemisphereSurfaces)}
                )
                for h in HEMISPHERES
            )
        )


def _read_from_nilearn() -> CorticalSurfaces:
    from nilearn.datasets import load_fsaverage, load_fsaverage_data

    meshes = load_fsaverage("fsaverage5")
    sulcal = load_fsaverage_data("fsaverage5", mesh_type="inflated", data_type="sulcal")
    sides = []
    for hemisphere in HEMISPHERES:
        parts = {ours: meshes[theirs].parts[hemisphere.value] for theirs, ours in _SURFACES.items()}
        depth = np.asarray(sulcal.data.parts[hemisphere.value], dtype=np.float32)
        sides.append(
            HemisphereSurfaces(
                **{k: np.asarray(mesh.coordinates, dtype=np.float32) for k, mesh in parts.items()},
                faces=np.asarray(parts["pial"].faces, dtype=np.int32),
                flat_faces=np.asarray(parts["flat"].faces, dtype=np.int32),
                sulcal_depth=depth.reshape(-1),
            )
        )
    return CorticalSurfaces(*sides)
