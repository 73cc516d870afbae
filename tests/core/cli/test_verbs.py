"""The command line's contract: keys, last line JSON, exit codes, one-line errors."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from cortiscope.core.cli.fit_summary import show
from cortiscope.core.cli.main import main
from cortiscope.core.datasets import open_subject
from cortiscope.core.runs import RunStore
from tests.data.tiny_world import N_LEFT, N_RIGHT, write_subject


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def data(tmp_path):
    write_subject(tmp_path / "data" / "subj01")
    return tmp_path / "data"


def _run(capsys, *arguments):
    """Return exit status, the last line's JSON, and what stderr says (progress left out)."""
    status = main([*map(str, arguments), "--json", "--progress", "none"])
    captured = capsys.readouterr()
    return status, json.loads(captured.out.splitlines()[-1]), captured.err


def _fit(capsys, data, *more):
    what = ("--backbone", "pixels", "--layers", "pixels", "--reduce", "pca:5")
    return _run(capsys, "fit", "--data", data, "--subject", "subj01", *what, *more)


def test_fit_gives_the_fixed_keys_and_the_numbers_of_the_run_the_app_opens(home, data, capsys):
    status, result, _ = _fit(capsys, data)
    assert status == 0
    run = RunStore(home / "runs").open(result["run"])
    whole = run.report.overall
    assert result["scores"]["median_r"] == whole.median_r
    assert result["scores"]["mean_r"] == whole.mean_r
    assert result["scores"]["noise_normalized"] == whole.noise_normalized
    # The challenge counts the vertex of ceiling 0, the number beside it does not.
    assert result["scores"]["n_zero_ceiling"] == 1
    # A mean is not over vertices that have no r.
    assert "over 11 vertices, 1 constant left out" in show(result)
    assert result["scores"]["challenge_score"] == whole.challenge_score != whole.noise_normalized
    assert result["statistic"] == run.report.statistic
    assert set(result["scores"]["per_hemisphere"]) == {"lh", "rh"}
    assert result["scores"]["rois"]["lh"]["V1v"]["n"] == 3
    assert "FFA-1" not in result["scores"]["rois"]["rh"]
    assert (result["n_train"], result["n_held_out"], result["split"]) == (16, 6, "test")
    assert result["weights"]
    assert set(result["seconds"]) == {"readout", "fit", "score"}


def test_predict_writes_float32_rows_in_natural_order(home, data, tmp_path, capsys):
    _, fitted, _ = _fit(capsys, data)
    images = tmp_path / "images"
    images.mkdir()
    source = open_subject(data, "subj01").test.images
    for k, name in enumerate(("a10.png", "a9.png")):
        Image.open(source.paths[k]).save(images / name)
    out = tmp_path / "out"
    status, result, _ = _run(
        capsys, "predict", "--run", fitted["run"], "--images", images, "--out", out
    )
    assert (status, result["n_images"]) == (0, 2)
    assert result["vertices"] == {"lh": N_LEFT, "rh": N_RIGHT}
    left = np.load(out / "lh_pred.npy")
    assert (left.dtype, left.shape) == (np.float32, (2, N_LEFT))
    expected = RunStore(home / "runs").open(fitted["run"]).predict_rows("test", [1, 0])
    np.testing.assert_allclose(left, expected[:, :N_LEFT], atol=1e-4)


def test_rows_of_named_files_are_in_natural_order_whatever_a_shell_made_of_them(
    home, tmp_path, capsys
):
    paths = [tmp_path / name for name in ("a10.png", "a9.png", "a1.png")]
    for k, path in enumerate(paths):
        Image.new("RGB", (32, 32), (80 * k, 0, 0)).save(path)
    _, result, _ = _run(capsys, "features", "--images", *paths, *PIXELS, "--out", tmp_path / "out")
    assert result["images"] == ["a1.png", "a9.png", "a10.png"]
    red = np.load(tmp_path / "out" / "pixels.npy").reshape(3, -1).max(axis=1)
    assert list(np.argsort(-red)) == [0, 1, 2]


def test_rows_are_not_written_into_a_data_folder(home, data, capsys):
    before = sorted(data.rglob("*"))
    for out in (data / "subj01", data / "subj01" / "new"):
        images = data / "subj01/test_split/test_images"
        status, result, _ = _run(capsys, "features", "--images", images, *PIXELS, "--out", out)
        assert status == 2
        assert "in which nothing is ever written" in result["error"]["message"]
    assert sorted(data.rglob("*")) == before


def test_features_writes_one_file_per_layer_and_whose_rows_they_are(home, data, tmp_path, capsys):
    images = data / "subj01/test_split/test_images"
    what = ("--backbone", "small_cnn", "--weights", "untrained", "--layers", "block[12]")
    out = tmp_path / "features"
    status, result, _ = _run(capsys, "features", "--images", images, *what, "--out", out)
    assert status == 0
    assert sorted(p.name for p in out.iterdir()) == ["block1.npy", "block2.npy", "images.txt"]
    names = [p.name for p in sorted(images.iterdir())]
    assert (out / "images.txt").read_text().split() == result["images"] == names
    assert list(np.load(out / "block1.npy").shape) == result["layers"]["block1"]
    assert result["layers"]["block1"][0] == result["n_images"] == 6
    assert "untrained" in result["weights"]


