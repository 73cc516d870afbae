"""``roi_masks``: the vertices of the subject, ROI labels, and the names of the labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cortiscope.core.brain import (
    HEMISPHERES,
    ROI_CLASSES,
    Hemisphere,
)
from cortiscope.core.brain.spaces import ALLOWED, NESTED, RESAMPLE, fs_lr_words
from cortiscope.core.datasets.check.array_file import REAL, WHOLE, PairOfFiles, open_array_file
from cortiscope.core.datasets.check.report import Report, count, first_of, vertices
from cortiscope.core.datasets.restricted_pickle import load_label_names
from cortiscope.core.errors import DamagedFile
from cortiscope.core.storage.foreign import is_there


@dataclass
class RoiMasks:
    """What could be read of a subject's masks.

    Parameters
    ----------
    vertices : hemisphere -> (n_template,) bool.
    labels : class -> hemisphere -> (n_vertices,) labels.
    names : class -> label -> ROI name.
    """

    vertices: dict[Hemisphere, np.ndarray] = field(default_factory=dict)
    labels: dict[str, dict[Hemisphere, np.ndarray]] = field(default_factory=dict)
    names: dict[str, Mapping[int, str]] = field(default_factory=dict)

    def vertex_pair(self) -> PairOfFiles:
        """Return how many vertices the masks mark."""
        return PairOfFiles(
            {h: _vertex_file(h) for h in HEMISPHERES},
            {h: int(np.count_nonzero(mask)) for h, mask in self.vertices.items()},
        )

    def label_pairs(self) -> list[PairOfFiles]:
        """Return how many vertices the label files of each class have."""
        return [
            PairOfFiles(
                {h: _label_file(h, name) for h in HEMISPHERES},
                {h: len(labels) for h, labels in by_hemisphere.items()},
            )
            for name, by_hemisphere in self.labels.items()
        ]

    def roi_sizes(self) -> dict[Hemisphere, dict[str, int]]:
        """Count the vertices of each ROI; absent ones are left out."""
        sizes: dict[Hemisphere, dict[str, int]] = {h: {} for h in HEMISPHERES}
        for name, by_hemisphere in self.labels.items():
            for hemisphere, labels in by_hemisphere.items():
                for label, roi in self.names.get(name, {}).items():
                    if n := int(np.count_nonzero(labels == label)):
                        sizes[hemisphere][roi] = n
        return sizes


def check_masks(folder: Path, report: Report) -> RoiMasks:
    """Read what can be read of a subject's masks and report what does not add up."""
    masks = RoiMasks()
    if not folder.is_dir():
        report(
            f"The folder {folder.name} is missing: which vertices the responses are of is unknown."
        )
        return masks
    for hemisphere in HEMISPHERES:
        if (mask := _vertex_mask(folder / _vertex_file(hemisphere), report)) is not None:
            masks.vertices[hemisphere] = mask
    lengths = {h: len(mask) for h, mask in masks.vertices.items()}
    if len(set(lengths.values())) > 1:
        files = " and ".join(f"{_vertex_file(h)} ({n:,})" for h, n in lengths.items())
        report(f"{files} have different lengths; both belong to one template.")
    for roi_class in ROI_CLASSES:
        _check_class(folder, roi_class.name, masks, report)
    if not masks.labels and not masks.names:
        report(
            f"{folder.name} has no ROI class that can be read: no mapping_*.npy with its labels."
        )
    return masks


def _vertex_file(hemisphere: Hemisphere) -> str:
    return f"{hemisphere.short}.all-vertices_fsaverage_space.npy"


def _label_file(hemisphere: Hemisphere, name: str) -> str:
    return f"{hemisphere.short}.{name}_challenge_space.npy"


def _vertex_mask(path: Path, report: Report) -> np.ndarray | None:
    values = open_array_file(path, REAL, 1, report)
    if values is None:
        return None
    if len(values) not in NESTED:
        of = fs_lr_words(len(values))
        report(
            f"{path.name} is {len(values):,} long{f', as {of} is' if of else ''}; allowed are "
            f"{ALLOWED}. {RESAMPLE if of else ''}"
        )
        return None
    # The released masks are sums of two: 0, 1 and 2 are all as they should be.
    odd = ~np.isin(values, (0, 1, 2))
    if odd.any():
        report(
            f"{path.name} holds {count(int(np.count_nonzero(odd)), 'value')} other than 0, 1 and 2 "
            f"({first_of(np.unique(values[odd]))}); it should mark vertices."
        )
    mask = np.asarray(values != 0)
    if not mask.any():
        report(f"{path.name} marks no vertex.")
        return None
    return mask


def _check_class(folder: Path, name: str, masks: RoiMasks, report: Report) -> None:
    mapping = folder / f"mapping_{name}.npy"
    files = {h: folder / _label_file(h, name) for h in HEMISPHERES}
    if not is_there(mapping):
        present = [path.name for path in files.values() if is_there(path)]
        if present:
            report(
                f"{mapping.name} is missing from {folder.name}/, so the labels of "
                f"{' and '.join(present)} have no names."
            )
    elif (names := _label_names(mapping, report)) is not None:
        masks.names[name] = names
    if not is_there(mapping) and not any(is_there(path) for path in files.values()):
        return
    masks.labels[name] = {}
    for hemisphere, path in files.items():
        labels = open_array_file(path, WHOLE, 1, report)
        if labels is None:
            continue
        labels = np.asarray(labels)
        masks.labels[name][hemisphere] = labels
        if name in masks.names:
            _report_unnamed(path, labels, mapping, masks.names[name], report)
        _compare_with_template(
            folder / f"{hemisphere.short}.{name}_fsaverage_space.npy",
            path,
            labels,
            masks.vertices.get(hemisphere),
            report,
        )


def _label_names(mapping: Path, report: Report) -> Mapping[int, str] | None:
    try:
        names = load_label_names(mapping)
    except DamagedFile as error:
        report(str(error))
        return None
    if not names:
        report(f"{mapping.name} names no ROI.")
    return names


def _report_unnamed(
    path: Path, labels: np.ndarray, mapping: Path, names: Mapping[int, str], report: Report
) -> None:
    unnamed = ~np.isin(labels, [0, *names])
    if unnamed.any():
        report(
            f"{path.name} has labels that {mapping.name} does not name: "
            f"{first_of(np.unique(labels[unnamed]))} at "
            f"{vertices(int(np.count_nonzero(unnamed)))}."
        )


def _compare_with_template(
    path: Path, own: Path, labels: np.ndarray, mask: np.ndarray | None, report: Report
) -> None:
    """Report where the same ROIs, stored for the whole template, say something else."""
    if not is_there(path):
        return
    full = open_array_file(path, WHOLE, 1, report)
    if full is None or mask is None:
        return
    if len(full) != len(mask):
        report(f"{path.name} is {len(full):,} long; the all-vertices mask is {len(mask):,}.")
        return
    expected = np.asarray(full)[mask]
    if len(expected) != len(labels):
        return  # reported with the other lengths
    # Values below 0 stand for no cortex, in one of the two only.
    n = int(np.count_nonzero(np.maximum(expected, 0) != np.maximum(labels, 0)))
    if n:
        report(f"{own.name} and {path.name} differ at {n:,} of {len(labels):,} vertices.")
