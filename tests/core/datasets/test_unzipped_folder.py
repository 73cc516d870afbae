"""The challenge's data as people have it on disk after unpacking, and the ways they name it."""

from __future__ import annotations

import json
import zipfile

import pytest

from cortiscope.core.cli.main import main
from cortiscope.core.datasets import check_folder, find_subjects, open_subject
from cortiscope.core.errors import MissingData, UnknownName
from tests.data.tiny_world import write_subject

DATA = "algonauts_2023_challenge_data"


@pytest.fixture
def data(tmp_path):
    """Two subjects, an archive beside its folder, and what macOS and Windows leave behind."""
    folder = tmp_path / DATA
    for k, name in enumerate(("subj01", "subj08")):
        write_subject(folder / name, seed=k, sidecar=False, test_responses=False)
    images = folder / "subj01/training_split/training_images"
    for left in (
        folder / ".DS_Store",
        folder / "__MACOSX/subj01/training_split/._training_images",
        folder / "subj01/__MACOSX/._roi_masks",
        folder / "subj01/roi_masks/._mapping_streams.npy",
        images / ".DS_Store",
        images / "._train-0001_nsd-01000.png",
        images / "Thumbs.db",
        images / "desktop.ini",
    ):
        left.parent.mkdir(parents=True, exist_ok=True)
        left.write_bytes(b"\x00\x05\x16\x07")
    with zipfile.ZipFile(folder / "subj01.zip", "w") as archive:
        archive.writestr("subj01/training_split/", "")
    return folder


def test_what_systems_leave_behind_is_no_problem(data):
    report = check_folder(data)
    assert [s.problems for s in report.subjects] == [(), ()]
    assert report.problems == ()
    assert [s.id for s in find_subjects(data)] == ["subj01", "subj08"]
    assert len(open_subject(data, "subj01").train) == 20


@pytest.mark.parametrize(
    ("place", "wanted"),
    [(DATA, "subj01"), (f"{DATA}/", "1"), (f"./{DATA}/../{DATA}", "01"), (f"{DATA}/subj01/", "1")],
)
def test_one_subject_is_the_same_however_it_is_named(data, place, wanted, monkeypatch):
    expected = open_subject(data, "subj01").fingerprint
    monkeypatch.chdir(data.parent)
    found = open_subject(type(data)(place), wanted)
    assert (found.id, found.fingerprint) == ("subj01", expected)
    monkeypatch.chdir(data / "subj01")
    assert open_subject(type(data)(".")).fingerprint == expected
    assert check_folder(data, subject=wanted).subjects[0].id == "subj01"


@pytest.mark.parametrize("wanted", ["2", "subj1", "0", "x"])
def test_a_number_that_no_subject_has_is_told(data, wanted):
    with pytest.raises(UnknownName, match="subj01, subj08"):
        open_subject(data, wanted)


def test_a_number_that_two_subjects_have_is_refused(data):
    (data / "subj08").rename(data / "other01")
    with pytest.raises(UnknownName, match="other01, subj01"):
        open_subject(data, "1")


def test_a_folder_too_high_or_too_low_is_told_with_the_right_one(data):
    with pytest.raises(MissingData, match=rf"Did you mean \S+/{DATA}\?"):
        find_subjects(data.parent)
    for inside in ("training_split", "training_split/training_images"):
        with pytest.raises(MissingData, match=rf"Did you mean \S+/{DATA}/subj01\?"):
            find_subjects(data / "subj01" / inside)


def test_no_verb_writes_into_the_data(data, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))

    def listing():
        return {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in (data, *data.rglob("*"))}

    before = listing()
    words = ["--backbone", "pixels", "--layers", "pixels", "--reduce", "pca:5"]
    common = ["--json", "--progress", "none"]
    images = str(data / "subj08/test_split/test_images")
    assert main(["check", str(data), "--deep", *common]) == 0
    assert main(["fit", "--data", str(data), "--subject", "8", "--with", "1", *words, *common]) == 0
    run = json.loads(capsys.readouterr().out.splitlines()[-1])["run"]
    archive, out = str(tmp_path / "s.zip"), str(tmp_path / "predicted")
    assert main(["submit", "--run", run, "--data", str(data), "--out", archive, *common]) == 0
    assert main(["predict", "--run", run, "--images", images, "--out", out, *common]) == 0
    assert listing() == before
