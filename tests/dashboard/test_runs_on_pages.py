"""No run hides another, and an address names one by its whole identity."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from cortiscope.core.encoding import Reduction
from cortiscope.core.runs import Run
from cortiscope.core.runs.facets import differing, distinct_words, facets
from cortiscope.pages.compare.pair import unlike
from cortiscope.state import Selection, to_address
from cortiscope.subject.model_menu import ModelKey, ModelMenu, model_title, validation_score
from cortiscope.subject.model_table import best_layers, holds, model_rows


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
    menu = ModelMenu.of(tiny_app.runs)
    rows = model_rows(menu, tuple(tiny_app.runs))
    assert [row["r"] for row in rows] == [validation_score(run) for run in tiny_app.runs]
    assert all(holds(row, " RAW  ridge ") and holds(row, "") for row in rows)
    assert [holds(row, "pixels pca 4") for row in rows] == [False, True]
    assert (
        "besides" not in model_rows(menu, tuple(tiny_app.runs[:1]))[0]
    )  # nothing else tells it apart


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


def test_two_models_that_differ_in_any_setting_have_different_rows(tiny_app):
    first, second = tiny_app.runs
    spec = first.record["spec"]
    sha = {"kind": "file", "label": "mine", "sha256": "a" * 64, "seed": 0}

    def changed(k, sources=first.record["sources"], **settings):
        record = {**first.record, "spec": {**spec, **settings}, "sources": sources}
        return type(first)(first.folder.with_name(f"run{k}"), record)

    source = first.record["sources"][0]
    runs = (
        first,
        second,
        changed(0, seed=5),
        changed(1, some_new_field=3),
        changed(2, encoder={**spec["encoder"], "settings": {"n_folds": 7}}),
        changed(3, recipe="stacked", stand_ins=["A for B"]),
        changed(4, [{**source, "weights": sha}]),
        changed(5, [{**source, "weights": {**sha, "sha256": "b" * 64}}]),
        changed(6, [{**source, "precision": "bfloat16"}]),
        changed(7),  # in nothing but its name
    )
    rows = model_rows(ModelMenu.of(runs), runs)
    words = [tuple(row[c] for c in ("network", "layer", "regressor", "besides")) for row in rows]
    assert len(set(words)) == len(runs)
    assert "seed 5" in rows[2]["besides"]


def test_one_row_per_network_chooses_its_layer_by_validation_alone(tiny_app):
    first, second = tiny_app.runs

    def scored(k, backbone, layer, validation, report, of=first):
        def with_r(name, r):
            rois = [{**s, "mean_r": r} for s in first.record[name]["rois"]]
            return {**first.record[name], "rois": rois}

        source = {**first.record["sources"][0], "backbone": backbone, "layers": [layer]}
        changes = {"validation": with_r("validation", validation)}
        changes |= {"report": with_r("report", report), "sources": [source]}
        return type(of)(of.folder.with_name(f"run{k}"), {**of.record, **changes})

    runs = (
        scored(0, "small_cnn", "block1", 0.5, 0.1),
        scored(1, "small_cnn", "block2", 0.4, 0.9),
        scored(2, "gabor", "energy", 0.3, 0.8),
        scored(3, "pixels", "pixels", 0.9, 0.9, of=second),  # of another reduction
    )
    found, without = best_layers(ModelMenu.of(runs), runs[1])
    assert [run.id for run in found] == ["run0", "run2"]
    assert without == ["Raw pixels"]
    rows = model_rows(ModelMenu.of(runs), found)
    assert [(row["r"], row["held-out r"]) for row in rows] == [(0.5, 0.1), (0.3, 0.8)]


def _press(app, label):
    next(one for one in app.button if one.label == label).click().run()
    assert not app.exception
    assert not app.error


def test_models_are_ticked_in_the_order_of_their_letters(tiny_app):
    first, second = (run.id for run in tiny_app.runs)
    app = tiny_app.open("compare", subject="subj01", run=first, versus=second)
    app.session_state["models-run"] = True
    app.run()
    (table,) = [one for one in app.dataframe if one.key and one.key.startswith("models-run-rows")]
    letters = dict(zip(table.value["besides"], table.value["shown"], strict=True))
    assert letters == {"PCA 6": "A", "PCA 4": "B"}
    # Ticked the other way round, A is the other.
    app.session_state["models-ticked"] = [second, first]
    app.run()
    _press(app, "Compare 2 models")
    assert tiny_app.address(app)["run"] == second
    assert tiny_app.address(app)["versus"] == first
    assert app.session_state["models-run"] is False


def test_a_model_is_named_deleted_and_brought_back(tiny_app):
    run = tiny_app.fit(reduction=Reduction("pca", 2))
    app = tiny_app.open(subject="subj01", run=run.id)
    _, name = _open_table(app)
    app.text_input(f"models-name-{run.id}").set_value("<b>*mine*</b>")
    app.text_input(f"models-tags-{run.id}").set_value("a,  b c ,a")
    _press(app, "Save")
    table, title = _open_table(app)
    assert title == f"<b>*mine*</b> · {name}"
    assert table[table["shown"] == "●"]["tags"].tolist() == ["a, b c"]
    files = {p.name: p.read_bytes() for p in run.folder.iterdir()}
    _press(app, "Delete this model")
    assert not run.folder.exists()
    assert tiny_app.address(app)["run"] != run.id
    assert not app.toast
    said = [one.value.replace("\\", "") for one in app.sidebar.caption]
    assert [words for words in said if words.startswith("Deleted <b>*mine*</b> · Raw pixels")]
    other = tiny_app.open(subject="subj01", run=run.id)
    assert f"runs undelete {run.id}" in other.toast[0].value.replace("\\", "")
    _press(app, "Undo")
    assert tiny_app.address(app)["run"] == run.id
    assert {p.name: p.read_bytes() for p in run.folder.iterdir()} == files
    # Where it came back by another way, there is nothing to undo.
    _open_table(app)
    _press(app, "Delete this model")
    assert app.button("models-undo")
    tiny_app.fit(reduction=Reduction("pca", 2))
    app.run()
    assert "models-undo" not in [button.key for button in app.button]
    for folder in (run.folder, run.folder.parent / ".deleted" / run.id):
        shutil.rmtree(folder)


def _like(run, name, layer, weights):
    source = {**run.record["sources"][0], "layers": [layer], "weights": weights}
    return type(run)(run.folder.with_name(name), {**run.record, "sources": [source]})


def _seeded(run, name, layer, seed):
    weights = {"kind": "untrained", "seed": seed, "sha256": "", "label": f"untrained, seed {seed}"}
    return _like(run, name, layer, weights)


def test_a_twin_follows_to_the_layer_that_the_other_goes_to(tiny_app):
    first, apart = tiny_app.runs
    deeper = _like(first, "deeper", "pixels2", first.record["sources"][0]["weights"])
    twin, twin2 = (_seeded(first, f"twin-{n}", n, 0) for n in ("pixels", "pixels2"))
    elsewhere = _seeded(first, "elsewhere", "pixels3", 0)
    menu = ModelMenu.of([first, deeper, twin, twin2, elsewhere, apart])
    assert menu.following(twin, first, deeper).id == "twin-pixels2"
    # Neither what stood at another layer, nor where A became another model, not another layer.
    assert menu.following(elsewhere, first, deeper) is elsewhere
    assert menu.following(twin, first, apart) is twin
    # No such layer of it: it stays.
    assert ModelMenu.of([first, deeper, twin]).following(twin, first, deeper) is twin


def test_seeds_of_an_untrained_network_differ_in_nothing_else(tiny_app):
    first, apart = tiny_app.runs
    seeds = [_seeded(first, f"seed-{k}", "pixels", k) for k in range(3)]
    others = [_seeded(apart, "reduced", "pixels", 3), _seeded(first, "deep", "pixels2", 4)]
    menu = ModelMenu.of([first, apart, *seeds, *others])
    assert {run.id for run in menu.seeds_of(seeds[1])} == {"seed-0", "seed-1", "seed-2"}
    assert menu.seeds_of(first) == []


def test_the_twin_follows_on_the_page(tiny_app, monkeypatch):
    first, second = tiny_app.runs
    asked = []

    def following(self, run, before, after):
        asked.append((run.id, before.id, after.id))
        return run

    monkeypatch.setattr(ModelMenu, "following", following)
    app = tiny_app.open("compare", subject="subj01", run=first.id, versus=second.id)
    assert not asked
    app.session_state["compared-last"] = (second.id, first.id)
    app.run()
    assert not asked  # B has changed, too
    app.session_state["compared-last"] = (second.id, second.id)
    app.run()
    assert asked[0] == (second.id, second.id, first.id)
