"""Which folders the app looks into, and which it may be told to open."""

import pytest

from cortiscope.core.errors import CoreError, InvalidInput, MissingData
from cortiscope.core.storage import Home
from cortiscope.subject import data_folders
from cortiscope.subject.data_folders import (
    DEMO,
    NAMED,
    OPENED,
    close_folder,
    look_into,
    open_folder,
    opened_folders,
)
from tests.data.plain_folder import write_plain


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.delenv("CORTISCOPE_DATA", raising=False)
    demo = tmp_path / "demo"
    write_plain(demo / "sim01")
    monkeypatch.setattr(data_folders, "demo_folder", lambda _: demo)
    return Home(tmp_path / "home")


def test_an_opened_folder_is_remembered_after_the_others_until_it_is_closed(
    home, tmp_path, monkeypatch
):
    write_plain(tmp_path / "named" / "anna")
    write_plain(tmp_path / "own" / "Bo (2), Zürich")
    monkeypatch.setenv("CORTISCOPE_DATA", str(tmp_path / "named"))
    assert [s.id for s in open_folder(home, f' "{tmp_path / "own"}" ')] == ["Bo (2), Zürich"]
    open_folder(home, str(tmp_path / "own"))
    found = look_into(home)
    assert [f.origin for f in found] == [DEMO, NAMED, OPENED]
    assert [s.id for f in found for s in f.subjects] == ["sim01", "anna", "Bo (2), Zürich"]
    close_folder(home, tmp_path / "own")
    assert [f.origin for f in look_into(home)] == [DEMO, NAMED]
    assert (tmp_path / "own").is_dir()


def test_of_two_subjects_of_one_name_the_first_is_offered_and_the_other_named(home, tmp_path):
    write_plain(tmp_path / "own" / "sim01")
    write_plain(tmp_path / "own" / "sim03")
    open_folder(home, str(tmp_path / "own"))
    last = look_into(home)[-1]
    assert [s.id for s in last.subjects] == ["sim03"]
    assert last.hidden == ("sim01",)


def test_a_folder_that_went_away_says_so_and_takes_nothing_with_it(home, tmp_path):
    folder = write_plain(tmp_path / "own" / "anna").parent
    open_folder(home, str(folder))
    folder.rename(tmp_path / "elsewhere")
    first, last = look_into(home)
    assert [s.id for s in first.subjects] == ["sim01"]
    assert isinstance(last.error, MissingData)


@pytest.mark.parametrize("text", ["", "  ", "relative/folder", "/nowhere/at/all", "a\0b"])
def test_what_is_no_data_folder_is_refused_and_not_remembered(home, tmp_path, text):
    with pytest.raises(CoreError) as told:
        open_folder(home, text)
    assert told.value.hint or "does not exist" in told.value.message
    assert opened_folders(home) == ()


def test_an_empty_folder_is_refused_with_what_was_expected(home, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingData, match="Algonauts 2023"):
        open_folder(home, str(tmp_path / "empty"))


def test_a_lost_note_of_opened_folders_is_no_error(home):
    home.root.mkdir(parents=True)
    (home.root / "opened-folders.json").write_text("[1, 2")
    assert opened_folders(home) == ()
    assert issubclass(InvalidInput, CoreError)
