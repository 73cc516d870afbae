"""``list recipes``, ``fit --recipe`` and ``sweep``: the contract's keys, and errors in one line."""

import json
from pathlib import Path

import numpy as np
import pytest

from cortiscope.core.cli.main import main
from cortiscope.core.recipes import recipe_names
from tests.data.tiny_world import write_subject


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    for name in ("TORCH_HOME", "HF_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "no weights"))
    write_subject(tmp_path / "data/s1")
    write_subject(tmp_path / "data/s2", seed=1)
    return tmp_path


def _json(capsys, *arguments, code=0):
    status = main([*map(str, arguments), "--json", "--progress", "none"])
    answer = json.loads(capsys.readouterr().out.strip().splitlines()[-1])
    assert status == code, answer
    return answer


def test_recipes_are_listed_with_what_stands_in(home, capsys):
    items = {i["name"]: i for i in _json(capsys, "list", "recipes")["items"]}
    assert tuple(items) == recipe_names()
    assert items["clip_roi"]["available"]
    assert "CLIP" in items["clip_roi"]["stand_ins"][0]
    assert items["img2brain_lasso"]["stand_ins"] == []


def test_a_recipe_is_fitted_and_says_what_stood_in(home, capsys):
    answer = _json(
        capsys, "fit", "--data", home / "data", "--subject", "s1", "--recipe", "best_source"
    )
    assert answer["recipe"] == "best_source"
    assert len(answer["stand_ins"]) == 2
    assert answer["scores"]["n"] == 12
    assert answer["n_held_out"] == 6


def test_a_cross_subject_recipe_takes_the_folders_other_subjects(home, capsys):
    answer = _json(
        capsys, "fit", "--data", home / "data", "--subject", "s1", "--recipe", "cross_subject"
    )
    assert answer["n_train"] > 16


def test_scopes_spaces_and_settings_are_options(home, capsys):
    answer = _json(
        capsys,
        *("fit", "--data", home / "data", "--subject", "s1", "--backbone", "small_cnn"),
        *("--weights", "untrained", "--layers", "block1,block2", "--pool", "grid:2"),
        *("--reduce", "pca:3", "--encoder", "banded", "--spaces", "layer", "--scope", "hemisphere"),
        *("--set", "n_folds=3", "--with", "s2"),
    )
    assert "banded" in answer["run"]
    assert answer["n_train"] > 16


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--recipe", "clip_rio"), "clip_roi"),
        ((), "--recipe, or --backbone"),
        (("--recipe", "stacked", "--backbone", "gabor", "--layers", "energy"), "either"),
        (("--backbone", "gabor", "--layers", "energy", "--set", "n_folds"), "NAME=VALUE"),
        (("--backbone", "gabor", "--layers", "energy", "--set", "n_fold=3"), "n_folds"),
        (("--backbone", "gabor", "--layers", "energy", "--set", "n_folds=x"), "like 5"),
        (("--backbone", "gabor", "--layers", "energy", "--with", "s1"), "along with itself"),
        (("--backbone", "gabor", "--layers", "energy", "--with", "s9"), "s9"),
    ],
)
def test_bad_options_are_told(home, capsys, options, words):
    answer = _json(capsys, "fit", "--data", home / "data", "--subject", "s1", *options, code=2)
    assert words in answer["error"]["message"] + " " + (answer["error"]["hint"] or "")


@pytest.mark.slow
def test_a_sweep_answers_with_the_contracts_keys_and_writes_its_table(home, capsys):
    plan = home / "plan.toml"
    plan.write_text(
        'subjects = ["s1"]\nrecipes = ["best_source"]\n'
        '[[models]]\nbackbones = ["pixels"]\nlayers = ["pixels"]\npool = "grid:2"\n'
        'weights = ["fixed", "pretrained"]\n'
    )
    table, folder = home / "out/table.md", home / "out/csv"
    options = ("--data", home / "data", "--table", table, "--csv", folder)
    answer = _json(capsys, "sweep", plan, *options, code=1)
    assert str(folder / "s1" / "README.txt") in answer["files"]
    assert all(Path(name).is_file() for name in answer["files"])
    assert (answer["planned"], answer["done"], answer["skipped"]) == (3, 2, 0)
    (failure,) = answer["failed"]
    assert "no pretrained weights" in failure["message"]
    assert all(np.isfinite(row["seconds"]) for row in answer["rows"])
    assert "best_source" in table.read_text()
    options = ("--data", home / "data", "--table", home / "t.csv")
    again = _json(capsys, "sweep", plan, *options, code=1)
    assert (again["done"], again["skipped"]) == (0, 2)


def test_a_sweep_with_failures_exits_1_with_its_usual_answer(home, capsys):
    plan = home / "plan.toml"
    plan.write_text(
        '[[models]]\nbackbones = ["pixels"]\nlayers = ["pixels"]\nweights = ["pretrained"]\n'
    )
    answer = _json(capsys, "sweep", plan, "--data", home / "data", code=1)
    assert (answer["planned"], answer["done"], len(answer["failed"])) == (2, 0, 2)
    assert "error" not in answer


def test_a_scheduler_that_is_not_there_is_told(home, capsys, monkeypatch):
    monkeypatch.setattr("cortiscope.core.pipeline.sweep._CONNECT_TIMEOUT", "1s")
    plan = home / "plan.toml"
    plan.write_text('[[models]]\nbackbones = ["pixels"]\nlayers = ["pixels"]\n')
    options = ("--data", home / "data", "--scheduler", "tcp://127.0.0.1:9")
    answer = _json(capsys, "sweep", plan, *options, code=2)
    assert "no Dask scheduler at tcp://127.0.0.1:9" in answer["error"]["message"]
