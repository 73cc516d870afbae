"""The functions of a notebook, on the tiny world: the same runs and numbers as everywhere else."""

import json

import numpy as np
import pytest
from PIL import Image
from scipy import stats
from sklearn.metrics import r2_score

import cortiscope
from cortiscope.core import notebook as cs
from cortiscope.core.cli.main import main
from cortiscope.core.encoding import TrainingData, fit_regressor
from cortiscope.core.errors import CoreError, InvalidInput, MissingData, UnknownName
from tests.data.tiny_world import write_subject

PIXELS = ("pixels", "pixels")


@pytest.fixture
def subject(tmp_path, monkeypatch):
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("cortiscope.core.notebook.subjects._OPENED", {})
    return cs.open_subject(write_subject(tmp_path / "data" / "s1", n_test=14))


def _fit(subject, **choices):
    return cs.fit(subject, *PIXELS, **{"pooling": "grid:4", "reduction": "pca:6", **choices})


def test_a_fit_is_the_run_of_the_command_line(subject, capsys):
    options = ["--pool", "grid:4", "--reduce", "pca:6", "--set", "alphas=1,10", "--seed", "3"]
    named = ["--data", str(subject.folder), "--backbone", "pixels", "--layers", "pixels"]
    assert main(["fit", *named, *options, "--json", "--progress", "none"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    run = _fit(subject, settings={"alphas": (1, 10)}, seed=3)
    assert run.id == told["run"] == cs.load_run(told["run"]).id == cs.load_run(run.folder).id
    assert run.report.overall.mean_r == told["scores"]["mean_r"]
    assert cs.runs(subject).index.tolist() == [run.id]
    assert cs.runs("another").empty


def test_a_report_is_a_table_that_says_what_it_is(subject):
    run = _fit(subject)
    table = run.report.table().set_index(["roi", "hemisphere"])
    assert table.loc[("V1d", "right"), "n"] == 2
    assert ("FFA-1", "right") not in table.index  # absent there
    assert table.loc[("all vertices", "both"), "mean_r"] == run.report.overall.mean_r
    attrs = run.report.table().attrs
    assert (attrs["split"], attrs["n_images"], attrs["stamp"]) == ("test", 14, "SIMULATED s1")
    assert "jackknife" in attrs["statistic"]


def test_a_report_has_a_column_for_each_further_metric(subject):
    fitted = _fit(subject)
    measured = subject.test.response_rows(np.arange(14))
    r2 = r2_score(measured, fitted.predict_rows("test", slice(None)), multioutput="raw_values")
    alive = measured.std(axis=0) > 0
    predicted = fitted.predict_rows("test", slice(None))
    for report in (fitted.report, cs.load_run(fitted.id).report, cs.score(predicted, subject)):
        table = report.table().set_index(["roi", "hemisphere"])
        whole = table.loc[("all vertices", "both"), "mean_r2"]
        assert whole == pytest.approx(r2[alive].mean(), abs=1e-6)
    table = cs.score(predicted, measured).table()
    assert table["mean_r2"][0] == pytest.approx(r2[alive].mean(), abs=1e-6)


def test_everything_shows_itself_in_three_lines(subject):
    a, b = _fit(subject), _fit(subject, regressor="ols")
    for value in (subject, a, a.report, cs.compare(a, b)):
        text = repr(value)
        assert len(text.splitlines()) == 3, text
        assert len(text) < 600
        assert "SIMULATED s1" in text
    assert repr(subject.train) == "<Split train: 20 images, responses known>"


def test_predictions_of_files_folders_and_pictures_agree(subject):
    run, test = _fit(subject), subject.test
    stored = run.predict_rows("test", slice(None))
    opened = [Image.open(path) for path in test.images.paths]
    for images in (test.images, test.images.paths[0].parent, list(test.images.paths), opened):
        np.testing.assert_allclose(cs.predict(run, images), stored, atol=1e-4)
    np.testing.assert_allclose(cs.predict(run, opened[2]), stored[2:3], atol=1e-4)
    np.testing.assert_allclose(cs.predict(run, str(test.images.paths[2])), stored[2:3], atol=1e-4)
    with pytest.raises(InvalidInput, match="no image"):
        cs.predict(run, [])
    with pytest.raises(InvalidInput, match=r"nowhere\.png does not exist"):
        cs.predict(run, "nowhere.png")


def test_scores_of_arrays_and_of_a_subject_are_those_of_the_report(subject, rng):
    run = _fit(subject)
    predicted = run.predict_rows("test", slice(None))
    again = cs.score(predicted, subject)
    assert again.rois == run.report.rois
    plain = cs.score(predicted, subject.test.response_rows(slice(None)))
    np.testing.assert_array_equal(plain.r, run.report.r)
    assert plain.table().roi.tolist() == ["all vertices"]
    assert plain.overall.low == pytest.approx(run.report.overall.low, abs=1e-12)
    x, y = rng.normal(size=(2, 12, 3))
    with_ceiling = cs.score(x, y, ceiling=np.array([0.5, 0.2, 0]))
    expected = [stats.pearsonr(x[:, k], y[:, k])[0] for k in range(3)]
    np.testing.assert_allclose(with_ceiling.r, expected, rtol=1e-6)
    assert with_ceiling.overall.n_zero_ceiling == 1
    with pytest.raises(InvalidInput, match="brings its own ceiling"):
        cs.score(predicted, subject, ceiling=np.ones(12))
    with pytest.raises(ValueError, match=r"3 vertices have 2 ceilings"):
        cs.score(x, y, ceiling=np.ones(2))


def test_a_comparison_is_the_one_that_scipy_and_numpy_give(subject):
    a, b = _fit(subject), _fit(subject, regressor="ols")
    table = cs.compare(a, b).table().set_index(["roi", "hemisphere"])
    whole = table.loc[("all vertices", "both")]
    assert whole.difference == pytest.approx(
        a.report.overall.mean_r - b.report.overall.mean_r, abs=1e-7
    )
    tested = table.drop(index=[("all vertices", "both")])
    assert np.isnan(whole.p_adjusted)
    expected = stats.false_discovery_control(tested.p.dropna(), method="bh")
    np.testing.assert_allclose(tested.p_adjusted[tested.p.notna()], expected)
    turned = cs.compare(b, a).table()
    np.testing.assert_allclose(turned.difference.astype(float), -table.difference.to_numpy(float))
    assert cs.compare(a, b).table().attrs["images"] == "14 test images; SIMULATED s1"


def test_a_comparison_asks_for_the_same_data(subject, tmp_path):
    a = _fit(subject)
    other = cs.open_subject(write_subject(tmp_path / "other" / "s1", n_test=14, seed=1))
    b = _fit(other)
    with pytest.raises(InvalidInput, match="was not fitted to the data of s1 in .*other"):
        cs.compare(a, b)  # the subject of this name that was opened last
    with pytest.raises(InvalidInput, match=f"{b.id} was not fitted"):
        cs.compare(a, b, subject)


def test_subjects_are_found_by_folder_and_name(subject, tmp_path, monkeypatch):
    monkeypatch.setattr("cortiscope.core.notebook.subjects._OPENED", {})
    with pytest.raises(UnknownName, match=r"sim01, sim02.*CORTISCOPE_DATA"):
        cs.open_subject("s1")
    with pytest.raises(MissingData, match="does not exist"):
        cs.open_subject(tmp_path / "nowhere")
    monkeypatch.setenv("CORTISCOPE_DATA", str(tmp_path / "data"))
    assert cs.open_subject("s1").folder == subject.folder
    assert cs.open_subject(tmp_path / "data", "s1").id == "s1"


def test_a_regressor_is_fitted_by_its_name(rng):
    x, y = rng.normal(size=(30, 4)).astype("f4"), rng.normal(size=(30, 3)).astype("f4")
    data = TrainingData(x, y)
    fitted = fit_regressor(data, "ols")
    design = np.c_[x, np.ones(30)]
    expected = design @ np.linalg.lstsq(design, y, rcond=None)[0]
    np.testing.assert_allclose(fitted.predict(x), expected, atol=1e-4)
    with pytest.raises(UnknownName, match="ridge"):
        fit_regressor(data, "rigde")


def test_without_its_data_a_run_keeps_its_table(subject, tmp_path, monkeypatch):
    run = _fit(subject)
    columns = set(run.report.table().columns)
    monkeypatch.setattr("cortiscope.core.notebook.subjects._OPENED", {})
    alone = cs.load_run(run.id).report.table()
    assert {"mean_r", "ceiling_r"} <= set(alone.columns) < columns
    np.testing.assert_array_equal(alone.mean_r, run.report.table().mean_r)


def test_a_name_will_do_for_a_subject_and_for_a_model(subject):
    run = _fit("s1")
    assert run.id == _fit(subject).id
    r = cs.vertex_values(run.id, "r", "s1")
    np.testing.assert_array_equal(r, run.report.r)
    assert cs.methods(run.id) == cs.methods(run)
    assert cs.compare(run.id, run).table()["difference"].dropna().eq(0).all()


WRONG = {
    "a subject": lambda run: cs.fit(None, *PIXELS),
    "opened by its name or its folder; got 3": lambda run: cs.open_subject(3),
    "Layers are named by a text": lambda run: cs.fit("s1", "pixels", 4),
    "Unknown choice of fit 'encoder'": lambda run: cs.fit("s1", *PIXELS, encoder="ridge"),
    "Did you mean 'scope'": lambda run: cs.fit("s1", *PIXELS, scoop="roi"),
    "Unknown choice of fit 'each'": lambda run: cs.fit("s1", *PIXELS, each=True),
    "A fitted model is needed; got 3": lambda run: cs.methods(3),
    "opened by its name or its folder; got None": lambda run: cs.load_run(None),
    "Unknown run 'nobody'": lambda run: cs.vertex_values("nobody", "r"),
    "files or PIL pictures; got ndarray": lambda run: cs.predict(run, np.zeros((2, 8, 8, 3))),
    "files or PIL pictures; got int": lambda run: cs.predict(run, 3),
    "gives no number per vertex": lambda run: cs.vertex_values(run, "rsa"),
    r"The map has the shape \(11,\); s1 has 12 vertices": lambda run: cs.plot(
        run.report.r[:-1], "s1"
    ),
    r"The map 'b' has the shape \(2, 12\)": lambda run: cs.plot(
        {"a": run.report.r, "b": np.zeros((2, 12))}, "s1"
    ),
    "A metric is registered as a Metric; got 'x'": lambda run: cortiscope.register_metric("x"),
    "A regressor is registered as a": lambda run: cortiscope.register_regressor("x"),
    "A layout is registered as a": lambda run: cortiscope.register_layout("x"),
    "which are no numbers": lambda run: cs.plot(run, "s1"),
}


@pytest.mark.parametrize("words", WRONG)
def test_what_cannot_be_is_said_in_one_line(subject, words):
    run = _fit(subject)
    with pytest.raises(CoreError, match=words) as raised:
        WRONG[words](run)
    assert "\n" not in str(raised.value)
