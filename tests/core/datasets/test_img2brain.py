"""The img2brain layout: which row is whose image, and what is refused."""

import json

import numpy as np
import pytest

from cortiscope.core.brain import VOXELS, VoxelSpace
from cortiscope.core.datasets import find_subjects, open_subject
from cortiscope.core.errors import DamagedFile, InvalidInput, MissingData, NoPositions
from tests.data.img2brain_folder import write_folder

RESPONSES = "trainingfMRI/training.npy"


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path / "Data_img2brain")


def _rename(folder, change):
    for path in sorted((folder / "trainingIMG").iterdir()):
        path.rename(path.with_name(change(path.name)))


def test_a_folder_is_opened_by_itself_and_from_above(folder, tmp_path):
    for data in (folder, tmp_path):
        (ref,) = find_subjects(data)
        subject = open_subject(data)
        assert (ref.id, subject.id, subject.layout) == (*["Data_img2brain"] * 2, "img2brain")
    assert subject.space == VoxelSpace(11)
    assert subject.parcellation.roi_names == ()
    assert (len(subject.train), len(subject.test)) == (24, 4)
    assert (subject.test.responses, subject.ncsnr, subject.test_ceiling) == (None, None, None)
    with pytest.raises(NoPositions, match="Data_img2brain has 11 voxels"):
        subject.cortex()


@pytest.mark.parametrize("dtype", ["<f4", "<f8", ">f8", "<f2"])
def test_responses_stay_on_disk_in_the_floats_they_have(tmp_path, dtype):
    subject = open_subject(write_folder(tmp_path / "d", dtype=dtype))
    stored = subject.train.responses[VOXELS]
    assert isinstance(stored, np.memmap)
    assert stored.dtype == np.dtype(dtype)
    read = subject.train.response_rows(np.array([5, 2]))
    assert read.dtype == np.float32
    expected = np.load(tmp_path / "d" / RESPONSES)[[5, 2]].astype("f4")
    np.testing.assert_array_equal(read, expected)
    rows = subject.train.rows_on_disk(np.array([5, 2]))
    np.testing.assert_array_equal(rows[:, 3:7], expected[:, 3:7])
    np.testing.assert_array_equal(rows[:, np.array([9, 1])], expected[:, [9, 1]])


def test_rows_follow_the_numbers_and_not_the_text_of_the_names(tmp_path):
    padded = open_subject(write_folder(tmp_path / "a"))
    plain = open_subject(write_folder(tmp_path / "b", name="{}.jpg"))
    assert [p.stem for p in plain.train.images.paths] == [str(k) for k in range(1, 25)]
    assert plain.train.images.content_key() == padded.train.images.content_key()
    assert "sorted as text" in plain.details["row_order"]
    assert "sorted as text" not in padded.details["row_order"]


def test_numbers_with_gaps_fit_as_long_as_the_count_does(tmp_path):
    subject = open_subject(write_folder(tmp_path / "d", first=7))
    assert subject.train.images.ids[0] == "0007"


REFUSED = {
    "no number": (lambda f: _rename(f, lambda n: f"{'abc'[int(n[:4]) % 3]}.jpg"), "no number"),
    "two numbers": (
        lambda f: _rename(f, lambda n: f"{3 * int(n[:4])}_{97 - 2 * int(n[:4])}.jpg"),
        "two numbers",
    ),
    "a number twice": (
        lambda f: (f / "trainingIMG/0003.jpg").rename(f / "trainingIMG/4.jpg"),
        "pictures have the number 4: 0004.jpg, 4.jpg",
    ),
    "an image lost": (
        lambda f: (f / "trainingIMG/0003.jpg").unlink(),
        "24 rows for 23 images in trainingIMG. No image is numbered 3",
    ),
    "an image too many": (
        lambda f: (f / "trainingIMG/0025.jpg").write_bytes(b"x"),
        "24 rows for 25 images",
    ),
    "a stranger": (
        lambda f: (f / "trainingIMG/0003.jpg").rename(f / "trainingIMG/cover_3.jpg"),
        "unlike the others",
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_an_unclear_order_of_rows_is_refused(folder, case):
    damage, words = case
    damage(folder)
    with pytest.raises(InvalidInput, match=words) as refused:
        open_subject(folder)
    assert refused.value.hint


def test_responses_that_cannot_be_are_refused_by_name(folder):
    path = folder / RESPONSES
    whole = np.load(path)
    for wrong in (whole.astype(int), whole[0], whole[:, :0]):
        np.save(path, wrong)
        with pytest.raises(DamagedFile, match="training.npy"):
            open_subject(folder)
    path.unlink()
    with pytest.raises(MissingData, match="training.npy is missing"):
        open_subject(folder)


def test_without_test_images_there_is_a_test_split_of_none(folder):
    for path in (folder / "testIMG").iterdir():
        path.unlink()
    (folder / "testIMG").rmdir()
    assert len(open_subject(folder).test) == 0


def test_the_fingerprint_follows_every_byte_of_the_responses(tmp_path):
    one = open_subject(write_folder(tmp_path / "a" / "d"))
    stored = np.load(one.folder / RESPONSES)
    wide = write_folder(tmp_path / "b" / "d")
    np.save(wide / RESPONSES, stored.astype("f8"))
    assert open_subject(wide).fingerprint != one.fingerprint
    np.save(wide / RESPONSES, stored)
    assert open_subject(wide).fingerprint == one.fingerprint
    stored[0, 4] += 1
    np.save(wide / RESPONSES, stored)
    assert open_subject(wide).fingerprint != one.fingerprint


def test_captions_and_the_stamp_of_a_sidecar_are_read(folder):
    where = folder / "cortiscope_sidecar"
    where.mkdir()
    header = {"format": "cortiscope-sidecar", "version": 1, "simulated": True}
    (where / "sidecar.json").write_text(json.dumps(header))
    notes = [{"split": "train", "number": 2, "caption": "a dog"}]
    (where / "stimuli.json").write_text(json.dumps(notes))
    subject = open_subject(folder)
    assert subject.stamp == "SIMULATED Data_img2brain"
    assert subject.train.images.captions_of(1) == ("a dog",)
