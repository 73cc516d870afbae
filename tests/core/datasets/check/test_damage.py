"""Every kind of damage of every layout is told by ``check`` in one line that names the file."""

from __future__ import annotations

import pytest

from cortiscope.core.datasets import check_folder
from tests.core.datasets.damage.table import CASES, LAYOUTS
from tests.core.datasets.damage.ways import MARK


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    (tmp_path / "data").mkdir()
    return tmp_path / "data" / "subj01"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_undamaged_folder_has_no_problem(folder, layout):
    LAYOUTS[layout].write(folder)
    report = check_folder(folder.parent, deep=True)
    assert (report.layout, [s.problems for s in report.subjects]) == (layout, [()])
    assert report.problems == ()


@pytest.mark.parametrize(("layout", "kind"), CASES)
def test_damage_is_told_in_one_line_with_the_files_name(folder, layout, kind):
    LAYOUTS[layout].write(folder)
    damage = LAYOUTS[layout].kinds[kind]
    damage.do(folder)
    before = _listing(folder)
    report = check_folder(folder.parent)
    (subject,) = report.subjects
    lines = [*report.problems, *subject.problems]
    told = [line for line in lines if damage.words in line]
    assert len(told) == 1, lines
    assert not any("\n" in line or "Traceback" in line for line in lines)
    if not damage.several:
        assert lines == told
    assert not (folder.parents[1] / MARK).exists()
    assert _listing(folder) == before


@pytest.mark.parametrize(
    ("layout", "kinds"),
    [
        (
            "algonauts2023",
            ["float64 responses", "an image missing", "labels missing", "ceilings in percent"],
        ),
    ],
)
def test_damages_are_told_together(folder, layout, kinds):
    LAYOUTS[layout].write(folder)
    for kind in kinds:
        LAYOUTS[layout].kinds[kind].do(folder)
    (subject,) = check_folder(folder.parent).subjects
    for kind in kinds:
        words = LAYOUTS[layout].kinds[kind].words
        assert any(words in line for line in subject.problems), (words, subject.problems)


def test_there_are_at_least_sixty_kinds():
    assert len(CASES) >= 60


def _listing(folder):
    return {p: p.lstat().st_mtime_ns for p in folder.rglob("*")}
