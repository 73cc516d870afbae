"""What cannot be written is said in words: what, where, how much is missing, what moves it."""

import errno
import json
import os
import re
import shutil

import numpy as np
import pytest

from cortiscope.core.brain.averaging import nearest_on_fsaverage5
from cortiscope.core.brain.spaces import FSAVERAGE_VERTICES
from cortiscope.core.brain.surfaces import load_converted, load_fsaverage5
from cortiscope.core.cli.main import main
from cortiscope.core.errors import CannotWrite, CoreError
from cortiscope.core.storage import atomic_directory, atomic_file, require_room, write_array
from tests.data.plain_folder import write_plain
from tests.data.tiny_world import write_subject


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def _told(error):
    assert error.value.kind == "cannot_write"
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("make", [atomic_file, atomic_directory])
def test_a_file_where_a_folder_must_be(home, make):
    home.write_text("x")
    with pytest.raises(CannotWrite) as error, make(home / "runs" / "a"):
        pass
    told = _told(error)
    assert f"{home} is not a folder" in told
    assert "CORTISCOPE_HOME" in told
    assert "--runs" in told


def test_another_folder_than_the_home_is_moved_by_its_option(home, tmp_path):
    (tmp_path / "out").write_text("x")
    with pytest.raises(CannotWrite) as error:
        write_array(tmp_path / "out" / "a.npy", np.ones(3))
    assert "--out" in _told(error)
    assert "CORTISCOPE_HOME" not in _told(error)


def _free(monkeypatch, n_bytes):
    usage = shutil.disk_usage("/")._replace(free=n_bytes)
    monkeypatch.setattr("cortiscope.core.storage.write_failures.shutil.disk_usage", lambda _: usage)


@pytest.mark.parametrize(
    "full",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        OSError("1000 requested and 96 written"),  # numpy's own
    ],
)
def test_a_full_disk_says_how_much_is_missing_and_leaves_nothing(home, monkeypatch, full):
    _free(monkeypatch, 1_000_000)
    monkeypatch.setattr(np, "save", lambda *_, **__: (_ for _ in ()).throw(full))
    with pytest.raises(CannotWrite) as error:
        write_array(home / "features" / "a.npy", np.ones(500_000))
    assert "4 MB are needed, 1 MB are free, 3 MB are missing" in _told(error)
    assert list((home / "features").iterdir()) == []


def test_room_is_required_before_anything_is_written(home, monkeypatch):
    _free(monkeypatch, 10)
    require_room(home / "a", 10)
    with pytest.raises(CannotWrite, match="12 B are needed"):
        require_room(home / "a", 12)


@pytest.mark.parametrize(
    "reading",
    [
        FileNotFoundError(errno.ENOENT, "No such file", "/data/picture.png"),
        PermissionError(errno.EACCES, "Permission denied", "/data/picture.png"),
        OSError("cannot identify image file"),
    ],
)
def test_failures_of_reading_stay_what_they_are(home, reading):
    with pytest.raises(OSError) as error, atomic_file(home / "a"):  # noqa: PT011
        raise reading
    assert error.value is reading
    assert not isinstance(error.value, CoreError)


def _run(capsys, *arguments):
    status = main([*map(str, arguments), "--json", "--progress", "none"])
    caught = capsys.readouterr()
    return status, json.loads(caught.out.splitlines()[-1]), caught.err


def test_a_fit_into_a_home_that_cannot_be_made_says_so_in_one_line(home, tmp_path, capsys):
    home.write_text("x")
    data = write_subject(tmp_path / "data/subj01").parent
    status, answer, told = _run(
        capsys,
        *("fit", "--data", data, "--subject", "subj01", "--backbone", "pixels"),
        *("--layers", "pixels", "--pool", "grid:2"),
    )
    assert status == 1
    assert answer["error"]["kind"] == "cannot_write"
    assert "is not a folder" in told
    assert "defect" not in told
    assert len(told.splitlines()) == 1


def test_check_does_not_blame_the_data_for_a_home_that_cannot_be_written(home, tmp_path, capsys):
    data = write_plain(tmp_path / "data/s1", form="csv").parent
    sound = _run(capsys, "check", data)[1]
    shutil.rmtree(home)
    home.write_text("x")
    status, answer, _ = _run(capsys, "check", data)
    assert status == 0
    assert answer["subjects"] == sound["subjects"]


def test_surfaces_do_without_their_cache_and_a_damaged_one_is_made_again(surfaces, tmp_path):
    sound = load_fsaverage5(surfaces)
    (tmp_path / "file").write_text("x")
    unkept = load_converted(tmp_path / "file" / "surfaces.npz", lambda: sound)
    assert unkept is sound
    (tmp_path / "damaged.npz").write_bytes(b"PK\x03\x04")
    load_converted(tmp_path / "damaged.npz", lambda: sound)
    again = load_converted(tmp_path / "damaged.npz", pytest.fail)
    np.testing.assert_array_equal(again.left.faces, sound.left.faces)


def test_a_damaged_map_between_surfaces_is_made_again(surfaces, tmp_path, monkeypatch):
    whole = np.zeros(FSAVERAGE_VERTICES, np.int32)
    monkeypatch.setattr("cortiscope.core.brain.averaging.nearest_vertices", lambda *_: whole)
    monkeypatch.setattr(
        "cortiscope.core.brain.averaging.load_fsaverage5", lambda _: load_fsaverage5(surfaces)
    )
    nearest_on_fsaverage5(tmp_path)
    (path,) = tmp_path.iterdir()
    np.save(path, whole[:100])
    assert nearest_on_fsaverage5(tmp_path).shape == whole.shape
    assert np.load(path).shape == whole.shape


def test_an_error_nobody_foresaw_names_its_file(home, capsys, monkeypatch):
    def fail(*_):
        raise OSError(errno.EIO, os.strerror(errno.EIO), "/data/lh.npy")

    monkeypatch.setattr("cortiscope.core.cli.verb_store.stored_items", fail)
    status, answer, told = _run(capsys, "store", "du")
    assert status == 1
    assert re.search(r"/data/lh\.npy: .*error", told)
    assert "defect" not in told
    assert answer["error"]["kind"] == "work_failed"
