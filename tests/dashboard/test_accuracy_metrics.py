"""Accuracy reads the registry: a metric that is registered is in its menu, charts and files."""

import csv

import numpy as np
import pytest
from sklearn.metrics import r2_score

from cortiscope.core.evaluation import METRICS, Metric, Scored, register_metric
from cortiscope.pages.accuracy.page import rois_csv, vertices_csv


@pytest.fixture
def mine():
    yield register_metric(
        Metric(
            "mse",
            "squared error",
            "mean squared error",
            lambda s: ((s.predicted - s.measured) ** 2).mean(axis=0),
        )
    )
    METRICS.pop("mse", None)


def _menu(app):
    """Titles in the menu of maps."""
    return app.radio("accuracy-metric-0").options


def _words(app):
    return " ".join(one.proto.body for one in app.get("html"))


def test_r2_is_on_the_page_with_the_numbers_of_scikit_learn(tiny_app):
    run, subject = tiny_app.runs[0], tiny_app.subject()
    app = tiny_app.open("accuracy", subject="subj01", run=run.id, metric="r2")
    assert "R²" in _menu(app)
    split, rows = run.reported
    measured = subject.split(split).response_rows(rows)
    r2 = r2_score(measured, run.predict_rows(split, rows), multioutput="raw_values")
    alive = measured.std(axis=0) > 0
    assert f"{r2[alive].mean():.3f}".replace("-", "−") in _words(app)
    assert "share of the measured variance" in _words(app)
    tables = [frame.value for frame in app.dataframe]
    best = tables[0].set_index(tables[0].columns[0])["R²"]
    assert all(np.isclose(r2, value, atol=1e-6).any() for value in best)
    assert tiny_app.address(app)["metric"] == "r2"
    app.radio("accuracy-metric-0").set_value("r").run()
    assert "metric" not in tiny_app.address(app)


def test_r_has_no_name_in_the_address_and_an_unknown_metric_is_said(tiny_app):
    run = tiny_app.runs[0]
    app = tiny_app.open("accuracy", subject="subj01", run=run.id, metric="banana")
    assert "banana" in app.toast[0].value
    assert "there are r, normalised, ceiling" in app.toast[0].value
    assert "r2" in app.toast[0].value
    assert "metric" not in tiny_app.address(app)


def test_a_metric_of_ones_own_is_in_menu_and_files(tiny_app, mine):
    run, subject = tiny_app.runs[0], tiny_app.subject()
    app = tiny_app.open("accuracy", subject="subj01", run=run.id, metric="mse")
    assert _menu(app)[-1] == "squared error"
    assert "mean squared error" in _words(app)
    scored = Scored.of_model(run, subject)
    expected = ((scored.predicted - scored.measured) ** 2).mean(axis=0)
    lines = vertices_csv(subject, scored, "about").splitlines()
    assert any("mse: mean squared error" in line for line in lines if line.startswith("#"))
    table = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    np.testing.assert_allclose([float(row["mse"]) for row in table], expected, atol=1e-4)
    assert list(table[0])[3:8] == ["r", "ceiling_r", "noise_normalised", "ncsnr", "r2"]
    lines = rois_csv(subject, scored, "about").splitlines()
    table = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    whole = next(row for row in table if row["hemisphere"] == "both")
    assert float(whole["mean_mse"]) == pytest.approx(expected.mean(), abs=1e-6)
