"""The command palette: what there is to go to, and the route that says so."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from cortiscope import destinations, services, state
from cortiscope.command_palette import destinations_route
from cortiscope.stimulus_files import spelled


def test_the_browser_finds_what_is_meant():
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed; a browser test covers part of this.")
    tests = Path(__file__).with_name("command_palette.test.mjs")
    run = subprocess.run([node, "--test", tests], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.fixture
def answer(tiny_app):
    client = TestClient(Starlette(routes=[destinations_route(destinations.destinations)]))
    return lambda name: client.get(f"/destinations/{name}")


def test_everything_there_is_of_a_subject_is_named_as_in_the_address(tiny_app, answer):
    found = answer(spelled("subj01")).json()
    subject = tiny_app.subject()
    for title, name in found["rois"]:
        roi = state.RoiName.parse(name)
        assert len(subject.roi_vertices(*roi))
        assert title.startswith(f"{roi.name} {roi.hemisphere} · ")
    assert found["rois"]
    runs = {run.id: run.layer for run in services.runs_of("subj01")}
    assert {run: layer for _, run, _, layer in found["models"]} == runs
    sizes = {name: part["n"] for name, part in found["pictures"].items()}
    assert sizes == {"test": len(subject.test), "train": len(subject.train)}
    assert found["pictures"]["train"]["captions"][11] == subject.train.notes[11].caption


def test_captions_are_bounded_and_pictures_beyond_have_their_numbers(tiny_app, answer, monkeypatch):
    n = len(tiny_app.subject().test.notes) + 2
    monkeypatch.setattr(destinations, "_MOST_CAPTIONS", n)
    monkeypatch.setattr(destinations, "_LONGEST_CAPTION", 4)
    pictures = answer(spelled("subj01")).json()["pictures"]
    captions = [one for part in pictures.values() for one in part["captions"]]
    assert len(captions) == n
    assert max(map(len, captions)) == 4
    assert pictures["train"]["n"] == len(tiny_app.subject().train)


@pytest.mark.parametrize("name", ["00", "zz", "x0", spelled("no-subject"), spelled("../subj01")])
def test_of_what_is_no_subject_nothing_is_said(answer, name):
    assert answer(name).status_code == 404


def test_the_answer_is_kept_by_nobody(answer):
    assert answer(spelled("subj01")).headers["cache-control"] == "no-store"


def test_the_list_does_not_travel_with_the_page(tiny_app):
    app = tiny_app.open(subject="subj01")
    mounted = [one.proto for one in app.get("bidi_component")]
    palette = next(str(one) for one in mounted if "command_palette" in str(one))
    assert f"destinations/{spelled('subj01')}" in palette
    assert "FFA" not in palette
    assert len(palette) < 3000
