"""Where a subject's vertices are, for encoders that use it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cortiscope.core.brain import HEMISPHERES, load_fsaverage5
from cortiscope.core.brain.spaces import FSAVERAGE5_VERTICES
from cortiscope.core.datasets import Subject
from cortiscope.core.encoding import VertexTable


def vertex_table(subject: Subject, surfaces: Path | None = None) -> VertexTable:
    """Gather positions, hemispheres, ROIs and ROI classes of a subject's vertices.

    Positions are those of the fsaverage5 mid-surface, whose vertices are the first 10,242 of
    fsaverage; other vertices have none (NaN).

    Parameters
    ----------
    surfaces : folder where the converted surfaces are kept; None leaves all positions unknown.
    """
    cortex = subject.cortex("Where a vertex lies")
    meshes = None if surfaces is None else load_fsaverage5(surfaces)
    positions = np.full((cortex.n_vertices(), 3), np.nan, dtype=np.float32)
    hemispheres = np.zeros(len(positions), dtype=np.int8)
    for k, hemisphere in enumerate(HEMISPHERES):
        where = cortex.slice_of(hemisphere)
        numbers = cortex.index[hemisphere]
        hemispheres[where] = k
        if meshes is not None:
            near = numbers < FSAVERAGE5_VERTICES
            positions[where][near] = meshes[hemisphere].midthickness[numbers[near]]
    rois: dict[str, np.ndarray] = {}
    classes: dict[str, np.ndarray] = {}
    for name in subject.parcellation.roi_names:
        own = np.concatenate([subject.roi_vertices(name, h) for h in HEMISPHERES])
        if len(own):
            rois[name] = own
            roi_class = subject.parcellation.class_of(name)
            classes[roi_class] = np.union1d(classes.get(roi_class, own), own)
    return VertexTable(positions, hemispheres, rois, classes)
