"""Each file of a subject spoilt in each of some ways: told or sound, and never a traceback."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from cortiscope.core.datasets import check_folder, open_subject
from cortiscope.core.errors import CoreError
from tests.core.datasets.damage.table import LAYOUTS
from tests.core.datasets.damage.ways import LFS_POINTER, MARK, WEB_PAGE, hostile_array


def _half(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _as_folder(path):
    path.unlink()
    path.mkdir()


def _noise(path):
    size = path.stat().st_size
    path.write_bytes(np.random.default_rng(0).integers(0, 256, size, dtype=np.uint8).tobytes())


WAYS = {
    "empty": lambda path: path.write_bytes(b""),
    "half": _half,
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "noise": _noise,
    "a folder": _as_folder,
    "a web page": lambda path: path.write_bytes(WEB_PAGE),
    "a pointer": lambda path: path.write_bytes(LFS_POINTER),
    "a pickle": lambda path: path.write_bytes(hostile_array()),
    "a number": lambda path: path.write_text("5"),
    "an odd list": lambda path: path.write_text(json.dumps([{"split": "train"}, None, [1]])),
    "three arrays": lambda path: np.save(path.open("wb"), np.full((2, 3, 4), np.nan)),
    "nothing": lambda path: path.unlink(),
}
# One picture stands for all, the first and the last by name for those of its folder.
PICTURES = (".png", ".jpg")


@pytest.fixture(scope="module", params=LAYOUTS)
def sound(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound") / "subj01"
    LAYOUTS[request.param].write(folder)
    return folder


def _files(folder):
    chosen, seen = [], {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        if path.suffix in PICTURES:
            seen.setdefault(path.parent, path)
        else:
            chosen.append(path)
    return [*chosen, *seen.values()]


@pytest.mark.parametrize("way", WAYS)
def test_no_file_spoilt_in_any_way_breaks_the_loader_or_check(sound, tmp_path, monkeypatch, way):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    for k, original in enumerate(_files(sound)):
        folder = shutil.copytree(sound, tmp_path / str(k) / "subj01")
        path = folder / original.relative_to(sound)
        WAYS[way](path)
        told = ""
        try:
            subject = open_subject(folder.parent, "subj01")
        except CoreError as error:
            told = str(error)
            assert "\n" not in told, (path, told)
        else:
            assert len(subject.train)
        try:
            (report,) = check_folder(folder.parent).subjects
        except CoreError:  # nothing of the layout is left
            report = None
        if report is None:
            assert told, path
            continue
        assert not any("\n" in line or "Traceback" in line for line in report.problems)
        if told:
            assert report.problems, (path, told)
        assert not (tmp_path / MARK).exists()
