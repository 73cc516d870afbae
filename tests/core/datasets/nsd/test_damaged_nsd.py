"""Every kind of damage to a copy of NSD through ``prepare-nsd``, and the words of ``check``."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from functools import partial

import pytest

from cortiscope.core.datasets import check_folder, open_subject
from cortiscope.core.datasets.nsd import LAYOUT as NSD
from cortiscope.core.datasets.nsd.check import check_subject
from cortiscope.core.datasets.nsd.prepare import prepare_subject
from cortiscope.core.errors import CoreError
from tests.core.datasets.damage.kind import REFUSED, SOUND
from tests.core.datasets.damage.nsd_kinds import BETAS, DESIGN, KINDS, session
from tests.core.datasets.damage.ways import MARK
from tests.data import tiny_nsd as tiny

SETTINGS = {**tiny.SETTINGS, "planned_sessions": tiny.SESSIONS}
LAYOUT = replace(NSD, check=partial(check_subject, **SETTINGS))


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return tiny.write_whole_nsd(tmp_path_factory.mktemp("data") / "nsd")


@pytest.fixture
def nsd(sound, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return shutil.copytree(sound, tmp_path / "nsd")


def _check(root):
    report = check_folder(root, layouts=[LAYOUT])
    (subject,) = report.subjects
    return [*report.problems, *subject.problems]


def _below(folder):
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*.npy")}


def test_an_undamaged_copy_has_no_problem_and_the_numbers_of_what_is_prepared(nsd, tmp_path):
    report = check_folder(nsd, layouts=[LAYOUT])
    (found,) = report.subjects
    assert (report.layout, found.id, found.problems) == ("nsd", "subj01", ())
    assert "prepare-nsd --data" in found.notes[0]
    assert found.notes[1] == "There are betas of sessions 1 to 4; subj01 completed 40."
    subject = open_subject(prepare_subject(nsd, "subj01", tmp_path / "out", **SETTINGS))
    assert (found.n_train, found.n_test) == (len(subject.train), len(subject.test))
    told = found.to_json()
    assert told["vertices"] == {"lh": 7, "rh": 5}
    assert told["rois"]["lh"] == {"early": 2, "midventral": 2}


@pytest.mark.parametrize("kind", KINDS)
def test_damage_is_told_in_one_line_with_the_files_name(nsd, kind):
    damage = KINDS[kind]
    damage.do(nsd)
    before = {p: p.stat().st_mtime_ns for p in nsd.rglob("*")}
    lines = _check(nsd)
    told = [line for line in lines if damage.words in line]
    assert len(told) == 1, lines
    assert not any("\n" in line or "Traceback" in line for line in lines)
    if not damage.several:
        assert lines == told
    assert {p: p.stat().st_mtime_ns for p in nsd.rglob("*")} == before


@pytest.mark.parametrize("kind", [k for k, d in KINDS.items() if d.loading is REFUSED])
def test_preparing_refuses_it_by_name_before_any_work(nsd, tmp_path, kind):
    damage = KINDS[kind]
    damage.do(nsd)
    with pytest.raises(CoreError) as told:
        prepare_subject(nsd, "subj01", tmp_path / "out", **SETTINGS)
    assert damage.named in str(told.value)
    assert "\n" not in str(told.value)
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / MARK).exists()


@pytest.mark.parametrize("kind", [k for k, d in KINDS.items() if d.loading is SOUND])
def test_damage_that_does_not_matter_changes_nothing(sound, nsd, tmp_path, kind):
    KINDS[kind].do(nsd)
    made = prepare_subject(nsd, "subj01", tmp_path / "out", **SETTINGS)
    assert _below(made) == _below(prepare_subject(sound, "subj01", tmp_path / "own", **SETTINGS))


def test_damages_are_told_together(nsd):
    kinds = ["a session cut short", "a session of one hemisphere", "no images", "no mask"]
    kinds += ["trials of half a session", "ncsnr of other vertices"]
    kinds.remove("a session of one hemisphere")
    for kind in kinds:
        KINDS[kind].do(nsd)
    lines = _check(nsd)
    assert all(any(KINDS[kind].words in line for line in lines) for kind in kinds), lines


def test_without_h5py_the_package_is_named(nsd, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    (line,) = _check(nsd)
    assert "h5py, which is not installed. pip install h5py" in line


def test_the_layout_is_recognised_by_default_and_named_from_deep_within(nsd):
    assert check_folder(nsd).layout == "nsd"
    with pytest.raises(CoreError, match=rf"Did you mean {nsd}\?"):
        check_folder(nsd / BETAS)
    with pytest.raises(CoreError, match="prepare-nsd"):
        open_subject(nsd)


def test_the_beginning_of_a_download_is_told_file_by_file(nsd):
    (nsd / DESIGN).unlink()
    shutil.rmtree(nsd / "nsddata")
    (nsd / session(1)).unlink()
    lines = _check(nsd)
    for words in ("lh.betas_session01.mgh", "nsd_expdesign.mat", "nsdgeneral.mgz"):
        assert any(words in line for line in lines), (words, lines)
