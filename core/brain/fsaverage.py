"""fsaverage at full size (163,842 vertices a hemisphere), from nilearn's cached copy.

nilearn keeps what ``fetch_surf_fsaverage("fsaverage")`` once downloaded in a folder ``fsaverage``
below the first of ``NILEARN_SHARED_DATA``, ``NILEARN_DATA`` and ``~/nilearn_data`` that has one.
Here it is looked for, read and converted without nilearn; only ``fetch_fsaverage`` uses a network.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from cortiscope.core.brain.spaces import FSAVERAGE_VERTICES, HEMISPHERES, Hemisphere
from cortiscope.core.brain.subdivision import subdivide_sphere
from cortiscope.core.brain.surfaces import (
    CorticalSurfaces,
    HemisphereSurfaces,
    load_converted,
    load_fsaverage5,
)
from cortiscope.core.errors import CoreError, DamagedFile, MissingData

# nilearn's file name -> ours.
_PARTS = {
    "pial": "pial",
    "white": "white",
    "infl": "inflated",
    "sphere": "sphere",
    "flat": "flat",
    "sulc": "sulcal_depth",
}
FSAVERAGE_FILES = tuple(f"{part}_{h}.gii.gz" for part in _PARTS for h in HEMISPHERES)
_FAR = 0.02  # of the sphere's radius; neighbours on fsaverage are .007 to .009 apart, files rounded


def fsaverage_folders() -> tuple[Path, ...]:
    """Return the folders that may hold fsaverage, in nilearn's order of looking."""
    named = [os.environ.get(name, "") for name in ("NILEARN_SHARED_DATA", "NILEARN_DATA")]
    parents = [parent for names in named for parent in names.split(os.pathsep) if parent]
    return tuple(Path(p).expanduser() / "fsaverage" for p in (*parents, "~/nilearn_data"))


def find_fsaverage() -> Path | None:
    """Return the first folder with every file that is needed, or None."""
    for folder in fsaverage_folders():
        if all((folder / name).is_file() for name in FSAVERAGE_FILES):
            return folder
    return None


def missing_files() -> tuple[Path, tuple[str, ...]]:
    """Return the folder that fsaverage belongs in, and the files that it lacks."""
    folder = next((f for f in fsaverage_folders() if f.is_dir()), fsaverage_folders()[0])
    return folder, tuple(name for name in FSAVERAGE_FILES if not (folder / name).is_file())


def missing_fsaverage() -> MissingData:
    """Say which files would have to lie where."""
    folder, absent = missing_files()
    named = ", ".join(absent)
    return MissingData(
        f"fsaverage at full size is not on this machine: {folder} lacks {len(absent)} of "
        f"{len(FSAVERAGE_FILES)} files ({named}).",
        "Put nilearn's files there (another folder: set NILEARN_DATA to its parent), or let "
        "nilearn download them: cortiscope fetch-fsaverage.",
    )


def load_fsaverage(cache: Path) -> CorticalSurfaces:
    """Load fsaverage, converting nilearn's copy into ``cache`` (a folder) the first time.

    Its flat maps are laid onto fsaverage5's, whatever their own place and turn.

    Raises
    ------
    MissingData : there is no whole copy.
    DamagedFile : a file cannot be read, or has other vertices than fsaverage's.
    """
    folder = find_fsaverage()
    if folder is None:
        raise missing_fsaverage()
    states = [(folder / name).stat() for name in FSAVERAGE_FILES]
    stamp = repr([str(folder), *((s.st_size, s.st_mtime_ns) for s in states)])
    name = f"fsaverage-v1-{hashlib.blake2b(stamp.encode(), digest_size=6).hexdigest()}.npz"

    def read() -> CorticalSurfaces:
        return _checked(read_surfaces(folder), load_fsaverage5(cache), folder)

    return load_converted(cache / name, read)


def read_surfaces(folder: Path) -> CorticalSurfaces:
    """Read both hemispheres from files named like nilearn's, of any template."""
    return CorticalSurfaces(*(_hemisphere(folder, h) for h in HEMISPHERES))


