import json
import os

import numpy as np
import pytest
from PIL import Image

from cortiscope.core.brain import HEMISPHERES, Hemisphere
from cortiscope.core.datasets import find_subjects, open_subject
from cortiscope.core.errors import CoreError, DamagedFile, InvalidInput, MissingData
from cortiscope.core.evaluation import pearson_r
from cortiscope.core.features import FeatureStore
from cortiscope.core.pipeline.fit import fit
from cortiscope.core.pipeline.predict import predict_images
from cortiscope.core.runs import RunStore
from cortiscope.core.runs.spec import readable
from tests.data.plain_folder import (
    FORMS,
    MAPPED,
    NUMBERS,
    values,
    write_images,
    write_order,
    write_plain,
    write_responses,
    write_rois,
    write_vertices,
)
from tests.data.tiny_model import pixels_spec
from tests.data.tiny_world import write_subject

LEFT, RIGHT = Hemisphere.LEFT, Hemisphere.RIGHT
ALL = slice(None)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def folder(tmp_path):
    return write_plain(tmp_path / "data" / "anna")


def _both(data):
    return np.concatenate([data["lh"], data["rh"]], axis=1)


def _contents(folder):
    return {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in sorted(folder.rglob("*"))}


def _written(home):
    """What is stored, by inode: written anew it gets another one."""
    files = home.rglob("*") if home.exists() else ()
    return {p: (p.stat().st_ino, p.stat().st_size) for p in sorted(files)}


def _fit(subject, home):
    spec = pixels_spec(subject)
    return fit(subject, spec, features=FeatureStore(home / "features"), runs=RunStore(home / "r"))


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_subject_and_nothing_is_written_into_its_folder(tmp_path, form):
    other = write_plain(tmp_path / "more" / "anna", form)
    before = _contents(other)
    subject = open_subject(other)
    assert (subject.id, subject.layout, subject.simulated) == ("anna", "arrays", False)
    np.testing.assert_array_equal(subject.train.response_rows(ALL), _both(values(20)))
    np.testing.assert_array_equal(subject.space.index[LEFT], NUMBERS["lh"])
    np.testing.assert_array_equal(subject.space.index[RIGHT], NUMBERS["rh"])
    assert subject.space.n_template == 10_242
    assert subject.train.images.ids == tuple(f"img{k}" for k in range(1, 21))
    assert len(subject.test) == 0
    assert subject.fingerprint == open_subject(other).fingerprint
    assert _contents(other) == before


@pytest.mark.parametrize("form", FORMS)
def test_responses_are_memory_mapped_whatever_they_were(tmp_path, form):
    subject = open_subject(write_plain(tmp_path / "anna", form))
    for h in HEMISPHERES:
        mapped = subject.train.responses[h]
        assert isinstance(mapped, np.memmap)
        assert np.shares_memory(mapped, mapped[:])
        assert mapped.shape == (20, len(NUMBERS[h.short]))


@pytest.mark.parametrize("form", FORMS)
def test_what_cannot_be_mapped_is_converted_once_and_again_after_it_changed(tmp_path, form, home):
    folder = write_plain(tmp_path / "anna", form)
    first = open_subject(folder)
    made = _written(home)
    assert len([p for p in made if p.suffix == ".npy"]) == (0 if form in MAPPED else 2)
    open_subject(folder)
    assert _written(home) == made
    changed = {s: np.vstack([2 * v, v[:1]]) for s, v in values(20).items()}
    write_responses(folder, form, changed)
    Image.new("RGB", (32, 32)).save(folder / "images" / "img21.png")
    write_order(folder, 21)
    again = open_subject(folder)
    np.testing.assert_array_equal(again.train.response_rows(ALL), _both(changed))
    assert again.fingerprint != first.fingerprint


def test_a_changed_file_of_the_same_size_is_converted_anew(tmp_path):
    folder = write_plain(tmp_path / "anna", "npz")
    open_subject(folder)
    write_responses(folder, "npz", values(20, seed=1))
    os.utime(folder / "responses.npz", ns=(0, 0))
    again = open_subject(folder)
    np.testing.assert_array_equal(again.train.response_rows(ALL), _both(values(20, seed=1)))


