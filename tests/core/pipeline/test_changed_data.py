"""Changed data are fitted anew; changed ceilings and ROIs are a new report of the same run."""

import json

import numpy as np
import pytest
from PIL import Image

from cortiscope.core.backbones import resolve_weights
from cortiscope.core.cli.main import main
from cortiscope.core.datasets import open_subject
from cortiscope.core.encoding import RegressorSpec
from cortiscope.core.errors import WorkFailed
from cortiscope.core.features import FeatureSpec, FeatureStore
from cortiscope.core.pipeline.fit import fit
from cortiscope.core.pipeline.scoring import up_to_date
from cortiscope.core.runs import (
    Belonging,
    RunStore,
    belonging,
    report_is_current,
    runs_by_state,
    state_words,
)
from cortiscope.core.runs.belonging import changes
from tests.data.tiny_model import pixels_spec
from tests.data.tiny_world import write_subject


@pytest.fixture
def folder(tmp_path):
    return write_subject(tmp_path / "s1")


def _fit(tmp_path, folder, progress=lambda share, message: None, **changes):
    subject = open_subject(folder)
    spec = pixels_spec(subject, **changes)
    runs = RunStore(tmp_path / "runs")
    features = FeatureStore(tmp_path / "features")
    return subject, fit(subject, spec, features=features, runs=runs, progress=progress)


def _change_rows(folder):
    path = folder / "training_split/training_fmri/lh_training_fmri.npy"
    values = np.load(path)
    # None of the rows that an older fingerprint looked at: there, all 20 of a small file.
    values[3] += 1
    np.save(path, values)


def _change_picture(folder):
    path = sorted((folder / "training_split/training_images").iterdir())[4]
    Image.new("RGB", (32, 32), (9, 0, 0)).save(path)


@pytest.mark.parametrize(
    ("change", "part"), [(_change_rows, "responses"), (_change_picture, "pictures")]
)
def test_changed_data_are_fitted_anew_and_the_former_run_stays(tmp_path, folder, change, part):
    _, before = _fit(tmp_path, folder)
    change(folder)
    subject, after = _fit(tmp_path, folder)
    assert before.id != after.id
    names = ("coef", "design_train")
    assert not all(np.array_equal(before.array(n), after.array(n)) for n in names)
    assert belonging(before, subject) is Belonging.OTHER
    assert belonging(after, subject) is Belonging.PRESENT
    assert changes([before], subject) == part


def test_changed_rois_and_ceilings_are_reported_without_a_fit(tmp_path, folder):
    _, before = _fit(tmp_path, folder)
    n = before.report.of("FFA-1", "left").n
    labels = folder / "roi_masks/lh.floc-faces_challenge_space.npy"
    np.save(labels, np.array([2, 2, 2, 0, 2, 2, 1]))
    ncsnr = folder / "cortiscope_sidecar/lh.ncsnr.npy"
    np.save(ncsnr, np.load(ncsnr) / 2)
    subject, after = _fit(tmp_path, folder)
    assert after.id == before.id
    assert (n, after.report.of("FFA-1", "left").n) == (2, 5)
    assert np.nanmax(after.report.ceiling[:7]) < np.nanmax(before.report.ceiling[:7])
    np.testing.assert_array_equal(after.report.r, before.report.r)
    assert after.record["created"] == before.record["created"]
    assert after.record["scored_again"]["changed"] == ["rois", "reliability"]
    # It is kept: whole, and nothing is summed up twice.
    stored = RunStore(tmp_path / "runs").open(after.id)
    assert stored.report.rois == after.report.rois
    stored.verify()
    assert report_is_current(stored, subject)


def test_a_run_that_was_fitted_to_rois_is_another_one_after_they_changed(tmp_path, folder):
    fits = {"encoder": RegressorSpec("ols"), "scope": "roi"}
    _, before = _fit(tmp_path, folder, **fits)
    labels = folder / "roi_masks/lh.floc-faces_challenge_space.npy"
    np.save(labels, np.array([2, 2, 2, 0, 2, 2, 1]))
    _, after = _fit(tmp_path, folder, **fits)
    assert after.id != before.id


