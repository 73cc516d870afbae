"""The finer mesh: the same surface, four times the triangles, numbered as FreeSurfer does."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from cortiscope.core.brain import HemisphereSurfaces, load_fsaverage5
from cortiscope.core.brain.subdivision import subdivide, subdivide_faces, subdivide_sphere
from cortiscope.cortex_view import CortexGeometry, HemisphereMesh
from cortiscope.cortex_view.container import unpack
from tests.data import tiny_icosphere


@pytest.fixture
def tetrahedron() -> HemisphereSurfaces:
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]], dtype=np.float32)
    faces = np.array([[0, 1, 2], [0, 3, 1], [0, 2, 3], [1, 3, 2]], dtype=np.int32)
    lumpy = corners * np.array([[3], [5], [7], [11]], dtype=np.float32)
    return HemisphereSurfaces(
        pial=lumpy, white=lumpy * 0.9, inflated=corners * 20, sphere=corners, flat=lumpy,
        faces=faces, flat_faces=faces[[2, 0]], sulcal_depth=np.arange(4, dtype=np.float32),
    )  # fmt: skip


def _area_vector(points: np.ndarray, faces: np.ndarray) -> np.ndarray:
    a, b, c = (points[faces[:, k]] for k in range(3))
    return np.cross(b - a, c - a)


def test_every_edge_gets_its_middle_once(tetrahedron):
    finer = subdivide(tetrahedron)
    assert len(finer.pial) == 4 + 6
    np.testing.assert_array_equal(finer.pial[:4], tetrahedron.pial)
    expected = {
        tuple((tetrahedron.pial[a] + tetrahedron.pial[b]) / 2)
        for a, b in itertools.combinations(range(4), 2)
    }
    assert {tuple(point) for point in finer.pial[4:]} == expected


def test_four_small_faces_cover_each_face_and_face_the_same_way(tetrahedron):
    finer = subdivide(tetrahedron)
    small = _area_vector(finer.pial, finer.faces)
    large = _area_vector(tetrahedron.pial, tetrahedron.faces)
    # One part of each face first, then the other three face by face.
    expected = np.concatenate([large, np.repeat(large, 3, axis=0)]) / 4
    np.testing.assert_allclose(small, expected, rtol=1e-5)


def test_the_flat_faces_stay_among_the_faces_and_the_sphere_round(tetrahedron):
    finer = subdivide(subdivide(tetrahedron))
    faces = {tuple(sorted(face)) for face in finer.faces.tolist()}
    assert {tuple(sorted(face)) for face in finer.flat_faces.tolist()} <= faces
    assert len(finer.flat_faces) == 2 * 16
    np.testing.assert_allclose(np.linalg.norm(finer.sphere, axis=1), np.sqrt(3), rtol=1e-5)


def test_a_hemisphere_beyond_65535_vertices_gets_wide_face_numbers(tetrahedron):
    # Each step takes n vertices to 4 n - 6: eight steps pass 65,535.
    fine = tetrahedron
    for _ in range(8):
        fine = subdivide(fine)
    mesh = HemisphereMesh(
        fine.pial, fine.inflated, fine.flat, fine.faces, fine.flat_faces, fine.sulcal_depth
    )
    assert mesh.n_vertices == 131_074
    small = HemisphereMesh(
        tetrahedron.pial, tetrahedron.inflated, tetrahedron.flat, tetrahedron.faces,
        tetrahedron.flat_faces, tetrahedron.sulcal_depth,
    )  # fmt: skip
    header, arrays = unpack(CortexGeometry(mesh, small).to_bytes())
    assert arrays["left_faces"].dtype == np.uint32
    assert arrays["right_faces"].dtype == np.uint16
    first = arrays["left_faces"].reshape(-1, 3)[: header["left"]["n_flat_faces"]]
    assert {tuple(sorted(f)) for f in first.tolist()} == {
        tuple(sorted(f)) for f in fine.flat_faces.tolist()
    }


def test_an_icosahedron_subdivided_five_times_is_fsaverage5_vertex_by_vertex(surfaces):
    pytest.importorskip("nilearn")
    truth = load_fsaverage5(surfaces)
    points, faces = tiny_icosphere.points(), tiny_icosphere.FACES
    for _ in range(5):
        points, faces = subdivide_sphere(points, faces)
    for side in (truth.left, truth.right):
        np.testing.assert_array_equal(faces, side.faces)
        np.testing.assert_allclose(points * 100, side.sphere, atol=0.02)


def test_a_new_vertex_halves_the_edge_it_is_said_to_lie_on(tetrahedron):
    ends, finer = subdivide_faces(tetrahedron.faces)
    neighbours = {v: set(finer[(finer == v).any(axis=1)].ravel()) for v in range(4, 10)}
    for new, pair in enumerate(ends, start=4):
        assert set(pair) == neighbours[new] & set(range(4))
