"""Regions of interest: the 31 names of Algonauts 2023 in six classes, and masks of a subject.

Classes overlap one another (a vertex may be in EBA and in the lateral stream); within a class
ROIs exclude each other. A vertex in no ROI of a class carries label 0. Names and label order:
Algonauts 2023 tutorial; the numbers in a folder's own mapping files always win over these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from cortiscope.core.brain.spaces import HEMISPHERES, Hemisphere
from cortiscope.core.errors import IncompatibleSpace, unknown_name


@dataclass(frozen=True)
class RoiClass:
    """A family of ROIs that exclude each other.

    Parameters
    ----------
    name : as in the released file names, for instance ``floc-faces``.
    title : one word for charts.
    rois : names in label order; label k belongs to ``rois[k - 1]``.
    """

    name: str
    title: str
    rois: tuple[str, ...]

    @property
    def labels(self) -> dict[int, str]:
        """Label -> name, without 0."""
        return dict(enumerate(self.rois, start=1))


ROI_CLASSES: tuple[RoiClass, ...] = (
    RoiClass("prf-visualrois", "early visual", ("V1v", "V1d", "V2v", "V2d", "V3v", "V3d", "hV4")),
    RoiClass("floc-bodies", "bodies", ("EBA", "FBA-1", "FBA-2", "mTL-bodies")),
    RoiClass("floc-faces", "faces", ("OFA", "FFA-1", "FFA-2", "mTL-faces", "aTL-faces")),
    RoiClass("floc-places", "places", ("OPA", "PPA", "RSC")),
    RoiClass("floc-words", "words", ("OWFA", "VWFA-1", "VWFA-2", "mfs-words", "mTL-words")),
    RoiClass(
        "streams",
        "streams",
        ("early", "midventral", "midlateral", "midparietal", "ventral", "lateral", "parietal"),
    ),
)

ROI_NAMES: tuple[str, ...] = tuple(name for c in ROI_CLASSES for name in c.rois)


def roi_class_of(name: str) -> RoiClass:
    """Return the class that holds a ROI."""
    for roi_class in ROI_CLASSES:
        if name in roi_class.rois:
            return roi_class
    raise unknown_name("ROI", name, ROI_NAMES)


@dataclass(frozen=True)
class Parcellation:
    """Which vertices of a subject belong to which ROI.

    Parameters
    ----------
    labels : class name -> hemisphere -> (n_vertices of that hemisphere,) int labels, 0 for none.
    names : class name -> label -> ROI name. Defaults to the released order.
    """

    labels: Mapping[str, Mapping[Hemisphere, np.ndarray]]
    names: Mapping[str, Mapping[int, str]] = field(
        default_factory=lambda: {c.name: c.labels for c in ROI_CLASSES}
    )

    def __post_init__(self) -> None:
        for hemisphere in HEMISPHERES:
            sizes = {c: len(v[hemisphere]) for c, v in self.labels.items() if hemisphere in v}
            if len(set(sizes.values())) > 1:
                raise IncompatibleSpace(
                    f"ROI masks of the {hemisphere} hemisphere have different lengths: {sizes}.",
                    "All challenge-space masks of a hemisphere have one value per vertex.",
                )

    def vertices(self, name: str, hemisphere: Hemisphere) -> np.ndarray:
        """Return positions (n,) among the hemisphere's vertices; empty where the ROI is absent."""
        for class_name, labels in self.names.items():
            for label, roi in labels.items():
                if roi == name:
                    mask = self.labels.get(class_name, {}).get(hemisphere)
                    return np.flatnonzero(mask == label) if mask is not None else np.empty(0, int)
        raise unknown_name("ROI", name, self.roi_names)

    @property
    def roi_names(self) -> tuple[str, ...]:
        """All ROI names that the mapping knows, in visual order, present or not."""
        known = [n for labels in self.names.values() for n in labels.values()]
        ordered = [n for n in ROI_NAMES if n in known]
        return tuple(ordered + [n for n in known if n not in ROI_NAMES])

    def class_of(self, name: str) -> str:
        """Return the name of the class that holds a ROI of this parcellation."""
        for class_name, labels in self.names.items():
            if name in labels.values():
                return class_name
        raise unknown_name("ROI", name, self.roi_names)

    def names_at(self, hemisphere: Hemisphere, position: int) -> tuple[str, ...]:
        """Return the ROIs that hold one vertex, in visual order."""
        found = []
        for class_name, by_hemisphere in self.labels.items():
            label = int(by_hemisphere[hemisphere][position]) if hemisphere in by_hemisphere else 0
            if label and label in self.names[class_name]:
                found.append(self.names[class_name][label])
        return tuple(sorted(found, key=self.roi_names.index))
