"""Kept checks: they hold as long as no file changes, and never longer."""

import os
from datetime import UTC, datetime

import pytest

from cortiscope.core.storage import Home
from cortiscope.work.folder_checks import CheckResult, keep_result, load_result, state_of_files

NOW = datetime(2026, 3, 1, 14, 5, tzinfo=UTC)
REPORT = {
    "subjects": [
        {"id": "a", "problems": ["x.npy is missing."], "notes": ["None withheld."]},
        {"id": "b", "problems": [], "notes": []},
    ],
    "problems": ["subj02.zip was not unpacked."],
    "n_problems": 2,
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "data" / "training_split" / "training_images").mkdir(parents=True)
    for name in ("1.png", "2.png"):
        (tmp_path / "data/training_split/training_images" / name).write_bytes(b"picture")
    return tmp_path / "data"


@pytest.mark.parametrize("change", ["content", "name", "date", "new", "gone", "folder"])
def test_any_change_of_a_file_changes_the_state(folder, change):
    before = state_of_files(folder)
    assert state_of_files(folder) == before
    image = folder / "training_split/training_images/2.png"
    if change == "content":
        image.write_bytes(b"pictures")
    elif change == "name":
        image.rename(image.with_name("3.png"))
    elif change == "date":
        os.utime(image, ns=(1, 1))
    elif change == "new":
        image.with_name("4.png").touch()
    elif change == "gone":
        image.unlink()
    else:
        (folder / "test_split").mkdir()
    assert state_of_files(folder) != before


def test_a_folder_that_leads_into_itself_ends(folder):
    (folder / "again").symlink_to(folder)
    assert len(state_of_files(folder)) == 16


def test_a_result_is_kept_and_read_back(tmp_path):
    home = Home(tmp_path)
    kept = keep_result(home, "key", CheckResult.at(NOW, REPORT, deep=True))
    assert load_result(home, "key") == kept
    assert load_result(home, "other") is None
    assert kept.problems == ("a: x.npy is missing.", "subj02.zip was not unpacked.")
    assert kept.notes == ("a: None withheld.",)
    assert kept.n_problems == 2


def test_a_result_that_cannot_be_read_counts_as_none(tmp_path):
    home = Home(tmp_path)
    keep_result(home, "key", CheckResult.at(NOW, REPORT, deep=False))
    (tmp_path / "checks" / "key.json").write_text("{")
    assert load_result(home, "key") is None


def test_a_single_subjects_problems_need_no_name():
    alone = {**REPORT, "subjects": REPORT["subjects"][:1], "problems": []}
    assert CheckResult.at(NOW, alone, deep=False).problems == ("x.npy is missing.",)
