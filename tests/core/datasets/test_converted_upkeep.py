"""Converted responses are counted by ``store du`` and cleaned by ``store clean``."""

from __future__ import annotations

import json
import os
import time

import numpy as np
import pytest

from cortiscope.core.cli.main import main
from cortiscope.core.datasets import open_subject
from tests.data.plain_folder import values, write_plain

DAY = 86400


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def folder(tmp_path, home):
    folder = write_plain(tmp_path / "anna", "csv")
    open_subject(folder)
    return folder


def _store(capsys, *arguments):
    assert main(["store", *arguments, "--json"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    # Digests of files that are older than some seconds are remembered.
    items = [i for i in result["items"] if i["name"] != "content"]
    return {(i["name"], i["kind"]): (i["n"], i["bytes"]) for i in items}


def _age(path, days):
    os.utime(path, (time.time() - days * DAY,) * 2)


def test_their_size_is_that_of_the_files(folder, home, capsys):
    size = sum(p.stat().st_size for p in (home / "converted").iterdir())
    (home / "converted" / "notes.txt").write_text("mine")
    assert _store(capsys, "du") == {("converted responses", "responses"): (2, size)}
    assert main(["store", "du"]) == 0
    assert "converted responses" in capsys.readouterr().out


def test_only_those_unused_for_so_long_are_removed_and_made_again_when_needed(folder, home, capsys):
    notes = home / "converted" / "notes.txt"
    notes.write_text("mine")
    old, new = sorted((home / "converted").glob("*.npy"))
    for path in (old, notes):
        _age(path, 40)
    assert _store(capsys, "clean") == {}
    assert _store(capsys, "clean", "--older-than", "50") == {}
    removed = _store(capsys, "clean", "--older-than", "30")
    assert {k: n for k, (n, _) in removed.items()} == {("converted responses", "responses"): 1}
    assert (old.exists(), new.exists(), notes.exists()) == (False, True, True)
    data = values(20)
    again = open_subject(folder).train.response_rows(slice(None))
    np.testing.assert_array_equal(again, np.hstack([data["lh"], data["rh"]]))
    assert old.exists()


def test_opening_a_folder_counts_as_use(folder, home, capsys):
    for path in (home / "converted").iterdir():
        _age(path, 40)
    open_subject(folder)
    assert _store(capsys, "clean", "--older-than", "30") == {}


@pytest.mark.parametrize("name", ["a" * 16, f"{'a' * 16}-{'b' * 32}"])
def test_what_a_killed_conversion_left_is_removed(folder, home, capsys, name):
    left = home / "converted" / f".{name}.npy.77-0123abcd.part"
    left.write_bytes(b"12345")
    assert ("converted responses", "drafts") in _store(capsys, "du")
    assert _store(capsys, "clean") == {}
    _age(left, 2)
    assert _store(capsys, "clean") == {("converted responses", "drafts"): (1, 5)}
    assert not left.exists()
