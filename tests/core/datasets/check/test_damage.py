"""A table of damaged subjects: each damage is told in one line that names the file."""

from __future__ import annotations

import io
import json
import os
import pickle
import shutil
import zipfile

import numpy as np
import pytest
from PIL import Image

from core.datasets.check import check_folder
from tests.tiny_world import N_LEFT, N_RIGHT, write_subject

TRAIN, TEST = "training_split/training_images", "test_split/test_images"
LH_TRAIN = "training_split/training_fmri/lh_training_fmri.npy"
RH_TRAIN = "training_split/training_fmri/rh_training_fmri.npy"
LH_TEST = "test_split/test_fmri/lh_test_fmri.npy"
MASKS, SIDECAR = "roi_masks", "cortiscope_sidecar"
LH_MASK = "roi_masks/lh.all-vertices_fsaverage_space.npy"
RH_MASK = "roi_masks/rh.all-vertices_fsaverage_space.npy"
LH_FACES = "roi_masks/lh.floc-faces_challenge_space.npy"
RH_FACES = "roi_masks/rh.floc-faces_challenge_space.npy"
FACES = "roi_masks/mapping_floc-faces.npy"
MARK = "hostile-pickle-ran"


def _change(name, function):
    """Damage that rewrites an array: ``function`` gets a copy and returns what is stored."""

    def damage(folder):
        np.save(folder / name, function(np.load(folder / name)))

    return damage


def _set(index, value):
    def function(array):
        array[index] = value
        return array

    return function


def _remove(name):
    return lambda folder: (folder / name).unlink()


def _cut(name, share=0.5):
    return lambda f: os.truncate(f / name, int((f / name).stat().st_size * share))


def _write(name, content):
    def damage(folder):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)

    return damage


def _save(name, array):
    def damage(folder):
        (folder / name).parent.mkdir(exist_ok=True)
        np.save(folder / name, array, allow_pickle=True)

    return damage


def _image(folder, number, split="train"):
    where = TRAIN if split == "train" else TEST
    return next((folder / where).glob(f"{split}-{number:04d}_*"))


def _on_image(number, function, split="train"):
    return lambda folder: function(_image(folder, number, split))


def _both(*damages):
    def damage(folder):
        for one in damages:
            one(folder)

    return damage


def _swap(one, other):
    def damage(folder):
        (folder / one).rename(folder / "kept")
        (folder / other).rename(folder / one)
        (folder / "kept").rename(folder / other)

    return damage


def _ceilings(left, right=None):
    where = "test_split/noise_ceiling"
    right = np.full(N_RIGHT, 0.3) if right is None else right
    return _both(
        _save(f"{where}/lh_noise_ceiling.npy", left),
        _save(f"{where}/rh_noise_ceiling.npy", right),
    )


def _add_half(array):
    array = array.copy()
    array[1] = np.nan
    return array


class _Hostile:
    def __reduce__(self):
        return os.system, (f"touch {MARK}",)


def _hostile(name):
    def damage(folder):
        stream = io.BytesIO()
        header = {"descr": "|O", "fortran_order": False, "shape": ()}
        np.lib.format.write_array_header_1_0(stream, header)
        (folder / name).write_bytes(stream.getvalue() + pickle.dumps(_Hostile()))

    return damage


def _stimuli(text):
    return lambda f: (f / SIDECAR / "stimuli.json").write_text(text)


def _copy_of_training_image(folder):
    (folder / TEST).joinpath(_image(folder, 3, "test").name).write_bytes(
        _image(folder, 5).read_bytes()
    )


def _same_nsd_number(folder):
    nsd = _image(folder, 5).name.split("_")[1]
    path = _image(folder, 3, "test")
    path.rename(path.with_name(f"test-0003_{nsd}"))


def _same_bytes(folder):
    _image(folder, 9).write_bytes(_image(folder, 8).read_bytes())


def _zip_of(folder, name):
    with zipfile.ZipFile(folder / name, "w") as archive:
        archive.writestr("training_images/train-0001_nsd-00001.png", b"x")


def _grow_template(array):
    return np.concatenate([array, np.zeros(163_842 - len(array), array.dtype)])


def _wrong_full_mask(folder):
    full = np.zeros(10_242, dtype=int)
    full[np.flatnonzero(np.load(folder / LH_MASK))] = [0, 0, 0, 0, 2, 1, 1]
    np.save(folder / MASKS / "lh.floc-faces_fsaverage_space.npy", full)


