"""Open a folder of the img2brain layout: images and one matrix of voxels of unknown position.

``trainingIMG/`` and ``testIMG/`` with one picture per stimulus, ``trainingfMRI/training.npy`` with
one row per training image, in the order of the numbers in the images' names, and one column per
voxel (as released 8,857 x 10,000; 984 test images without responses; Zenodo 7979730). No
hemispheres, vertex numbers, ROIs or ceilings. The optional sidecar of captions is read too.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from cortiscope.core.brain import VOXELS, Parcellation, VoxelSpace
from cortiscope.core.datasets.conventions import NO_SPLIT, PLAIN, WITHHELD, Fact
from cortiscope.core.datasets.img2brain.row_numbers import RowNumbers, number_rows
from cortiscope.core.datasets.npy import load_array
from cortiscope.core.datasets.sidecar import read_sidecar, stated_conventions
from cortiscope.core.datasets.subject import Split, Subject
from cortiscope.core.errors import DamagedFile, InvalidInput
from cortiscope.core.stimuli import StimulusImages
from cortiscope.core.stimuli.listing import picture_files

TRAINING_IMAGES, TEST_IMAGES = "trainingIMG", "testIMG"
RESPONSES = "trainingfMRI"
RESPONSES_FILE = "training.npy"


def is_subject_folder(folder: Path) -> bool:
    """Whether a folder looks like this layout."""
    return (folder / TRAINING_IMAGES).is_dir() and (folder / RESPONSES).is_dir()


def load_subject(folder: Path) -> Subject:
    """Open the subject; responses stay memory-mapped, in whatever floats they are stored.

    Raises
    ------
    MissingData, DamagedFile : naming the file, what it holds and what was expected.
    InvalidInput : it is unclear which image belongs to which row.
    """
    responses = _open_responses(folder / RESPONSES / RESPONSES_FILE)
    rows = number_rows(picture_files(folder / TRAINING_IMAGES))
    _check_rows(rows, len(responses))
    stated = stated_conventions(folder).row_order.value
    images = StimulusImages.from_paths(
        sorted(rows.paths, key=lambda p: p.name) if stated == PLAIN else rows.paths
    )
    test_images = _test_images(folder / TEST_IMAGES)
    sidecar = read_sidecar(folder, {"train": len(images), "test": len(test_images)})
    train = sidecar.noted(Split("train", images, {VOXELS: responses}))
    test = sidecar.noted(Split("test", test_images))
    return Subject(
        id=folder.name,
        folder=folder,
        layout="img2brain",
        space=VoxelSpace(responses.shape[1]),
        parcellation=Parcellation({}, {}),
        train=train,
        test=test,
        simulated=sidecar.simulated,
        conventions=replace(
            sidecar.conventions,
            row_order=order_of(rows, stated),
            test_responses=Fact(WITHHELD if len(test) else NO_SPLIT, "layout"),
        ),
        details={**sidecar.header, "row_order": rows.words},
    )


def order_of(rows: RowNumbers, stated: str | None) -> Fact[str]:
    """Say in which order the rows are, and who says so; released names sort alike either way."""
    if stated == PLAIN:
        return Fact("letter by letter", "sidecar")
    if stated is not None:
        return Fact(rows.words, "sidecar")
    return Fact(rows.words, "layout" if rows.sorted_as_text else "unknown")


def _open_responses(path: Path) -> np.ndarray:
    responses = load_array(path, shape=(None, None))
    if responses.dtype.kind != "f" or 0 in responses.shape:
        raise DamagedFile(
            f"{path.name} holds {responses.shape[0]:,} x {responses.shape[1]:,} {responses.dtype} "
            "values; expected floats, one row per training image and one column per voxel."
        )
    return responses


def _check_rows(rows: RowNumbers, n_rows: int) -> None:
    if rows.problems:
        raise InvalidInput(
            f"{TRAINING_IMAGES}: {rows.problems[0]}",
            "Name the images so that one number counts the rows, as 0001.jpg, 0002.jpg.",
        )
    if len(rows.paths) != n_rows:
        missing = rows.missing(n_rows)[:3]
        shown = f" No image is numbered {', '.join(map(str, missing))}." if missing else ""
        raise InvalidInput(
            f"{RESPONSES_FILE} has {n_rows:,} rows for {len(rows.paths):,} images in "
            f"{TRAINING_IMAGES}.{shown}",
            "Each row belongs to one image; copy or unpack the images again.",
        )


def _test_images(folder: Path) -> StimulusImages:
    """List the test images; they have no rows, so any order of distinct names will do."""
    if not folder.is_dir():
        return StimulusImages((), ())
    return StimulusImages.from_folder(folder)
