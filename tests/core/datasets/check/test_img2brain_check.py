"""Damaged img2brain folders: each damage is told in one line that names the file, all at once."""

import io
import os
import pickle
import shutil
import zipfile

import numpy as np
import pytest

from core.datasets.check import check_folder
from core.errors import MissingData
from tests.img2brain_folder import write_folder

TRAIN, TEST, FMRI = "trainingIMG", "testIMG", "trainingfMRI"
RESPONSES = "trainingfMRI/training.npy"
MARK = "img2brain-hostile-pickle-ran"


def _change(function):
    return lambda f: np.save(f / RESPONSES, function(np.load(f / RESPONSES)))


def _set(index, value):
    def function(array):
        array[index] = value
        return array

    return _change(function)


def _write(name, content):
    return lambda f: (f / name).write_bytes(content)


def _remove(name):
    return lambda f: (f / name).unlink()


def _rename(name, new):
    return lambda f: (f / name).rename(f / new)


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


class _Hostile:
    def __reduce__(self):
        return os.system, (f"touch {MARK}",)


def _hostile(folder):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        stream, {"descr": "|O", "fortran_order": False, "shape": ()}
    )
    (folder / RESPONSES).write_bytes(stream.getvalue() + pickle.dumps(_Hostile()))


# Damage -> what one line says.
DAMAGE = {
    "no training images": (_drop(TRAIN), "Data_img2brain/trainingIMG is missing"),
    "other letters": (
        _rename(TEST, "TestIMG"),
        "testIMG is missing; there is TestIMG, which is another name",
    ),
    "images one folder too deep": (
        _one_too_deep,
        "trainingIMG/trainingIMG holds 24 pictures; folders in trainingIMG are not entered",
    ),
    "no responses": (_drop(FMRI), "training.npy is missing from trainingfMRI/"),
    "responses of another name": (
        _rename(RESPONSES, "trainingfMRI/train.npy"),
        "training.npy is missing from trainingfMRI/, which has train.npy",
    ),
    "responses cut short": (
        lambda f: os.truncate(f / RESPONSES, 500),
        "training.npy is cut short: 500 of 1,184 bytes",
    ),
    "a web page": (_write(RESPONSES, b"<!DOCTYPE html>"), "training.npy is a web page"),
    "hostile responses": (_hostile, "training.npy holds pickled objects, which are not opened"),
    "whole numbers": (
        _change(lambda a: (100 * a).astype(np.int16)),
        "training.npy holds int16 values; expected floats",
    ),
    "one row for all": (_change(lambda a: a[0]), "training.npy has 1 dimensions (11)"),
    "a row too few": (
        _change(lambda a: a[:-1]),
        "training.npy has 23 rows for 24 images in trainingIMG.",
    ),
    "images as columns": (
        _change(lambda a: a.T),
        "training.npy has 11 rows for 24 images in trainingIMG; its 24 columns fit",
    ),
    "NaN voxels": (
        _set((3, [1, 4]), np.nan),
        "training.npy has NaN or infinite values at 2 of 11 voxels (counted from 0: 1, 4)",
    ),
    "a row never written": (_set(7, 0), "training.npy has 1 row of zeros only (images number 8)"),
    "an image lost": (
        _remove(f"{TRAIN}/0003.jpg"),
        "training.npy has 24 rows for 23 images in trainingIMG; no image is numbered 3.",
    ),
    "a number twice": (
        _rename(f"{TRAIN}/0003.jpg", f"{TRAIN}/4.jpg"),
        "trainingIMG: 2 pictures have the number 4: 0004.jpg, 4.jpg.",
    ),
    "no number": (
        _rename(f"{TRAIN}/0003.jpg", f"{TRAIN}/cat.jpg"),
        "trainingIMG: 1 of 24 pictures has no number in the name (cat.jpg)",
    ),
    "a stranger": (
        _rename(f"{TRAIN}/0003.jpg", f"{TRAIN}/cover 3.jpg"),
        "trainingIMG: 1 of 24 pictures has a name unlike the others (as 0001.jpg): cover 3.jpg",
    ),
    "two numbers": (
        _rename_all(lambda k: f"a{3 * k}_b{90 - 2 * k}.jpg"),
        "trainingIMG: The names hold two numbers that order the pictures differently",
    ),
    "a picture that is none": (_write(f"{TRAIN}/0005.jpg", b"no picture at all"), "0005.jpg"),
    "a picture cut short": (
        lambda f: os.truncate(f / TEST / "0002.jpg", 200),
        "0002.jpg",
    ),
    "an empty picture": (_write(f"{TEST}/0002.jpg", b""), "0002.jpg"),
    "a table among the images": (
        _write(f"{TRAIN}/list.csv", b"1,2"),
        "trainingIMG holds 1 file that is no picture: list.csv",
    ),
    "a training image as a test image": (
        _copy(f"{TRAIN}/0009.jpg", f"{TEST}/0002.jpg"),
        "1 test image is also a training image: 0002.jpg is 0009.jpg",
    ),
    "one image twice": (
        _copy(f"{TRAIN}/0009.jpg", f"{TRAIN}/0011.jpg"),
        "trainingIMG has one image 2 times: 0009.jpg, 0011.jpg",
    ),
    "an unfinished download": (
        _write(f"{FMRI}/training.npy.part", b"half"),
        "training.npy.part in trainingfMRI/ is a download that did not finish",
    ),
    "an archive not unpacked": (
        lambda f: zipfile.ZipFile(f / "more.zip", "w").close(),
        "more.zip",
    ),
    "a second download": (
        _copy(f"{TRAIN}/0009.jpg", f"{TRAIN}/0009 (1).jpg"),
        "0009 (1).jpg in trainingIMG/ looks like a second download of 0009.jpg",
    ),
}


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "Data_img2brain")


