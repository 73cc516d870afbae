"""The verbs on voxels without positions: the contract's keys, and voxels beside no vertices."""

import json

import numpy as np
import pytest

from cortiscope.core.cli.main import main
from cortiscope.core.runs import RunStore
from tests.data.img2brain_folder import write_folder

PIXELS = ("--backbone", "pixels", "--layers", "pixels", "--reduce", "pca:5")


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    return write_folder(tmp_path / "data" / "Data_img2brain", n_images=30, dead=4)


def _json(capsys, *arguments, code=0):
    status = main([*map(str, arguments), "--json", "--progress", "none"])
    answer = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert status == code, answer
    return answer


def _fit(capsys, data, *more, code=0):
    return _json(capsys, "fit", "--data", data, *PIXELS, *more, code=code)


def test_check_counts_voxels_and_no_vertices(data, capsys):
    (subject,) = _json(capsys, "check", data)["subjects"]
    assert (subject["vertices"], subject["voxels"]) == ({"lh": 0, "rh": 0}, 11)
    assert main(["check", str(data), "--progress", "none"]) == 0
    assert "11 voxels of unknown position" in capsys.readouterr().out


def test_fit_keeps_the_contracts_keys_with_nothing_in_either_hemisphere(data, capsys):
    answer = _fit(capsys, data)
    assert (answer["vertices"], answer["voxels"]) == ({"lh": 0, "rh": 0}, 11)
    scores = answer["scores"]
    assert (scores["n"], scores["rois"]) == (11, {"lh": {}, "rh": {}})
    left = scores["per_hemisphere"]["lh"]
    assert (left.pop("n"), left.pop("n_undefined")) == (0, 0)
    assert {"median_r", "mean_r", "noise_normalized"} < set(left)
    assert set(left.values()) == {None}
    assert (answer["split"], answer["n_train"], answer["n_held_out"]) == ("validation", 24, 6)
    assert main(["fit", "--data", str(data), *PIXELS, "--progress", "none"]) == 0
    n_left_out = scores["n_undefined"]
    words = f"over {11 - n_left_out} voxels, {n_left_out} constant left out"
    assert n_left_out > 0
    assert words in capsys.readouterr().out


def test_the_split_is_an_option(data, tmp_path, capsys):
    nine_to_one = _fit(capsys, data, "--validation-fraction", "0.1")
    assert (nine_to_one["n_train"], nine_to_one["n_held_out"]) == (27, 3)
    folds = [_fit(capsys, data, "--split", f"fold:{k}/3")["run"] for k in (1, 2, 3)]
    runs = RunStore(tmp_path / "home" / "runs")
    rows = np.concatenate([runs.open(run).array("validation_rows") for run in folds])
    assert sorted(rows) == list(range(30))
    _fit(capsys, data, "--split", "half", code=2)


def test_predict_writes_one_file_and_says_so_and_the_same_numbers_as_csv(data, tmp_path, capsys):
    run = _fit(capsys, data)["run"]
    out = tmp_path / "out"
    named = ("--run", run, "--images", data / "testIMG", "--out", out)
    answer = _json(capsys, "predict", *named)
    assert (answer["voxels"], answer["files"]) == (11, ["pred.npy", "images.txt"])
    values = np.load(out / "pred.npy")
    assert (values.shape, values.dtype) == ((4, 11), np.float32)
    stored = RunStore(tmp_path / "home" / "runs").open(run).predict_rows("test", slice(None))
    np.testing.assert_allclose(values, stored, atol=1e-5)
    assert _json(capsys, "predict", *named, "--csv")["files"][2:] == ["pred.csv", "images.csv"]
    names = [p.name for p in sorted((data / "testIMG").iterdir())]
    assert (out / "images.txt").read_text().split() == answer["images"] == names
    first, *rows = (out / "pred.csv").read_text().splitlines()
    assert first.startswith("# Predicted responses, images (rows) x voxels")
    np.testing.assert_array_equal(np.array([row.split(",") for row in rows], "f4"), values)
    assert (out / "images.csv").read_text().splitlines()[:2] == ["row,image", "0,0001.jpg"]


@pytest.mark.parametrize(
    "options", [("--scope", "hemisphere"), ("--scope", "roi"), ("--encoder", "head_positional")]
)
def test_what_needs_the_cortex_is_refused(data, capsys, options):
    error = _fit(capsys, data, *options, code=2)["error"]
    assert error["kind"] == "no_positions"
    assert "11 voxels of unknown position" in error["message"]


def test_a_submission_needs_the_cortex(data, tmp_path, capsys):
    run = _fit(capsys, data)["run"]
    named = ("--run", run, "--data", data, "--out", tmp_path / "s.zip")
    error = _json(capsys, "submit", *named, code=2)["error"]
    assert error["kind"] == "no_positions"
    assert "A submission" in error["message"]
