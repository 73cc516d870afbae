"""Decoding with fitted runs: sim01 against numpy written out, and the tiny world's verb."""

import json
from dataclasses import replace
from math import comb

import numpy as np
import pytest
from sklearn.covariance import ledoit_wolf

from cortiscope.core import notebook as cs
from cortiscope.core.cli.main import main
from cortiscope.core.datasets import open_subject
from cortiscope.core.encoding import REGRESSORS, RegressorSpec, TrainingData, fit_regressor
from cortiscope.core.encoding.predictor import picture_grids
from cortiscope.core.errors import InvalidInput, MissingData
from cortiscope.core.evaluation.decoding import TEMPERATURES
from cortiscope.core.features import FeatureStore
from cortiscope.core.pipeline.decoding import decode
from cortiscope.core.pipeline.demo import demo_data, demo_specs
from cortiscope.core.pipeline.fit import fit
from cortiscope.core.pipeline.unseen import unseen_images
from cortiscope.core.progress import silent
from cortiscope.core.runs import RunStore
from cortiscope.core.storage import Home
from tests.data.tiny_world import write_subject


def _gabor(subject, home, runs):
    (spec,) = (s for s in demo_specs(subject) if s.features[0].backbone == "gabor")
    return fit(subject, spec, features=FeatureStore(home.features), runs=RunStore(runs))


@pytest.fixture(scope="module")
def sim(demo_home):
    """The first simulated subject, its run of Gabor energies, and what decoding gives."""
    home = Home(demo_home)
    subject = open_subject(demo_data(home), "sim01")
    run = _gabor(subject, home, home.runs)
    return subject, run, decode(run, subject, vertices=200)


@pytest.fixture(scope="module")
def unseen(sim):
    return unseen_images(sim[1], sim[0], 5, 0, silent)


def test_the_rates_are_those_of_numpy_written_out(sim, unseen):
    subject, run, found = sim
    unseen, _ = unseen
    y = subject.train.response_rows(slice(None))
    rows = np.concatenate([own.rows for own in unseen])
    predicted = np.concatenate([own.predictor.predict(own.design) for own in unseen])
    r = [np.corrcoef(a, b)[0, 1] for a, b in zip(predicted.T, y[rows].T, strict=True)]
    best = np.argsort(-np.array(r))[:200]
    np.testing.assert_array_equal(np.sort(found.vertices), np.sort(best))
    v = found.vertices  # in this order, as products in float32 round by it
    predicted = np.concatenate([own.predictor.predict(own.design, v) for own in unseen])
    residuals = y[rows][:, v].astype(float) - predicted
    scale = np.sqrt((residuals**2).mean(axis=0))
    shrunk, weight = ledoit_wolf(residuals / scale, assume_centered=True)
    inverse = np.linalg.inv(shrunk * np.outer(scale, scale))
    measured = subject.test.response_rows(slice(None))[:, v].astype(float)
    forecast = run.fitted.predict(run.array("design_test"), v).astype(float)
    d = np.array([[(a - b) @ inverse @ (a - b) for b in forecast] for a in measured])
    ahead = (d <= np.diagonal(d)[:, None]).sum(axis=1) - 1
    rate = [np.mean([comb(199 - k, s - 1) / comb(199, s - 1) for k in ahead]) for s in (2, 10, 200)]
    np.testing.assert_allclose(found.identification.rate, rate, rtol=0, atol=1e-9)
    assert found.covariance.shrinkage == pytest.approx(weight, abs=1e-9)
    p = np.exp(-(d - d.min(axis=1, keepdims=True)) / 2 / found.temperature)
    p /= p.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(np.exp(found.posterior), p, rtol=0, atol=1e-9)
    assert rate[0] > 0.98
    assert rate[2] > 0.7


