"""The whole way on the tiny world: fit, save, open, predict; and what must not leak."""

import json

import numpy as np
import pytest
from PIL import Image

from cortiscope.core.brain import HEMISPHERES
from cortiscope.core.cli.fit_summary import show, summary
from cortiscope.core.config import to_plain
from cortiscope.core.datasets import check_folder, open_subject
from cortiscope.core.encoding import Reduction, RegressorSpec, regressor_names, validation_split
from cortiscope.core.encoding.ridge.regressors import KFoldSettings
from cortiscope.core.errors import CoreError, DamagedFile, InvalidInput, UnknownName
from cortiscope.core.evaluation import pearson_r
from cortiscope.core.features import FeatureStore
from cortiscope.core.pipeline.fit import fit, fit_all
from cortiscope.core.pipeline.predict import predict_images
from cortiscope.core.runs import RunStore
from cortiscope.core.simulation.scenes import render_scene
from tests.data.tiny_model import pixels_spec
from tests.data.tiny_world import write_subject


def _fit(folder, home, encoder="ridge", **changes):
    subject = open_subject(folder)
    spec = pixels_spec(subject, encoder=RegressorSpec(encoder), **changes)
    runs = RunStore(home / "runs")
    return subject, fit(subject, spec, features=FeatureStore(home / "features"), runs=runs)


@pytest.mark.parametrize("encoder", regressor_names())
def test_a_run_reopens_as_it_was_and_predicts_the_same_from_files(tmp_path, encoder):
    subject, run = _fit(write_subject(tmp_path / "s1"), tmp_path, encoder)
    again = RunStore(tmp_path / "runs").open(run.id)
    rows = np.arange(6)
    stored = again.predict_rows("test", rows)
    fresh = predict_images(again, subject.test.images)
    np.testing.assert_allclose(
        np.concatenate([fresh[h] for h in HEMISPHERES], 1), stored, atol=1e-4
    )
    r = pearson_r(stored, subject.test.response_rows(rows))
    np.testing.assert_allclose(again.report.r, r, atol=1e-5)
    assert (again.report.split, again.report.n_images, again.record["n_fit"]) == ("test", 6, 16)
    assert np.isnan(again.report.r[6])  # the dead vertex
    assert not again.report.of("FFA-1", "right").present
    assert again.report.of("FFA-1", "right").median_r is None


def test_without_test_responses_the_report_is_on_validation_images(tmp_path):
    folder = write_subject(tmp_path / "s1", test_responses=False, sidecar=False)
    _, run = _fit(folder, tmp_path)
    assert (run.report.split, run.report.n_images) == ("validation", 4)
    assert run.report.ceiling is None
    assert run.report.overall.noise_normalized is None
    assert run.predict_rows("test", slice(None)).shape == (6, 12)


def test_images_put_aside_for_the_report_neither_fit_nor_choose(tmp_path):
    folder = write_subject(tmp_path / "s1", test_responses=False, sidecar=False)
    subject, run = _fit(folder, tmp_path, report_fraction=0.3)
    parts = [run.rows_of(role) for role in ("fit", "validation", "report")]
    assert [len(rows) for rows in parts] == [11, 3, 6]
    assert sorted(np.concatenate(parts)) == list(range(20))
    assert (run.report.split, run.report.n_images, run.validation.n_images) == ("report", 6, 3)
    split, rows = run.reported
    r = pearson_r(run.predict_rows(split, rows), subject.train.response_rows(rows))
    np.testing.assert_allclose(run.report.r, r, atol=1e-5)
    assert [run.role_of("train", int(r[0])) for r in parts] == ["fit", "validation", "report"]
    # Whatever share is validated, the report is on the same images.
    _, other = _fit(folder, tmp_path, report_fraction=0.3, validation_fraction=0.25)
    np.testing.assert_array_equal(other.rows_of("report"), parts[2])


def test_a_report_that_has_test_images_takes_no_training_images(tmp_path):
    with pytest.raises(InvalidInput, match="s1 has 6 test images with responses"):
        _fit(write_subject(tmp_path / "s1"), tmp_path, report_fraction=0.2)


