"""No run hides another, and an address names one by its whole identity."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cortiscope.core.encoding import Reduction
from cortiscope.core.runs import Run
from cortiscope.core.runs.facets import differing, distinct_words, facets
from cortiscope.panels.model_picker import holds, model_rows
from cortiscope.state import Selection, to_address
from cortiscope.subject.model_menu import ModelKey, ModelMenu, model_title, unlike, validation_score


def _menu(app, label):
    return next(box for box in app.selectbox if box.label.startswith(label))


def _said(app):
    return " ".join(one.value for one in (*app.warning, *app.info, *app.error))


def _open_table(app, field="run"):
    """Return the table of models behind a name, and that name."""
    app.session_state[f"models-{field}"] = True
    app.run()
    table = next(one for one in app.dataframe if one.key == f"models-{field}-table")
    popovers = [b.proto.popover for b in app.sidebar if b.type == "popover"]
    (name,) = [p.label for p in popovers if f"models-{field}" in p.id]
    return table.value, name.replace("\\", "")


def test_two_reductions_of_one_layer_are_both_in_the_table_and_keep_their_address(tiny_app):
    first, second = tiny_app.runs
    for run, words in ((first, "PCA 6"), (second, "PCA 4")):
        app = tiny_app.open(subject="subj01", run=run.id)
        table, name = _open_table(app)
        assert set(table["besides"]) == {"PCA 6", "PCA 4"}
        assert name == f"Raw pixels · pixels · ridge · grid 4 · {words}"
        assert table[table["shown"] == "●"]["besides"].tolist() == [words]
        assert tiny_app.address(app)["run"] == run.id
        assert not _said(app)


def test_rows_of_the_table_are_found_by_any_of_their_words(tiny_app):
    rows = model_rows(tiny_app.runs)
    assert [row["r"] for row in rows] == [validation_score(run) for run in tiny_app.runs]
    assert all(holds(row, " RAW  ridge ") and holds(row, "") for row in rows)
    assert [holds(row, "pixels pca 4") for row in rows] == [False, True]
    assert "besides" not in model_rows(tiny_app.runs[:1])[0]  # nothing else tells it apart


def test_the_slider_steps_through_the_layers_that_were_fitted_alike(tiny_app, monkeypatch):
    first, second = tiny_app.runs
    app = tiny_app.open(subject="subj01", run=first.id)
    assert not app.select_slider  # a layer alone is no choice
    monkeypatch.setattr(ModelMenu, "layers_like", lambda *_: [second, first])
    monkeypatch.setattr(Run, "layer", property(lambda run: "deep" if run == first else "flat"))
    app.run()
    assert app.select_slider("model-layer").value == first.id
    app.select_slider("model-layer").set_value(second.id).run()
    assert tiny_app.address(app)["run"] == second.id


def test_a_run_whose_data_are_uncertain_is_not_where_one_starts(tiny_app):
    known = tiny_app.runs[0]
    record = {k: v for k, v in known.record.items() if k != "identity"}
    former = replace(known, record=record)
    for runs in ([former, known], [known, former]):
        assert ModelMenu.of(runs).nearest(ModelKey.of(known)) is known


def test_an_address_of_before_opens_the_encoder_that_it_names(tiny_app):
    app = tiny_app.open(subject="subj01", backbone="pixels~fixed", layer="pixels", encoder="ridge")
    assert tiny_app.address(app)["run"] in [run.id for run in tiny_app.runs]
    assert not {"backbone", "layer", "encoder"} & set(tiny_app.address(app))
    assert not _said(app)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ({"run": "no~such~run"}, "There is no run “no~such~run” here; showing"),
        ({"layer": "block9~x"}, "subj01 has no “block9~x”; showing"),
        ({"backbone": "gabor~fixed"}, "subj01 has no “Gabor energy”; showing"),
        ({"backbone": "small_cnn~untrained3"}, "no “Small CNN · untrained, seed 3”; showing"),
        ({"roi": "FFX~left"}, "subj01 has no ROI FFX in the left hemisphere; none is in focus."),
        ({"vertex": "left~999"}, "subj01 has no vertex 999 with data in the left hemisphere;"),
        ({"vertex": "nowhere"}, "subj01 has no vertex “nowhere”; none is selected."),
        ({"subject": "a~b~"}, "There is no subject “a~b~”; there are"),
        ({"colour": "red", "shape": "x"}, "asks for “colour”, “shape”, which the app does not"),
    ],
)
def test_what_is_not_there_is_said_once_letter_by_letter(tiny_app, address, words):
    app = tiny_app.open(**{"subject": "subj01", **address})
    (told,) = app.toast
    assert words in told.value.replace("\\", "")
    assert "~" not in told.value.replace("\\~", "")  # nothing is struck out
    assert "Raw pixels" in told.value or not {"run", "layer", "backbone"} & set(address)
    assert not app.warning
    app.run()
    assert not app.toast


def test_another_subject_keeps_the_encoder_and_tells_in_titles_what_it_lacks(tiny_app):
    tiny_app.fit("subj02", reduction=Reduction("pca", 5))
    first = tiny_app.runs[0]
    app = tiny_app.open(subject="subj01", run=first.id)
    _menu(app, "subject").set_value("subj02").run()
    assert tiny_app.address(app)["subject"] == "subj02"
    assert tiny_app.address(app)["run"].startswith("subj02-pixels")
    assert not _said(app)


def test_only_what_differs_tells_runs_apart(tiny_app):
    first, second = tiny_app.runs
    assert differing([first, second]) == {"reduction": ("PCA 6", "PCA 4")}
    assert distinct_words([first, second]) == ("PCA 6", "PCA 4")
    apart = distinct_words([first, first])
    assert first.id in apart[0]
    spec = {**first.record["spec"], "some_new_field": 3, "seed": 5}
    newer = type(first)(first.folder, {**first.record, "spec": spec})
    assert differing([first, newer]) == {
        "validation images": ("random 0.2, seed 0", "random 0.2, seed 5"),
        "some new field": ("", "3"),
    }
    assert facets(newer)["recipe"] == ""
    spec = {k: v for k, v in first.record["spec"].items() if k != "report_fraction"}
    older = type(first)(first.folder, {**first.record, "spec": spec})
    assert differing([first, older]) == {}


def test_titles_name_recipe_stand_ins_and_an_unusual_reduction(tiny_app):
    first = tiny_app.runs[0]
    spec = {**first.record["spec"], "recipe": "stacked", "stand_ins": ["A for B"]}
    made = type(first)(first.folder, {**first.record, "spec": spec})
    assert "PCA 6" in model_title(made)
    assert model_title(made).endswith("with stand-ins")
    assert "recipe" not in model_title(first)


def test_a_curve_joins_layers_that_were_fitted_alike(tiny_app):
    first, second = tiny_app.runs

    def layered(run, layer, name):
        source = {**run.record["sources"][0], "layers": [layer]}
        return type(run)(run.folder.with_name(name), {**run.record, "sources": [source]})

    deeper = layered(first, "pixels2", "deeper")
    menu = ModelMenu.of([deeper, second, first])
    assert {r.layer for r in menu.layers_like(first)} == {"pixels", "pixels2"}
    assert second.id not in [r.id for r in menu.layers_like(first)]
    assert menu.besides(first) == "reduction PCA 4"
    assert menu.nearest(ModelKey.of(second), like=first).id == first.id


def test_a_difference_with_several_causes_is_warned_of(tiny_app):
    first, second = tiny_app.runs
    assert unlike(first, second) == ""
    source = {**first.record["sources"][0], "layers": ["pixels2"]}
    other = type(first)(first.folder, {**second.record, "sources": [source]})
    words = unlike(first, other)
    assert words.startswith("A and B differ in 2 aspects: reduction (PCA 6 against PCA 4); layer")
    # Another regressor has other settings: that is one aspect, not two.
    least_squares = {"name": "ols", "settings": {}}
    spec = {**first.record["spec"], "encoder": least_squares}
    assert unlike(first, type(first)(first.folder, {**first.record, "spec": spec})) == ""


def test_a_run_s_name_says_its_layer_already():
    chosen = Selection(run="r", backbone="b", layer="l", encoder="e", image="test-1")
    assert to_address(chosen) == {"run": "r", "image": "test-1"}
    assert to_address(Selection(layer="l")) == {"layer": "l"}


def test_up_to_six_models_are_compared_and_none_twice(tiny_app):
    first, second = (run.id for run in tiny_app.runs)
    asked = Selection(run=first, versus=f"{second},{first},c,d,,e,f,g")
    assert asked.compared == (first, second, "c", "d", "e", "f")
    app = tiny_app.open("compare", subject="subj01", run=first, versus=f"{second},gone,{second}")
    assert tiny_app.address(app)["versus"] == second
    (told,) = app.toast
    assert told.value.replace("\\", "") == "subj01 has no “gone” to compare with."
    long = ",".join(f"{k}{'x' * 100}" for k in range(5))
    app = tiny_app.open("compare", subject="subj01", run=first, versus=long)
    assert "unreadable" not in app.toast[0].value
    assert tiny_app.address(app)["versus"] == second