@pytest.mark.parametrize("form", FORMS)
def test_fit_and_predict_go_the_whole_way_from_every_form(tmp_path, form, home):
    subject = open_subject(write_plain(tmp_path / "anna", form))
    run = _fit(subject, home)
    assert (run.report.split, run.report.n_images, run.record["n_fit"]) == ("validation", 4, 16)
    assert run.record["layout"] == "arrays"
    rows = np.asarray(run.array("validation_rows"))
    predicted = predict_images(run, subject.train.images.subset(rows))
    predicted = np.concatenate([predicted[h] for h in HEMISPHERES], axis=1)
    np.testing.assert_allclose(predicted, run.predict_rows("train", rows), atol=1e-4)
    r = pearson_r(predicted, _both(values(20))[rows])
    np.testing.assert_allclose(run.report.r, r, atol=1e-4)


def test_runs_of_a_subject_whose_name_has_spaces_are_found_by_its_name(tmp_path, home):
    subject = open_subject(write_plain(tmp_path / "Anna B. (2)"))
    run = _fit(subject, home)
    assert run.subject == "Anna B. (2)"
    assert run.id.startswith(readable(f"{subject.id}-"))


def test_masks_say_the_same_as_numbers(tmp_path, folder):
    masked = open_subject(write_plain(tmp_path / "more" / "anna", masks=True))
    assert masked.fingerprint == open_subject(folder).fingerprint
    np.testing.assert_array_equal(masked.space.index[RIGHT], NUMBERS["rh"])


@pytest.mark.parametrize("form", ["npy", "both"])
def test_a_whole_template_needs_no_vertex_file(tmp_path, form):
    write_images(tmp_path / "b" / "train_images", 2)
    data = {s: np.full((2, 10_242), k, dtype="f4") for k, s in enumerate(("lh", "rh"))}
    data["rh"][1, 10_241] = 7
    write_responses(tmp_path / "b", form, data)
    subject = open_subject(tmp_path / "b")
    np.testing.assert_array_equal(subject.space.index[RIGHT], np.arange(10_242))
    np.testing.assert_array_equal(subject.train.response_rows(ALL), _both(data))


def test_numbers_above_fsaverage5_are_of_fsaverage(folder):
    np.save(folder / "lh.vertices.npy", np.array([3, 8, 9, 40, 41, 77, 163_841]))
    assert open_subject(folder).space.n_template == 163_842


@pytest.mark.parametrize("form", FORMS)
def test_a_test_folder_has_its_own_responses(tmp_path, form, home):
    folder = write_plain(tmp_path / "anna", form)
    write_images(folder / "test_images", 6, seed=5, first=98)
    np.save(folder / "repeats_test.npy", np.array([3, 3, 3, 3, 3, 2]))
    assert open_subject(folder).test.responses is None
    write_responses(folder, form, values(6, seed=9), "_test")
    write_order(folder, 6, "_test", first=98)
    subject = open_subject(folder)
    assert subject.test.images.ids == tuple(f"img{k}" for k in range(98, 104))
    np.testing.assert_array_equal(subject.test.response_rows(ALL), _both(values(6, seed=9)))
    assert subject.test.repeats[5] == 2
    if form == "npy":
        run = _fit(subject, home)
        assert (run.report.split, run.report.n_images) == ("test", 6)


