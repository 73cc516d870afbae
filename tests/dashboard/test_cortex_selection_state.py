"""Picks in the address, and a brushed region between the viewer and the subject's arrays."""

from __future__ import annotations

import base64
from types import SimpleNamespace

import numpy as np
import pytest
import streamlit as st

from core.brain import Hemisphere
from core.datasets import open_subject
from dashboard import services, state
from dashboard.panels import selection
from tests.tiny_world import N_LEFT, write_subject


@pytest.fixture(autouse=True)
def session(monkeypatch):
    """A session of this test's own, and a viewer's space without surfaces."""
    kept: dict[str, object] = {}
    monkeypatch.setattr(st, "session_state", kept)
    space = SimpleNamespace(space="space-1")
    monkeypatch.setattr(services, "brain_assets", lambda subject_id: space)
    return kept


@pytest.fixture
def subject(tmp_path):
    return open_subject(write_subject(tmp_path / "subj01"))


def _picked(*vertices: tuple[str, int], rois: tuple[str, ...] = ()) -> dict:
    picks = [{"hemisphere": h, "vertex": v, "position": None, "rois": []} for h, v in vertices]
    if picks:
        picks[-1]["rois"] = list(rois)
    return {"picks": picks}


def _packed(numbers) -> str:
    """Small ascending numbers, as the browser writes them."""
    steps = np.diff([0, *numbers])
    assert not len(steps) or steps.max() < 64
    return base64.b64encode(bytes(int(2 * step) for step in steps)).decode()


def _brushed(left, right, n_left: int) -> dict:
    positions = [*range(len(left)), *range(n_left, n_left + len(right))]
    return {"left": _packed(left), "right": _packed(right), "positions": _packed(positions)}


def test_several_picks_stand_in_the_address_and_the_last_is_the_vertex():
    selection.take_picks(_picked(("left", 12), ("right", 80), ("left", 7), rois=("FFA-1", "V1v")))
    assert state.to_address(state.current()) == {
        "vertex": "left~7", "picks": "left~12.right~80", "roi": "FFA-1~left",
    }  # fmt: skip
    assert selection.picked_vertices() == [("left", 12), ("right", 80), ("left", 7)]


def test_a_vertex_chosen_elsewhere_is_a_pick_alone_and_no_picks_are_none():
    selection.take_picks(_picked(("left", 12), ("right", 80)))
    state.change(vertex="left~3")
    assert selection.picked_keys() == ["left~3"]
    selection.take_picks(_picked(("left", 12), ("right", 80)))
    state.change(image="test-2")
    assert selection.picked_keys() == ["left~12", "right~80"]
    selection.take_picks(_picked())
    assert selection.picked_keys() == []


@pytest.mark.parametrize(
    "text", ["left~", "up~3", "left~-1", "left~१", "left~1e3", "left~12345678901"]
)
def test_a_pick_that_cannot_be_read_is_left_out(text):
    state.change(vertex="right~4", picks=f"{text}.left~9")
    assert selection.picked_vertices() == [("left", 9), ("right", 4)]


def test_a_region_finds_its_vertices_and_goes_back_to_the_same_viewer(subject, session):
    index = subject.cortex().index
    left, right = index[Hemisphere.LEFT][[2, 0]], index[Hemisphere.RIGHT][:1]
    numbers = np.sort(left)
    raw = _brushed(numbers - numbers[0], [], N_LEFT)
    raw["left"] = base64.b64encode(
        b"".join(_varint(2 * int(s)) for s in np.diff([0, *numbers]))
    ).decode()
    raw["right"] = base64.b64encode(_varint(2 * int(right[0]))).decode()
    session["viewer"] = {"region": raw}
    selection.take_selection(subject, "viewer")
    found = selection.region_positions(subject)
    np.testing.assert_array_equal(found, [0, 2, N_LEFT])
    numbers_of = selection.vertex_numbers(subject, found)
    assert set(numbers_of["left"]) == set(left.tolist())
    assert set(numbers_of["right"]) == set(right.tolist())
    assert len(selection.marked_region(subject)) == 2
    services.brain_assets(subject.id).space = "space-2"
    assert len(selection.marked_region(subject)) == 0
    np.testing.assert_array_equal(selection.region_positions(subject), found)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def test_what_was_selected_later_comes_before_the_region(subject, session):
    session["viewer"] = {"region": _brushed([1], [], N_LEFT)}
    selection.take_selection(subject, "viewer")
    assert selection.region_came_last(subject)
    session["viewer"] = {"picked": _picked(("left", 3))}
    selection.take_selection(subject, "viewer")
    assert not selection.region_came_last(subject)
    assert selection.region_positions(subject) is not None


def test_a_cleared_region_and_another_subject_have_none(subject, session):
    session["viewer"] = {"region": _brushed([1], [2], N_LEFT)}
    selection.take_selection(subject, "viewer")
    other = SimpleNamespace(id="subj02")
    assert selection.region_positions(other) is None
    session["viewer"] = {"region": _brushed([], [], N_LEFT)}
    selection.take_selection(subject, "viewer")
    assert selection.region_positions(subject) is None
