"""``fit --spec``: a configuration as JSON gives the model that the same words would."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from cortiscope.core.cli.main import main
from cortiscope.core.cli.verb_fit import _read_specs
from cortiscope.core.config import to_plain
from cortiscope.core.datasets import open_subject
from cortiscope.core.features import FeatureSpec, Pooling
from cortiscope.core.runs import EncodingSpec, RunStore
from tests.data.tiny_world import write_subject


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def data(tmp_path):
    write_subject(tmp_path / "data" / "subj01")
    return tmp_path / "data"


def _fit(capsys, data, *more):
    status = main(["fit", "--data", str(data), *more, "--json", "--progress", "none"])
    return status, json.loads(capsys.readouterr().out.splitlines()[-1])


def _feature(layer, pooling):
    return {"backbone": "small_cnn", "weights": "untrained", "layer": layer, "pooling": pooling}


HAND_WRITTEN = {
    "features": [_feature("block[45]", "grid:2")],
    "reduction": "pca:4",
    "encoder": {"name": "ridge", "settings": {"n_folds": 3}},
    "scope": "hemisphere",
}
IN_WORDS = (
    *("--backbone", "small_cnn", "--weights", "untrained", "--layers", "block4,block5"),
    *("--pool", "grid:2", "--reduce", "pca:4", "--set", "n_folds=3", "--scope", "hemisphere"),
)


def test_what_a_person_writes_is_what_the_options_say(home, data, capsys, tmp_path, monkeypatch):
    (tmp_path / "a.json").write_text(json.dumps(HAND_WRITTEN))
    status, written = _fit(capsys, data, "--spec", str(tmp_path / "a.json"))
    assert status == 0
    assert _fit(capsys, data, *IN_WORDS)[1]["run"] == written["run"]
    # One per layer, and from stdin.
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(HAND_WRITTEN)))
    _, each = _fit(capsys, data, "--spec", "-", "--each-layer")
    _, in_words = _fit(capsys, data, *IN_WORDS, "--each-layer", "--regressor", "ridge")
    assert [r["run"] for r in each["runs"]] == [r["run"] for r in in_words["runs"]]
    assert len(each["runs"]) == 2


def test_weights_may_be_left_out_and_the_regressor_called_so(home, data, capsys, tmp_path):
    written = {"features": [{"backbone": "pixels", "layer": "pixels"}], "regressor": "ols"}
    (tmp_path / "a.json").write_text(json.dumps(written))
    status, found = _fit(capsys, data, "--spec", str(tmp_path / "a.json"))
    assert status == 0
    stored = RunStore(home / "runs").open(found["run"]).spec
    assert stored.features[0].weights.kind == "fixed"
    assert stored.encoder.name == "ols"


def test_a_stored_configuration_is_the_same_run(home, data, capsys, tmp_path):
    _, fitted = _fit(capsys, data, *IN_WORDS)
    run = RunStore(home / "runs").open(fitted["run"])
    (tmp_path / "a.json").write_text(json.dumps([run.record["spec"]]))
    assert _fit(capsys, data, "--spec", str(tmp_path / "a.json"))[1]["run"] == run.id
    other = {**run.record["spec"], "data": "0123456789abcdef"}
    (tmp_path / "b.json").write_text(json.dumps(other))
    status, result = _fit(capsys, data, "--spec", str(tmp_path / "b.json"))
    assert status == 2
    assert "for subj01 with data 0123456789abcdef" in result["error"]["message"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "a.json is not JSON"),
        ("[]", "describes nothing"),
        ("[3]", "a.json, 1 must be an object"),
        ("{}", "a.json: features is missing"),
        ('{"features": []}', "at least one layer"),
        ('{"features": [{"layer": "x", "weights": "fixed"}]}', "features 1: backbone is missing"),
        (json.dumps({**HAND_WRITTEN, "scoop": "roi"}), "Did you mean 'scope'?"),
        (json.dumps({**HAND_WRITTEN, "encoder": "rigde"}), "Did you mean 'ridge'?"),
        (json.dumps({**HAND_WRITTEN, "regressor": "ols"}), "regressor and encoder"),
        ('{"features": [{"backbone": "pixel", "layer": "x"}]}', "Did you mean 'pixels'?"),
        (json.dumps({**HAND_WRITTEN, "seed": -1}), "seed"),
        (json.dumps({**HAND_WRITTEN, "features": [_feature("block9", "mean")]}), "block5"),
        (json.dumps({**HAND_WRITTEN, "subject": "subj02"}), "for subj02, not for subj01"),
        (
            json.dumps(
                {**HAND_WRITTEN, "encoder": {"name": "lasso", "settings": {"shares": [-1]}}}
            ),
            "0 or more",
        ),
    ],
)
def test_what_cannot_be_read_is_answered_in_one_line(home, data, capsys, tmp_path, text, words):
    (tmp_path / "a.json").write_text(text)
    status, result = _fit(capsys, data, "--spec", str(tmp_path / "a.json"))
    assert status == 2
    assert words in f"{result['error']['message']} {result['error']['hint']}"


def test_one_way_of_naming_a_model_at_a_time(home, data, capsys):
    for words in (("--spec", "a.json", "--recipe", "stacked"), ("--backbone", "pixels"), ()):
        status, result = _fit(capsys, data, *words)
        assert (status, "Name either --recipe" in result["error"]["message"]) == (2, True)
    assert "no configuration" in _fit(capsys, data, "--spec", "none.json")[1]["error"]["message"]


def test_one_configuration_of_all_layers_or_one_of_each(data):
    subject = open_subject(data, "subj01")
    together = EncodingSpec.of_layers(subject, "small_cnn", ["block4", "block[145]"], seed=3)
    each = EncodingSpec.of_layers(subject, "small_cnn", ["block4", "block[145]"], each=True, seed=3)
    (whole,) = together
    assert [f.layer for f in whole.features] == ["block4", "block1", "block5"]
    assert [spec.features for spec in each] == [(f,) for f in whole.features]
    assert {type(f) for f in whole.features} == {FeatureSpec}
    assert whole.features[0].pooling == Pooling("grid", 5)
    assert {spec.seed for spec in (*together, *each)} == {3}
    assert whole.completed(subject, {}) == together
    assert whole.completed(subject, {}, each=True) == each
    assert to_plain(whole)["features"][0]["weights"]["sha256"]


def test_former_names_of_options_and_lists_are_taken(home, data, capsys):
    pixels = ("--backbone", "pixels", "--layers", "pixels", "--reduce", "pca:3")
    _, former = _fit(capsys, data, *pixels, "--encoder", "ols")
    assert _fit(capsys, data, *pixels, "--regressor", "ols")[1]["run"] == former["run"]
    lists = []
    for what in ("encoders", "regressors"):
        assert main(["list", what, "--json"]) == 0
        lists.append(json.loads(capsys.readouterr().out.splitlines()[-1]))
    assert lists[0] == lists[1]
    with pytest.raises(SystemExit):
        main(["fit", "--help"])
    words = capsys.readouterr().out
    assert "--regressor" in words
    assert "--encoder" not in words


def test_subjects_fitted_along_may_be_named_by_their_numbers(home, data, capsys, tmp_path):
    write_subject(data / "subj02", seed=1)
    pixels = {"backbone": "pixels", "weights": "fixed", "layer": "pixels", "pooling": "grid:2"}
    spec = {"features": [pixels], "reduction": "pca:3", "encoder": "ols", "with_subjects": ["2"]}
    (tmp_path / "a.json").write_text(json.dumps(spec))
    status, result = _fit(capsys, data, "--subject", "1", "--spec", str(tmp_path / "a.json"))
    assert status == 0
    run = RunStore(home / "runs").open(result["run"])
    assert [other.subject for other in run.spec.with_subjects] == ["subj02"]
    assert run.facts.n_fit_by_subject["subj02"] > 0


def test_the_example_of_the_docs_can_be_read(tmp_path):
    page = Path(__file__).parents[3] / "docs" / "command-line.md"
    example = page.read_text(encoding="utf-8").split("```json")[1].split("```")[0]
    (tmp_path / "a.json").write_text(example)
    (spec,) = _read_specs(str(tmp_path / "a.json"))
    assert (spec.features[0].layer, spec.encoder.settings.n_folds) == ("block*", 3)