@pytest.mark.parametrize("chosen", [[2, 11, 17], [15, 16, 17, 18, 19]])
def test_a_list_of_names_takes_rows_out_of_training(folder, home, chosen):
    np.save(folder / "repeats.npy", np.arange(1, 21))
    (folder / "test.json").write_text(json.dumps([f"img{k + 1}.png" for k in chosen[::-1]]))
    subject = open_subject(folder)
    rest = np.setdiff1d(np.arange(20), chosen)
    data = _both(values(20))
    np.testing.assert_array_equal(subject.test.response_rows(ALL), data[chosen])
    np.testing.assert_array_equal(subject.train.response_rows(ALL), data[rest])
    np.testing.assert_array_equal(subject.train.response_rows(np.array([4, 1])), data[rest][[4, 1]])
    lazy = subject.train.rows_on_disk(np.array([7, 0, 12]))
    np.testing.assert_array_equal(lazy[:, 5:9], data[rest][[7, 0, 12], 5:9])
    np.testing.assert_array_equal(lazy[:, np.array([11, 2])], data[rest][[7, 0, 12]][:, [11, 2]])
    np.testing.assert_array_equal(np.asarray(subject.train.responses[LEFT]), data[rest, :7])
    assert subject.test.images.ids == tuple(f"img{k + 1}" for k in chosen)
    np.testing.assert_array_equal(subject.test.repeats, np.array(chosen) + 1)
    run = _fit(subject, home)
    assert (run.report.split, run.report.n_images) == ("test", len(chosen))
    np.testing.assert_allclose(
        run.report.r, pearson_r(run.predict_rows("test", ALL), data[chosen]), atol=1e-5
    )


def test_a_names_file_overrides_the_order_and_may_leave_images_out(folder):
    names = [f"img{k}.png" for k in (7, 20, 1)]
    (folder / "images.txt").write_text("\n".join(names) + "\n\n")
    write_responses(folder, "npy", values(3))
    subject = open_subject(folder)
    assert subject.train.images.ids == ("img7", "img20", "img1")
    assert subject.train.images.paths[1].name == "img20.png"


def test_rois_repeats_and_ncsnr_are_read_where_they_are(folder):
    plain = open_subject(folder)
    assert (plain.parcellation.roi_names, plain.ncsnr, plain.train.repeats) == ((), None, None)
    write_rois(folder)
    np.save(folder / "repeats.npy", np.full(20, 3))
    for short, numbers in NUMBERS.items():
        np.save(folder / f"ncsnr.{short}.npy", np.arange(len(numbers)) / 10)
    subject = open_subject(folder)
    assert subject.parcellation.roi_names == ("V1v", "V1d", "patch")
    np.testing.assert_array_equal(subject.roi_vertices("V1v", RIGHT), [9, 10])
    np.testing.assert_array_equal(subject.roi_vertices("patch", LEFT), [3, 4, 5])
    assert len(subject.roi_vertices("patch", RIGHT)) == 0
    np.testing.assert_array_equal(subject.ncsnr, np.r_[np.arange(7), np.arange(5)] / 10)
    np.testing.assert_array_equal(subject.train.repeats, np.full(20, 3))
    assert subject.fingerprint == plain.fingerprint
    assert subject.report_fingerprint != plain.report_fingerprint


def test_the_sidecar_brings_captions_and_the_stamp(folder):
    sidecar = folder / "cortiscope_sidecar"
    sidecar.mkdir()
    header = {"format": "cortiscope-sidecar", "version": 1, "simulated": True}
    (sidecar / "sidecar.json").write_text(json.dumps(header))
    note = {"split": "train", "number": 2, "caption": "a dog"}
    (sidecar / "stimuli.json").write_text(json.dumps([note]))
    subject = open_subject(folder)
    assert subject.stamp == "SIMULATED anna"
    assert subject.train.images.captions_of(1) == ("a dog",)


def test_a_folder_that_algonauts_claims_is_left_to_it(tmp_path):
    folder = write_subject(tmp_path / "data" / "subj01", sidecar=False)
    write_plain(folder)
    write_plain(tmp_path / "data" / "anna")
    assert open_subject(folder).layout == "algonauts2023"
    assert open_subject(tmp_path / "data", "anna").layout == "arrays"
    assert [s.id for s in find_subjects(tmp_path / "data")] == ["anna", "subj01"]


