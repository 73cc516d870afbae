"""``evaluate``: every registered statistic, against scipy, scikit-learn and numpy."""

import json

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import r2_score

from cortiscope.core import notebook as cs
from cortiscope.core.cli.main import main
from cortiscope.core.cli.verb_evaluate import _words
from cortiscope.core.evaluation import METRICS, Comparison, Scored, best_set_of
from tests.data.tiny_world import write_subject


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Two subjects, of which the first has two models; their predictions and responses."""
    root = tmp_path_factory.mktemp("evaluate")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CORTISCOPE_HOME", str(root / "home"))
        patch.setattr("cortiscope.core.notebook.subjects._OPENED", {})
        subjects = [
            cs.open_subject(write_subject(root / "data" / f"s{k}", n_test=14, seed=k))
            for k in (1, 2)
        ]
        choices = {"pooling": "grid:4", "reduction": "pca:6"}
        models = [cs.fit(s, "pixels", "pixels", **choices) for s in subjects]
        models.append(cs.fit(subjects[0], "pixels", "pixels", pooling="mean", reduction="none"))
        yield subjects, models, root


@pytest.fixture
def evaluate(world, monkeypatch, capsys):
    monkeypatch.setenv("CORTISCOPE_HOME", str(world[2] / "home"))

    def _evaluate(what, *models, status=0, options=()):
        named = [word for model in models for word in ("--run", model.id)]
        data = ["--data", str(world[2] / "data")]
        asked = ["evaluate", *named, "--what", what, *data, "--json", "--progress", "none"]
        assert main([*asked, *options]) == status
        return json.loads(capsys.readouterr().out.splitlines()[-1])

    return _evaluate


def _arrays(world, k=0):
    subject, model = world[0][0 if k != 1 else 1], world[1][k]
    measured = subject.test.response_rows(slice(None))
    return subject, model.predict_rows("test", slice(None)), measured


def test_metrics_of_one_model(world, evaluate):
    a = world[1][0]
    subject, predicted, measured = _arrays(world)
    found = evaluate("r,r2,normalised,ceiling,roi_mean,identification,rsa,permutation", a)
    of = found["results"]
    assert found["simulated"]
    assert (of["r"]["n_images"], of["r"]["split"]) == (14, "test")
    assert of["r"]["all"]["value"] == a.report.overall.mean_r
    assert of["rsa"] == cs.statistic("rsa", a, subjects=[subject])
    v = subject.roi_vertices("V1v", "left")
    r2 = r2_score(measured[:, v], predicted[:, v], multioutput="raw_values")
    assert of["r2"]["rois"]["lh"]["V1v"]["value"] == pytest.approx(r2.mean(), abs=1e-6)
    means = np.corrcoef(predicted[:, v].mean(axis=1), measured[:, v].mean(axis=1))[0, 1]
    assert of["roi_mean"]["rois"]["lh"]["V1v"]["r_of_mean"] == pytest.approx(means, abs=1e-6)
    r = np.corrcoef(measured, predicted)[:14, 14:]
    curve = of["identification"]["all"]
    assert curve["set_size"][0] == 2
    assert curve["set_size"][-1] == 14
    assert curve["rate"][-1] == pytest.approx((r.argmax(axis=1) == np.arange(14)).mean())
    assert curve["chance"][0] == 0.5
    upper = np.triu_indices(14, 1)
    rho = stats.spearmanr(np.corrcoef(predicted)[upper], np.corrcoef(measured)[upper])[0]
    assert of["rsa"]["all"]["rho"] == pytest.approx(rho, abs=1e-6)
    tested = of["permutation"]["all"]
    assert tested["n_tested"] == 11  # one of twelve vertices is dead
    assert 1 / 1001 <= tested["smallest_p"] <= 1


def test_a_learning_curve_ends_where_the_model_is(world, evaluate):
    a = world[1][0]
    curve = evaluate("learning_curve", a)["results"]["learning_curve"]["all"]
    assert curve["n_train"][-1] == a.facts.n_fit
    assert curve["mean_r"][-1] == pytest.approx(a.report.overall.mean_r, abs=1e-5)
    # The interval by leaving out one held-out image after another; one vertex is dead.
    _, predicted, measured = _arrays(world)
    alive = np.ptp(measured, axis=0) > 0
    p, m = predicted[:, alive], measured[:, alive]
    n = len(m)
    left = [
        np.mean([stats.pearsonr(*np.delete([p[:, v], m[:, v]], k, axis=1))[0] for v in range(11)])
        for k in range(n)
    ]
    half = stats.t.ppf(0.975, n - 1) * np.sqrt((n - 1) / n * np.sum((left - np.mean(left)) ** 2))
    ends = curve["mean_r"][-1] + half * np.array([-1, 1])
    np.testing.assert_allclose([curve["low"][-1], curve["high"][-1]], ends, atol=2e-5)
    assert len(curve["low"]) == len(curve["high"]) == len(curve["n_train"])


def test_a_learning_curve_of_roi_attention_has_a_query_per_roi(world, evaluate):
    subject = world[0][0]
    settings = {"max_epochs": 2, "token_width": 8, "heads": 1}
    choices = {"pooling": "grid:2", "reduction": "pca:3", "settings": settings}
    one = cs.fit(subject, "pixels", "pixels", regressor="roi_attention", **choices)
    curve = evaluate("learning_curve", one)["results"]["learning_curve"]["all"]
    assert curve["mean_r"][-1] == pytest.approx(one.report.overall.mean_r, abs=1e-5)


def test_a_vote_has_no_learning_curve_as_it_is_not_fitted(world, evaluate):
    subjects, (a, _, c), _ = world
    found = evaluate("learning_curve", cs.vote([a, c], subjects[0]), status=2)
    assert "a vote is not fitted" in found["error"]["hint"]


@pytest.mark.parametrize("regressor", ["head_linear", "head_residual"])
def test_training_curves_are_those_that_the_fit_noted(world, evaluate, regressor):
    subject = world[0][0]
    settings = {"max_epochs": 3, "validation_fraction": 0.25}
    one = cs.fit(
        subject, "pixels", "pixels", pooling="mean", regressor=regressor, settings=settings
    )
    of = evaluate("training", one)["results"]["training"]
    curve = of["all"]
    assert curve["epoch"] == [1, 2, 3]
    noted = one.array("curve_validation_loss")
    assert curve["validation_loss"] == pytest.approx(noted)
    assert curve["kept_epoch"] == 1 + np.argmin(noted)
    assert of["n_images"] == round(one.facts.n_fit * 0.25)
    assert of["rois"] == {"lh": {}, "rh": {}}
    per = cs.fit(
        *(subject, "pixels", "pixels"),
        **{"pooling": "mean", "regressor": regressor, "scope": "hemisphere", "settings": settings},
    )
    of = evaluate("training", per)["results"]["training"]
    assert of["all"] is None
    for side in ("lh", "rh"):
        name = per.notes[side]["curve_train_r"]
        for curve in of["rois"][side].values():
            assert curve["train_r"] == pytest.approx(per.array(name), nan_ok=True)
    assert of["rois"]["lh"]["V1v"] != of["rois"]["rh"]["V1v"]


def test_pairs_layers_and_subjects(world, evaluate):
    a, other, b = world[1]
    of = evaluate("paired,partition,preferred_layer", a, b)["results"]
    compared = cs.compare(a, b, world[0][0])
    again = Comparison.of_result(of["paired"], a, b)
    assert again.table().equals(compared.table())
    assert (again.counts(), again.models) == (compared.counts(), compared.models)
    table = compared.table().set_index(["roi", "hemisphere"])
    assert of["paired"]["all"]["difference"] == table.loc[("all vertices", "both"), "difference"]
    assert of["paired"]["rois"]["rh"]["V1d"]["p"] == table.loc[("V1d", "right"), "p"]
    parts = {k: v["value"] for k, v in of["partition"]["all"].items() if k != "n_vertices"}
    together = parts["unique_a"] + parts["unique_b"] + parts["shared"]
    assert together == pytest.approx(parts["joint"])
    layers = of["preferred_layer"]["all"]
    alive = np.isfinite(a.report.r) & np.isfinite(b.report.r)
    first = (a.report.r[alive] > b.report.r[alive]).mean()
    assert list(layers["share"].values())[0] == pytest.approx(first)
    best = best_set_of([Scored.of_model(m, world[0][0]) for m in (a, b)])
    assert layers["n_single_best"] == np.isfinite(best.best_model).sum()
    assert layers["n_within_two_steps"] == np.isfinite(best.preferred_layer).sum()
    assert layers["n_late"] == (best.low > 0).sum()
    assert layers["n_early"] == (best.high < 0).sum()
    people = evaluate("random_effects", a, other)["results"]["random_effects"]
    mean = people["all"]
    values = [m.report.overall.mean_r for m in (a, other)]
    low, high = stats.t.interval(0.95, 1, np.mean(values), stats.sem(values))
    assert (mean["low"], mean["high"]) == pytest.approx((low, high))
    # Of two subjects nothing is tested (core/evaluation/test_subjects.py: of three each ROI is).
    assert mean["p"] is None
    rois = [own for side in people["rois"].values() for own in side.values() if own]
    assert {own["p_adjusted"] for own in rois} == {None}


def test_several_models_and_a_folder_of_files(world, evaluate, tmp_path):
    a, _, b = world[1]
    own = evaluate("r2", a, b, options=["--out", str(tmp_path / "out")])["results"]["r2"]
    assert set(own["runs"]) == {a.id, b.id}
    assert own["all"] == own["runs"][a.id]["all"]
    assert json.loads((tmp_path / "out" / "r2.json").read_text()) == own


@pytest.mark.parametrize(
    ("what", "which", "words"),
    [
        ("r3", (0,), "Unknown metric 'r3'"),
        ("paired", (0,), "takes two models; got 1"),
        ("paired", (0, 1), "not scored on the same images"),
        ("random_effects", (0, 2), "one model of each"),
        ("training", (0,), "was not trained epoch by epoch"),
        (" , ", (0,), "names no statistic"),
    ],
)
def test_what_cannot_be_is_said(world, evaluate, what, which, words):
    error = evaluate(what, *(world[1][k] for k in which), status=2)["error"]
    assert words in error["message"]


def test_the_list_is_what_the_contract_names():
    named = "r2 permutation identification rsa roi_mean learning_curve partition preferred_layer"
    # Further ones may come along: one file and one registration, and no line here.
    assert {*named.split(), "paired", "random_effects", "r", "normalised", "ceiling"} <= {*METRICS}


def test_a_small_p_is_not_shown_as_none():
    assert _words({"p": 8.2e-7, "difference": -0.07, "p_adjusted": 0.0}) == (
        "p 8.2e-07, difference -0.070, p_adjusted 0.000"
    )


def test_maps_of_a_statistic_are_those_it_is_counted_from(world, evaluate, tmp_path, capsys):
    a, other, b = world[1]

    def maps(names, *runs):
        named = [word for run in runs for word in ("--run", run.id)]
        data = ["--data", str(world[2] / "data"), "--out", str(tmp_path / names)]
        asked = ["maps", *named, "--map", names, *data, "--json", "--progress", "none"]
        assert main(asked) == 0
        said = json.loads(capsys.readouterr().out.splitlines()[-1])
        both = {
            name: np.concatenate(
                [np.load(tmp_path / names / f"{h}.{name}.npy") for h in ("lh", "rh")]
            )
            for name in names.split(",")
        }
        return both, said["maps"]

    tested = evaluate("permutation", a)["results"]["permutation"]["all"]
    found, said = maps("significant,q,r", a)
    assert np.nansum(found["significant"]) == tested["n_found"]
    assert np.isfinite(found["q"]).sum() == tested["n_tested"] == said["q"]["n"]
    assert "false discovery rate of 0.05" in said["significant"]["definition"]
    parts = evaluate("partition", a, b)["results"]["partition"]["all"]
    found, _ = maps("unique_a,shared", a, b)
    for name in ("unique_a", "shared"):
        assert np.nanmean(found[name]) == pytest.approx(parts[name]["value"], abs=1e-6)
    found, _ = maps("group_mean,group_t,group_n", a, other)
    both = np.isfinite(a.report.r) & np.isfinite(other.report.r)
    assert set(np.unique(found["group_n"])) <= {0, 1, 2}
    assert not np.isfinite(found["group_t"]).any()  # of two subjects nothing is tested
    assert both.sum() > 3
