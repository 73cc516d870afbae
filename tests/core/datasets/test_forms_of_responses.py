"""Responses as other programs write them mean the same as .npy files, or are refused by name."""

from __future__ import annotations

import gzip

import nibabel
import numpy as np
import pytest
from nibabel import gifti

from cortiscope.core.datasets import check_folder, open_subject
from cortiscope.core.errors import DamagedFile, InvalidInput
from tests.data.plain_folder import (
    values,
    write_images,
    write_order,
    write_plain,
    write_responses,
)

ALL = slice(None)
NAMES = [f"img{k}.png" for k in range(1, 21)]


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))


@pytest.fixture
def folder(tmp_path):
    folder = write_plain(tmp_path / "data" / "anna")
    for short in ("lh", "rh"):
        (folder / f"{short}.npy").unlink()
    return folder


def _csv(header, row):
    def write(folder):
        for short, array in values(20).items():
            lines = [row(k, [f"{v:.9g}" for v in line]) for k, line in enumerate(array)]
            top = header([f"v{k}" for k in range(array.shape[1])])
            (folder / f"{short}.csv").write_text("\n".join([*top, *lines]) + "\n")

    return write


def _gifti(name, arrays, pack=lambda content: content):
    def write(folder):
        for short, array in values(20).items():
            image = gifti.GiftiImage(
                darrays=[
                    gifti.GiftiDataArray(a, datatype="NIFTI_TYPE_FLOAT32") for a in arrays(array)
                ]
            )
            path = folder / name.format(short=short, side=short[0].upper())
            path.write_bytes(pack(image.to_bytes()))

    return write


BIDS = "sub-01_task-nsd_hemi-{side}_space-fsaverage_bold.func.gii"
FORMS = {
    "an index by pandas": (
        _csv(
            lambda c: ["," + ",".join(map(str, range(len(c))))], lambda k, v: f"{k},{','.join(v)}"
        ),
        "taken for the rows' numbers",
    ),
    "an index with a name": (
        _csv(lambda c: [",".join(["idx", *c])], lambda k, v: f"{k + 1},{','.join(v)}"),
        "(idx) taken for the rows' numbers",
    ),
    "an index without a header": (
        _csv(lambda c: [], lambda k, v: f"{k},{','.join(v)}"),
        "taken for the rows' numbers",
    ),
    "names first": (
        _csv(lambda c: [",".join(["image", *c])], lambda k, v: f"{NAMES[k]},{','.join(v)}"),
        "taken for the images' names",
    ),
    "names without a header": (
        _csv(lambda c: [], lambda k, v: f'"{NAMES[k]}",{",".join(v)}'),
        "taken for the images' names",
    ),
    "a spreadsheet's": (
        _csv(lambda c: [";".join(c)], lambda k, v: ";".join(v).replace(".", ",")),
        "separated by semicolons, with decimal commas",
    ),
    "tabs": (_csv(lambda c: [], lambda k, v: "\t".join(v)), "separated by tabs"),
    "one GIfTI array": (_gifti("{short}.func.gii", lambda a: [np.ascontiguousarray(a.T)]), ""),
    "short GIfTI names": (_gifti("{short}.gii", list), ""),
    "columns in GIfTI": (_gifti("{short}.gii", lambda a: [row[:, None] for row in a]), ""),
    "packed GIfTI": (_gifti("{short}.func.gii.gz", list, gzip.compress), ""),
    "BIDS": (_gifti(BIDS, list), "hemi-L_space-fsaverage_bold.func.gii (left)"),
}


@pytest.mark.parametrize("form", FORMS)
def test_other_forms_hold_the_same_values_and_are_told(folder, form):
    write, told = FORMS[form]
    write(folder)
    data = np.hstack(list(values(20).values()))
    np.testing.assert_array_equal(open_subject(folder).train.response_rows(ALL), data)
    (report,) = check_folder(folder.parent).subjects
    assert report.problems == ()
    assert told in " ".join(report.notes)


def test_a_first_column_of_responses_is_kept(folder):
    for short, array in values(20).items():
        array[:, 0] = np.arange(20)
        header = ",".join(f"v{k}" for k in range(array.shape[1])) + "\n"
        rows = [",".join(f"{v:.9g}" for v in row) for row in array]
        (folder / f"{short}.csv").write_text(header + "\n".join(rows))
    assert open_subject(folder).train.responses["left"].shape == (20, 7)


def test_names_of_other_rows_are_refused(folder):
    FORMS["names first"][0](folder)
    write_order(folder, 20)
    names = (folder / "images.txt").read_text().split()
    (folder / "images.txt").write_text("\n".join([names[1], names[0], *names[2:]]))
    with pytest.raises(InvalidInput, match=r"names img1.png in row 1, where img2.png is expected"):
        open_subject(folder)


def _numbered(numbers):
    return _csv(lambda names: [",".join(["", *names])], lambda k, v: ",".join([numbers[k], *v]))


