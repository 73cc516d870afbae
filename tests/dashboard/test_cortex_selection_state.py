"""Picks in the address, and a brushed region between the viewer and the subject's arrays."""

from __future__ import annotations

import base64
from types import SimpleNamespace

import numpy as np
import pytest
import streamlit as st

from cortiscope import state
from cortiscope.core.brain import ChallengeSpace, Hemisphere
from cortiscope.core.brain.averaging import nearest_groups
from cortiscope.core.datasets import open_subject
from cortiscope.panels import selection
from cortiscope.subject.mesh_projection import MEAN, OWN, MeshProjection
from tests.data.tiny_world import N_LEFT, write_subject


@pytest.fixture(autouse=True)
def session(monkeypatch):
    """A session of this test's own."""
    kept: dict[str, object] = {}
    monkeypatch.setattr(st, "session_state", kept)
    return kept


@pytest.fixture
def subject(tmp_path):
    return open_subject(write_subject(tmp_path / "subj01"))


@pytest.fixture
def mesh(subject):
    return MeshProjection(OWN, subject.cortex())


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
    positions = [*left, *(n_left + p for p in right)]
    return {"left": "", "right": "", "positions": _packed(positions)}


def test_several_picks_stand_in_the_address_and_the_last_is_the_vertex(mesh):
    selection.take_picks(
        mesh, _picked(("left", 12), ("right", 80), ("left", 7), rois=("FFA-1", "V1v"))
    )
    assert state.to_address(state.current()) == {
        "vertex": "left~7", "picks": "left~12.right~80", "roi": "FFA-1~left",
    }  # fmt: skip
    assert selection.picked_vertices() == [("left", 12), ("right", 80), ("left", 7)]


def test_a_vertex_chosen_elsewhere_is_a_pick_alone_and_no_picks_are_none(mesh):
    selection.take_picks(mesh, _picked(("left", 12), ("right", 80)))
    state.change(vertex="left~3")
    assert [str(name) for name in state.current().picked] == ["left~3"]
    selection.take_picks(mesh, _picked(("left", 12), ("right", 80)))
    state.change(image="test-2")
    assert [str(name) for name in state.current().picked] == ["left~12", "right~80"]
    selection.take_picks(mesh, _picked())
    assert [str(name) for name in state.current().picked] == []


@pytest.mark.parametrize(
    "text", ["left~", "up~3", "left~-1", "left~१", "left~1e3", "left~12345678901", "voxels~3"]
)
def test_a_pick_that_cannot_be_read_is_left_out(text):
    state.change(vertex="right~4", picks=f"{text}.left~9")
    assert selection.picked_vertices() == [("left", 9), ("right", 4)]


def test_a_region_finds_its_vertices_and_goes_back_to_the_viewer(subject, mesh, session):
    session["viewer"] = {"region": _brushed([0, 2], [1], N_LEFT)}
    selection.take_selection(subject, mesh, "viewer")
    found = selection.region_positions(subject)
    np.testing.assert_array_equal(found, [0, 2, N_LEFT + 1])
    index = subject.cortex().index
    marked = selection.marked_region(subject, mesh)
    np.testing.assert_array_equal(marked.left, index[Hemisphere.LEFT][[0, 2]])
    np.testing.assert_array_equal(marked.right, index[Hemisphere.RIGHT][[1]])
    np.testing.assert_array_equal(marked.positions, found)


def test_what_is_selected_on_a_coarser_mesh_are_the_vertices_behind_it(session):
    """Left: 0 with two more of its group, and three of group 7 without 7; right: 7 alone."""
    left = np.array([0, 10_242, 10_243, 10_270, 10_271, 10_272])
    space = ChallengeSpace(163_842, {Hemisphere.LEFT: left, Hemisphere.RIGHT: np.array([7])})
    nearest = np.concatenate([np.arange(10_242), np.arange(163_842 - 10_242) // 4 % 10_242])
    mesh = MeshProjection(MEAN, space, nearest_groups(space, nearest))
    subject = SimpleNamespace(id="subj01")
    session["viewer"] = {
        "picked": _picked(("right", 7), ("left", 7)),
        "region": {"left": _packed([7]), "right": "", "positions": _packed([1])},
    }
    selection.take_selection(subject, mesh, "viewer")
    assert selection.picked_vertices() == [("right", 7), ("left", 10_270)]
    assert mesh.on_mesh("left", 10_270) == ("left", 7)
    np.testing.assert_array_equal(selection.region_positions(subject), [3, 4, 5])
    marked = selection.marked_region(subject, mesh)
    assert (marked.left.tolist(), marked.right.tolist(), marked.positions.tolist()) == (
        [7],
        [],
        [1],
    )


def test_what_was_selected_later_comes_before_the_region(subject, mesh, session):
    session["viewer"] = {"region": _brushed([1], [], N_LEFT)}
    selection.take_selection(subject, mesh, "viewer")
    assert selection.region_came_last(subject)
    session["viewer"] = {"picked": _picked(("left", 3))}
    selection.take_selection(subject, mesh, "viewer")
    assert not selection.region_came_last(subject)
    assert selection.region_positions(subject) is not None


def test_a_cleared_region_and_another_subject_have_none(subject, mesh, session):
    session["viewer"] = {"region": _brushed([1], [2], N_LEFT)}
    selection.take_selection(subject, mesh, "viewer")
    other = SimpleNamespace(id="subj02")
    assert selection.region_positions(other) is None
    session["viewer"] = {"region": _brushed([], [], N_LEFT)}
    selection.take_selection(subject, mesh, "viewer")
    assert selection.region_positions(subject) is None