def test_a_sound_folder_has_no_problem_and_says_how_rows_are_matched(folder):
    report = check_folder(folder)
    (subject,) = report.subjects
    assert (report.layout, subject.id, subject.problems) == ("img2brain", "Data_img2brain", ())
    told = report.to_json()["subjects"][0]
    assert (told["n_train"], told["n_test"], told["voxels"]) == (24, 4, 11)
    assert (told["vertices"], told["rois"]) == ({"lh": 0, "rh": 0}, {"lh": {}, "rh": {}})
    assert any("0001.jpg to 0024.jpg" in note for note in told["notes"])


@pytest.mark.parametrize("case", DAMAGE.values(), ids=DAMAGE)
def test_a_damage_is_told_in_one_line_with_the_name_of_the_file(folder, case):
    damage, words = case
    damage(folder)
    (subject,) = check_folder(folder.parent).subjects
    assert sum(words in line for line in subject.problems) == 1, subject.problems
    assert not any("\n" in line for line in subject.problems)


def test_all_that_is_wrong_is_told_in_one_go(folder):
    for name in ("a row too few", "a stranger", "a picture cut short", "other letters"):
        DAMAGE[name][0](folder) if name != "a picture cut short" else _write(
            f"{TRAIN}/0005.jpg", b"x"
        )(folder)
    _set((3, [1, 4]), np.nan)(folder)
    lines = check_folder(folder).subjects[0].problems
    for words in ("23 rows", "unlike the others", "0005.jpg", "TestIMG", "2 of 11 voxels"):
        assert any(words in line for line in lines), (words, lines)


def test_nothing_hostile_has_run(folder):
    _hostile(folder)
    check_folder(folder)
    assert not os.path.exists(MARK)  # noqa: PTH110


def test_what_is_as_it_may_be_is_a_note(tmp_path):
    folder = write_folder(tmp_path / "d", name="{}.jpg", first=5, dead=3, dtype="<f8")
    shutil.rmtree(folder / TEST)
    (subject,) = check_folder(folder).subjects
    assert subject.problems == ()
    notes = " ".join(subject.notes)
    for words in ("sorted as text", "from 5 to 28 and have gaps", "at 1 of 11 voxels", "testIMG"):
        assert words in notes


def test_an_archive_is_known_before_it_is_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "zenodo.zip", "w") as archive:
        archive.writestr("Data_img2brain/trainingIMG/0001.jpg", b"x")
    report = check_folder(tmp_path)
    (subject,) = report.subjects
    assert (report.layout, subject.id) == ("img2brain", "Data_img2brain")
    assert subject.to_json()["voxels"] is None
    assert "zenodo.zip" in subject.problems[0]


def test_a_folder_of_nothing_of_the_kind_is_told_what_was_expected(tmp_path):
    with pytest.raises(MissingData) as refused:
        check_folder(tmp_path)
    assert "trainingfMRI/training.npy" in refused.value.hint
