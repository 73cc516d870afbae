"""Preparing NSD stopped, killed and started again; nothing is mixed up or left behind."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cortiscope.core.datasets import find_subjects
from cortiscope.core.datasets.nsd import prepare as prepare_module
from cortiscope.core.datasets.nsd import sessions
from cortiscope.core.errors import InvalidInput
from tests.core.datasets.nsd.preparing import everything_below, prepare
from tests.data import tiny_nsd as tiny

ROOT = Path(__file__).parents[4]
KILLED = """
import os, signal, sys
import numpy
from pathlib import Path
from cortiscope.core.datasets.nsd import sessions
from cortiscope.core.datasets.nsd.prepare import prepare_subject
from tests.data import tiny_nsd as tiny

root, out, step = sys.argv[1:]
die = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
real, calls = sessions.z_score_blocks, []

def scores(betas, vertices):
    calls.append(1)
    for where, values in real(betas, vertices):
        yield where, values
        if step == "in a session" and len(calls) == 4:
            die()

sessions.z_score_blocks = scores
if step == "while averaging":
    sessions.ncsnr_of = die
    sessions.Repeats.average = die
if step == "in the sidecar":
    numpy.save = die
told = lambda share, message: step == "among the images" and share > 0.95 and die()
prepare_subject(
    root, "subj01", out, images=Path(root).parent / "pictures", progress=told, **tiny.SETTINGS
)
"""


@pytest.mark.parametrize("killed_after", [0, 3, 8, 9, 12])
def test_a_resumed_preparation_equals_an_uninterrupted_one(
    nsd, tmp_path, monkeypatch, killed_after
):
    whole = everything_below(prepare(nsd, tmp_path / "whole"))
    steps = {"left": killed_after, "read": 0}

    def until_killed(share, message):
        steps["left"] -= 1
        if steps["left"] < 0:
            raise KeyboardInterrupt

    out = tmp_path / "resumed"
    with pytest.raises(KeyboardInterrupt):
        prepare(nsd, out, progress=until_killed)
    assert not (out / "subj01").exists()
    real = sessions.z_score_blocks

    def counted(*given):
        steps["read"] += 1
        return real(*given)

    monkeypatch.setattr(sessions, "z_score_blocks", counted)
    assert everything_below(prepare(nsd, out)) == whole
    assert steps["read"] == max(0, 2 * tiny.SESSIONS - killed_after)
    assert [p.name for p in out.iterdir()] == ["subj01"]


def test_a_session_that_was_cut_off_halfway_is_done_again(nsd, tmp_path, monkeypatch):
    whole = everything_below(prepare(nsd, tmp_path / "whole"))

    def dies(betas, vertices):
        yield slice(0, 2), np.full((2, tiny.TRIALS), 99, dtype=np.float32)
        raise KeyboardInterrupt

    out = tmp_path / "resumed"
    with monkeypatch.context() as patched:
        patched.setattr(sessions, "z_score_blocks", dies)
        with pytest.raises(KeyboardInterrupt):
            prepare(nsd, out)
    assert everything_below(prepare(nsd, out)) == whole


@pytest.mark.parametrize(
    "step", ["in a session", "while averaging", "in the sidecar", "among the images"]
)
def test_after_kill_minus_nine_it_goes_on_to_the_same_result(nsd, tmp_path, step):
    whole = everything_below(prepare(nsd, tmp_path / "whole"))
    out = tmp_path / "resumed"
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(nsd), str(out), step], cwd=ROOT, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    left = [p.name for p in out.rglob("*") if p.name.endswith((".part", ".draft"))]
    assert left or step == "among the images"
    assert not (out / "subj01").exists()
    assert everything_below(prepare(nsd, out)) == whole
    assert [p.name for p in out.iterdir()] == ["subj01"]


def test_blocks_do_not_change_the_result(nsd, tmp_path, monkeypatch):
    whole = everything_below(prepare(nsd, tmp_path / "whole"))
    monkeypatch.setattr(sessions, "_COLUMNS", 3)
    monkeypatch.setattr(sessions, "_NUMBERS_PER_BLOCK", 2 * len(tiny.ORDER))
    monkeypatch.setattr("cortiscope.core.datasets.nsd.betas._NUMBERS_PER_BLOCK", 2 * tiny.TRIALS)
    assert everything_below(prepare(nsd, tmp_path / "blocks")) == whole


def test_the_same_call_again_finds_what_is_there_and_another_is_refused(nsd, tmp_path):
    first = prepare(nsd, tmp_path)
    before = (first / "training_split").stat().st_mtime_ns
    assert prepare(nsd, tmp_path) == first
    assert (first / "training_split").stat().st_mtime_ns == before
    with pytest.raises(InvalidInput, match="exists already"):
        prepare(nsd, tmp_path, sessions=3)


def test_work_begun_with_other_settings_is_not_mixed_in(nsd, tmp_path, monkeypatch):
    def killed(share, message):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(nsd, tmp_path, progress=killed)
    with pytest.raises(InvalidInput, match="begun with other sessions, test, inputs"):
        prepare(nsd, tmp_path, sessions=3)


def test_progress_rises_to_one(nsd, tmp_path):
    told = []
    prepare(nsd, tmp_path, progress=lambda share, message: told.append(share))
    assert told == sorted(told)
    assert told[-1] == 1


def test_a_full_disk_is_told_before_the_work(nsd, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=100)
    monkeypatch.setattr(prepare_module.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(InvalidInput, match="GB are needed"):
        prepare(nsd, tmp_path)


def test_the_data_folder_is_only_read(nsd, tmp_path):
    before = everything_below(nsd)
    prepare(nsd, tmp_path)
    assert everything_below(nsd) == before
    with pytest.raises(InvalidInput, match="inside the data folder"):
        prepare(nsd, nsd / "made")
    assert [s.id for s in find_subjects(tmp_path)] == ["subj01"]