# Damage -> what the one line must say; the first word is the file.
DAMAGE = {
    # responses
    "training responses missing": (_remove(LH_TRAIN), "lh_training_fmri.npy is missing"),
    "responses cut short": (_cut(LH_TRAIN), "lh_training_fmri.npy is cut short"),
    "responses cut within the header": (_cut(LH_TRAIN, 0.05), "lh_training_fmri.npy cannot be"),
    "responses with something appended": (
        lambda f: (f / LH_TRAIN).open("ab").write(b"tail"),
        "lh_training_fmri.npy is longer",
    ),
    "responses empty": (_write(LH_TRAIN, b""), "lh_training_fmri.npy is empty"),
    "a web page instead of responses": (
        _write(LH_TRAIN, b"<!DOCTYPE html><html>Sign in"),
        "lh_training_fmri.npy is a web page",
    ),
    "a Git LFS pointer": (
        _write(LH_TRAIN, b"version https://git-lfs.github.com/spec/v1\noid sha256:0"),
        "lh_training_fmri.npy is a Git LFS pointer",
    ),
    "an archive called npy": (_write(LH_TRAIN, b"PK\x03\x04rest"), "lh_training_fmri.npy is a zip"),
    "a folder called npy": (
        _both(_remove(LH_TRAIN), lambda f: (f / LH_TRAIN).mkdir()),
        "lh_training_fmri.npy is a folder",
    ),
    "float64 responses": (
        _change(LH_TRAIN, lambda a: a.astype(float)),
        "lh_training_fmri.npy holds float64 values; expected float32",
    ),
    "whole-number responses": (
        _change(LH_TRAIN, lambda a: (300 * a).astype(np.int16)),
        "lh_training_fmri.npy holds int16",
    ),
    "pickled responses": (
        _save(LH_TRAIN, np.array([{}, None], dtype=object)),
        "lh_training_fmri.npy holds pickled objects, which are not opened",
    ),
    "hostile responses": (_hostile(LH_TRAIN), "lh_training_fmri.npy holds pickled objects"),
    "complex responses": (
        _change(LH_TRAIN, lambda a: a.astype(np.complex64)),
        "lh_training_fmri.npy holds complex64",
    ),
    "responses of three dimensions": (
        _change(LH_TRAIN, lambda a: a[..., None]),
        "lh_training_fmri.npy has 3 dimensions (20 x 7 x 1); expected 2",
    ),
    "responses of no image": (_change(LH_TRAIN, lambda a: a[:0]), "lh_training_fmri.npy is empty"),
    "a row too few": (
        _change(LH_TRAIN, lambda a: a[:-1]),
        "lh_training_fmri.npy has 19 rows for 20 training images",
    ),
    "vertices too many": (
        _change(LH_TRAIN, lambda a: np.c_[a, a[:, :2]]),
        "lh_training_fmri.npy has 9 vertices; lh.all-vertices_fsaverage_space.npy marks 7",
    ),
    "NaN vertices": (
        _change(LH_TRAIN, _set((3, [1, 4]), np.nan)),
        "lh_training_fmri.npy has NaN or infinite values at 2 of 7 vertices (counted from 0: 1, 4)",
    ),
    "an infinite value": (
        _change(RH_TRAIN, _set((0, 2), -np.inf)),
        "rh_training_fmri.npy has NaN or infinite values at 1 of 5 vertices (counted from 0: 2)",
    ),
    "a row of NaN": (
        _change(LH_TRAIN, _set(4, np.nan)),
        "lh_training_fmri.npy has 1 row in which no value is finite (images number 5)",
    ),
    "rows never written": (
        _change(LH_TRAIN, _set(slice(17, None), 0)),
        "lh_training_fmri.npy has 3 rows of zeros only (images number 18, 19, 20)",
    ),
    "hemispheres of the responses swapped": (
        _swap(LH_TRAIN, RH_TRAIN),
        "lh_training_fmri.npy and rh_training_fmri.npy look swapped",
    ),
    "test responses of one hemisphere": (_remove(LH_TEST), "lh_test_fmri.npy is missing"),
    "test responses of other images": (
        _change(LH_TEST, lambda a: a[:4]),
        "lh_test_fmri.npy has 4 rows for 6 test images",
    ),
    # images
    "an image missing": (
        _on_image(3, lambda p: p.unlink()),
        "training_images has no image numbered 3",
    ),
    "no images": (
        lambda f: shutil.rmtree(f / TEST),
        "The folder test_split/test_images is missing",
    ),
    "an unnumbered image": (
        lambda f: shutil.copy(_image(f, 2), f / TRAIN / "cat.png"),
        "not named like train-0001_nsd-00013.png: cat.png",
    ),
    "a folder among the images": (lambda f: (f / TRAIN / "more").mkdir(), ": more."),
    "a number twice": (
        lambda f: Image.new("RGB", (32, 32)).save(f / TRAIN / "train-0003_nsd-99999.png"),
        "training_images has 2 images numbered 3: train-0003_nsd-01014.png, train-0003_nsd-99999",
    ),
    "a number of zero": (
        _on_image(1, lambda p: p.rename(p.with_name("train-0000_nsd-00001.png"))),
        "train-0000_nsd-00001.png in training_images is numbered 0",
    ),
    "a number far too high": (
        _on_image(20, lambda p: p.rename(p.with_name("train-99999999999999999999_nsd-1.png"))),
        "training_images has no image numbered 20, 21, 22, 23, 24 and",
    ),
    "a test image among those of training": (
        lambda f: shutil.copy(_image(f, 1, "test"), f / TRAIN),
        "named as in the other split: test-0001_nsd-00000.png",
    ),
    "an image cut short": (_on_image(7, lambda p: _cut(p.name)(p.parent)), "train-0007_nsd-01042"),
    "an empty image": (
        _on_image(8, lambda p: p.write_bytes(b"")),
        "train-0008_nsd-01049.png is em",
    ),
    "text called png": (
        _on_image(2, lambda p: p.write_text("Not found"), "test"),
        "test-0002_nsd-00007.png is not a picture",
    ),
    "an image far too small": (
        _on_image(4, lambda p: Image.new("RGB", (4, 4)).save(p)),
        "train-0004_nsd-01021.png is too small",
    ),
    "a link to nowhere": (
        _on_image(6, lambda p: (p.unlink(), p.symlink_to("/nowhere.png"))),
        "train-0006_nsd-01035.png was not found",
    ),
    "an image of another size": (
        _on_image(5, lambda p: Image.new("RGB", (40, 20)).save(p)),
        "train-0005_nsd-01028.png is 40 x 20 pixels",
    ),
    "one image twice": (
        _same_bytes,
        "training_images has one image 2 times: train-0008_nsd-01049.png, train-0009_nsd-01056",
    ),
    "a test image that was trained on": (
        _copy_of_training_image,
        "1 test image is also a training image: "
        "test-0003_nsd-00014.png is train-0005_nsd-01028.png",
    ),
    "a test image with a training image's number": (
        _same_nsd_number,
        "1 test image is also a training image: "
        "test-0003_nsd-01028.png is train-0005_nsd-01028.png",
    ),
    # masks
    "no masks": (lambda f: shutil.rmtree(f / MASKS), "The folder roi_masks is missing"),
    "a vertex mask missing": (
        _remove(LH_MASK),
        "lh.all-vertices_fsaverage_space.npy is missing from roi_masks/",
    ),
    "a mask of no template": (
        _change(LH_MASK, lambda a: a[:500]),
        "lh.all-vertices_fsaverage_space.npy is 500 long",
    ),
    "masks of two templates": (
        _change(LH_MASK, _grow_template),
        "lh.all-vertices_fsaverage_space.npy (163,842) and rh.all-vertices_fsaverage_space.npy",
    ),
    "an empty mask": (
        _change(LH_MASK, lambda a: 0 * a),
        "lh.all-vertices_fsaverage_space.npy marks no vertex",
    ),
    "a mask of vertex numbers": (
        _change(LH_MASK, lambda a: a * np.arange(len(a))),
        "lh.all-vertices_fsaverage_space.npy holds 7 values other than 0, 1 and 2",
    ),
    "a vertex more in the mask than anywhere": (
        _change(LH_MASK, _set(5000, 1)),
        "lh.all-vertices_fsaverage_space.npy marks 8 vertices, but the 5 other files",
    ),
    "masks swapped": (
        _swap(LH_MASK, RH_MASK),
        "lh.all-vertices_fsaverage_space.npy and rh.all-vertices_fsaverage_space.npy look swapped",
    ),
    "labels missing": (_remove(RH_FACES), "rh.floc-faces_challenge_space.npy is missing"),
    "labels too few": (
        _change(LH_FACES, lambda a: a[:-1]),
        "lh.floc-faces_challenge_space.npy has 6 vertices; lh.all-vertices_fsaverage_space.npy "
        "marks 7",
    ),
    "labels swapped": (
        _swap(LH_FACES, RH_FACES),
        "lh.floc-faces_challenge_space.npy and rh.floc-faces_challenge_space.npy look swapped",
    ),
    "labels that are fractions": (
        _change(LH_FACES, lambda a: a + 0.5),
        "lh.floc-faces_challenge_space.npy holds float64 values; expected whole numbers",
    ),
    "labels without a name": (
        _change(LH_FACES, _set([0, 1], 9)),
        "lh.floc-faces_challenge_space.npy has labels that mapping_floc-faces.npy does not name: "
        "9 at 2 vertices",
    ),
    "labels other than on the template": (
        _wrong_full_mask,
        "lh.floc-faces_challenge_space.npy and lh.floc-faces_fsaverage_space.npy differ at 1 of 7",
    ),
    "a mapping missing": (_remove(FACES), "mapping_floc-faces.npy is missing from roi_masks/"),
    "a mapping cut short": (_cut(FACES), "mapping_floc-faces.npy was refused"),
    "a hostile mapping": (_hostile(FACES), "mapping_floc-faces.npy was refused: it asks to load"),
    "a mapping of numbers": (_save(FACES, np.arange(3)), "mapping_floc-faces.npy holds numbers"),
    "a mapping with a name twice": (
        _save(FACES, np.array({0: "Unknown", 1: "OFA", 2: "OFA"}, dtype=object)),
        "mapping_floc-faces.npy gives the name OFA to several labels",
    ),
    # ceilings
    "ceilings in percent": (
        _ceilings(np.full(N_LEFT, 35.0)),
        "lh_noise_ceiling.npy is above 1 at 7 vertices (up to 35)",
    ),
    "ceilings below 0": (
        _ceilings(np.full(N_LEFT, -0.1)),
        "lh_noise_ceiling.npy is below 0 at 7 vertices",
    ),
    "ceilings that are NaN": (
        _ceilings(_add_half(np.full(N_LEFT, 0.4))),
        "lh_noise_ceiling.npy has NaN or infinite values at 1 of 7 vertices (counted from 0: 1)",
    ),
    "ceilings of other vertices": (
        _ceilings(np.full(3, 0.4)),
        "lh_noise_ceiling.npy has 3 vertices",
    ),
    "ceilings swapped": (
        _ceilings(np.full(N_RIGHT, 0.4), np.full(N_LEFT, 0.4)),
        "lh_noise_ceiling.npy and rh_noise_ceiling.npy look swapped",
    ),
    "ceilings of one hemisphere": (
        _save("test_split/noise_ceiling/lh_noise_ceiling.npy", np.full(N_LEFT, 0.4)),
        "rh_noise_ceiling.npy is missing",
    ),
    # archives and downloads
    "images still packed": (
        lambda f: (shutil.rmtree(f / TEST), _zip_of(f / "test_split", "test_images.zip")),
        "test_images.zip in test_split/ has not been unpacked",
    ),
    "an archive cut short": (
        _write("training_split/more.zip", b"PK\x03\x04 half of it"),
        "more.zip in training_split/ is cut short",
    ),
    "half a download": (
        _write("training_split/training_fmri/lh_training_fmri.npy.crdownload", b"half"),
        "lh_training_fmri.npy.crdownload in training_split/training_fmri/ is a download that did",
    ),
    "half an image": (
        _write(f"{TRAIN}/train-0021_nsd-09999.png.part", b"half"),
        "train-0021_nsd-09999.png.part in training_split/training_images/ is a download that did",
    ),
    "a second download": (
        lambda f: shutil.copy(f / LH_TRAIN, f / LH_TRAIN.replace(".npy", " (1).npy")),
        "lh_training_fmri (1).npy in training_split/training_fmri/ looks like a second download",
    ),
    # sidecar
    "a sidecar without header": (_remove(f"{SIDECAR}/sidecar.json"), "sidecar.json"),
    "a header that is no JSON": (_write(f"{SIDECAR}/sidecar.json", b"{"), "sidecar.json is not JS"),
    "a header of another version": (
        _write(f"{SIDECAR}/sidecar.json", b'{"format": "cortiscope-sidecar", "version": 7}'),
        "sidecar.json says format 'cortiscope-sidecar' version 7",
    ),
    "a header that is a list": (_write(f"{SIDECAR}/sidecar.json", b"[]"), "sidecar.json holds a l"),
    "repeats of other images": (
        _change(f"{SIDECAR}/repeats_train.npy", lambda a: a[:4]),
        "repeats_train.npy has 4 values for 20 images",
    ),
    "repeats of zero": (
        _change(f"{SIDECAR}/repeats_test.npy", _set(2, 0)),
        "repeats_test.npy has 1 value below 1",
    ),
    "repeats that are fractions": (
        _change(f"{SIDECAR}/repeats_train.npy", lambda a: a / 2 + 1),
        "repeats_train.npy holds float64 values; expected whole numbers",
    ),
    "ncsnr of other vertices": (
        _change(f"{SIDECAR}/lh.ncsnr.npy", lambda a: a[:-3]),
        "lh.ncsnr.npy has 4 vertices",
    ),
    "ncsnr of one hemisphere": (_remove(f"{SIDECAR}/rh.ncsnr.npy"), "rh.ncsnr.npy is missing"),
    "ncsnr below 0": (_change(f"{SIDECAR}/lh.ncsnr.npy", _set(0, -1)), "lh.ncsnr.npy is below 0"),
    "truth of other images": (
        _both(
            _save(f"{SIDECAR}/lh.training_truth.npy", np.zeros((3, N_LEFT))),
            _save(f"{SIDECAR}/rh.training_truth.npy", np.zeros((20, N_RIGHT))),
        ),
        "lh.training_truth.npy has 3 rows for 20 images",
    ),
    "captions of absent images": (
        _stimuli('[{"split": "test", "number": 7}]'),
        "stimuli.json describes 1 image that is not there: test 7",
    ),
    "captions that are no texts": (
        _stimuli('[{"split": "train", "number": 1, "captions": "a face"}]'),
        "stimuli.json: captions must be texts; they are not for train 1",
    ),
    "captions without a split": (
        _stimuli('[{"number": 1}, 5, {"split": [], "number": 1e999}]'),
        "stimuli.json: 3 entries do not say split (train or test) and number",
    ),
    "captions twice": (
        _stimuli(json.dumps([{"split": "train", "number": 1}] * 2)),
        "stimuli.json describes 1 image twice: train 1",
    ),
    "captions that are no JSON": (_stimuli("nothing"), "stimuli.json is not JSON"),
}