def test_the_present_folder_has_its_name(folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert open_subject(type(folder)(".")).id == "anna"


def test_images_without_responses_are_no_subject(tmp_path):
    write_images(tmp_path / "x" / "images", 2)
    with pytest.raises(MissingData, match="plain arrays"):
        find_subjects(tmp_path)


def _short(folder):
    write_responses(folder, "npy", values(19))


def _narrow(folder):
    np.save(folder / "rh.npy", values(20)["rh"][:, :4])


def _no_vertices(folder):
    for short in NUMBERS:
        (folder / f"{short}.vertices.npy").unlink()


def _both_without_vertices(folder):
    _no_vertices(folder)
    for short in NUMBERS:
        (folder / f"{short}.npy").unlink()
    write_responses(folder, "both", values(20))


def _second_form(folder):
    write_responses(folder, "csv", values(20))


def _one_hemisphere(folder):
    (folder / "rh.npy").unlink()


def _one_vertex_file(folder):
    (folder / "rh.vertices.npy").unlink()


def _mask_and_numbers(folder):
    write_vertices(folder, masks=True)


def _falling_numbers(folder):
    np.save(folder / "rh.vertices.npy", np.array([0, 6, 5, 7, 4_321]))


def _negative_numbers(folder):
    np.save(folder / "rh.vertices.npy", np.array([-1, 5, 6, 7, 4_321]))


def _fractional_numbers(folder):
    np.save(folder / "rh.vertices.npy", NUMBERS["rh"] + 0.5)


def _mask_of_two(folder):
    _no_vertices(folder)
    write_vertices(folder, masks=True)
    mask = np.load(folder / "lh.mask.npy").astype(int)
    np.save(folder / "lh.mask.npy", 2 * mask)


def _other_template(folder):
    _no_vertices(folder)
    write_vertices(folder, masks=True)
    mask = np.zeros(163_842, dtype=int)
    mask[NUMBERS["rh"]] = 1
    np.save(folder / "rh.mask.npy", mask)


def _flat(folder):
    np.save(folder / "lh.npy", values(20)["lh"].ravel())


def _complex(folder):
    np.save(folder / "lh.npy", values(20)["lh"].astype(complex))


def _ambiguous_names(folder):
    Image.new("RGB", (8, 8)).save(folder / "images" / "img02.png")
    (folder / "images.txt").unlink()


def _two_image_folders(folder):
    write_images(folder / "train_images", 20)


def _listed_twice(folder):
    (folder / "images.txt").write_text("img1.png\n" * 20)


def _listed_and_absent(folder):
    (folder / "images.txt").write_text("img99.png\n" * 20)


def _listed_elsewhere(folder):
    (folder / "images.txt").write_text("../images/img1.png\n" * 20)


def _test_twice(folder):
    (folder / "test.json").write_text('["img1.png"]')
    write_images(folder / "test_images", 2)


def _test_of_all(folder):
    (folder / "test.json").write_text(json.dumps([f"img{k}.png" for k in range(1, 21)]))


def _test_unknown(folder):
    (folder / "test.json").write_text('["img99.png"]')


def _test_without_images(folder):
    write_responses(folder, "npy", values(3), "_test")


def _test_of_another_length(folder):
    write_images(folder / "test_images", 2)
    write_responses(folder, "npy", values(3), "_test")


def _test_of_other_vertices(folder):
    write_images(folder / "test_images", 3)
    cut = {s: v[:, :-1] for s, v in values(3).items()}
    write_responses(folder, "npy", cut, "_test")


def _roi_in_two_classes(folder):
    write_rois(folder)
    (folder / "rois.json").write_text('{"mine": {"V1v": 4}, "prf-visualrois": {"V1v": 1}}')


def _roi_class_that_leaves(folder):
    (folder / "rois.json").write_text('{"../mine": {"V1v": 4}}')


def _roi_label_zero(folder):
    write_rois(folder)
    (folder / "rois.json").write_text('{"mine": {"patch": 0}}')


def _roi_mask_too_long(folder):
    write_rois(folder)
    np.save(folder / "lh.mine.npy", np.zeros(8, dtype=int))


def _repeats_of_zero(folder):
    np.save(folder / "repeats.npy", np.zeros(20, dtype=int))


def _ncsnr_of_one_hemisphere(folder):
    np.save(folder / "ncsnr.lh.npy", np.ones(7))


WRONG = [
    (_short, InvalidInput, r"19 rows .* 20 images"),
    (_narrow, InvalidInput, r"right hemisphere.*4 columns; rh.vertices.npy names 5"),
    (_no_vertices, InvalidInput, r"7 left and 5 right.*10,242 .*or 163,842.*lh.vertices.npy"),
    (_both_without_vertices, InvalidInput, r"12 columns.*two times 10,242 .*or 163,842"),
    (_second_form, InvalidInput, r"2 forms: lh.npy and rh.npy; lh.csv and rh.csv"),
    (_one_hemisphere, MissingData, r"lh.npy but not rh.npy"),
    (_one_vertex_file, MissingData, r"neither rh.vertices.npy nor rh.mask.npy"),
    (_mask_and_numbers, InvalidInput, r"both lh.vertices.npy and lh.mask.npy"),
    (_falling_numbers, InvalidInput, r"5 follows 6 at 2.*Sort"),
    (_negative_numbers, InvalidInput, r"from -1 to 4,321; allowed are 0 to 163,841"),
    (_fractional_numbers, InvalidInput, r"float64; expected whole numbers"),
    (_mask_of_two, InvalidInput, r"lh.mask.npy holds 2; allowed are 0 and 1"),
    (_other_template, InvalidInput, r"different templates.*rh.mask.npy is 163,842"),
    (_flat, InvalidInput, r"lh.npy is 140; expected n_images x n_vertices"),
    (_complex, DamagedFile, r"lh.npy holds complex"),
    (_ambiguous_names, InvalidInput, r"same place in the order"),
    (_two_image_folders, InvalidInput, r"both images/ and train_images/"),
    (_listed_twice, InvalidInput, r"img1.png in rows 1 and 2"),
    (_listed_and_absent, MissingData, r"img99.png in row 1"),
    (_listed_elsewhere, InvalidInput, r"img1.png in rows 1 and 2"),
    (_test_twice, InvalidInput, r"both test.json and test_images/"),
    (_test_of_all, InvalidInput, r"all 20 images"),
    (_test_unknown, InvalidInput, r"'img99.png', which is not an image"),
    (_test_without_images, MissingData, r"lh_test.npy and rh_test.npy but no test_images/"),
    (_test_of_another_length, InvalidInput, r"3 rows .* 2 images in test_images"),
    (_test_of_other_vertices, InvalidInput, r"6 columns .* training responses have 7"),
    (_roi_in_two_classes, InvalidInput, r"'V1v' in two classes"),
    (_roi_class_that_leaves, InvalidInput, r"class '../mine'"),
    (_roi_label_zero, InvalidInput, r"label 0; allowed are whole numbers from 1"),
    (_roi_mask_too_long, DamagedFile, r"lh.mine.npy is 8; expected 7"),
    (_repeats_of_zero, DamagedFile, r"whole numbers of 1 or more"),
    (_ncsnr_of_one_hemisphere, MissingData, r"ncsnr.rh.npy is missing"),
]


@pytest.mark.parametrize(
    ("spoil", "error", "message"), WRONG, ids=lambda v: getattr(v, "__name__", "")
)
def test_what_cannot_be_meant_is_refused_with_names_and_numbers(folder, spoil, error, message):
    spoil(folder)
    with pytest.raises(error, match=message):
        open_subject(folder)


@pytest.mark.parametrize("form", FORMS)
def test_a_truncated_file_is_named(tmp_path, form):
    folder = write_plain(tmp_path / "anna", form)
    path = next(
        p
        for p in sorted(folder.iterdir())
        if p.name.startswith(("lh.", "responses")) and "vertices" not in p.name
    )
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 5 // 8])
    with pytest.raises(CoreError, match=path.name):
        open_subject(folder).train.response_rows(ALL)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,2,3,4,5\n1,2,3,4\n", "from 5 to 4"),
        ("1,2,3,4,5\n1,,3,4,5\n", "could not convert"),
        ("1;2;3;4;x\n" * 20, "could not convert"),
        ("", "rh.csv holds no row"),
        ("a,b,c,d,e\n", "rh.csv holds no row"),
        (",a,b,c,d,e\n" + "0,1,2,3,4,5\n" * 20, "6 columns; rh.vertices.npy names 5"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path, text, message):
    folder = write_plain(tmp_path / "anna", "csv")
    (folder / "rh.csv").write_text(text)
    with pytest.raises(CoreError, match=message):
        open_subject(folder)
