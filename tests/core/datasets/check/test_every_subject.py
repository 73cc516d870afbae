"""Each subject of a folder is looked at by itself, whatever is odd about the others."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest

from cortiscope.core.cli.main import main
from cortiscope.core.datasets import check_folder, find_subjects, open_subject
from cortiscope.core.datasets.arrays import LAYOUT as ARRAYS
from cortiscope.core.datasets.registry import LAYOUTS
from cortiscope.core.errors import WorkFailed
from tests.data.img2brain_folder import write_folder
from tests.data.plain_folder import write_plain


def _latin_1(folder):
    images = os.fsencode(folder / "images")
    os.rename(images + b"/img7.png", images + b"/caf\xe9.png")  # noqa: PTH104


BROKEN = {
    "a name that is no text": _latin_1,
    "a link to nothing": lambda f: (
        (f / "images/img3.png").unlink(),
        (f / "images/img3.png").symlink_to("x.png"),
    ),
    "a pointer": lambda f: (f / "lh.npy").write_text("/annex/objects/SHA256E-s1--0.npy"),
    "no responses": lambda f: ((f / "lh.npy").unlink(), (f / "rh.npy").unlink()),
    "no images": lambda f: shutil.rmtree(f / "images"),
    "circled digits": lambda f: (f / "images/img5.png").rename(f / "images/img\u2464.png"),
    "no JSON": lambda f: (f / "test.json").write_text("{"),
    "a pipe": lambda f: os.mkfifo(f / "rois.json"),
    "an order that nobody says": lambda f: (f / "images.txt").unlink(),
    "rows missing": lambda f: np.save(f / "rh.npy", np.zeros((3, 5), "f4")),
}


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    where = tmp_path / "data"
    whole = write_plain(where / "healthy")
    for name, do in BROKEN.items():
        do(shutil.copytree(whole, where / name))
    return where


def test_one_healthy_and_ten_broken_subjects_are_eleven(data, capsys):
    assert main(["check", str(data), "--json", "--progress", "none"]) == 0
    told = json.loads(capsys.readouterr().out)
    problems = {s["id"]: s["problems"] for s in told["subjects"]}
    assert set(problems) == {"healthy", *BROKEN}
    assert problems.pop("healthy") == []
    assert all(problems.values())
    assert not any("defect" in line for lines in problems.values() for line in lines)
    assert open_subject(data, "healthy").id == "healthy"


def test_subjects_of_several_layouts_are_all_looked_at(data):
    write_folder(data / "voxels")
    layouts = {s.id: s.layout for s in check_folder(data).subjects}
    assert (len(layouts), layouts["voxels"], layouts["healthy"]) == (12, "img2brain", "arrays")


def test_a_defect_is_told_of_its_subject_and_the_rest_goes_on(tmp_path):
    for name in ("anna", "berta"):
        write_plain(tmp_path / "data" / name)

    def break_on_anna(folder, subject, **how):
        if subject == "anna":
            raise ZeroDivisionError("oh")
        return ARRAYS.check(folder, subject, **how)

    layouts = (replace(ARRAYS, check=break_on_anna),)
    anna, berta = check_folder(tmp_path / "data", layouts=layouts).subjects
    assert "ZeroDivisionError: oh" in anna.problems[0]
    assert berta.problems == ()


def test_opening_what_breaks_the_loader_is_an_error_with_words(tmp_path, monkeypatch):
    folder = write_plain(tmp_path / "anna")
    broken = replace(ARRAYS, load=lambda _: (_ for _ in ()).throw(KeyError("x")))
    monkeypatch.setitem(LAYOUTS, "arrays", broken)
    with pytest.raises(WorkFailed, match="anna could not be checked"):
        open_subject(folder)


def test_a_subject_whose_folders_name_is_no_text_is_told_and_not_offered(data):
    os.rename(os.fsencode(data / "no JSON"), os.fsencode(data) + b"/caf\xe9")  # noqa: PTH104
    report = next(s for s in check_folder(data).subjects if s.id == "caf\\xe9")
    assert "not valid UTF-8" in report.problems[0]
    json.dumps(report.to_json(), ensure_ascii=False).encode("utf-8")
    assert "caf" not in " ".join(ref.id for ref in find_subjects(data))
