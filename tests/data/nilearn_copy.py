"""A copy of a template in the layout that nilearn keeps its downloads in; knows no loader."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

_MESHES = {
    "pial": "pial", "white": "white", "infl": "inflated", "sphere": "sphere", "flat": "flat",
}  # fmt: skip


def write_copy(parent: Path, surfaces, flat=None) -> Path:
    """Write ``parent/fsaverage``; ``flat(side, points)`` may move the flat maps' vertices."""
    folder = parent / "fsaverage"
    folder.mkdir(parents=True)
    for side in ("left", "right"):
        mesh = getattr(surfaces, side)
        for theirs, ours in _MESHES.items():
            points = getattr(mesh, ours)
            if ours == "flat" and flat is not None:
                points = flat(side, points)
            faces = mesh.flat_faces if ours == "flat" else mesh.faces
            _write(folder / f"{theirs}_{side}.gii.gz", points, faces)
        for name in ("sulc", "curv", "thick", "area"):
            _write(folder / f"{name}_{side}.gii.gz", mesh.sulcal_depth)
    return folder


def _write(path: Path, values: np.ndarray, faces: np.ndarray | None = None) -> None:
    from nibabel.gifti import GiftiDataArray, GiftiImage

    kind = "NIFTI_INTENT_SHAPE" if faces is None else "NIFTI_INTENT_POINTSET"
    arrays = [GiftiDataArray(values.astype(np.float32), intent=kind)]
    if faces is not None:
        arrays.append(GiftiDataArray(faces.astype(np.int32), intent="NIFTI_INTENT_TRIANGLE"))
    # Packed lightly: tests write some of these at full size.
    path.write_bytes(gzip.compress(GiftiImage(darrays=arrays).to_bytes(), 1))
