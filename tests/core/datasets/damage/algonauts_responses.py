"""Damaged responses of an Algonauts 2023 subject."""

from __future__ import annotations

import numpy as np

from tests.core.datasets.damage.algonauts_files import LH_TEST, LH_TRAIN, RH_TRAIN
from tests.core.datasets.damage.kind import AS_STORED, AT_FIT, SOUND, Damage
from tests.core.datasets.damage.ways import (
    LFS_POINTER,
    WEB_PAGE,
    append,
    change,
    cut,
    hostile,
    make_folder,
    remove,
    save,
    set_at,
    swap,
    together,
    write,
)

KINDS = {
    "training responses missing": Damage(remove(LH_TRAIN), "lh_training_fmri.npy is missing"),
    "responses cut short": Damage(cut(LH_TRAIN), "lh_training_fmri.npy is cut short"),
    "responses cut within the header": Damage(
        cut(LH_TRAIN, 0.05), "lh_training_fmri.npy cannot be"
    ),
    "responses with something appended": Damage(
        append(LH_TRAIN), "lh_training_fmri.npy is longer", SOUND
    ),
    "responses empty": Damage(write(LH_TRAIN, b""), "lh_training_fmri.npy is empty"),
    "a web page instead of responses": Damage(
        write(LH_TRAIN, WEB_PAGE),
        "lh_training_fmri.npy is a web page",
    ),
    "a Git LFS pointer": Damage(
        write(LH_TRAIN, LFS_POINTER),
        "lh_training_fmri.npy is a Git LFS pointer",
    ),
    "an archive called npy": Damage(
        write(LH_TRAIN, b"PK\x03\x04rest"), "lh_training_fmri.npy is a zip"
    ),
    "a folder called npy": Damage(
        together(remove(LH_TRAIN), make_folder(LH_TRAIN)),
        "lh_training_fmri.npy is a folder",
    ),
    "float64 responses": Damage(
        change(LH_TRAIN, lambda a: a.astype(float)),
        "lh_training_fmri.npy holds float64 values; expected float32",
        SOUND,
    ),
    "whole-number responses": Damage(
        change(LH_TRAIN, lambda a: (300 * a).astype(np.int16)),
        "lh_training_fmri.npy holds int16",
        AS_STORED,
        several=True,
    ),
    "pickled responses": Damage(
        save(LH_TRAIN, np.array([{}, None], dtype=object)),
        "lh_training_fmri.npy holds pickled objects, which are not opened",
    ),
    "hostile responses": Damage(
        hostile(LH_TRAIN), "lh_training_fmri.npy holds pickled objects", several=True
    ),
    "complex responses": Damage(
        change(LH_TRAIN, lambda a: a.astype(np.complex64)),
        "lh_training_fmri.npy holds complex64",
    ),
    "responses of three dimensions": Damage(
        change(LH_TRAIN, lambda a: a[..., None]),
        "lh_training_fmri.npy has 3 dimensions (20 x 7 x 1); expected 2",
    ),
    "responses of no image": Damage(
        change(LH_TRAIN, lambda a: a[:0]), "lh_training_fmri.npy is empty"
    ),
    "a row too few": Damage(
        change(LH_TRAIN, lambda a: a[:-1]),
        "lh_training_fmri.npy has 19 rows for 20 training images",
    ),
    "vertices too many": Damage(
        change(LH_TRAIN, lambda a: np.c_[a, a[:, :2]]),
        "lh_training_fmri.npy has 9 vertices; lh.all-vertices_fsaverage_space.npy marks 7",
    ),
    "NaN vertices": Damage(
        change(LH_TRAIN, set_at((3, [1, 4]), np.nan)),
        "lh_training_fmri.npy has NaN or infinite values at 2 of 7 vertices (counted from 0: 1, 4)",
        AT_FIT,
    ),
    "an infinite value": Damage(
        change(RH_TRAIN, set_at((0, 2), -np.inf)),
        "rh_training_fmri.npy has NaN or infinite values at 1 of 5 vertices (counted from 0: 2)",
        AT_FIT,
    ),
    "a row of NaN": Damage(
        change(LH_TRAIN, set_at(4, np.nan)),
        "lh_training_fmri.npy has 1 row in which no value is finite (images number 5)",
        AT_FIT,
    ),
    "rows never written": Damage(
        change(LH_TRAIN, set_at(slice(17, None), 0)),
        "lh_training_fmri.npy has 3 rows of zeros only (images number 18, 19, 20)",
        AT_FIT,
    ),
    "hemispheres of the responses swapped": Damage(
        swap(LH_TRAIN, RH_TRAIN),
        "lh_training_fmri.npy and rh_training_fmri.npy look swapped",
    ),
    "test responses of one hemisphere": Damage(remove(LH_TEST), "lh_test_fmri.npy is missing"),
    "test responses of other images": Damage(
        change(LH_TEST, lambda a: a[:4]),
        "lh_test_fmri.npy has 4 rows for 6 test images",
    ),
}
