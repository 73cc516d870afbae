"""fsaverage5's cortical surfaces, converted once from nilearn's packaged files.

nilearn takes seconds to import, so its GIfTI meshes are read once and kept as one ``.npz`` under
the project's home; every later start needs numpy alone. All surfaces of a hemisphere share one
vertex order, so turning one into another is linear interpolation of coordinates. Coordinates are
in mm, MNI305-like (x right, y anterior, z superior).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.brain.parts import HEMISPHERES, Hemisphere
from core.storage import atomic_file

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
class Fsaverage5:
    """Both hemispheres of fsaverage5, 10,242 vertices each."""

    left: HemisphereSurfaces
    right: HemisphereSurfaces

    def __getitem__(self, hemisphere: Hemisphere) -> HemisphereSurfaces:
        return self.left if hemisphere is Hemisphere.LEFT else self.right


def load_fsaverage5(cache: Path) -> Fsaverage5:
    """Load the surfaces from ``cache`` (a folder), converting nilearn's files the first time."""
    target = cache / _CACHE_NAME
    if not target.exists():
        arrays = _read_from_nilearn()
        with atomic_file(target) as draft, draft.open("wb") as stream:
            np.savez(stream, **arrays)  # type: ignore[arg-type]
    with np.load(target, allow_pickle=False) as stored:
        parts = {
            h: HemisphereSurfaces(**{k[3:]: stored[k] for k in stored.files if k[:2] == h.short})
            for h in HEMISPHERES
        }
    return Fsaverage5(parts[Hemisphere.LEFT], parts[Hemisphere.RIGHT])


def _read_from_nilearn() -> dict[str, np.ndarray]:
    from nilearn.datasets import load_fsaverage, load_fsaverage_data

    meshes = load_fsaverage("fsaverage5")
    sulcal = load_fsaverage_data("fsaverage5", mesh_type="inflated", data_type="sulcal")
    arrays: dict[str, np.ndarray] = {}
    for hemisphere in HEMISPHERES:
        prefix = f"{hemisphere.short}_"
        for theirs, ours in _SURFACES.items():
            mesh = meshes[theirs].parts[hemisphere.value]
            arrays[prefix + ours] = np.asarray(mesh.coordinates, dtype=np.float32)
            if ours == "flat":
                arrays[prefix + "flat_faces"] = np.asarray(mesh.faces, dtype=np.int32)
            elif ours == "pial":
                arrays[prefix + "faces"] = np.asarray(mesh.faces, dtype=np.int32)
        depth = np.asarray(sulcal.data.parts[hemisphere.value], dtype=np.float32)
        arrays[prefix + "sulcal_depth"] = depth.reshape(-1)
    return arrays