def test_features_of_stretched_pictures_have_the_shapes_of_that_size(home, data, tmp_path, capsys):
    images = data / "subj01/test_split/test_images"
    what = ("--backbone", "squeezenet1_1", "--weights", "untrained", "--layers", "features.0")
    out = tmp_path / "features"
    status, result, _ = _run(
        *(capsys, "features", "--images", images, *what, "--framing", "stretch:40", "--out", out)
    )
    assert status == 0
    assert (result["framing"], result["layers"]) == ("stretch:40", {"features.0": [6, 64, 19, 19]})


def test_features_of_captions_come_from_a_file_of_them(home, data, tmp_path, capsys):
    folder = data / "subj01/test_split/test_images"
    names = sorted(p.name for p in folder.iterdir())
    captions = tmp_path / "captions.json"
    captions.write_text(json.dumps({name: [f"number{name}", "a dog"] for name in names}))
    what = ("features", "--images", folder, "--backbone", "caption_words", "--layers", "words")
    found = {}
    for framing in ("published", "caption:1", "caption:2"):
        out = tmp_path / framing
        told = _run(capsys, *what, "--out", out, "--captions", captions, "--framing", framing)
        assert (told[0], told[1]["framing"]) == (0, framing)
        found[framing] = np.load(out / "words.npy")
    np.testing.assert_allclose(
        found["published"], (found["caption:1"] + found["caption:2"]) / 2, atol=1e-6
    )
    assert np.ptp(found["caption:2"], axis=0).max() == 0
    assert np.ptp(found["caption:1"], axis=0).max() > 0
    status, result, _ = _run(capsys, *what, "--out", tmp_path / "none")
    assert status == 2
    assert "6 of 6 images" in result["error"]["message"]


@pytest.mark.parametrize(
    "what", [("backbones",), ("regressors",), ("runs",), ("layers", "small_cnn")]
)
def test_list_has_items_with_names(home, capsys, what):
    status, result, _ = _run(capsys, "list", *what)
    assert status == 0
    assert what == ("runs",) or all(item["name"] for item in result["items"])


PIXELS = ("--backbone", "pixels", "--layers", "pixels")
WRONG = {
    "no such data": ("fit", "--data", "/nowhere", *PIXELS),
    "no such backbone": ("list", "layers", "resnet5000"),
    "no such layer": (
        *("features", "--images", "IMAGES", "--out", "o"),
        *("--backbone", "pixels", "--layers", "x"),
    ),
    "no such run": ("predict", "--run", "x", "--images", "IMAGES", "--out", "o"),
    "no images": ("features", "--images", "/nowhere", "--out", "o", *PIXELS),
    "no such verb": ("fly",),
    "missing option": ("fit",),
    "bad reduction": ("fit", "--data", "DATA", "--reduce", "pca", *PIXELS),
    "bad framing": ("fit", "--data", "DATA", "--framing", "crop", *PIXELS),
    "no such framing": (
        *("features", "--images", "IMAGES", "--out", "o", "--framing", "stretch:224"),
        *PIXELS,
    ),
    "bad regressor": ("fit", "--data", "DATA", "--regressor", "svm", *PIXELS),
    "no such subject": ("fit", "--data", "DATA", "--subject", "s9", *PIXELS),
    "absent weights": (
        *("fit", "--data", "DATA"),
        *("--backbone", "alexnet", "--layers", "features.2"),
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_an_error_is_one_line_with_its_exit_status(home, data, capsys, monkeypatch, tmp_path, kind):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "no-weights"))
    places = {"DATA": data, "IMAGES": data / "subj01/test_split/test_images"}
    status, result, told = _run(capsys, *[places.get(a, a) for a in WRONG[kind]])
    assert status == 2
    assert result["error"]["message"]
    assert len(told.strip().splitlines()) == 1
    assert "Traceback" not in told
    assert not (home / "runs").exists()


def test_a_run_that_cannot_be_read_is_set_aside_with_its_reason(home, data, capsys):
    _, good, _ = _fit(capsys, data)
    _, bad, _ = _fit(capsys, data, "--encoder", "ols")
    (home / "runs" / bad["run"] / "run.json").write_text('{"format": 0}')
    status, result, _ = _run(capsys, "list", "runs")
    assert status == 0
    assert [i["name"] for i in result["items"]] == [good["run"]]
    (aside,) = result["set_aside"]
    assert aside["name"] == bad["run"]
    assert "format 0" in aside["reason"]
    assert main(["list", "runs"]) == 0
    name, words, *_ = capsys.readouterr().out.splitlines()
    assert name == good["run"]
    assert f"mean r {result['items'][0]['mean_r']:.3f} over" in words
    assert "SIMULATED data" in words
