"""Hemispheres, spaces, ROIs and surfaces: the domain's nouns about cortex."""

from core.brain.hemispheres import HEMISPHERES, Hemisphere
from core.brain.rois import ROI_CLASSES, ROI_NAMES, Parcellation, RoiClass, roi_class_of
from core.brain.spaces import FSAVERAGE5_VERTICES, FSAVERAGE_VERTICES, ChallengeSpace
from core.brain.surfaces import Fsaverage5, HemisphereSurfaces, load_fsaverage5

__all__ = [
    "FSAVERAGE5_VERTICES",
    "FSAVERAGE_VERTICES",
    "HEMISPHERES",
    "ROI_CLASSES",
    "ROI_NAMES",
    "ChallengeSpace",
    "Fsaverage5",
    "Hemisphere",
    "HemisphereSurfaces",
    "Parcellation",
    "RoiClass",
    "load_fsaverage5",
    "roi_class_of",
]
