"""fsaverage at full size (163,842 vertices a hemisphere), where nilearn has fetched it before.

Nothing is downloaded here: ``nilearn.datasets.fetch_surf_fsaverage("fsaverage")`` does that.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.brain.surfaces import Fsaverage5, HemisphereSurfaces

# nilearn's file name -> ours.
_PARTS = {
    "pial": "pial",
    "white": "white",
    "infl": "inflated",
    "sphere": "sphere",
    "flat": "flat",
    "sulc": "sulcal_depth",
}
_SIDES = ("left", "right")


def find_fsaverage() -> Path | None:
    """Return nilearn's folder of fsaverage if every file is there, else None."""
    from nilearn.datasets import get_data_dirs

    for parent in get_data_dirs():
        folder = Path(parent) / "fsaverage"
        if all((folder / f"{part}_{side}.gii.gz").is_file() for part in _PARTS for side in _SIDES):
            return folder
    return None


def read_fsaverage(folder: Path) -> Fsaverage5:
    """Read both hemispheres from a folder of nilearn's (any fsaverage size has these files)."""
    return Fsaverage5(*(_hemisphere(folder, side) for side in _SIDES))


def _hemisphere(folder: Path, side: str) -> HemisphereSurfaces:
    from nibabel.gifti.gifti import GiftiImage

    arrays: dict[str, np.ndarray] = {}
    for theirs, ours in _PARTS.items():
        stored = GiftiImage.from_filename(folder / f"{theirs}_{side}.gii.gz").darrays
        arrays[ours] = np.asarray(stored[0].data, dtype=np.float32)
        if ours in ("pial", "flat"):
            name = "faces" if ours == "pial" else "flat_faces"
            arrays[name] = np.asarray(stored[1].data, dtype=np.int32)
    arrays["sulcal_depth"] = arrays["sulcal_depth"].reshape(-1)
    return HemisphereSurfaces(**arrays)