def test_folds_are_predicted_by_models_that_did_not_see_them(sim, unseen):
    subject, run, _ = sim
    unseen, words = unseen
    fit_rows, design = run.rows_of("fit"), run.array("design_train")
    assert words.startswith("320 fit images in 5 folds")
    together = np.concatenate([own.rows for own in unseen])
    np.testing.assert_array_equal(
        np.sort(together), np.union1d(fit_rows, run.rows_of("validation"))
    )
    own = unseen[1]
    rest = np.setdiff1d(fit_rows, own.rows)
    data = TrainingData(design[rest], subject.train.response_rows(rest))
    again = fit_regressor(data, run.spec.encoder).predict(own.design)
    np.testing.assert_allclose(own.predictor.predict(own.design), again, atol=1e-5)


def test_the_posterior_is_calibrated(sim):
    found = sim[2].reliability
    assert found.within
    assert found.error < 0.08
    assert len(found.count) == 5


def test_held_out_responses_choose_nothing(sim):
    subject, run, found = sim
    other = {part: values[::-1].copy() for part, values in subject.test.responses.items()}
    turned = replace(subject, test=replace(subject.test, responses=other))
    again = decode(run, turned, vertices=200)
    assert again.temperature == found.temperature
    np.testing.assert_array_equal(again.vertices, found.vertices)
    np.testing.assert_array_equal(again.covariance.axes, found.covariance.axes)
    assert again.identification.rate[-1] < 0.05


def test_a_permuted_subject_is_not_decoded(sim, demo_home, tmp_path):
    subject = sim[0]
    order = np.random.default_rng(3).permutation(len(subject.train))
    mixed = {part: values[order] for part, values in subject.train.responses.items()}
    permuted = replace(subject, train=replace(subject.train, responses=mixed))
    run = _gabor(permuted, Home(demo_home), tmp_path / "runs")
    assert run.data != sim[1].data
    found = decode(run, permuted, vertices=200)
    assert (found.identification.rank == 1).sum() <= 4
    assert np.exp(found.posterior).max() < 0.2


def test_further_candidates_and_categories(sim):
    subject, run, found = sim
    train = decode(run, subject, candidates="train", vertices=200, prior="category")
    assert train.identification.n_candidates == 401
    assert train.posterior.shape == (200, 600)
    np.testing.assert_allclose(np.exp(train.posterior).sum(axis=1), 1)
    assert np.isneginf(train.posterior[0, 1:200]).all()
    assert train.identification.rate[-1] > 0.6
    for one in (found, train):
        auc = {own.name: own.auc for own in one.categories.scores}
        assert len(auc) == 11
        assert auc["texture"] > 0.85  # Gabor energies know it
    sure = np.nansum(train.categories.confusion, axis=1)
    assert (sure > 1).all()  # pictures have several categories


def test_without_folds_the_validation_images_alone_choose(sim):
    subject, run, _ = sim
    found = decode(run, subject, n_folds=0, vertices=200)
    assert found.facts["residuals"] == "80 validation images by the model itself"
    assert found.facts["n_training"] == 80
    assert found.identification.rate[-1] > 0.6
    assert found.temperature < TEMPERATURES[1]


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("cortiscope.core.notebook.subjects._OPENED", {})
    subject = cs.open_subject(write_subject(tmp_path / "data" / "s1", n_test=14))
    return subject, cs.fit(subject, "pixels", "pixels", pooling="grid:4", reduction="pca:6")


