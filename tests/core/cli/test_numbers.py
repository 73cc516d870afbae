"""Numbers that cannot be meant are refused in one line, before anything is computed."""

from __future__ import annotations

import pytest

from cortiscope.core.backbones import Framing, WeightsSpec
from cortiscope.core.cli.main import main
from cortiscope.core.encoding import Reduction, RegressorSpec
from cortiscope.core.encoding.settings import parse_settings
from cortiscope.core.encoding.splits import check_split_rule, validation_split
from cortiscope.core.errors import InvalidInput
from cortiscope.core.features import Pooling
from cortiscope.core.pipeline.plan import read_plan

HUGE = "1" + "0" * 29
FIT = ("fit", "--data", "demo", "--subject", "sim01", "--backbone", "gabor", "--layers", "energy")
FEATURES = ("features", "--images", "x", "--backbone", "gabor", "--layers", "energy", "--out", "y")


@pytest.mark.parametrize(
    "arguments",
    [
        (*FIT, "--seed=-1"),
        (*FIT, "--seed", HUGE),
        (*FIT, "--weights-seed=-1"),
        (*FEATURES, "--batch-size", "0"),
        (*FEATURES, "--batch-size", HUGE),
        ("sweep", "plan.toml", "--workers=-1"),
        ("prepare-nsd", "--data", "x", "--subject", "subj01", "--out", "y", "--sessions", "41"),
        ("store", "clean", "--older-than", "nan"),
        ("store", "clean", "--older-than", "inf"),
    ],
)
def test_options_are_bounded(arguments, capsys):
    assert main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "must be" in line
    assert "defect" not in line


@pytest.mark.parametrize(
    "make",
    [
        lambda: WeightsSpec("untrained", seed=-1),
        lambda: Pooling.parse(f"grid:{HUGE}"),
        lambda: Pooling.parse("grid:①"),
        lambda: Framing.parse("stretch:" + "9" * 5000),
        lambda: Framing.parse(f"caption:{HUGE}"),
        lambda: Reduction.parse("pca:1000001"),
        lambda: Reduction.parse("rp:" + "9" * 5000),
        lambda: check_split_rule("fold:1/999999999"),
        lambda: validation_split(20, seed=-1),
        lambda: validation_split(20, seed=10**29, rule="shuffled"),
        lambda: validation_split(20, fraction=float("nan")),
        lambda: parse_settings(RegressorSpec("ridge"), [f"n_folds={HUGE}"]),
        lambda: parse_settings(RegressorSpec("ridge"), ["alphas=1,-1"]),
        lambda: parse_settings(RegressorSpec("ridge"), ["alphas=1,nan"]),
        lambda: parse_settings(RegressorSpec("head_linear"), ["seed=-1"]),
        lambda: parse_settings(RegressorSpec("head_linear"), ["learning_rate=inf"]),
    ],
)
def test_numbers_of_configurations_are_bounded(make):
    with pytest.raises(InvalidInput):
        make()


@pytest.mark.parametrize(
    "line", ["seeds = [1e29]", f"seeds = [{HUGE}]", "seeds = [-1]", f"split_seed = {HUGE}"]
)
def test_seeds_of_a_plan_are_bounded(tmp_path, line):
    plan = tmp_path / "plan.toml"
    plan.write_text(f'[[models]]\nbackbones = ["gabor"]\nlayers = ["energy"]\n{line}\n')
    with pytest.raises(InvalidInput, match="whole number") as caught:
        read_plan(plan)
    assert "models 1" in caught.value.message