def test_where_nothing_can_be_written_the_new_report_is_there_all_the_same(
    tmp_path, folder, monkeypatch
):
    _, before = _fit(tmp_path, folder)
    np.save(folder / "roi_masks/lh.floc-faces_challenge_space.npy", np.array([2, 2, 2, 0, 2, 2, 1]))

    def full(*_):
        raise OSError("no room")

    monkeypatch.setattr("cortiscope.core.runs.store.write_arrays", full)
    runs = RunStore(tmp_path / "runs")
    again = up_to_date(runs.open(before.id), open_subject(folder), runs)
    assert again.report.of("FFA-1", "left").n == 5
    assert runs.open(before.id).report.of("FFA-1", "left").n == 2


def test_a_run_without_test_images_is_scored_again_too(tmp_path):
    folder = write_subject(tmp_path / "s1", n_test=0)
    _, before = _fit(tmp_path, folder)
    labels = folder / "roi_masks/lh.floc-faces_challenge_space.npy"
    np.save(labels, np.array([2, 2, 2, 0, 2, 2, 1]))
    _, after = _fit(tmp_path, folder)
    assert (after.id, after.report.of("FFA-1", "left").n) == (before.id, 5)


def test_data_that_are_written_to_during_a_fit_give_no_run(tmp_path, folder):
    def write(share, message):
        if message == "scoring held-out images":
            _change_picture(folder)

    with pytest.raises(WorkFailed, match=r"The data of s1 changed \(pictures\) while"):
        _fit(tmp_path, folder, write)
    assert RunStore(tmp_path / "runs").ids() == ()


def test_a_run_of_a_former_fingerprint_is_told_from_one_of_other_data(tmp_path, folder):
    subject, run = _fit(tmp_path, folder)
    path = run.folder / "run.json"
    record = json.loads(path.read_text())
    del record["identity"]
    record["spec"]["data"] = subject.former_fingerprints[0]
    path.write_text(json.dumps(record))
    store = RunStore(tmp_path / "runs")
    former = store.open(run.id)
    assert [r.id for r in runs_by_state(store, subject)[0]] == [run.id]
    assert belonging(former, subject) is Belonging.FORMER
    assert changes([former], subject) == ""
    # Fitted again it is certain, and the former one is not shown beside it.
    former.folder.rename(former.folder.with_name(f"{run.id}x"))
    _, again = _fit(tmp_path, folder)
    assert [r.id for r in runs_by_state(store, subject)[0]] == [again.id]
    _change_rows(folder)
    changed = open_subject(folder)
    assert [r.id for r in runs_by_state(store, changed)[0]] == []
    assert "since 2 runs were fitted" in state_words(runs_by_state(store, changed)[1], changed)


def test_a_run_of_an_older_version_is_found_by_its_name(tmp_path, folder):
    # What revision aed5d7c called it.
    subject = open_subject(folder)
    spec = pixels_spec(subject, data=subject.former_fingerprints[0])
    assert spec.run_id == "s1-pixels-fixed-pixels-ridge-5d7e62af1f"


def test_the_command_names_the_runs_of_the_former_state(tmp_path, folder, monkeypatch, capsys):
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    arguments = ["fit", "--data", str(folder), "--backbone", "pixels", "--layers", "pixels"]
    arguments += ["--reduce", "pca:4", "--json", "--progress", "none"]

    def fitted():
        assert main(arguments) == 0
        return json.loads(capsys.readouterr().out.splitlines()[-1])

    first = fitted()
    assert (first["runs_of_former_data"], first["data_changed"]) == ([], "")
    assert fitted()["run"] == first["run"]
    _change_picture(folder)
    second = fitted()
    assert second["run"] != first["run"]
    assert second["runs_of_former_data"] == [first["run"]]
    assert second["data_changed"].startswith(
        "The data of s1 changed (pictures) since a run was fitted; it belongs to the former state"
    )


def test_captions_belong_to_the_fit_of_what_reads_them_alone(folder):
    def data():
        subject = open_subject(folder)
        words = FeatureSpec("caption_words", resolve_weights("caption_words"), "words")
        return [pixels_spec(subject).data, pixels_spec(subject, features=(words,)).data]

    before = data()
    path = folder / "cortiscope_sidecar/stimuli.json"
    path.write_text(path.read_text().replace("picture 3", "a dog"))
    assert [a == b for a, b in zip(before, data(), strict=True)] == [True, False]