def test_the_verb_gives_what_the_notebook_gives(tiny, tmp_path, capsys):
    subject, run = tiny
    out = tmp_path / "out"
    asked = ["decode", "--run", run.id, "--data", str(subject.folder.parent), "--out", str(out)]
    assert main([*asked, "--json", "--progress", "none"]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    decoding = cs.decode(run)
    curve = found["identification"]
    assert curve["set_size"] == [2, 10, 14]
    assert curve["rate"] == decoding.table()["rate"].tolist()
    assert (found["n_images"], found["simulated"]) == (14, True)
    assert decoding.table().attrs["stamp"] == "SIMULATED s1"
    assert found["n_vertices"] == 11  # one of twelve is dead
    assert found["categories"] is None
    assert "held-out images have no categories" in found["categories_absent"]
    kept = json.loads((out / "decode.json").read_text())
    assert kept["identification"] == curve
    assert set(found["files"]) == {p.name for p in out.iterdir()}
    assert np.load(out / "log_posterior.npy").shape == (14, 14)
    header = (out / "pictures.csv").read_text().splitlines()[0]
    assert header.startswith("image,rank,posterior,candidate_1,posterior_1")
    assert main(asked) == 0
    assert "by guessing 0.500" in capsys.readouterr().out
    assert len(repr(decoding).splitlines()) == 4 - 1


@pytest.mark.parametrize("name", [n for n, own in REGRESSORS.items() if own.reads_places])
def test_what_looks_at_places_looks_at_them_in_every_fold(tiny, name):
    subject, _ = tiny
    few = {"max_epochs": 2, "n_folds": 2, "n_sizes": 2}
    few = {k: v for k, v in few.items() if hasattr(RegressorSpec(name).settings, k)}
    choices = {"pooling": "grid:6", "scope": "hemisphere", "settings": few}
    run = cs.fit(subject, "gabor", "energy_4", regressor=name, **choices)
    sets, _ = unseen_images(run, subject, 2, 0, silent)
    grids = [picture_grids(own.predictor) for own in sets]
    assert [(grid.channels, grid.n_places) for grid in picture_grids(run.fitted)] == [(8, 36)]
    assert grids == [picture_grids(run.fitted)] * 3  # two folds, and the model itself


def test_a_folder_of_candidates_and_a_roi(tiny):
    subject, run = tiny
    folder = subject.train.images.paths[0].parent
    found = cs.decode(run, folder, roi="V1v", vertices="all")
    assert found.identification.n_candidates == 21
    assert found.facts["vertices"].startswith("V1v, left and right; all 5")
    pictures = found.pictures()
    named = {name.rsplit(".", 1)[0] for name in found.candidates[14:]}
    assert named == {path.stem for path in subject.train.images.paths}
    np.testing.assert_array_equal(pictures["rank"], found.identification.rank)
    assert (pictures["posterior_1"] >= pictures["posterior_2"]).all()
    with pytest.raises(InvalidInput, match="copies of the held-out"):
        cs.decode(run, subject.test.images.paths[0].parent)


def test_validation_images_that_report_choose_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    folder = write_subject(tmp_path / "s1", n_train=40, test_responses=False)
    subject = cs.open_subject(folder)
    choices = {"pooling": "grid:4", "reduction": "pca:6"}
    found = cs.decode(cs.fit(subject, "pixels", "pixels", **choices), subject=subject)
    assert found.facts["residuals"].startswith("32 fit images in 5 folds")
    assert "validation" not in found.facts["residuals"]
    assert found.facts["split"] == "validation"
    assert len(found.images) == 8
    assert found.categories is not None  # training images have notes
    aside = cs.fit(subject, "pixels", "pixels", report_fraction=0.25, **choices)
    found = cs.decode(aside, subject=subject)
    assert found.facts["residuals"].endswith("6 validation images by the model itself")
    assert (found.facts["split"], len(found.images)) == ("report", 10)


@pytest.mark.parametrize(
    ("choices", "kind", "words"),
    [
        ({"candidates": "nowhere"}, MissingData, "nowhere"),
        ({"vertices": "some"}, InvalidInput, "'auto', 'all' or a whole number"),
        ({"vertices": 1}, InvalidInput, "from 2"),
        ({"prior": "flat"}, InvalidInput, "Unknown prior 'flat'"),
        ({"prior": "category"}, MissingData, "no prior by category"),
        ({"roi": "V9"}, InvalidInput, "Unknown ROI of s1 'V9'"),
        ({"roi": "FFA-1", "hemisphere": "right"}, InvalidInput, "0 of 0 vertices"),
        ({"n_folds": 0}, InvalidInput, "leaves 4 training images"),
        ({"n_folds": 1}, InvalidInput, "One fold"),
    ],
)
def test_what_cannot_be_decoded_is_said(tiny, choices, kind, words):
    with pytest.raises(kind, match=words):
        cs.decode(tiny[1], **choices)
