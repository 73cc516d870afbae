"""A regressor of one's own, as docs/add-a-regressor.md adds it, and what cannot be one."""

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.cross_decomposition import PLSRegression
from streamlit.testing.v1 import AppTest

import cortiscope as cs
from cortiscope.core.cli.main import main
from cortiscope.core.encoding import (
    REGRESSORS,
    LinearPredictor,
    Reduction,
    RegressorSpec,
    TrainingData,
    fit_reduction,
    fit_regressor,
    method_text,
    register_regressor,
)
from cortiscope.core.encoding.neighbours import NeighboursPredictor
from cortiscope.core.encoding.predictor import EnsemblePredictor, Member
from cortiscope.core.errors import InvalidInput, UnknownName
from cortiscope.core.runs import RunStore
from tests.core.encoding.test_response_units import in_units
from tests.data.tiny_world import write_subject

GUIDE = Path(__file__).parents[3] / "docs" / "add-a-regressor.md"


@pytest.fixture
def entry(monkeypatch):
    """Register the guide's example for one test, by its own words."""
    example = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)[0]
    # Dataclasses look their module up, so it must be there by name.
    module = type(dataclasses)("guide_example")
    monkeypatch.setitem(__import__("sys").modules, "guide_example", module)
    exec(compile(example, str(GUIDE), "exec"), vars(module))
    (made,) = module.ENTRIES
    yield register_regressor(made)
    REGRESSORS.pop(made.name, None)


@pytest.fixture
def data(rng):
    design = rng.normal(size=(30, 12)).astype(np.float32)
    responses = design @ rng.normal(size=(12, 7)) + 0.3 * rng.normal(size=(30, 7)) + 5
    return TrainingData(design, responses.astype(np.float32))


def test_the_example_predicts_what_scikit_learn_predicts(entry, data, rng):
    spec = RegressorSpec("pls").with_settings(n_components=4)
    new = rng.normal(size=(5, 12)).astype(np.float32)
    theirs = PLSRegression(4).fit(data.design, data.responses).predict(new)
    np.testing.assert_allclose(fit_regressor(data, spec).predict(new), theirs, atol=1e-4)
    assert method_text("pls", {"n_components": 4}).endswith("(scikit-learn) with 4 components")


def test_the_example_keeps_to_the_unit_of_the_responses(entry, data):
    here = fit_regressor(data, "pls").predict(data.design)
    there = fit_regressor(in_units(data, 128.0, 500.0), "pls").predict(data.design)
    np.testing.assert_allclose((there - 500) / 128, here, atol=1e-3)


def test_it_is_listed_and_fitted_on_the_command_line_and_its_run_opens_without_it(
    entry, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    write_subject(tmp_path / "data" / "subj01")
    assert main(["list", "regressors", "--match", "pls"]) == 0
    assert "partial least squares" in capsys.readouterr().out
    what = "--backbone pixels --layers pixels --reduce pca:5 --regressor pls --set n_components=3"
    where = ["--data", str(tmp_path / "data"), "--subject", "subj01", "--progress", "none"]
    assert main(["fit", *where, *what.split()]) == 0
    del REGRESSORS["pls"]
    store = RunStore(tmp_path / "home" / "runs")
    (run_id,) = store.ids()
    run = store.open(run_id)
    assert run.method == "pls"
    assert run.predict_rows("test", slice(0, 2)).shape == (2, 12)


def test_it_is_registered_and_fitted_in_a_notebook(entry, tmp_path, monkeypatch):
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    subject = cs.open_subject(write_subject(tmp_path / "subj01"))
    assert cs.register_regressor(entry, replace=True) is entry
    model = cs.fit(subject, "pixels", "pixels", regressor="pls", reduction="pca:5")
    assert model.report.split == "test"
    assert model.method == "pls"


def _dialog():
    from types import SimpleNamespace

    from cortiscope.panels.free_choice import free_choice

    free_choice(SimpleNamespace(id="s1"))


def test_it_is_in_the_apps_menu(entry, monkeypatch, tmp_path):
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path))
    app = AppTest.from_function(_dialog, default_timeout=60).run()
    assert f"{entry.title}: {entry.summary}" in app.selectbox("fit-regressor").options


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "Mine~1"}, "lower-case letters"),
        ({"name": "ridge"}, "already"),
        ({"settings": dict}, "frozen dataclass"),
        ({"method": "least squares with {components}"}, "'components' in braces.*n_components"),
        ({"predictor": type("Other", (NeighboursPredictor,), {})}, "neighbours and pls save"),
    ],
)
def test_an_entry_that_cannot_be_one_is_refused(entry, change, words):
    before = dict(REGRESSORS)
    with pytest.raises(InvalidInput, match=words):
        register_regressor(dataclasses.replace(entry, **change), replace="name" not in change)
    assert before == REGRESSORS


def test_settings_without_defaults_are_refused(entry):
    bare = dataclasses.make_dataclass("Bare", [("k", int)], frozen=True)
    with pytest.raises(InvalidInput, match="need defaults; k has none"):
        register_regressor(
            dataclasses.replace(entry, name="bare", settings=bare, method="with {k}")
        )


def test_a_second_registration_replaces_the_first_only_if_asked(entry):
    other = dataclasses.replace(entry, title="anew")
    register_regressor(other, replace=True)
    assert REGRESSORS["pls"] is other
    assert REGRESSORS["pls"].predictor is LinearPredictor


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ridge", "<LinearPredictor, 12 columns to 7 vertices>"),
        ("neighbours", "<NeighboursPredictor, 5 of 30 images, to 7 vertices>"),
        ("tree", "<TreePredictor, 30 leaves, to 7 vertices>"),
        (
            "head_residual",
            "<HeadPredictor, residual trunk, linear readout, 12 columns to 7 vertices>",
        ),
    ],
)
def test_what_a_fit_gives_shows_itself_in_a_line(data, name, words):
    spec = RegressorSpec(name)
    if name == "head_residual":
        spec = spec.with_settings(max_epochs=1)
    fitted = fit_regressor(data, spec)
    assert repr(fitted) == words
    merged = EnsemblePredictor((Member("all", np.arange(7), fitted),), 7)
    assert repr(merged) == "<EnsemblePredictor of 1, to 7 vertices>"


def test_data_and_reductions_show_themselves_in_a_line(data, rng):
    assert repr(data) == "<TrainingData, 30 images, 12 columns, 7 vertices>"
    several = dataclasses.replace(data, spaces=(slice(0, 5), slice(5, 12)))
    assert repr(several) == "<TrainingData, 30 images, 12 columns in 2 feature spaces, 7 vertices>"
    reduction = fit_reduction(rng.normal(size=(30, 12)), Reduction("pca", 12, "none"))
    assert repr(reduction) == "<FittedReduction, 12 features to 12, 100.0 % of the variance>"


def test_an_unknown_name_gets_the_nearest(data):
    with pytest.raises(UnknownName, match="Unknown regressor 'rigde'. Did you mean 'ridge'"):
        fit_regressor(data, "rigde")
