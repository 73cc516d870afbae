"""The files of a tiny Algonauts 2023 subject, and ways to damage its images."""

from __future__ import annotations

TRAIN, TEST = "training_split/training_images", "test_split/test_images"
LH_TRAIN = "training_split/training_fmri/lh_training_fmri.npy"
RH_TRAIN = "training_split/training_fmri/rh_training_fmri.npy"
LH_TEST = "test_split/test_fmri/lh_test_fmri.npy"
MASKS, SIDECAR = "roi_masks", "cortiscope_sidecar"
LH_MASK = "roi_masks/lh.all-vertices_fsaverage_space.npy"
RH_MASK = "roi_masks/rh.all-vertices_fsaverage_space.npy"
LH_FACES = "roi_masks/lh.floc-faces_challenge_space.npy"
RH_FACES = "roi_masks/rh.floc-faces_challenge_space.npy"
FACES = "roi_masks/mapping_floc-faces.npy"


def image(folder, number, split="train"):
    where = TRAIN if split == "train" else TEST
    return next((folder / where).glob(f"{split}-{number:04d}_*"))


def on_image(number, function, split="train"):
    return lambda folder: function(image(folder, number, split))
