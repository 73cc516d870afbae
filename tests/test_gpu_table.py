"""The table for GPUs is made whole, in small, on a machine without one."""

import re

from cortiscope.core.encoding import RegressorSpec, fit_regressor, regressor_names
from tests import gpu


def test_every_line_of_the_table_is_there_and_the_cpu_agrees_with_itself(capsys):
    assert gpu.main(["--device", "cpu", "--small"]) == 0
    rows = [line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines()[2:]]
    named = {row[0]: row for row in rows}
    assert set(regressor_names()) <= set(named)
    assert {"ridge, 15 penalties, 5 folds", "receptive fields"} <= set(named)
    assert any("float32" in name for name in named)
    for name in regressor_names():
        assert re.fullmatch(r"[0-9.]+", named[name][2])
        assert named[name][4].startswith("0.0e+00")
    assert not any("FAILED" in name for name in named)


def test_a_line_that_fails_says_why_and_the_others_go_on(monkeypatch, capsys):
    def fit(data, spec, work):
        if RegressorSpec("ols") == spec:
            raise RuntimeError("no such\nkernel")
        return fit_regressor(data, spec, work)

    monkeypatch.setattr(gpu, "fit_regressor", fit)
    monkeypatch.setattr(gpu, "regressor_names", lambda: ("ols", "ridge_gcv"))
    monkeypatch.setattr(gpu, "networks", lambda *_: iter(()))
    assert gpu.main(["--device", "cpu"]) == 1
    told = capsys.readouterr().out
    assert "| FAILED | RuntimeError: no such kernel |" in told
    assert told.splitlines()[-1].startswith("| ridge_gcv | 40 x 10 x 9 |")


def test_no_line_is_begun_once_the_time_is_over(monkeypatch, capsys):
    monkeypatch.setattr(gpu, "LONGEST", -1.0)
    assert gpu.main(["--device", "cpu"]) == 1
    assert "left out: the time is over" in capsys.readouterr().out
