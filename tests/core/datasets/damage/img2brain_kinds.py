"""Damaged folders of the img2brain layout."""

from __future__ import annotations

import os
import shutil
import zipfile

import numpy as np

from tests.core.datasets.damage.kind import AS_STORED, AT_FIT, SOUND, Damage
from tests.core.datasets.damage.ways import change, hostile, remove, rename, set_at, write

TRAIN, TEST, FMRI = "trainingIMG", "testIMG", "trainingfMRI"
RESPONSES = "trainingfMRI/training.npy"


def responses(folder):
    """Read the responses of the training images, without the loader."""
    return {"train": np.load(folder / RESPONSES)}


def _change(function):
    return change(RESPONSES, function)


def _set(index, value):
    return change(RESPONSES, set_at(index, value))


def _drop(name):
    return lambda f: shutil.rmtree(f / name)


def _copy(name, new):
    return lambda f: (f / new).write_bytes((f / name).read_bytes())


def _rename_all(function):
    def damage(folder):
        for path in sorted((folder / TRAIN).iterdir()):
            path.rename(path.with_name(function(int(path.stem))))

    return damage


def _one_too_deep(folder):
    (folder / TRAIN).rename(folder / "kept")
    (folder / TRAIN).mkdir()
    (folder / "kept").rename(folder / TRAIN / TRAIN)


KINDS = {
    "no training images": Damage(_drop(TRAIN), "subj01/trainingIMG is missing", file="trainingIMG"),
    "other letters": Damage(
        rename(TEST, "TestIMG"),
        "testIMG is missing; TestIMG differs from it by upper and lower case",
        AS_STORED,
    ),
    "images one folder too deep": Damage(
        _one_too_deep,
        "trainingIMG/trainingIMG holds 24 pictures; folders in trainingIMG are not entered",
        file="trainingIMG",
    ),
    "no responses": Damage(_drop(FMRI), "training.npy is missing from trainingfMRI/"),
    "responses of another name": Damage(
        rename(RESPONSES, "trainingfMRI/train.npy"),
        "training.npy is missing from trainingfMRI/, which has train.npy",
    ),
    "responses cut short": Damage(
        lambda f: os.truncate(f / RESPONSES, 500),
        "training.npy is cut short: 500 of 1,184 bytes",
    ),
    "a web page": Damage(write(RESPONSES, b"<!DOCTYPE html>"), "training.npy is a web page"),
    "hostile responses": Damage(
        hostile(RESPONSES), "training.npy holds pickled objects, which are not opened"
    ),
    "whole numbers": Damage(
        _change(lambda a: (100 * a).astype(np.int16)),
        "training.npy holds int16 values; expected floats",
    ),
    "one row for all": Damage(_change(lambda a: a[0]), "training.npy has 1 dimensions (11)"),
    "a row too few": Damage(
        _change(lambda a: a[:-1]),
        "training.npy has 23 rows for 24 images in trainingIMG.",
    ),
    "images as columns": Damage(
        _change(lambda a: a.T),
        "training.npy has 11 rows for 24 images in trainingIMG; its 24 columns fit",
    ),
    "NaN voxels": Damage(
        _set((3, [1, 4]), np.nan),
        "training.npy has NaN or infinite values at 2 of 11 voxels (counted from 0: 1, 4)",
        AT_FIT,
    ),
    "a row never written": Damage(
        _set(7, 0),
        "training.npy has 1 row of zeros only (images number 8)",
        AT_FIT,
    ),
    "an image lost": Damage(
        remove(f"{TRAIN}/0003.jpg"),
        "training.npy has 24 rows for 23 images in trainingIMG; no image is numbered 3.",
    ),
    "a number twice": Damage(
        rename(f"{TRAIN}/0003.jpg", f"{TRAIN}/4.jpg"),
        "trainingIMG: 2 pictures have the number 4: 0004.jpg, 4.jpg.",
    ),
    "no number": Damage(
        rename(f"{TRAIN}/0003.jpg", f"{TRAIN}/cat.jpg"),
        "trainingIMG: 1 of 24 pictures has no number in the name (cat.jpg)",
    ),
    "a stranger": Damage(
        rename(f"{TRAIN}/0003.jpg", f"{TRAIN}/cover 3.jpg"),
        "trainingIMG: 1 of 24 pictures has a name unlike the others (as 0001.jpg): cover 3.jpg",
    ),
    "two numbers": Damage(
        _rename_all(lambda k: f"a{3 * k}_b{90 - 2 * k}.jpg"),
        "trainingIMG: The names hold two numbers that order the pictures differently",
    ),
    "a picture that is none": Damage(
        write(f"{TRAIN}/0005.jpg", b"no picture at all"),
        "0005.jpg",
        AT_FIT,
    ),
    "a picture cut short": Damage(
        lambda f: os.truncate(f / TEST / "0002.jpg", 200),
        "0002.jpg",
        AT_FIT,
    ),
    "an empty picture": Damage(
        write(f"{TEST}/0002.jpg", b""),
        "0002.jpg",
        AT_FIT,
    ),
    "a table among the images": Damage(
        write(f"{TRAIN}/list.csv", b"1,2"),
        "trainingIMG holds 1 file that is not a picture: list.csv",
        SOUND,
    ),
    "a training image as a test image": Damage(
        _copy(f"{TRAIN}/0009.jpg", f"{TEST}/0002.jpg"),
        "1 test image is also a training image: 0002.jpg is 0009.jpg",
        AT_FIT,
        file="0002.jpg",
    ),
    "one image twice": Damage(
        _copy(f"{TRAIN}/0009.jpg", f"{TRAIN}/0011.jpg"),
        "trainingIMG has 1 group of copies, largest 2: 0009.jpg, 0011.jpg",
        AS_STORED,
    ),
    "an unfinished download": Damage(
        write(f"{FMRI}/training.npy.part", b"half"),
        "training.npy.part in trainingfMRI/ is a download that did not finish",
        SOUND,
    ),
    "an archive not unpacked": Damage(
        lambda f: zipfile.ZipFile(f / "more.zip", "w").close(),
        "more.zip",
        SOUND,
    ),
    "a second download": Damage(
        _copy(f"{TRAIN}/0009.jpg", f"{TRAIN}/0009 (1).jpg"),
        "0009 (1).jpg in trainingIMG/ looks like a second download of 0009.jpg",
        several=True,
    ),
}