def fetch_fsaverage() -> Path:
    """Let nilearn download fsaverage from osf.io; return the folder.

    Raises
    ------
    CoreError : it could not be downloaded.
    """
    if (found := find_fsaverage()) is not None:
        return found
    from nilearn.datasets import fetch_surf_fsaverage

    try:
        fetch_surf_fsaverage("fsaverage")
    except Exception as error:  # whatever requests, tarfile and nilearn raise
        first = (str(error).splitlines() or [""])[0][:200]
        raise CoreError(
            f"fsaverage could not be downloaded from osf.io ({type(error).__name__}: {first}).",
            f"Put {', '.join(FSAVERAGE_FILES)} into {fsaverage_folders()[0]} by hand.",
        ) from error
    if (found := find_fsaverage()) is None:
        raise missing_fsaverage()
    return found


def _hemisphere(folder: Path, hemisphere: Hemisphere) -> HemisphereSurfaces:
    from nibabel.gifti.gifti import GiftiImage

    arrays: dict[str, np.ndarray] = {}
    for theirs, ours in _PARTS.items():
        path = folder / f"{theirs}_{hemisphere}.gii.gz"
        try:
            stored = [np.asarray(a.data) for a in GiftiImage.from_filename(path).darrays]
            arrays[ours] = stored[0].astype(np.float32)
            if ours in ("pial", "flat"):
                arrays["faces" if ours == "pial" else "flat_faces"] = stored[1].astype(np.int32)
        except Exception as error:  # nibabel passes on whatever XML, base64 and zlib raise
            raise DamagedFile(
                f"{path} cannot be read as a surface ({type(error).__name__}).",
                "Replace it by a complete copy.",
            ) from error
    arrays["sulcal_depth"] = arrays["sulcal_depth"].reshape(-1)
    return HemisphereSurfaces(**arrays)


def _checked(
    surfaces: CorticalSurfaces, coarse: CorticalSurfaces, folder: Path
) -> CorticalSurfaces:
    """Refuse what is not fsaverage; lay the flat maps onto fsaverage5's."""
    sides = []
    for h in HEMISPHERES:
        side, small = surfaces[h], coarse[h]
        for theirs, ours in _PARTS.items():
            n = len(getattr(side, ours))
            if n != FSAVERAGE_VERTICES:
                raise DamagedFile(
                    f"{folder / f'{theirs}_{h}.gii.gz'} has {n:,} vertices; fsaverage has "
                    f"{FSAVERAGE_VERTICES:,}.",
                    "Other templates keep their own folders; this one is for fsaverage.",
                )
        points, faces = small.sphere / np.linalg.norm(small.sphere[0]), small.faces
        while len(points) < FSAVERAGE_VERTICES:
            points, faces = subdivide_sphere(points, faces)
        unit = side.sphere / np.linalg.norm(side.sphere, axis=1, keepdims=True)
        if not np.abs(unit - points).max() < _FAR:
            raise DamagedFile(
                f"The vertices of {folder / f'sphere_{h}.gii.gz'} are not in FreeSurfer's order.",
                "Put nilearn's or FreeSurfer's own files there: maps are given by vertex number.",
            )
        sides.append(replace(side, flat=lay_onto(side, small)))
    return CorticalSurfaces(*sides)


def lay_onto(side: HemisphereSurfaces, coarse: HemisphereSurfaces) -> np.ndarray:
    """Move a flat map onto that of a nested template.

    Patches are cut, turned and centred by whoever made them. Over the vertices that both flat maps
    have, this is the rigid motion of least squares (orthogonal Procrustes, reflections allowed:
    a map may be seen from inside).

    Returns
    -------
    flat : (n_vertices, 3) float32, z 0; vertices in no flat face at the patch's middle.
    """
    inside = np.zeros(len(side.flat), dtype=bool)
    inside[side.flat_faces.ravel()] = True
    both = np.zeros(len(coarse.flat), dtype=bool)
    both[coarse.flat_faces.ravel()] = True
    both &= inside[: len(both)]
    own = np.asarray(side.flat[:, :2], dtype=np.float64)
    source, target = own[: len(both)][both], np.asarray(coarse.flat[:, :2], np.float64)[both]
    middle = source.mean(axis=0)
    u, _, vt = np.linalg.svd((source - middle).T @ (target - target.mean(axis=0)))
    out = np.zeros((len(own), 3), dtype=np.float32)
    out[inside, :2] = (own[inside] - middle) @ (u @ vt) + target.mean(axis=0)
    out[~inside, :2] = (out[inside, :2].min(axis=0) + out[inside, :2].max(axis=0)) / 2
    return out
