"""Which layout a folder has, whose archives lie in it, and how deep its pictures are looked at."""

from __future__ import annotations

import re
import shutil
import zipfile

import numpy as np
import pytest
from PIL import Image

from cortiscope.core.brain import HEMISPHERES
from cortiscope.core.datasets import check_folder, open_subject
from cortiscope.core.datasets.check.report import Candidate, SubjectReport
from cortiscope.core.datasets.layout import Guide, Layout
from cortiscope.core.datasets.registry import LAYOUTS
from cortiscope.core.errors import InvalidInput, MissingData, UnknownName
from tests.data.tiny_world import N_LEFT, N_RIGHT, write_subject


@pytest.fixture
def data(tmp_path):
    write_subject(tmp_path / "data" / "subj01")
    return tmp_path / "data"


def _pack(folder, target):
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder.parent))


def test_the_whole_tiny_world_has_no_problems_and_the_numbers_of_the_loader(data):
    write_subject(data / "subj02", sidecar=False, test_responses=False, n_train=9, seed=1)
    report = check_folder(data, deep=True)
    assert [(s.id, s.problems) for s in report.subjects] == [("subj01", ()), ("subj02", ())]
    assert report.problems == ()
    for found in report.subjects:
        subject = open_subject(data, found.id)
        assert (found.n_train, found.n_test) == (len(subject.train), len(subject.test))
        assert found.layout == subject.layout
        assert found.simulated == subject.simulated
        for h in HEMISPHERES:
            assert found.vertices[h] == subject.space.n_vertices(h)
            sizes = {r: len(subject.roi_vertices(r, h)) for r in subject.parcellation.roi_names}
            assert found.rois[h] == {r: n for r, n in sizes.items() if n}


def test_a_folder_is_simulated_where_all_its_subjects_are(data):
    assert check_folder(data).layout == "simulated"
    write_subject(data / "subj02", sidecar=False)
    assert check_folder(data).layout == "algonauts2023"
    assert check_folder(data, subject="subj01").layout == "simulated"


def test_a_subjects_own_folder_can_be_named(data):
    (subject,) = check_folder(data / "subj01").subjects
    assert (subject.id, subject.problems) == ("subj01", ())


def test_what_may_be_so_is_a_note_and_no_problem(data):
    write_subject(data / "subj02", sidecar=False, test_responses=False)
    first, second = check_folder(data).subjects
    assert any("never varies at 1 of 7 vertices" in note for note in first.notes)
    assert any("withheld" in note for note in second.notes)


def test_an_unpacked_archive_is_right_and_a_packed_one_is_a_subject_with_a_problem(data):
    _pack(data / "subj01", data / "subj01.zip")
    assert check_folder(data).subjects[0].problems == ()
    shutil.rmtree(data / "subj01")
    report = check_folder(data)
    assert report.layout == "algonauts2023"
    (subject,) = report.subjects
    assert (subject.id, subject.n_train) == ("subj01", 0)
    assert subject.problems == ("subj01.zip in data/ has not been unpacked; unpack it there.",)


def test_a_packed_archive_of_another_name_is_known_by_what_is_in_it(data):
    _pack(data / "subj01", data / "challenge.zip")
    (data / "subj01").rename(data / "subj02")
    report = check_folder(data)
    assert [s.id for s in report.subjects] == ["subj01", "subj02"]
    assert "challenge.zip" in report.subjects[0].problems[0]
    assert report.problems == ()


@pytest.mark.parametrize("ending", ["zip.part", "zip.crdownload", "tar.gz.partial"])
def test_half_a_download_is_told_of_its_subject(data, ending):
    (data / f"subj03.{ending}").write_bytes(b"PK\x03\x04")
    (data / f"subj01.{ending}").write_bytes(b"PK\x03\x04")
    first, third = check_folder(data).subjects
    for subject in (first, third):
        (line,) = subject.problems
        assert f"{subject.id}.{ending} in data/ is a download that did not finish" in line
    assert (first.n_train, third.n_train) == (20, 0)


def test_archives_of_no_subject_are_told_of_the_folder(data):
    (data / "images.zip.part").write_bytes(b"")
    (data / "papers.zip").write_bytes(b"")
    report = check_folder(data)
    assert [line.split()[0] for line in report.problems] == ["images.zip.part", "papers.zip"]
    assert report.to_json()["n_problems"] == 2


def test_a_subject_unpacked_one_folder_too_deep_is_told_and_looked_at(data):
    (data / "subj01").rename(data / "kept")
    (data / "subj01").mkdir()
    (data / "kept").rename(data / "subj01" / "subj01")
    (subject,) = check_folder(data).subjects
    assert subject.n_train == 20
    assert "one folder too deep" in subject.problems[0]


def test_half_a_subject_is_still_one(data):
    for name in ("test_split", "roi_masks"):
        shutil.rmtree(data / "subj01" / name)
    (subject,) = check_folder(data).subjects
    assert (subject.n_train, subject.n_test) == (20, 0)
    assert {h.short: subject.vertices[h] for h in HEMISPHERES} == {"lh": N_LEFT, "rh": N_RIGHT}
    assert any("test_split/test_images is missing" in line for line in subject.problems)
    assert any("roi_masks is missing" in line for line in subject.problems)


