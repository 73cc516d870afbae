"""What goes with the responses of a folder of plain arrays: vertices, labels, ncsnr."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from cortiscope.core.brain import HEMISPHERES, Hemisphere
from cortiscope.core.datasets.check.array_file import REAL, open_array_file
from cortiscope.core.datasets.check.attempt import tried
from cortiscope.core.datasets.check.report import Tell
from cortiscope.core.datasets.check.stated import tell_ncsnr
from cortiscope.core.datasets.check.values import check_finite
from cortiscope.core.datasets.check.vertex_counts import PairOfFiles
from cortiscope.core.datasets.check.wording import first_of, vertices
from cortiscope.core.datasets.plain_arrays.rois import read_labels, read_roi_names
from cortiscope.core.datasets.plain_arrays.vertices import read_vertex_file
from cortiscope.core.storage.foreign import is_there

_VERTEX_FILES = ("vertices", "mask")


def check_vertex_files(folder: Path, tell: Tell) -> PairOfFiles:
    """Tell what is wrong with ``?h.vertices.npy`` or ``?h.mask.npy``; none of them is right."""
    names, counts, templates = {}, {}, {}
    files = {
        h: [p for k in _VERTEX_FILES if is_there(p := folder / f"{h.short}.{k}.npy")]
        for h in HEMISPHERES
    }
    there = [p.name for found in files.values() for p in found]
    for hemisphere, found in files.items():
        names[hemisphere] = found[0].name if found else f"{hemisphere.short}.vertices.npy"
        if there and not found:
            tell(f"{names[hemisphere]} is missing; {there[0]} is there.")
        if len(found) > 1:
            tell(f"{folder.name} has both {found[0].name} and {found[1].name}; expected one.")
        given = tried(partial(read_vertex_file, found[0]), tell) if found else None
        if given is not None:
            counts[hemisphere] = len(given.numbers)
            templates[given.source] = given.n_template
    if len(set(templates.values()) - {None}) > 1:
        told = " and ".join(f"{name} ({n:,})" for name, n in templates.items() if n)
        tell(f"{told} have different lengths; both belong to one template.")
    return PairOfFiles(names, counts)


def check_rois(
    folder: Path, tell: Tell
) -> tuple[list[PairOfFiles], dict[Hemisphere, dict[str, int]]]:
    """Tell what is wrong with ROIs.

    Returns
    -------
    The label files of each class with how many vertices they have, and the sizes of the ROIs.
    """
    pairs = []
    sizes: dict[Hemisphere, dict[str, int]] = {h: {} for h in HEMISPHERES}
    for name, rois in (tried(partial(read_roi_names, folder), tell) or {}).items():
        files = {h: folder / f"{h.short}.{name}.npy" for h in HEMISPHERES}
        counts = {}
        for hemisphere, path in files.items():
            labels = tried(partial(read_labels, path), tell)
            if labels is None or labels.ndim != 1:
                continue
            counts[hemisphere] = len(labels)
            _tell_unnamed(path, labels, rois, tell)
            for label, roi in rois.items():
                if n := int(np.count_nonzero(labels == label)):
                    sizes[hemisphere][roi] = n
        pairs.append(PairOfFiles({h: path.name for h, path in files.items()}, counts))
    return pairs, sizes


def _tell_unnamed(path: Path, labels: np.ndarray, rois: Mapping[int, str], tell: Tell) -> None:
    unnamed = ~np.isin(labels, [0, *rois])
    if unnamed.any():
        tell(
            f"{path.name} has labels that rois.json does not name: "
            f"{first_of(np.unique(labels[unnamed]))} at "
            f"{vertices(int(np.count_nonzero(unnamed)))}."
        )


def check_ncsnr(folder: Path, tell: Tell) -> PairOfFiles:
    """Tell what is wrong with ``ncsnr.?h.npy``; both or none are right."""
    files = {h: folder / f"ncsnr.{h.short}.npy" for h in HEMISPHERES}
    counts = {}
    for hemisphere, path in files.items() if any(is_there(p) for p in files.values()) else ():
        values = open_array_file(path, REAL, 1, tell)
        if values is None:
            continue
        counts[hemisphere] = len(values)
        check_finite(path, values, tell)
        tell_ncsnr(path, values, tell)
        if below := int(np.count_nonzero(values < 0)):
            tell(f"{path.name} is below 0 at {vertices(below)}; a ratio of SDs cannot.")
    return PairOfFiles({h: path.name for h, path in files.items()}, counts)
