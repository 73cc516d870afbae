"""Whatever is changed in a subject's folder, the right branch of its fingerprint tells."""

import csv
import gzip
import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cortiscope.core.datasets import open_subject
from cortiscope.core.errors import CoreError
from tests.core.datasets.nsd.preparing import prepare
from tests.data import tiny_nsd
from tests.data.img2brain_folder import write_folder
from tests.data.plain_folder import values as plain_values
from tests.data.plain_folder import write_images, write_plain, write_responses, write_rois
from tests.data.tiny_world import N_LEFT, N_RIGHT, write_subject

COUNTS = {"lh": N_LEFT, "rh": N_RIGHT}
FIT, REPORT, NOWHERE = "fit", "report", ""

# What a file of each layout belongs to, by the first pattern that fits its path.
BRANCHES = (
    (r"prf\.npy|roi_masks/(?!.*all-vertices).*_fsaverage_space", NOWHERE),  # nothing reads them
    (r"images/|IMG/|images.*\.txt|test\.json", FIT),
    (r"sidecar/|ncsnr|repeats|noise_ceiling", REPORT),
    (r"all-vertices|\.vertices\.|\.mask\.", FIT),
    (r"roi|mapping_|prf-visualrois|mine", REPORT),
    (r"fMRI|fmri|^(lh|rh|responses)(_test)?\.", FIT),
)


def _simulated(folder: Path) -> Path:
    write_subject(folder, n_train=5, n_test=2)
    for short, n in COUNTS.items():
        rng = np.random.default_rng(n)
        for name, rows in (("training", 5), ("test", 2)):
            truth = rng.normal(size=(rows, n)).astype("f4")
            np.save(folder / f"cortiscope_sidecar/{short}.{name}_truth.npy", truth)
        np.save(folder / f"cortiscope_sidecar/{short}.prf.npy", rng.normal(size=(n, 3)))
    return folder


def _released(folder: Path) -> Path:
    write_subject(folder, n_train=5, n_test=2, sidecar=False)
    where = folder / "test_split/noise_ceiling"
    where.mkdir()
    for short, n in COUNTS.items():
        np.save(where / f"{short}_noise_ceiling.npy", np.linspace(0.1, 0.9, n))
    return folder


def _plain(form: str, **how):
    def write(folder: Path) -> Path:
        write_plain(folder, form, n=5, **how)
        if form == "npy":
            write_rois(folder)
            write_images(folder / "test_images", 2, seed=4, first=31)
            (folder / "images_test.txt").write_text("img31.png\nimg32.png\n")
            write_responses(folder, form, plain_values(2, seed=3), "_test")
            for ending, n in (("", 5), ("_test", 2)):
                np.save(folder / f"repeats{ending}.npy", np.full(n, 3))
            for short, n in COUNTS.items():
                np.save(folder / f"ncsnr.{short}.npy", np.arange(n) / 10)
        if how.get("masks"):
            (folder / "test.json").write_text('["img2.png", "img5.png"]')
        return folder

    return write


def _voxels(folder: Path) -> Path:
    return write_folder(folder, n_images=5, n_test=2, n_voxels=4)


def _prepared(folder: Path) -> Path:
    return prepare(tiny_nsd.write_nsd(folder.parent / "nsd"), folder.parent / "subj01")


LAYOUTS = {
    "simulated": _simulated,
    "algonauts2023": _released,
    "img2brain": _voxels,
    "nsd, prepared": _prepared,
    "arrays npy": _plain("npy"),
    "arrays npz": _plain("npz", masks=True),
    **{f"arrays {form}": _plain(form) for form in ("both", "csv", "gii", "mgh", "mgz")},
}


def _change(path: Path) -> None:
    """Change one value; the file keeps its name, its time of change and, where it can, its size."""
    before = path.stat()
    name = path.name
    if path.suffix in (".png", ".jpg"):
        with Image.open(path) as picture:
            picture.load()
        picture.putpixel((0, 0), tuple(255 - v for v in picture.getpixel((0, 0))))
        picture.save(path, quality=100)
    elif name.startswith("mapping_"):
        names = np.load(path, allow_pickle=True).item()
        np.save(path, {**names, 2: f"{names[2]}x"}, allow_pickle=True)
    elif path.suffix == ".npy":
        _change_array(path)
    elif path.suffix == ".npz":
        with np.load(path) as stored:
            arrays = {k: stored[k].copy() for k in stored}
        arrays["rh"][-1, -1] += 1
        np.savez(path, **arrays)
    elif path.suffix == ".csv":
        with path.open(newline="") as stream:
            rows = list(csv.reader(stream))
        rows[2][1] = f"{float(rows[2][1]) + 1:.9g}"
        path.write_text("\n".join(",".join(row) for row in rows) + "\n")
    elif path.suffix == ".gii":
        text = path.read_text()
        first, second = re.findall(r"<Data>.*?</Data>", text)[:2]
        path.write_text(text.replace(first, second, 1))
    elif path.suffix in (".mgh", ".mgz"):
        data = path.read_bytes()
        data = gzip.decompress(data) if path.suffix == ".mgz" else data
        data = data[:-4] + np.array(7.5, ">f4").tobytes()
        path.write_bytes(gzip.compress(data) if path.suffix == ".mgz" else data)
    elif path.suffix == ".txt":
        lines = path.read_text().split()
        path.write_text("\n".join([lines[1], lines[0], *lines[2:]]) + "\n")
    else:
        _change_json(path)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _change_array(path: Path) -> None:
    array = np.load(path)
    if "all-vertices" in path.name or ".mask." in path.name:
        array = np.roll(array, 1)
    elif array.dtype.kind == "f" and "challenge_space" not in path.name and "mine" not in path.name:
        array.flat[-1] = array.flat[-1] * 0.5 + 0.125
    elif "repeats" in path.name or ".vertices." in path.name:
        array.flat[-1] += 1
    else:  # labels
        array.flat[0] = 0 if array.flat[0] else array.max() or 4
    np.save(path, array)