UNKNOWN = {
    "no such folder": (lambda d: d / "nowhere", MissingData, "does not exist"),
    "a file": (lambda d: _made(d / "readme.txt"), InvalidInput, "is a file"),
    "an archive": (lambda d: _made(d / "subj01.zip"), InvalidInput, "Unpack it"),
    "an empty folder": (lambda d: _made(d / "empty", True), MissingData, "empty"),
    "one level too high": (lambda d: d.parent, MissingData, "Did you mean .*data"),
    "one level too deep": (lambda d: d / "subj01" / "roi_masks", MissingData, "Did you mean .*j01"),
}


def _made(path, folder=False):
    path.mkdir() if folder else path.touch()
    return path


@pytest.mark.parametrize("kind", UNKNOWN)
def test_a_folder_of_no_layout_is_an_error_that_says_what_was_expected(data, kind):
    place, error, words = UNKNOWN[kind]
    with pytest.raises(error) as told:
        check_folder(place(data))
    assert re.search(words, str(told.value))
    assert told.value.hint


def test_an_unknown_subject_is_an_error(data):
    with pytest.raises(UnknownName, match="subj01"):
        check_folder(data, subject="subj1")


def _spoil_pixels(path):
    """Change bytes in the middle: header and ending stay as they are."""
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 40] = bytes(40)
    path.write_bytes(content)


def test_a_sample_is_decoded_and_all_pictures_if_deep(tmp_path):
    folder = write_subject(tmp_path / "data" / "subj01", n_train=100)
    spoilt = sorted((folder / "training_split/training_images").iterdir())[1]
    _spoil_pixels(spoilt)
    assert check_folder(folder).subjects[0].problems == ()
    (line,) = check_folder(folder, deep=True).subjects[0].problems
    assert spoilt.name in line


def test_every_header_and_ending_is_looked_at(tmp_path):
    folder = write_subject(tmp_path / "data" / "subj01", n_train=100)
    images = sorted((folder / "training_split/training_images").iterdir())
    images[1].write_bytes(images[1].read_bytes()[:-20])
    images[2].write_bytes(b"\x89PNG not really")
    told = check_folder(folder).subjects[0].problems
    assert [name.name in line for name, line in zip(images[1:3], told, strict=True)] == [True] * 2


def test_very_many_broken_pictures_are_counted(tmp_path):
    folder = write_subject(tmp_path / "data" / "subj01", n_train=30)
    for path in (folder / "training_split/training_images").iterdir():
        path.write_text(f"not found {path.name}")
    told = check_folder(folder).subjects[0].problems
    assert len(told) == 11
    assert "20 more pictures" in told[-1]


def test_jpegs_are_looked_at_like_pngs(tmp_path):
    folder = write_subject(tmp_path / "data" / "subj01", n_train=8)
    paths = sorted((folder / "training_split/training_images").iterdir())
    for path in paths:
        Image.open(path).save(path.with_suffix(".jpg"))
        path.unlink()
    assert check_folder(folder).subjects[0].problems == ()
    cut = paths[3].with_suffix(".jpg")
    cut.write_bytes(cut.read_bytes()[:400])
    (line,) = check_folder(folder).subjects[0].problems
    assert cut.name in line


def test_odd_names_are_told_on_one_line(data):
    (data / "subj01/training_split/training_images/a\nb.png").touch()
    (subject,) = check_folder(data).subjects
    assert "a b.png" in subject.problems[0]


def test_a_file_stored_column_by_column_is_whole(data):
    path = data / "subj01/training_split/training_fmri/lh_training_fmri.npy"
    np.save(path, np.asfortranarray(np.load(path)))
    assert check_folder(data).subjects[0].problems == ()


def _layout(name, example, find, check):
    guide = Guide(name, "", "")
    return Layout(name, name, example, guide, lambda _: False, None, find=find, check=check)


def test_another_layout_is_one_entry(tmp_path):
    (tmp_path / "voxels.npy").touch()

    def check(folder, subject, *, deep, progress):
        return SubjectReport(subject, "voxels", n_train=3)

    def find(folder):
        return [Candidate("one", folder)] if (folder / "voxels.npy").exists() else []

    voxels = _layout("voxels", "a file voxels.npy", find, check)
    report = check_folder(tmp_path, layouts=(*LAYOUTS.values(), voxels))
    assert (report.layout, report.subjects[0].n_train) == ("voxels", 3)
    with pytest.raises(MissingData, match="a file voxels.npy"):
        check_folder(tmp_path.parent / tmp_path.name / "..", layouts=(voxels,))


def test_a_disk_that_fails_is_a_problem_of_the_subject(tmp_path):
    def check(folder, subject, *, deep, progress):
        raise PermissionError(13, "Permission denied", "subj01/roi_masks")

    closed = _layout("closed", "anything", lambda folder: [Candidate("one", folder)], check)
    (subject,) = check_folder(tmp_path, layouts=[closed]).subjects
    (problem,) = subject.problems
    assert problem.startswith("subj01/roi_masks cannot be read: Permission denied.")


def test_a_folder_that_may_not_be_read_is_an_error(tmp_path):
    def find(folder):
        raise PermissionError(13, "Permission denied", str(folder))

    closed = _layout("closed", "anything", find, lambda *a, **k: None)
    with pytest.raises(InvalidInput, match="Permission denied"):
        check_folder(tmp_path, layouts=[closed])