def test_shuffled_numbers_of_rows_need_the_names_of_their_images(folder):
    shuffled = [str(k) for k in (7, *range(7), *range(8, 20))]
    _numbered(shuffled)(folder)
    open_subject(folder)  # images.txt says whose each row is
    left = (folder / "lh.csv").read_text()
    _numbered([str(k) for k in range(20)])(folder)
    open_subject(folder)
    (folder / "lh.csv").write_text(left)
    with pytest.raises(InvalidInput, match=r"lh.csv numbers its rows 7, 0, 1.*the other file"):
        open_subject(folder)
    _numbered(shuffled)(folder)
    (folder / "images.txt").unlink()
    for k in range(1, 21):  # an order by name that is not in doubt
        (folder / f"images/img{k}.png").rename(folder / f"images/img{k:02d}.png")
    with pytest.raises(InvalidInput, match=r"not in order: which image each row belongs to"):
        open_subject(folder)
    (report,) = check_folder(folder).subjects
    assert "lh.csv numbers its rows 7, 0, 1" in report.problems[0]


@pytest.mark.parametrize("first", ["", "image_id"])
def test_columns_may_be_called_by_their_vertices(folder, first):
    def header(names):
        return [",".join([first, *(str(100 + k) for k in range(len(names)))])]

    _csv(header, lambda k, v: ",".join([str(k), *v]))(folder)
    subject = open_subject(folder)
    np.testing.assert_allclose(subject.train.responses["left"], values(20)["lh"], rtol=1e-6)


def test_rows_of_another_length_are_told_beside_an_index(folder):
    FORMS["an index by pandas"][0](folder)
    text = (folder / "lh.csv").read_text().splitlines()
    (folder / "lh.csv").write_text("\n".join([*text[:5], text[5] + ",1", *text[6:]]))
    with pytest.raises(DamagedFile, match=r"lh.csv cannot be read as a table"):
        open_subject(folder)


def _template(tmp_path, n, n_images=3):
    folder = tmp_path / "data" / "whole"
    write_images(folder / "images", n_images)
    data = {
        s: np.arange(n_images * n, dtype="f4").reshape(n_images, n) + k for k, s in enumerate("lr")
    }
    return folder, {"lh": data["l"], "rh": data["r"]}


@pytest.mark.parametrize(("n", "home"), [(2_562, 10_242), (40_962, 163_842)])
def test_nested_templates_lie_in_the_next_larger_one(tmp_path, n, home):
    folder, data = _template(tmp_path, n)
    write_responses(folder, "npy", data)
    space = open_subject(folder).space
    assert space.n_template == home
    np.testing.assert_array_equal(space.index["left"], np.arange(n))
    assert f"{n:,} vertices per hemisphere are taken to be fsaverage" in " ".join(
        check_folder(folder).subjects[0].notes
    )


def test_a_mask_of_fsaverage6_numbers_vertices_of_fsaverage(tmp_path):
    folder, _ = _template(tmp_path, 2)
    write_responses(folder, "npy", {s: np.ones((3, 2), "f4") for s in ("lh", "rh")})
    for short in ("lh", "rh"):
        mask = np.zeros(40_962, bool)
        mask[[7, 30_000]] = True
        np.save(folder / f"{short}.mask.npy", mask)
    space = open_subject(folder).space
    assert space.n_template == 163_842
    np.testing.assert_array_equal(space.index["right"], [7, 30_000])


@pytest.mark.parametrize("numbered", [False, True])
def test_fs_lr_is_refused_by_its_name(tmp_path, numbered):
    folder, data = _template(tmp_path, 32_492)
    write_responses(folder, "npy", data)
    for short in ("lh", "rh") if numbered else ():
        np.save(folder / f"{short}.vertices.npy", np.arange(32_492))
    with pytest.raises(InvalidInput, match="fs_LR 32k") as caught:
        open_subject(folder)
    assert "resample to fsaverage" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("all.dtseries.nii", "CIFTI, whose cortex is fs_LR"),
        ("bold.nii.gz", "is a volume"),
        ("sub-01_hemi-L_space-fsLR_den-91k_bold.func.gii", "in the space fsLR"),
        ("sub-01_hemi-L_space-fsnative_bold.func.gii", "in the space fsnative"),
    ],
)
def test_what_is_on_no_fsaverage_is_refused_by_its_name(folder, name, told):
    (folder / name).write_bytes(b"x")
    (folder / name.replace("hemi-L", "hemi-R")).write_bytes(b"x")
    with pytest.raises(InvalidInput, match=told):
        open_subject(folder)
    (report,) = check_folder(folder.parent).subjects
    assert any(told in line for line in report.problems)


@pytest.mark.parametrize("suffix", ["mgh", "mgz"])
def test_folded_mgh_is_unfolded_in_the_order_of_vertices(tmp_path, suffix):
    folder, data = _template(tmp_path, 10_242)
    for short, array in data.items():
        volume = array.T.reshape((1_707, 1, 6, 3), order="F")
        nibabel.save(nibabel.freesurfer.MGHImage(volume, np.eye(4)), folder / f"{short}.{suffix}")
    subject = open_subject(folder)
    np.testing.assert_array_equal(subject.train.response_rows(ALL)[:, :10_242], data["lh"])
    assert "is folded, 1,707 x 1 x 6" in " ".join(check_folder(folder).subjects[0].notes)
    assert len(subject.fingerprint) == 16
