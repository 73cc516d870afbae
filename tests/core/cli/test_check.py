"""``check`` on the command line: keys, exit statuses, words."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from cortiscope.core.cli.main import main
from tests.data.tiny_world import N_LEFT, N_RIGHT, write_subject


@pytest.fixture
def data(tmp_path):
    write_subject(tmp_path / "data" / "subj01")
    return tmp_path / "data"


def _check(capsys, *arguments):
    status = main(["check", *map(str, arguments), "--json", "--progress", "none"])
    captured = capsys.readouterr()
    return status, json.loads(captured.out.splitlines()[-1]), captured.err


def _damage(data):
    path = data / "subj01/training_split/training_fmri/lh_training_fmri.npy"
    values = np.load(path)
    values[2, 3] = np.nan
    np.save(path, values)
    (data / "subj01/roi_masks/mapping_floc-faces.npy").unlink()


def test_the_fixed_keys_of_a_folder_without_problems(data, capsys):
    status, result, told = _check(capsys, data, "--deep")
    assert (status, result["layout"], told) == (0, "simulated", "")
    (subject,) = result["subjects"]
    assert (subject["id"], subject["n_train"], subject["n_test"]) == ("subj01", 20, 6)
    assert subject["vertices"] == {"lh": N_LEFT, "rh": N_RIGHT}
    assert subject["rois"]["lh"] == {"V1v": 3, "V1d": 2, "OFA": 1, "FFA-1": 2}
    assert subject["rois"]["rh"] == {"V1v": 2, "V1d": 2, "OFA": 1}
    assert subject["problems"] == []
    assert (subject["simulated"], result["n_problems"]) == (True, 0)


def test_problems_are_no_error(data, capsys):
    _damage(data)
    status, result, told = _check(capsys, data)
    assert (status, told) == (0, "")
    assert len(result["subjects"][0]["problems"]) == result["n_problems"] == 2


def test_people_read_one_line_per_problem(data, capsys):
    _damage(data)
    assert main(["check", str(data), "--progress", "none"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum("problem:" in line for line in lines) == 2
    assert lines[-1] == "2 problems."
    assert "SIMULATED" in lines[1]


@pytest.mark.parametrize("place", ["nowhere", "data/subj01/roi_masks", "file", "."])
def test_a_folder_that_is_none_exits_2_with_what_was_expected(data, capsys, place):
    (data.parent / "file").touch()
    status, result, told = _check(capsys, data.parent / place)
    assert status == 2
    assert result["error"]["hint"]
    assert len(told.strip().splitlines()) == 1


def test_a_folder_of_no_layout_says_what_a_layout_is(tmp_path, capsys):
    _, result, _ = _check(capsys, tmp_path)
    assert "subj01/training_split" in result["error"]["hint"]


def test_an_unknown_subject_exits_2(data, capsys):
    status, result, _ = _check(capsys, data, "--subject", "subj09")
    assert (status, result["error"]["kind"]) == (2, "unknown_name")


def test_checking_imports_no_torch():
    code = "import sys, core.datasets.check; print('torch' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
