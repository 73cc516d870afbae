"""Damaged folders of plain arrays."""

from __future__ import annotations

import json
import shutil

import numpy as np
from PIL import Image

from tests.core.datasets.damage.kind import AS_STORED, AT_FIT, SOUND, Damage
from tests.core.datasets.damage.ways import (
    LFS_POINTER,
    WEB_PAGE,
    append,
    change,
    cut,
    hostile,
    make_folder,
    remove,
    rename,
    save,
    set_at,
    swap,
    together,
    write,
    zip_holding,
)
from tests.data.plain_folder import (
    values,
    write_images,
    write_plain,
    write_responses,
    write_rois,
)

N_TEST = 6


def write_sound(folder):
    """Write a subject with everything that the layout has."""
    write_plain(folder)
    write_images(folder / "test_images", N_TEST, seed=1, first=101)
    write_responses(folder, "npy", values(N_TEST, seed=1), "_test")
    write_rois(folder)
    np.save(folder / "repeats.npy", np.full(20, 3))
    np.save(folder / "ncsnr.lh.npy", np.linspace(0, 1, 7))
    np.save(folder / "ncsnr.rh.npy", np.linspace(0, 1, 5))


def responses(folder):
    """Read the responses of both splits, without the loader."""
    return {
        name: np.hstack([np.load(folder / f"{short}{ending}.npy") for short in ("lh", "rh")])
        for name, ending in (("train", ""), ("test", "_test"))
    }


def _as(form, data=None):
    """Write the training responses in another form instead, whole."""

    def damage(folder):
        for short in ("lh", "rh"):
            (folder / f"{short}.npy").unlink()
        write_responses(folder, form, values(20) if data is None else data)

    return damage


def _spoil_text(name, old, new):
    def damage(folder):
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1))

    return damage


def _json(name, value):
    return lambda folder: (folder / name).write_text(json.dumps(value))


def _with_nan(n):
    data = values(n)
    data["rh"][2, 3] = np.nan
    return data


def _half_image(folder):
    path = folder / "images/img7.png"
    path.write_bytes(path.read_bytes()[:200])


_NO_VERTICES = together(remove("lh.vertices.npy"), remove("rh.vertices.npy"))

