"""Which fsaverage vertices are kept, and the ROIs on them.

Labels on fsaverage are ``{lh,rh}.NAME.mgz`` (NSD's ``nsdgeneral``, ``streams``, ...) or the
``{lh,rh}.NAME_fsaverage_space.npy`` of an Algonauts 2023 ``roi_masks`` folder. NSD's floc and prf
labels are on each subject's own surface; they have to be resampled to fsaverage before.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from cortiscope.core.brain import FSAVERAGE_VERTICES, HEMISPHERES, ROI_CLASSES, Hemisphere, RoiClass
from cortiscope.core.datasets.npy import load_array
from cortiscope.core.datasets.restricted_pickle import load_label_names
from cortiscope.core.errors import DamagedFile, IncompatibleSpace, InvalidInput, MissingData
from cortiscope.core.storage import write_array

DEFAULT_MASK = "nsdgeneral"
_CHALLENGE_MASK = "all-vertices"

Mask = str | Path | Mapping[Hemisphere, np.ndarray]


def choose_vertices(
    mask: Mask, labels: Path | None, n_template: int
) -> dict[Hemisphere, np.ndarray]:
    """Return each hemisphere's increasing vertex numbers.

    Parameters
    ----------
    mask : ``all``; the name of a label on fsaverage (vertices above 0); an Algonauts
        ``roi_masks`` folder, whose vertices are taken; or arrays (n_template,) that are not 0
        where a vertex is wanted.
    labels : NSD's folder of labels on fsaverage.

    Raises
    ------
    MissingData, IncompatibleSpace, InvalidInput : no such label, another length, no vertex.
    """
    chosen = {}
    for hemisphere in HEMISPHERES:
        if isinstance(mask, Mapping):
            values = np.asarray(mask[hemisphere])
            _check_length(values, n_template, f"The {hemisphere} mask")
        elif mask == "all":
            values = np.ones(n_template, dtype=bool)
        else:
            folder, name = (
                (Path(mask), _CHALLENGE_MASK) if Path(mask).is_dir() else (labels, str(mask))
            )
            found = None if folder is None else read_label(folder, name, hemisphere, n_template)
            if found is None:
                raise MissingData(
                    f"There is no {hemisphere.short}.{name}.mgz for the mask {str(mask)!r}"
                    + (f" in {folder}." if folder else "; the folder of labels is missing too."),
                    "It belongs in nsddata/freesurfer/fsaverage/label; or take the mask all.",
                )
            values = found
        # nsdgeneral is -1 where there is no cortex.
        chosen[hemisphere] = np.flatnonzero(values > 0)
        if len(chosen[hemisphere]) == 0:
            raise InvalidInput(f"The mask chooses no vertex in the {hemisphere} hemisphere.")
    return chosen


def mask_digest(vertices: Mapping[Hemisphere, np.ndarray]) -> str:
    """Return a short hash of the chosen vertices."""
    digest = hashlib.sha256()
    for hemisphere in HEMISPHERES:
        digest.update(hemisphere.short.encode() + vertices[hemisphere].astype("<i8").tobytes())
    return digest.hexdigest()[:16]


def write_masks(
    folder: Path,
    vertices: Mapping[Hemisphere, np.ndarray],
    n_template: int,
    rois: Path | None,
) -> list[str]:
    """Write ``roi_masks``; return the names of the ROI classes that were found in ``rois``."""
    folder.mkdir(parents=True, exist_ok=True)
    for hemisphere in HEMISPHERES:
        everything = np.zeros(n_template, dtype=np.int32)
        everything[vertices[hemisphere]] = 1
        name = f"{hemisphere.short}.{_CHALLENGE_MASK}_fsaverage_space.npy"
        write_array(folder / name, everything)
    found = find_classes(rois, n_template)
    for roi_class, full in found.items():
        assert rois is not None
        for hemisphere, values in full.items():
            # -1 is "no cortex"; both that and 0 are no ROI.
            labels = np.maximum(values, 0).astype(np.int32)
            stem = f"{hemisphere.short}.{roi_class.name}"
            write_array(folder / f"{stem}_fsaverage_space.npy", labels)
            write_array(folder / f"{stem}_challenge_space.npy", labels[vertices[hemisphere]])
        given = rois / f"mapping_{roi_class.name}.npy"
        names = load_label_names(given) if given.exists() else roi_class.labels
        # A pickled dictionary is what the released files hold; the loader reads it safely.
        mapping = np.array({0: "Unknown", **names}, dtype=object)
        np.save(folder / f"mapping_{roi_class.name}.npy", mapping, allow_pickle=True)
    return [roi_class.name for roi_class in found]


def find_classes(
    rois: Path | None, n_template: int, classes: Sequence[RoiClass] = ROI_CLASSES
) -> dict[RoiClass, dict[Hemisphere, np.ndarray]]:
    """Read the ROI classes (n_template,) that a folder has labels of in both hemispheres.

    Raises
    ------
    MissingData, DamagedFile, IncompatibleSpace : labels of one hemisphere only; a file that cannot
        be read, or of another length.
    """
    found = {}
    for roi_class in classes if rois else ():
        assert rois is not None
        full = {h: read_label(rois, roi_class.name, h, n_template) for h in HEMISPHERES}
        whole = {h: values for h, values in full.items() if values is not None}
        if whole and len(whole) < len(full):
            absent, there = sorted(HEMISPHERES, key=lambda h: h in whole)
            raise MissingData(
                f"{absent.short}.{roi_class.name}.mgz is missing; the labels of "
                f"{there.short}.{roi_class.name} are there.",
                f"It belongs in {rois}; or move the other one away.",
            )
        if whole:
            found[roi_class] = whole
    return found


def read_label(
    folder: Path, name: str, hemisphere: Hemisphere, n_template: int
) -> np.ndarray | None:
    """Read a label (n_template,) on fsaverage; None where there is none of that name.

    Raises
    ------
    DamagedFile, IncompatibleSpace : unreadable, or of another length.
    """
    array = folder / f"{hemisphere.short}.{name}_fsaverage_space.npy"
    if array.exists():
        values = np.asarray(load_array(array, shape=(None,)))
        path = array
    else:
        images = (folder / f"{hemisphere.short}.{name}.{end}" for end in ("mgz", "mgh"))
        found = next((p for p in images if p.exists()), None)
        if found is None:
            return None
        path, values = found, read_surface(found)
    _check_length(values, n_template, path.name)
    return values


def read_surface(path: Path) -> np.ndarray:
    """Read one value per vertex from an ``.mgh`` or ``.mgz`` file.

    Raises
    ------
    DamagedFile : it cannot be read.
    """
    from nibabel.freesurfer.mghformat import MGHImage

    try:
        image = MGHImage.from_filename(path)
        if math.prod(image.shape) > FSAVERAGE_VERTICES:
            raise ValueError(f"it announces {' x '.join(map(str, image.shape))} values")
        return np.asarray(image.dataobj).ravel()
    except Exception as error:  # nibabel raises as many kinds as there are ways to be damaged
        why = " ".join(str(error).split()) or type(error).__name__
        raise DamagedFile(
            f"{path.name} cannot be read as values on the surface: {why}.",
            "Copy or download it again.",
        ) from error


def _check_length(values: np.ndarray, n_template: int, what: str) -> None:
    if values.shape != (n_template,):
        raise IncompatibleSpace(
            f"{what} has {values.size:,} values; the betas have {n_template:,} vertices per "
            "hemisphere.",
            "Labels on a subject's own surface have to be resampled to fsaverage first.",
        )
