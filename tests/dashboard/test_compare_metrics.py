"""Compare reads the registry: maps, ROIs and files of A and B in any metric; r alone is tested."""

import csv

import numpy as np
import pytest
from sklearn.metrics import r2_score

from cortiscope.core.evaluation import (
    METRICS,
    Metric,
    R,
    Scored,
    compare_models,
    get_metric,
    register_metric,
)
from cortiscope.pages.compare.pair import (
    Pair,
    differences_csv,
    pair_rows,
    untested_rows,
    vertices_csv,
)


def _pair(tiny_app, metric):
    runs, subject = tuple(tiny_app.runs[:2]), tiny_app.subject()
    return Pair(subject, runs, metric, tuple(Scored.of_model(r, subject) for r in runs))


def _table(text):
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


def _r2(pair):
    of = [
        r2_score(s.measured, s.predicted, multioutput="raw_values").astype(float)
        for s in pair.scored
    ]
    for own in of:
        own[6] = np.nan  # the dead vertex
    return of


def test_the_page_shows_r2_of_both_and_says_that_only_r_is_tested(tiny_app):
    a, b = (run.id for run in tiny_app.runs[:2])
    app = tiny_app.open("compare", subject="subj01", run=a, versus=b, metric="r2")
    words = " ".join(one.proto.body for one in app.get("html"))
    assert "Per vertex: share of the measured variance" in words
    assert "mean R²; not tested" in words
    of_a, of_b = _r2(_pair(tiny_app, R))
    assert f"{np.nanmean(of_a):.3f}".replace("-", "−") in words
    difference = np.nanmean(of_a) - np.nanmean(of_b)
    assert f"{difference:.3f}".replace("-", "−") in words
    titles = app.radio("compare-metric-0").options
    assert titles[:3] == ["r", "noise-normalised", "R²"]
    assert "noise ceiling" not in titles  # which is of the data


def test_of_an_error_the_smaller_one_is_called_better(tiny_app):
    a, b = (run.id for run in tiny_app.runs[:2])
    error = Metric(
        "mse",
        "squared error",
        "mean squared error",
        lambda s: ((s.predicted - s.measured) ** 2).mean(axis=0),
        lower_is_better=True,
    )
    register_metric(error)
    said = []
    try:
        for metric in ("r2", "mse"):
            app = tiny_app.open("compare", subject="subj01", run=a, versus=b, metric=metric)
            app.session_state["compare-panel-tab"] = "vertex by vertex"
            app.run()
            said.append(" ".join(one.proto.body for one in app.get("html")))
            said.append(str([one.proto for one in app.get("bidi_component")]))
    finally:
        METRICS.pop("mse")
    assert "dotted line A predicts better, below it B." in said[0]
    assert "warm: A predicts better, cool: B" in said[1]
    assert "dotted line B predicts better, below it A." in said[2]
    assert "warm: B predicts better, cool: A" in said[3]


def test_rois_and_files_hold_every_metric_of_both(tiny_app):
    pair = _pair(tiny_app, get_metric("r2"))
    of_a, of_b = _r2(pair)
    vertices = pair.subject.roi_vertices("V1d", "left")
    row = next(r for r in pair_rows(pair) if (r.roi, r.hemisphere) == ("V1d", "left"))
    assert row.marks[0].value == pytest.approx(of_a[vertices].mean(), abs=1e-6)
    row = next(r for r in untested_rows(pair) if (r.roi, r.hemisphere) == ("V1d", "left"))
    expected = (of_a - of_b)[vertices].mean()
    assert row.marks[0].value == pytest.approx(expected, abs=1e-6)
    table = _table(vertices_csv(pair, "about"))
    assert list(table[0])[3:6] == ["r_a", "r_b", "difference"]
    np.testing.assert_allclose(
        [float(r["r2_difference"] or "nan") for r in table], of_a - of_b, atol=2e-4
    )
    table = _table(differences_csv(pair, "about", compare_models(*pair.scored), [pair.metric]))
    own = next(r for r in table if (r["roi"], r["hemisphere"]) == ("V1d", "left"))
    assert float(own["mean_r2_b"]) == pytest.approx(of_b[vertices].mean(), abs=1e-6)