@pytest.mark.parametrize("changes", [{}, {"split_rule": "shuffled"}, {"split_rule": "fold:2/3"}])
def test_copies_of_a_picture_are_not_held_out_of_each_other(tmp_path, changes):
    folder = write_subject(tmp_path / "s1", n_train=36, test_responses=False, sidecar=False)
    pictures = sorted((folder / "training_split/training_images").iterdir())
    for first, copy in zip(pictures[:12], pictures[12:24], strict=True):
        copy.write_bytes(first.read_bytes())
    subject, run = _fit(folder, tmp_path, report_fraction=0.2, **changes)
    labels = subject.train.images.groups()
    parts = [set(labels[run.rows_of(role)]) for role in ("fit", "validation", "report")]
    assert sum(map(len, parts)) == len(set(labels)) == 24


def test_near_copies_of_test_images_are_left_out_of_fit_and_validation(tmp_path):
    folder = write_subject(tmp_path / "s1")
    train, test = (
        sorted((folder / f"{n}_split/{n}_images").iterdir()) for n in ("training", "test")
    )
    # Two training images are the same, and nearly a test image.
    scene = Image.fromarray(render_scene(3).pixels)
    for path, quality in ((train[4], 60), (train[11], 60), (test[2], 95)):
        scene.save(path, "jpeg", quality=quality)
    subject, run = _fit(folder, tmp_path)
    fitted, validation = run.rows_of("fit"), run.rows_of("validation")
    others = np.setdiff1d(np.arange(20), [4, 11])
    assert sorted([*fitted, *validation]) == others.tolist()
    expected = validation_split(18)
    np.testing.assert_array_equal(fitted, others[expected[0]])
    assert {run.role_of("train", k) for k in (4, 11)} == {"left out"}
    said = summary(run, subject)
    assert [pair["train"] for pair in said["left_out"]] == ["nsd-01028", "nsd-01077"]
    text = "left out as nearly test images: 2 (nsd-01028 is like nsd-00014, nsd-01077 is"
    assert text in show({**said, "data_changed": ""})
    found = check_folder(tmp_path / "s1").subjects[0]
    told = f"2 training images are nearly test images: {train[4].name} is like {test[2].name}"
    assert any(problem.startswith(told) for problem in found.problems)


def test_a_subject_of_near_copies_alone_is_refused_in_words(tmp_path):
    folder = write_subject(tmp_path / "s1")
    test = sorted((folder / "test_split/test_images").iterdir())
    scene = Image.fromarray(render_scene(3).pixels)
    scene.save(test[2], "jpeg", quality=95)
    for path in (folder / "training_split/training_images").iterdir():
        scene.save(path, "jpeg", quality=60)
    with pytest.raises(InvalidInput, match="20 of 20 training images of s1 are nearly test images"):
        _fit(folder, tmp_path)


def test_without_near_copies_nothing_is_left_out(tmp_path):
    _, run = _fit(write_subject(tmp_path / "s1"), tmp_path)
    assert (run.left_out, run.left_out_words) == ((), "")
    for role, rows in zip(("fit", "validation"), validation_split(20), strict=True):
        np.testing.assert_array_equal(run.rows_of(role), rows)


def test_roles_say_what_the_encoder_did_with_an_image(tmp_path):
    _, run = _fit(write_subject(tmp_path / "s1"), tmp_path)
    validation = int(run.array("validation_rows")[0])
    assert run.role_of("train", validation) == "validation"
    assert run.role_of("train", int(run.array("fit_rows")[0])) == "fit"
    assert run.role_of("test", validation) == "test"


def test_the_same_configuration_is_fitted_once_and_a_subject_must_match(tmp_path):
    subject, run = _fit(write_subject(tmp_path / "s1"), tmp_path)
    stamp = (run.folder / "run.json").stat().st_mtime_ns
    _, again = _fit(tmp_path / "s1", tmp_path)
    assert (again.id, (again.folder / "run.json").stat().st_mtime_ns) == (run.id, stamp)
    with pytest.raises(InvalidInput, match="open subject"):
        fit_all(
            subject,
            [pixels_spec(subject, data="0" * 16)],
            features=FeatureStore(tmp_path / "features"),
            runs=RunStore(tmp_path / "runs"),
        )


def test_irrelevant_settings_keep_the_identity_and_relevant_ones_change_it(tmp_path):
    subject = open_subject(write_subject(tmp_path / "s1"))
    base = pixels_spec(subject)
    assert pixels_spec(subject, device="cpu").fingerprint == base.fingerprint
    defaults = RegressorSpec("ridge", KFoldSettings())
    assert pixels_spec(subject, encoder=defaults).fingerprint == base.fingerprint
    for change in (
        {"seed": 1},
        {"reduction": Reduction("pca", 5)},
        {"encoder": RegressorSpec("ols")},
        {"encoder": RegressorSpec("ridge").with_settings(n_folds=3)},
    ):
        assert pixels_spec(subject, **change).fingerprint != base.fingerprint


