"""Hemispheres, spaces, ROIs and surfaces: the domain's nouns about where responses come from."""

from cortiscope.core.brain.rois import ROI_CLASSES, ROI_NAMES, Parcellation, RoiClass, roi_class_of
from cortiscope.core.brain.spaces import (
    FSAVERAGE5_VERTICES,
    FSAVERAGE_VERTICES,
    HEMISPHERES,
    VOXELS,
    ChallengeSpace,
    Hemisphere,
    Part,
    ResponseSpace,
    VoxelSpace,
    part_from_short,
)
from cortiscope.core.brain.surfaces import CorticalSurfaces, HemisphereSurfaces, load_fsaverage5

__all__ = [
    "FSAVERAGE5_VERTICES",
    "FSAVERAGE_VERTICES",
    "HEMISPHERES",
    "ROI_CLASSES",
    "ROI_NAMES",
    "VOXELS",
    "ChallengeSpace",
    "CorticalSurfaces",
    "Hemisphere",
    "HemisphereSurfaces",
    "Parcellation",
    "Part",
    "ResponseSpace",
    "RoiClass",
    "VoxelSpace",
    "load_fsaverage5",
    "part_from_short",
    "roi_class_of",
]
