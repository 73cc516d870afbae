"""A layout known by its loader alone gets the checks that go for any subject."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from core.datasets import algonauts2023
from core.datasets.check import check_folder
from core.datasets.check.by_loader import check_by_loader
from tests.tiny_world import write_subject

LAYOUT = check_by_loader(
    "other", "some folders", algonauts2023.is_subject_folder, algonauts2023.load_subject
)
FMRI = "training_split/training_fmri/lh_training_fmri.npy"


@pytest.fixture
def folder(tmp_path):
    return write_subject(tmp_path / "data" / "subj01")


def _problems(folder, **how):
    (subject,) = check_folder(folder.parent, layouts=[LAYOUT], **how).subjects
    return subject.problems


def test_it_reports_what_the_closer_look_reports(folder):
    (subject,) = check_folder(folder.parent, layouts=[LAYOUT]).subjects
    (closer,) = check_folder(folder.parent).subjects
    assert subject.problems == closer.problems == ()
    for name in ("id", "layout", "n_train", "n_test", "vertices", "rois", "simulated"):
        assert getattr(subject, name) == getattr(closer, name)


def test_what_the_loader_refuses_is_a_problem(folder):
    np.save(folder / FMRI, np.zeros((3, 7), np.float32))
    (line,) = _problems(folder)
    assert "lh_training_fmri.npy is 3 x 7" in line


def test_values_pictures_downloads_and_trained_images_are_looked_at(folder):
    values = np.load(folder / FMRI)
    values[1, 2] = np.nan
    np.save(folder / FMRI, values)
    train = sorted((folder / "training_split/training_images").iterdir())
    test = sorted((folder / "test_split/test_images").iterdir())
    shutil.copy(train[4], test[2])
    train[6].write_bytes(train[6].read_bytes()[:100])
    (folder / "more.zip.part").touch()
    told = _problems(folder)
    names = ("more.zip.part", "lh_training_fmri.npy has NaN", train[6].name, test[2].name)
    assert [name in line for name, line in zip(names, told, strict=True)] == [True] * 4