# All other damage is told in one line and no more: what merely follows from it is left out.
SEVERAL_LINES = {
    "no images",
    "images still packed",
    "no masks",
    "a number of zero",
    "a number far too high",
    "whole-number responses",
    "masks of two templates",
    "hostile responses",
    "an archive cut short",
    "labels that are fractions",
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return write_subject(tmp_path / "data" / "subj01")


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_told_in_one_line_with_the_files_name(folder, kind):
    damage, words = DAMAGE[kind]
    damage(folder)
    (subject,) = check_folder(folder.parent).subjects
    told = [line for line in subject.problems if words in line]
    assert len(told) == 1, subject.problems
    assert not any("\n" in line or "Traceback" in line for line in subject.problems)
    if kind not in SEVERAL_LINES:
        assert list(subject.problems) == told
    assert not (folder.parents[1] / MARK).exists()


def test_damages_are_told_together(folder):
    kinds = ["float64 responses", "an image missing", "labels missing", "ceilings in percent"]
    for kind in kinds:
        DAMAGE[kind][0](folder)
    (subject,) = check_folder(folder.parent).subjects
    for kind in kinds:
        assert any(DAMAGE[kind][1] in line for line in subject.problems)


@pytest.mark.parametrize("kind", DAMAGE)
def test_nothing_is_written_or_changed(folder, kind):
    DAMAGE[kind][0](folder)
    before = _listing(folder)
    check_folder(folder.parent, deep=True)
    assert _listing(folder) == before


def _listing(folder):
    return {p: p.lstat().st_mtime_ns for p in folder.rglob("*")}
