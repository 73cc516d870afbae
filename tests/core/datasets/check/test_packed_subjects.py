"""Archives and half downloads where a subject was meant to be, whatever its layout."""

from __future__ import annotations

import zipfile

import pytest

from cortiscope.core.datasets import check_folder
from cortiscope.core.errors import CoreError
from tests.core.datasets.damage.table import LAYOUTS
from tests.data import tiny_nsd as tiny


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))


def _pack(folder, target):
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder.parent))


def _lines(folder):
    report = check_folder(folder)
    return [*report.problems, *(line for s in report.subjects for line in s.problems)]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_packed_subject_is_a_subject_that_has_not_been_unpacked(tmp_path, layout):
    (tmp_path / "data").mkdir()
    LAYOUTS[layout].write(tmp_path / "subj01")
    _pack(tmp_path / "subj01", tmp_path / "data" / "subj01.zip")
    report = check_folder(tmp_path / "data")
    (subject,) = report.subjects
    (line,) = _lines(tmp_path / "data")
    assert (report.layout, subject.id) in ((layout, "subj01"), ("algonauts2023", "subj01"))
    assert "subj01.zip in data/ has not been unpacked" in line


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_archive_beside_its_unpacked_folder_is_nothing_amiss(tmp_path, layout):
    (tmp_path / "data").mkdir()
    LAYOUTS[layout].write(tmp_path / "data" / "subj01")
    _pack(tmp_path / "data" / "subj01", tmp_path / "data" / "subj01.zip")
    assert _lines(tmp_path / "data") == []


@pytest.mark.parametrize("name", ["subj02.zip.part", "subj02.zip.crdownload", "subj02.zip.aria2"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_half_a_download_beside_a_subject_is_told(tmp_path, layout, name):
    (tmp_path / "data").mkdir()
    LAYOUTS[layout].write(tmp_path / "data" / "subj01")
    (tmp_path / "data" / name).write_bytes(b"half")
    (line,) = _lines(tmp_path / "data")
    assert f"{name} in data/ is a download that did not finish (4 bytes so far)" in line


@pytest.mark.parametrize("name", ["nsd.zip", "more.tar", "stimuli.zip.part"])
def test_archives_in_a_copy_of_nsd_are_told(tmp_path, name):
    root = tiny.write_whole_nsd(tmp_path / "nsd")
    (root / name).write_bytes(b"half")
    assert any(f"{name} in nsd/" in line for line in _lines(root))


def test_nothing_but_a_damaged_archive_is_told_as_such(tmp_path):
    (tmp_path / "mine.zip").write_bytes(b"PK\x03\x04 half of it")
    with pytest.raises(CoreError, match=r"Unpack mine\.zip first|mine\.zip"):
        check_folder(tmp_path)
