"""img2brain folders that are sound, packed, or of nothing of the kind; damages told together."""

import shutil
import zipfile

import numpy as np
import pytest

from cortiscope.core.datasets import check_folder
from cortiscope.core.errors import MissingData
from tests.core.datasets.damage.img2brain_kinds import KINDS, RESPONSES, TEST
from tests.data.img2brain_folder import write_folder


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


def test_all_that_is_wrong_is_told_in_one_go(folder):
    for name in ("a row too few", "a stranger", "a picture that is none", "other letters"):
        KINDS[name].do(folder)
    values = np.load(folder / RESPONSES)
    values[3, [1, 4]] = np.nan
    np.save(folder / RESPONSES, values)
    lines = check_folder(folder).subjects[0].problems
    for words in ("23 rows", "unlike the others", "0005.jpg", "TestIMG", "2 of 11 voxels"):
        assert any(words in line for line in lines), (words, lines)


def test_what_is_as_it_may_be_is_a_note(tmp_path):
    folder = write_folder(tmp_path / "d", name="{}.jpg", first=5, dead=3, dtype="<f8")
    shutil.rmtree(folder / TEST)
    (subject,) = check_folder(folder).subjects
    (problem,) = subject.problems
    assert "in doubt" in problem
    assert "sorted as text" in problem
    notes = " ".join(subject.notes)
    for words in ("from 5 to 28 and have gaps", "at 1 of 11 voxels", "testIMG"):
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