KINDS = {
    # responses
    "responses of one hemisphere": Damage(remove("rh.npy"), "rh.npy is missing"),
    "responses cut short": Damage(cut("lh.npy"), "lh.npy is cut short"),
    "responses cut within the header": Damage(cut("lh.npy", 0.05), "lh.npy cannot be read"),
    "responses with something appended": Damage(append("lh.npy"), "lh.npy is longer", SOUND),
    "responses empty": Damage(write("rh.npy", b""), "rh.npy is empty"),
    "a web page instead of responses": Damage(write("rh.npy", WEB_PAGE), "rh.npy is a web page"),
    "a Git LFS pointer": Damage(write("rh.npy", LFS_POINTER), "rh.npy is a Git LFS pointer"),
    "an archive called npy": Damage(write("rh.npy", b"PK\x03\x04rest"), "rh.npy is a zip"),
    "hostile responses": Damage(hostile("lh.npy"), "lh.npy holds pickled objects"),
    "pickled responses": Damage(
        save("lh.npy", np.array([[{}, None]], dtype=object)), "lh.npy holds pickled objects"
    ),
    "complex responses": Damage(
        change("lh.npy", lambda a: a.astype(np.complex64)), "lh.npy holds complex64"
    ),
    "responses of three dimensions": Damage(
        change("lh.npy", lambda a: a[..., None]), "lh.npy is 20 x 7 x 1; expected n_images"
    ),
    "a row too few": Damage(
        change("lh.npy", lambda a: a[:-1]), "lh.npy has 19 rows for 20 images in images/"
    ),
    "a column too many": Damage(
        change("rh.npy", lambda a: np.c_[a, a[:, :1]]),
        "rh.npy has 6 vertices; rh.vertices.npy marks 5",
        file="rh.vertices.npy",
    ),
    "NaN vertices": Damage(
        change("lh.npy", set_at((3, [1, 4]), np.nan)),
        "lh.npy has NaN or infinite values at 2 of 7 vertices (counted from 0: 1, 4)",
        AT_FIT,
    ),
    "rows never written": Damage(
        change("rh.npy", set_at(slice(17, None), 0)),
        "rh.npy has 3 rows of zeros only (images number 18, 19, 20)",
        AT_FIT,
    ),
    "a test value that is infinite": Damage(
        change("lh_test.npy", set_at((0, 2), np.inf)),
        "lh_test.npy has NaN or infinite values at 1 of 7 vertices (counted from 0: 2)",
        AT_FIT,
    ),
    "hemispheres swapped": Damage(
        swap("lh.npy", "rh.npy"), "lh.npy and rh.npy look swapped", file="lh.vertices.npy"
    ),
    "two forms": Damage(
        lambda f: write_responses(f, "csv", values(20)),
        "subj01 has responses in 2 forms: lh.npy and rh.npy; lh.csv and rh.csv",
    ),
    "test responses of other images": Damage(
        change("lh_test.npy", lambda a: a[:4]),
        "lh_test.npy has 4 rows for 6 images in test_images/",
    ),
    "test responses of other vertices": Damage(
        change("rh_test.npy", lambda a: a[:, :3]),
        "rh_test.npy has 3 vertices; rh.vertices.npy marks 5",
    ),
    "test responses of one hemisphere": Damage(remove("rh_test.npy"), "rh_test.npy is missing"),
    "test responses without images": Damage(
        lambda f: shutil.rmtree(f / "test_images"),
        "subj01 has lh_test.npy and rh_test.npy but no test_images/",
    ),
    # other forms
    "a table cut short": Damage(
        together(_as("csv"), cut("lh.csv", 0.51)), "lh.csv cannot be read as a table"
    ),
    "a table with a word in it": Damage(
        together(_as("csv"), _spoil_text("rh.csv", ",", ",n/a,")),
        "rh.csv cannot be read as a table",
    ),
    "a table with NaN": Damage(
        _as("csv", _with_nan(20)),
        "rh.csv has NaN or infinite values at 1 of 5 vertices (counted from 0: 3)",
    ),
    "an archive of arrays cut short": Damage(
        together(_as("npz"), cut("responses.npz")), "responses.npz cannot be read as an .npz"
    ),
    "an archive of other arrays": Damage(
        lambda f: (
            [(f / f"{s}.npy").unlink() for s in ("lh", "rh")],
            np.savez(f / "responses.npz", left=np.ones((20, 7))),
        ),
        "responses.npz holds left; expected lh and rh",
    ),
    "a GIfTI file cut short": Damage(
        together(_as("gii"), cut("lh.func.gii")), "lh.func.gii cannot be read as GIfTI"
    ),
    "an MGH file cut short": Damage(
        together(_as("mgh"), cut("rh.mgh")), "rh.mgh cannot be read as MGH"
    ),
    "an MGZ file cut short": Damage(
        together(_as("mgz"), cut("rh.mgz")), "rh.mgz cannot be read as MGH"
    ),
    "text called mgh": Damage(
        together(_as("mgh"), write("lh.mgh", b"no")), "lh.mgh cannot be read as MGH"
    ),
    # vertices
    "no vertices": Damage(
        _NO_VERTICES, "The responses have 7 left and 5 right columns", file="The responses"
    ),
    "vertices of one hemisphere": Damage(
        remove("rh.vertices.npy"), "rh.vertices.npy is missing; lh.vertices.npy is there"
    ),
    "vertices too few": Damage(
        change("lh.vertices.npy", lambda a: a[:-1]),
        "lh.vertices.npy marks 6 vertices, but the 5 other files",
    ),
    "vertices out of order": Damage(
        change("lh.vertices.npy", lambda a: a[::-1]), "lh.vertices.npy must increase"
    ),
    "vertices twice": Damage(
        change("lh.vertices.npy", lambda a: a[[0, 0, 2, 3, 4, 5, 6]]),
        "lh.vertices.npy must increase",
    ),
    "vertices counted beyond fsaverage": Damage(
        change("rh.vertices.npy", lambda a: a + 163_842), "rh.vertices.npy goes from"
    ),
    "vertices that are fractions": Damage(
        change("rh.vertices.npy", lambda a: a + 0.5), "rh.vertices.npy holds float64"
    ),
    "vertices and a mask": Damage(
        save("lh.mask.npy", np.ones(10_242)),
        "subj01 has both lh.vertices.npy and lh.mask.npy",
    ),
    "a mask of no template": Damage(
        together(_NO_VERTICES, save("lh.mask.npy", np.ones(7)), save("rh.mask.npy", np.ones(5))),
        "lh.mask.npy is 7 long",
        several=True,
    ),
    # images
    "no images": Damage(
        lambda f: (
            shutil.rmtree(f / "images"),
            (f / "images").mkdir(),
            (f / "images.txt").unlink(),
        ),
        "There is no picture in",
        file="images",
    ),
    "two folders of images": Damage(
        lambda f: shutil.copytree(f / "images", f / "train_images"),
        "subj01 has both images/ and train_images/",
    ),
    "an image missing": Damage(
        remove("images/img4.png"), "images.txt names img4.png in row 4", file="img4.png"
    ),
    "an image missing that nothing lists": Damage(
        together(remove("images/img4.png"), remove("images.txt")),
        "lh.npy has 20 rows for 19 images in images/",
        several=True,
        file="images",
    ),
    "an image more": Damage(
        together(
            lambda f: Image.new("RGB", (32, 32)).save(f / "images/img21.png"), remove("images.txt")
        ),
        "rh.npy has 20 rows for 21 images in images/",
        several=True,
        file="images",
    ),
    "two images at one place": Damage(
        together(rename("images/img4.png", "images/img05.png"), remove("images.txt")),
        "img05.png and img5.png have the same place in the order of names",
    ),
    "an order that nothing says": Damage(
        remove("images.txt"), "row 2 would be img10.png and not img2.png", AT_FIT, file="images.txt"
    ),
    "an image of a kind that cannot be read": Damage(
        rename("images/img4.png", "images/img4.heic"),
        "in formats that cannot be read (img4.heic)",
        file="img4.heic",
    ),
    "an image cut short": Damage(_half_image, "img7.png is damaged or cut short", AT_FIT),
    "an empty image": Damage(write("images/img8.png", b""), "img8.png is empty", AT_FIT),
    "text called png": Damage(
        write("test_images/img102.png", b"Not found"), "img102.png is not a picture", AT_FIT
    ),
    "an image of another size": Damage(
        lambda f: Image.new("RGB", (40, 20)).save(f / "images/img5.png"),
        "img5.png is 40 x 20 pixels",
        AS_STORED,
    ),
    "a test image that was trained on": Damage(
        lambda f: shutil.copy(f / "images/img3.png", f / "test_images/img104.png"),
        "1 test image is also a training image: img104.png is img3.png",
        AT_FIT,
        file="img104.png",
    ),
    "a name too few": Damage(
        lambda f: (f / "images.txt").write_text("\n".join(f"img{k}.png" for k in range(1, 20))),
        "lh.npy has 20 rows for 19 images in images/",
        several=True,
    ),
    "a name of no image": Damage(
        lambda f: (f / "images.txt").write_text("\n".join(f"img{k}.png" for k in range(2, 22))),
        "images.txt names img21.png in row 20, which is not in images/",
    ),
    "a name twice": Damage(
        lambda f: (f / "images.txt").write_text("\n".join(["img1.png"] * 20)),
        "images.txt names img1.png in rows 1 and 2",
    ),
    "a list of test images that is none": Damage(
        together(lambda f: shutil.rmtree(f / "test_images"), _json("test.json", {"a": 1})),
        "test.json must be a list of image file names",
        several=True,
        file="test.json",
    ),
    "two kinds of test split": Damage(
        _json("test.json", ["img3.png"]), "subj01 has both test.json and test_images/", several=True
    ),
    # ROIs
    "ROI labels missing": Damage(remove("rh.mine.npy"), "rh.mine.npy is missing"),
    "ROI labels too few": Damage(
        change("lh.mine.npy", lambda a: a[:-1]), "lh.mine.npy has 6 vertices; lh.vertices.npy"
    ),
    "ROI labels swapped": Damage(
        swap("lh.mine.npy", "rh.mine.npy"), "lh.mine.npy and rh.mine.npy look swapped"
    ),
    "ROI labels that are fractions": Damage(
        change("lh.mine.npy", lambda a: a + 0.5), "lh.mine.npy holds float32 values that are no"
    ),
    "ROI labels that are NaN": Damage(
        change("lh.mine.npy", set_at(1, np.nan)), "lh.mine.npy holds float32 values that are no"
    ),
    "ROI labels without a name": Damage(
        change("rh.mine.npy", set_at(slice(0, 2), 9)),
        "rh.mine.npy has labels that rois.json does not name: 9 at 2 vertices",
        AS_STORED,
    ),
    "hostile ROI labels": Damage(hostile("lh.mine.npy"), "lh.mine.npy holds pickled objects"),
    "ROIs that are no JSON": Damage(write("rois.json", b"{"), "rois.json is not JSON"),
    "ROIs with one label": Damage(
        _json("rois.json", {"mine": {"a": 4, "b": 4}}), "rois.json gives a and b the same label"
    ),
    # the rest
    "ncsnr of one hemisphere": Damage(remove("ncsnr.rh.npy"), "ncsnr.rh.npy is missing"),
    "ncsnr of other vertices": Damage(
        change("ncsnr.lh.npy", lambda a: a[:3]), "ncsnr.lh.npy has 3 vertices"
    ),
    "ncsnr below 0": Damage(change("ncsnr.lh.npy", set_at(0, -1)), "ncsnr.lh.npy is below 0"),
    "ncsnr that is infinite": Damage(
        change("ncsnr.lh.npy", set_at(2, np.inf)), "ncsnr.lh.npy has NaN or infinite values"
    ),
    "repeats of other images": Damage(
        change("repeats.npy", lambda a: a[:4]), "repeats.npy has 4 values for 20 images"
    ),
    "repeats of zero": Damage(change("repeats.npy", set_at(2, 0)), "repeats.npy has 1 value below"),
    "repeats that are fractions": Damage(
        change("repeats.npy", lambda a: a / 2 + 1), "repeats.npy holds float64 values; expected"
    ),
    # archives and downloads
    "images still packed": Damage(
        together(lambda f: shutil.rmtree(f / "images"), zip_holding("images.zip", "img1.png")),
        "images.zip in ./ has not been unpacked",
        several=True,
        file="subj01",
    ),
    "half a download": Damage(
        rename("rh.npy", "rh.npy.crdownload"),
        "rh.npy.crdownload in ./ is a download that did not finish",
        several=True,
        file="rh.npy",
    ),
    "a download of aria2": Damage(
        write("lh.npy.aria2", b"state"),
        "lh.npy.aria2 in ./ is a download that did not finish",
        several=True,
        file="lh.npy",
    ),
    "an archive cut short": Damage(
        write("more.zip", b"PK\x03\x04 half"), "more.zip in ./ is cut short", SOUND
    ),
    "a second download": Damage(
        lambda f: shutil.copy(f / "lh.npy", f / "lh (1).npy"),
        "lh (1).npy in ./ looks like a second download of lh.npy",
        SOUND,
    ),
    "a folder called npy": Damage(
        together(remove("lh.npy"), make_folder("lh.npy")),
        "lh.npy is a folder; expected an .npy file",
    ),
}