def _change_json(path: Path) -> None:
    stored = json.loads(path.read_text())
    if path.name == "stimuli.json":
        stored[1] = {**stored[1], "caption": "other", "captions": ["other"]}
    elif path.name == "rois.json":
        stored["prf-visualrois"] = {"V1v": 2, "V1d": 1}
    elif isinstance(stored, list):
        stored[0] = "img1.png"
    else:
        stored["note"] = "other"
    path.write_text(json.dumps(stored))


def _branches(folder: Path) -> dict[str, str]:
    subject = open_subject(folder)
    return {FIT: subject.fingerprint, REPORT: subject.report_fingerprint}


def _some(folder: Path) -> list[Path]:
    """All files but pictures, of which the last of each folder stands for the others."""
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    pictures = {p.parent: p for p in files if p.suffix in (".png", ".jpg")}
    return [p for p in files if p.suffix not in (".png", ".jpg") or pictures[p.parent] == p]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_one_value_of_any_file_changes_the_right_branch(tmp_path, layout):
    folder = LAYOUTS[layout](tmp_path / "subj01")
    before = _branches(folder)
    assert len(set(before.values())) == 2
    for path in _some(folder):
        place = path.relative_to(folder).as_posix()
        wanted = next(branch for pattern, branch in BRANCHES if re.search(pattern, place))
        content = path.read_bytes()
        _change(path)
        assert path.read_bytes() != content, place
        try:
            after = _branches(folder)
        except CoreError:
            continue  # refused aloud
        finally:
            path.write_bytes(content)
        changed = {b for b in before if after[b] != before[b]}
        # Whoever has to be fitted anew gets a new report anyway.
        assert changed - ({REPORT} if wanted == FIT else set()) == {wanted} - {NOWHERE}, place
    assert _branches(folder) == before


def test_a_touched_or_copied_subject_is_the_same_data(tmp_path):
    folder = _simulated(tmp_path / "subj01")
    before = open_subject(folder)
    for path in folder.rglob("*.*"):
        os.utime(path, (1, 1))
    assert open_subject(folder).identity == before.identity
    moved = folder.rename(tmp_path / "elsewhere")
    assert open_subject(moved).identity == before.identity


def test_which_rows_of_a_file_belong_to_which_picture_counts(tmp_path):
    # The same pictures in the same splits, and the same file of responses: two rows change sides.
    folder = write_plain(tmp_path / "anna", n=5)
    order = folder / "images.txt"
    (folder / "test.json").write_text('["img1.png"]')
    first = open_subject(folder)
    order.write_text("img2.png\nimg1.png\nimg3.png\nimg4.png\nimg5.png\n")
    second = open_subject(folder)
    assert first.train.images.ids == second.train.images.ids
    changed = first.identity.changed(second.identity)
    assert ("responses" in changed, "pictures" in changed) == (True, False)


def test_what_was_known_of_data_before_is_still_known(tmp_path):
    # Computed by the last version that had no other fingerprint (revision aed5d7c).
    folders = {
        "s1": write_subject(tmp_path / "s1"),
        "anna": _plain("npy")(tmp_path / "anna"),
        "voxels": _voxels(tmp_path / "voxels"),
    }
    known = {name: open_subject(f).former_fingerprints for name, f in folders.items()}
    assert known == {
        "s1": ("2f70762903a39465",),
        "anna": ("9aea9bb99dfa0e2d",),
        "voxels": ("e0d24f5298815946",),
    }


def test_parts_that_changed_are_named(tmp_path):
    folder = write_subject(tmp_path / "s1")
    before = open_subject(folder).identity
    np.save(folder / "roi_masks/lh.floc-faces_challenge_space.npy", np.array([1, 0, 0, 0, 2, 2, 1]))
    after = open_subject(folder).identity
    assert before.changed(after) == ("rois",)
    assert (before.fit(), before.report == after.report) == (after.fit(), False)
    assert before.fit(rois=True) != after.fit(rois=True)
    assert before.fit(captions=True) == after.fit(captions=True)
    assert type(before).from_json(json.loads(json.dumps(before.to_json()))) == before
