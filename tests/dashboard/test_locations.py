"""Names of vertices and voxels: what the address says leads back to the same response."""

import pytest

from cortiscope.core.datasets import open_subject
from cortiscope.pages.data.random_images import draw_rows
from cortiscope.state import VertexName
from cortiscope.subject.locations import all_locations, find_location, has_rois, location_at
from tests.data.img2brain_folder import write_folder
from tests.data.tiny_world import LABELS, N_LEFT, N_RIGHT, write_subject


@pytest.fixture
def vertices(tmp_path):
    return open_subject(write_subject(tmp_path / "subj01"))


@pytest.fixture
def voxels(tmp_path):
    return open_subject(write_folder(tmp_path / "img2brain"))


def test_every_name_leads_back_to_its_position(vertices, voxels):
    for subject in (vertices, voxels):
        locations = all_locations(subject)
        assert [s.position for s in locations] == list(range(subject.space.n_vertices()))
        assert len({s.name for s in locations}) == len(locations)
        for location in locations:
            assert (
                find_location(subject, VertexName.parse(str(location.name)))
                == location
                == location_at(subject, location.position)
            )


def test_a_vertex_is_named_by_its_template_number_side_and_rois(vertices):
    location = location_at(vertices, N_LEFT + 1)
    assert (str(location.name), location.title) == ("right~42", "vertex 42 right")
    assert location.rois == ("V1v",)
    assert LABELS["rh", "prf-visualrois"][1] == 1
    assert has_rois(vertices)


def test_a_voxel_has_a_column_and_no_place(voxels):
    location = location_at(voxels, 3)
    assert (str(location.name), location.title, location.where) == ("voxels~3", "voxel 3", "")
    assert not has_rois(voxels)


@pytest.mark.parametrize(
    "key",
    ["", "left", "left~", "left~101", "left~-1", "up~100", "left~१००", "left~1e3", "voxels~1"],
)
def test_what_is_no_vertex_of_the_subject_is_none(vertices, key):
    assert find_location(vertices, VertexName.parse(key)) is None


@pytest.mark.parametrize("key", ["voxels~11", "left~1", "voxels~x"])
def test_what_is_no_voxel_of_the_subject_is_none(voxels, key):
    assert find_location(voxels, VertexName.parse(key)) is None


def test_a_position_beyond_the_last_is_refused(vertices):
    with pytest.raises(IndexError):
        location_at(vertices, N_LEFT + N_RIGHT)


def test_a_draw_is_the_same_for_its_seed_and_without_repeats():
    first = draw_rows(400, 7)
    assert first.tolist() == draw_rows(400, 7).tolist()
    assert first.tolist() != draw_rows(400, 8).tolist()
    assert len(set(first.tolist())) == 16
    assert sorted(draw_rows(5, 1).tolist()) == [0, 1, 2, 3, 4]
