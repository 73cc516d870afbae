"""Statistics behind one chooser: each of the registry, with the numbers of ``evaluate``."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from cortiscope.core.evaluation import METRICS, Computed, Scored, results
from cortiscope.core.runs import RunStore
from cortiscope.core.runs.kept_results import kept_or_computed
from cortiscope.markup import as_text, signed
from cortiscope.panels import statistic_figures, statistics
from cortiscope.panels.statistic_figures import numbers_of
from cortiscope.panels.statistics import statistics_of

SHORT = ["roi_mean", "identification", "rsa"]


def _open(tiny_app, page="accuracy", **address):
    first, second = tiny_app.runs
    return tiny_app.open(page, subject="subj01", run=first.id, versus=second.id, **address)


def _words(app):
    return " ".join(one.proto.body for one in app.get("html"))


def _keys(app):
    return [one.proto.id for one in (*app.get("bidi_component"), *app.get("plotly_chart"))]


def test_every_statistic_of_one_model_or_a_pair_is_offered_and_nothing_is_computed_before(
    tiny_app, monkeypatch
):
    monkeypatch.setattr(statistics, "kept_or_computed", lambda *_, **__: pytest.fail("computed"))
    offered = {m.name for n in (1, 2) for m in statistics_of(n)}
    assert offered == {m.name for m in METRICS.values() if m.shape != "vertex"}
    for page, n in (("accuracy", 1), ("compare", 2)):
        menu = _open(tiny_app, page).selectbox("statistic")
        assert menu.value is None
        assert menu.options == [f"{m.question} · {m.title}" for m in statistics_of(n)]


@pytest.mark.parametrize("name", SHORT)
def test_a_statistic_that_is_chosen_has_the_numbers_of_the_command(tiny_app, name):
    app = _open(tiny_app)
    app.selectbox("statistic").set_value(name).run()
    assert not app.exception
    assert not app.error
    assert tiny_app.address(app)["statistic"] == name
    assert METRICS[name].definition[:40].replace("'", "&#x27;") in _words(app)
    expected = results(METRICS[name], [Scored.of_model(tiny_app.runs[0], tiny_app.subject())])
    for number, *_ in numbers_of(expected["all"]).values():
        assert statistic_figures._number(number) in _words(app)
    assert any(f"statistic-{name}" in key for key in _keys(app))
    # A paragraph to paste: how many of which images, whose, and after whom.
    whose = f"{expected['n_images']} {expected['split']} images of subj01"
    pasted = [one.value for one in app.markdown if as_text(whose) in one.value]
    assert any(as_text(METRICS[name].source) in one for one in pasted)


def test_a_pair_s_statistic_is_of_a_and_b(tiny_app):
    app = _open(tiny_app, "compare", statistic="preferred_layer")
    assert not app.error
    assert any("statistic-preferred_layer" in key for key in _keys(app))
    app = _open(tiny_app, "accuracy", statistic="preferred_layer")
    assert app.selectbox("statistic").value is None  # of one model there is none
    assert tiny_app.address(app)["statistic"] == "preferred_layer"


def test_the_two_models_are_called_as_everywhere_on_the_page():
    assert statistic_figures._words("mean_a") == "mean A"
    assert statistic_figures._words("unique_b") == "unique B"
    assert statistic_figures._words("alpha") == "alpha"


def test_curves_of_a_training_are_of_models_that_were_trained(tiny_app, monkeypatch):
    assert "was not trained epoch by epoch" in _open(tiny_app, statistic="training").info[0].value
    trained = {"n_images": 3, "split": "validation", "rois": {"lh": {}, "rh": {}}, "all": TRAINED}
    monkeypatch.setattr(statistics, "kept_or_computed", lambda *_, **__: Computed(trained))
    known = replace(METRICS["training"], lacks=None, images=lambda _: (3, "validation"))
    monkeypatch.setitem(METRICS, "training", known)
    app = _open(tiny_app, statistic="training")
    assert not app.exception
    assert "statistic-training" in str(_keys(app))
    assert "3 validation images of subj01" in _words(app)
    assert "kept epoch" in _words(app)
    assert "Click a ROI" not in _words(app)


TRAINED = {"epoch": [1, 2], "train_loss": [1, 0.5], "validation_loss": [1, 0.9], "kept_epoch": 2}


def test_an_unknown_statistic_is_said(tiny_app):
    app = _open(tiny_app, statistic="banana")
    assert "banana" in app.warning[0].value
    assert "identification" in app.warning[0].value


def test_what_takes_long_is_asked_for_once_more_and_stands_in_the_queue(tiny_app, monkeypatch):
    asked, done = [], SimpleNamespace(result=None, active=False)
    monkeypatch.setattr(statistics, "latest", lambda *_: done if asked else None)
    monkeypatch.setattr(statistics, "submit", lambda *a, **k: asked.append((*a, k["about"])))
    found = {"definition": "", "n_images": 6, "split": "test", "rois": {"lh": {}, "rh": {}}}
    done.result = {"results": {"learning_curve": {**found, "all": CURVE}}}
    app = _open(tiny_app, statistic="learning_curve")
    assert "statistic-learning_curve" not in str(_keys(app))
    app.button("statistics-go").click().run()
    (kind, title, words, about), *more = asked
    assert not more
    assert kind == "evaluate"
    assert words[-4:] == ["--run", tiny_app.runs[0].id, "--what", "learning_curve"]
    assert tiny_app.runs[0].id in about
    assert "statistic-learning_curve" in str(_keys(app))
    assert ".125 … .250".replace(".", "0.") in _words(app)


CURVE = {"n_train": [8, 16], "mean_r": [0.125, 0.25]}


def test_an_interval_belongs_to_the_number_before_it():
    assert numbers_of({"n": 3, "difference": 0.5, "low": 0.25, "high": 0.75, "p": None}) == {
        "n": (3, None, None),
        "difference": (0.5, 0.25, 0.75),
    }
    part = {"value": 0.5, "low": 0.25, "high": None}
    assert numbers_of({"unique_a": part, "share": {"A": 0.5}}) == {
        "unique_a": (0.5, 0.25, None),
        "share A": (0.5, None, None),
    }
    assert numbers_of(None) == {}


def test_what_was_computed_once_is_there_the_next_time(tiny_app, monkeypatch):
    run = tiny_app.runs[0]
    models = [Scored.of_model(run, tiny_app.subject())]
    expected = kept_or_computed(METRICS["permutation"], models)
    monkeypatch.setattr(statistics, "submit", lambda *_, **__: pytest.fail("computed again"))
    app = _open(tiny_app, statistic="permutation")
    assert "statistic-permutation" in str(_keys(app))
    assert statistic_figures._number(expected.said["all"]["smallest_p"]) in _words(app)


def test_a_mask_leaves_of_a_map_what_is_better_than_chance(tiny_app, monkeypatch):
    shown = []
    monkeypatch.setattr(
        "cortiscope.pages.accuracy.page.show_brain", lambda _, m, **__: shown.append(m)
    )
    run = tiny_app.runs[0]
    _open(tiny_app)
    kept = kept_or_computed(METRICS["permutation"], [Scored.of_model(run, tiny_app.subject())])
    # Of the tiny subject next to nothing is.
    maps = {**kept.maps, "significant": np.arange(len(run.report.r)) % 2.0}
    monkeypatch.setattr(statistics, "read_kept", lambda *_: Computed(kept.said, maps))
    app = _open(tiny_app, mask="significant")
    assert tiny_app.address(app)["mask"] == "significant"
    assert app.checkbox("accuracy-mask").value
    (whole,), (masked,) = shown
    np.testing.assert_array_equal(masked.values[1::2], whole.values[1::2])
    assert np.isnan(masked.values[::2]).all()
    assert "not better than chance" in _words(app)
    (methods,) = [one.value for one in app.markdown if "alone that are better" in one.value]
    assert "1000 shuffles" in methods
    assert any(f"cortiscope maps --run {run.id} --map significant" in c.value for c in app.code)


def test_subjects_are_of_one_configuration(tiny_app):
    app = _open(tiny_app, statistic="random_effects")
    assert "is fitted to subj01 alone" in app.info[0].value
    other = tiny_app.fit("subj02", reduction=tiny_app.runs[0].spec.reduction)
    app = _open(tiny_app, statistic="random_effects")
    assert not app.exception
    assert "statistic-random_effects" in str(_keys(app))
    mean = (tiny_app.runs[0].report.overall.mean_r + other.report.overall.mean_r) / 2
    assert statistic_figures._number(mean) in _words(app)
    RunStore(tiny_app.home.runs).delete(other.id)


def test_the_patterns_behind_a_similarity_are_drawn_for_whoever_asks(tiny_app):
    app = _open(tiny_app, statistic="rsa")
    assert "statistic-rdm" not in str(_keys(app))
    app.toggle("statistic-patterns").set_value(True).run()
    assert not app.exception
    assert not app.error
    assert "statistic-rdm" in str(_keys(app))
    assert "statistic-mds" in str(_keys(app))
    rho = results(METRICS["rsa"], [Scored.of_model(tiny_app.runs[0], tiny_app.subject())])
    assert f"ρ {signed(rho['all']['rho'])}" in _words(app)