def test_a_run_of_an_older_format_is_fitted_again_beside_it(tmp_path, monkeypatch):
    folder = write_subject(tmp_path / "s1")
    monkeypatch.setattr("cortiscope.core.runs.spec.RUN_FORMAT", 0)
    monkeypatch.setattr("cortiscope.core.runs.store.RUN_FORMAT", 0)
    _, old = _fit(folder, tmp_path)
    monkeypatch.undo()
    _, new = _fit(folder, tmp_path)
    assert new.id != old.id
    np.testing.assert_array_equal(new.array("coef"), old.array("coef"))


def test_a_run_of_former_rules_is_scored_again_without_a_fit(tmp_path):
    folder = write_subject(tmp_path / "s1", n_test=12)
    _, run = _fit(folder, tmp_path)
    path = run.folder / "run.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    for part in ("validation", "report"):
        del record[part]["statistic"]
        for score in record[part]["rois"]:
            for name in ("challenge_score", "n_zero_ceiling", "chance", "bias_corrected"):
                del score[name]
            score.update(low=0.1, high=0.2, ceiling_r=0.9, noise_normalized=40.0)
    path.write_text(json.dumps(record), encoding="utf-8")
    former = RunStore(tmp_path / "runs").open(run.id).report
    # Nothing of another statistic passes for the present one.
    whole = former.overall
    assert (whole.low, whole.high, whole.ceiling_r, whole.noise_normalized) == (None,) * 4
    assert (former.statistic, whole.challenge_score) == ("", 40.0)
    _, again = _fit(folder, tmp_path)
    assert (again.id, again.report.rois) == (run.id, run.report.rois)
    assert again.validation.rois == run.validation.rois
    assert json.loads(path.read_text(encoding="utf-8")) == record


def test_nan_responses_are_refused_with_the_vertex_number(tmp_path):
    folder = write_subject(tmp_path / "s1")
    path = folder / "training_split/training_fmri/rh_training_fmri.npy"
    values = np.load(path)
    values[:, 2] = np.nan
    np.save(path, values)
    with pytest.raises(DamagedFile, match="rh_training_fmri.npy has NaN .* 1 of 5 .*: 2"):
        _fit(folder, tmp_path)


def test_an_unknown_run_names_the_nearest_and_a_damaged_one_is_told(tmp_path):
    _, run = _fit(write_subject(tmp_path / "s1"), tmp_path)
    store = RunStore(tmp_path / "runs")
    with pytest.raises(UnknownName, match=run.id):
        store.open(run.id[:-2] + "zz")
    (run.folder / "run.json").write_text("{")
    with pytest.raises(CoreError, match="not JSON"):
        store.open(run.id)


def test_the_rule_of_the_split_is_part_of_the_identity_unless_it_is_the_usual_one(tmp_path):
    subject = open_subject(write_subject(tmp_path / "s1"))
    base = pixels_spec(subject)
    assert pixels_spec(subject, split_rule="random").fingerprint == base.fingerprint
    assert pixels_spec(subject, split_rule="shuffled").fingerprint != base.fingerprint
    assert "split_rule" not in to_plain(base, cosmetic=False)
    # Of folds the fraction is no part.
    folds = [pixels_spec(subject, split_rule="fold:1/5", validation_fraction=f) for f in (0.2, 0.1)]
    assert folds[0].fingerprint == folds[1].fingerprint
    with pytest.raises(InvalidInput, match="Unknown split"):
        pixels_spec(subject, split_rule="half")


def test_the_validation_images_are_those_of_the_rule(tmp_path):
    subject = open_subject(write_subject(tmp_path / "s1"))
    spec = pixels_spec(subject, split_rule="shuffled", seed=224)
    stores = {"features": FeatureStore(tmp_path / "f"), "runs": RunStore(tmp_path / "runs")}
    run = fit(subject, spec, **stores)
    fit_rows, validation_rows = validation_split(20, seed=224, rule="shuffled")
    np.testing.assert_array_equal(run.array("fit_rows"), fit_rows)
    np.testing.assert_array_equal(run.array("validation_rows"), validation_rows)
