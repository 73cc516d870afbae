"""``submit``: the archive, read back with zipfile and numpy alone."""

from __future__ import annotations

import io
import json
import shutil
import zipfile

import numpy as np
import pytest

from cortiscope.core.cli.main import main
from cortiscope.core.runs import Run, RunStore
from tests.data.tiny_world import N_LEFT, N_RIGHT, write_subject


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def data(tmp_path):
    for k, name in enumerate(("subj01", "subj02", "subj05")):
        write_subject(
            tmp_path / "data" / name,
            seed=k,
            n_test=6 - k,
            sidecar=False,
            test_responses=False,
        )
    return tmp_path / "data"


def _run(capsys, *arguments):
    status = main([*map(str, arguments), "--json", "--progress", "none"])
    captured = capsys.readouterr()
    return status, json.loads(captured.out.splitlines()[-1]), captured.err


def _fit(capsys, data, subject, *more):
    what = ("--backbone", "pixels", "--layers", "pixels", "--reduce", "pca:5", *more)
    status, result, told = _run(capsys, "fit", "--data", data, "--subject", subject, *what)
    assert status == 0, told
    return result["run"]


def _submit(capsys, data, out, *runs):
    named = [word for run in runs for word in ("--run", run)]
    return _run(capsys, "submit", *named, "--data", data, "--out", out)


def test_the_archive_holds_the_challenges_tree(home, data, tmp_path, capsys):
    runs = {name: _fit(capsys, data, name) for name in ("subj02", "subj01")}
    out = tmp_path / "new" / "submission.zip"
    status, result, told = _submit(capsys, data, out, *runs.values())
    assert status == 0, told
    names = [f"{s}/{h}_pred_test.npy" for s in ("subj01", "subj02") for h in ("lh", "rh")]
    assert result["files"] == names
    assert result["subjects_missing"] == [f"subj0{k}" for k in range(3, 9)]
    assert result["simulated"] is False
    with zipfile.ZipFile(out) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == names
        assert archive.comment == b""
        assert {e.compress_type for e in archive.infolist()} == {zipfile.ZIP_DEFLATED}
        stored = {n: np.load(io.BytesIO(archive.read(n)), allow_pickle=False) for n in names}
    for subject, n_test in (("subj01", 6), ("subj02", 5)):
        predicted = tmp_path / f"predicted-{subject}"
        images = data / subject / "test_split/test_images"
        _run(capsys, "predict", "--run", runs[subject], "--images", images, "--out", predicted)
        for hemisphere, n_vertices in (("lh", N_LEFT), ("rh", N_RIGHT)):
            values = stored[f"{subject}/{hemisphere}_pred_test.npy"]
            assert (values.dtype, values.shape) == (np.float32, (n_test, n_vertices))
            expected = np.load(predicted / f"{hemisphere}_pred.npy")
            np.testing.assert_allclose(values, expected, atol=1e-4)
    assert [p.name for p in out.parent.iterdir()] == [out.name]


def test_equal_predictions_make_equal_archives(home, data, tmp_path, capsys):
    run = _fit(capsys, data, "subj01")
    for name in ("a.zip", "b.zip"):
        _submit(capsys, data, tmp_path / name, run)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_simulated_subjects_are_stamped(home, tmp_path, capsys):
    for name in ("sim01", "sim02"):
        write_subject(tmp_path / "data" / name)
    data, out = tmp_path / "data", tmp_path / "s.zip"
    status, result, _ = _submit(capsys, data, out, _fit(capsys, data, "sim02"))
    assert (status, result["simulated"], result["subjects_missing"]) == (0, True, ["sim01"])
    with zipfile.ZipFile(out) as archive:
        assert archive.comment == b"SIMULATED sim02"
        assert archive.namelist() == ["sim02/lh_pred_test.npy", "sim02/rh_pred_test.npy"]


def test_subjects_named_as_in_bids_are_the_challenges(home, data, tmp_path, capsys):
    (data / "subj02").rename(data / "sub-02")
    run = _fit(capsys, data, "sub-02")
    status, result, told = _submit(capsys, data, tmp_path / "s.zip", run)
    assert status == 0, told
    assert result["files"] == ["subj02/lh_pred_test.npy", "subj02/rh_pred_test.npy"]
    assert not {"subj02", "sub-02"} & set(result["subjects_missing"])


def test_people_read_what_is_missing(home, data, tmp_path, capsys):
    run = _fit(capsys, data, "subj01")
    words = ["submit", "--run", run, "--data", str(data), "--out", str(tmp_path / "s.zip")]
    assert main([*words, "--progress", "none"]) == 0
    assert "No run for subj02, subj03" in capsys.readouterr().out


def _refused(capsys, data, out, *runs):
    before = out.read_bytes() if out.is_file() else None
    status, result, told = _submit(capsys, data, out, *runs)
    assert status == 2
    assert len(told.strip().splitlines()) == 1
    assert (out.read_bytes() if out.is_file() else None) == before
    return result["error"]


def test_two_runs_of_one_subject_are_refused(home, data, tmp_path, capsys):
    one = _fit(capsys, data, "subj01")
    other = _fit(capsys, data, "subj01", "--seed", 5)
    assert one != other
    out = tmp_path / "s.zip"
    out.write_bytes(b"an earlier one")
    for pair in ((one, other), (one, one)):
        assert "subj01" in _refused(capsys, data, out, *pair)["message"]


def test_a_run_of_other_data_is_refused(home, data, tmp_path, capsys):
    run = _fit(capsys, data, "subj01")
    shutil.rmtree(data / "subj01")
    write_subject(data / "subj01", seed=9, sidecar=False, test_responses=False)
    error = _refused(capsys, data, tmp_path / "s.zip", run)
    assert (error["kind"], "fingerprint" in error["message"]) == ("incompatible_space", True)


def test_a_run_of_a_subject_that_is_not_there_is_refused(home, data, tmp_path, capsys):
    run = _fit(capsys, data, "subj05")
    shutil.rmtree(data / "subj05")
    error = _refused(capsys, data, tmp_path / "s.zip", run)
    assert error["kind"] == "unknown_name"
    assert run in error["hint"]


def test_an_unknown_run_is_refused(home, data, tmp_path, capsys):
    assert _refused(capsys, data, tmp_path / "s.zip", "run9")["kind"] == "unknown_name"


@pytest.mark.parametrize("place", ["s.tar", "data/s.zip", "folder.zip"])
def test_a_file_that_may_not_be_written_is_refused(home, data, tmp_path, capsys, place):
    (tmp_path / "folder.zip").mkdir()
    run = _fit(capsys, data, "subj01")
    before = sorted(tmp_path.glob("data/*"))
    assert _refused(capsys, data, tmp_path / place, run)["kind"] == "invalid_input"
    assert sorted(tmp_path.glob("data/*")) == before


def test_predictions_that_are_not_finite_leave_no_archive(
    home, data, tmp_path, capsys, monkeypatch
):
    run = _fit(capsys, data, "subj01")
    shape = RunStore(home / "runs").open(run).predict_rows("test", slice(None)).shape
    # A changed array would break the run's seal before anything is predicted.
    monkeypatch.setattr(Run, "predict_rows", lambda *_: np.full(shape, np.nan))
    status, result, _ = _submit(capsys, data, tmp_path / "s.zip", run)
    assert (status, result["error"]["kind"]) == (1, "work_failed")
    assert not list(tmp_path.glob("*s.zip*"))
