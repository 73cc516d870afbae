"""The picture drawn on the server, against slow and independent ways to the same answer."""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from cortiscope.cortex_view import (
    ColourScale,
    CortexGeometry,
    CortexMap,
    CortexRoi,
    CortexSpace,
    HemisphereMesh,
    colour_table,
    register_assets,
)
from cortiscope.cortex_view.payload import PRESETS, encode_payload
from cortiscope.cortex_view.still import StillRequest, draw_still, read_request
from cortiscope.cortex_view.still.brain import read_brain, read_subject
from cortiscope.cortex_view.still.camera import camera_of, place
from cortiscope.cortex_view.still.layout import layout_cells, sight_of
from cortiscope.cortex_view.still.raster import rasterise
from cortiscope.cortex_view.still.words import Words

SCALE = ColourScale("diverging", -2.0, 2.0, "z", "response")
ASKED = {
    "width": 640, "height": 300, "ratio": 1, "theme": "light",
    "background": [255, 255, 255], "text": [20, 20, 20], "accent": [200, 60, 0],
}  # fmt: skip


def _grid(n: int, left: float) -> tuple[np.ndarray, np.ndarray]:
    """(n * n, 3) points of an upright sheet, and its triangles."""
    u, v = np.meshgrid(np.linspace(-1, 1, n), np.linspace(-1, 1, n))
    points = np.stack([left + 0 * u, 50 * u, 40 * v], -1).reshape(-1, 3)
    corner = (np.arange(n - 1)[:, None] * n + np.arange(n - 1)).ravel()
    faces = np.concatenate(
        [
            np.stack([corner, corner + 1, corner + n], 1),
            np.stack([corner + 1, corner + n + 1, corner + n], 1),
        ]
    )
    return points, faces


def _mesh(side: str) -> HemisphereMesh:
    """Two sheets, one behind the other as seen from the side; the nearer one covers half."""
    sign = -1 if side == "left" else 1
    far, faces = _grid(13, 0.0)
    near, near_faces = _grid(7, 30.0)
    near[:, 1] = near[:, 1] / 2 + 25
    points = np.concatenate([far, near]) * [sign, 1, 1]
    every = np.concatenate([faces, near_faces + len(far)])
    if side == "left":
        every = every[:, ::-1]
    flat = np.zeros_like(points)
    flat[:, 0], flat[:, 1] = sign * points[:, 1] * 1.0, points[:, 2]
    kept = every[: len(faces)]
    return HemisphereMesh(
        pial=points,
        inflated=points,
        flat=flat,
        faces=every,
        flat_faces=kept,
        sulcal_depth=np.linspace(-1, 1, len(points)),
    )


@pytest.fixture(scope="module")
def brain(tmp_path_factory):
    """Stored assets of the two sheets; every third left vertex has no data."""
    geometry = CortexGeometry(_mesh("left"), _mesh("right"))
    n = geometry.left.n_vertices
    space = CortexSpace(
        {"left": np.setdiff1d(np.arange(n), np.arange(0, n, 3)), "right": np.arange(n)},
        (
            CortexRoi("A", "faces", "right", np.arange(30), "#c8452f"),
            CortexRoi("B", "places", "left", np.arange(40, 60), "#2f6fd0"),
        ),
    )
    return register_assets(tmp_path_factory.mktemp("assets"), geometry, space)


def _read(brain):
    return (
        read_brain(brain.folder, brain.geometry),
        read_subject(brain.folder, brain.space, brain.geometry),
    )


def _pixels(picture: bytes) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(picture)).convert("RGB"))


def _spots(brain, request, view, n_maps=1, view_number=0):
    """(n_vertices, 2) where vertices fall, and (n_vertices,) their height towards the viewer."""
    geometry, _ = _read(brain)
    camera = camera_of(request.over(view))
    placed = place(geometry, camera)
    cells = layout_cells(request.width, request.height - 34, n_maps)
    return sight_of(cells[view_number], camera, placed).to_screen(placed.xyz), placed.xyz[:, 2]


def test_the_nearest_triangle_wins_at_every_pixel():
    rng = np.random.default_rng(4)
    xyz = rng.uniform(-4, 20, (40, 3))
    faces = rng.integers(0, 40, (30, 3))
    faces = faces[(faces[:, 0] != faces[:, 1]) & (faces[:, 1] != faces[:, 2])]
    width, height = 17, 13
    found = rasterise(xyz, faces, width, height, two_sided=True)
    owner = np.full(width * height, -1)
    owner[found.pixel] = found.face
    for row in range(height):
        for column in range(width):
            best, nearest = -1, -np.inf
            for f, face in enumerate(faces):
                corners = np.vstack([xyz[face, :2].T, np.ones(3)])
                if abs(np.linalg.det(corners)) < 1e-9:
                    continue
                weights = np.linalg.solve(corners, [column + 0.5, row + 0.5, 1])
                if (weights >= 0).all() and weights @ xyz[face, 2] > nearest:
                    best, nearest = f, weights @ xyz[face, 2]
            assert owner[row * width + column] == best


def test_triangles_seen_from_behind_are_left_out():
    xyz = np.array([[1.0, 1, 0], [9, 1, 0], [1, 9, 0]])
    outside = np.array([[0, 2, 1]])  # counter-clockwise with y upwards
    assert len(rasterise(xyz, outside, 10, 10).pixel) > 20
    assert len(rasterise(xyz, outside[:, ::-1], 10, 10).pixel) == 0


def test_slopes_say_how_weights_change_from_pixel_to_pixel():
    xyz = np.array([[0.0, 0, 0], [3, 19, 0], [18, 2, 0]])
    found = rasterise(xyz, np.array([[0, 1, 2]]), 20, 20)
    at = dict(zip(found.pixel.tolist(), found.bary, strict=True))
    pairs = [p for p in at if p + 1 in at and p + 20 in at]
    assert len(pairs) > 30
    for pixel in pairs:
        np.testing.assert_allclose(at[pixel + 1] - at[pixel], found.dx[0], atol=1e-6)
        np.testing.assert_allclose(at[pixel + 20] - at[pixel], found.dy[0], atol=1e-6)
    assert np.allclose(sum(at.values()).sum() / len(at), 1)


@pytest.mark.parametrize("surface", [0.0, 2.0])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_vertex_in_sight_has_the_colour_of_its_value(brain, surface, theme):
    geometry, subject = _read(brain)
    value = np.full(len(geometry.depth), np.nan)
    # The far sheet in blocks of four by four vertices: between two of one block there is one value.
    row, column = np.divmod(np.arange(13 * 13), 13)
    blocks = np.where((row // 4 + column // 4) % 2, -1.2, 1.3)
    for side in ("left", "right"):
        start = geometry.slices[side].start
        value[start : start + len(blocks)] = blocks
    data = np.isin(np.arange(len(value)), subject.vertices)
    request = StillRequest(640, 334, 2, theme, preset="lateral", surface=surface)
    shown = CortexMap("m", value[subject.vertices], SCALE)
    picture = _pixels(draw_still([shown], brain, request, plain=True))
    locations, _ = _spots(brain, request, None)
    # Blocks' inner vertices, of the half that the near sheet leaves free.
    inner = np.flatnonzero(np.isin(row % 4, (1, 2)) & np.isin(column % 4, (1, 2)) & (column < 6))
    table = colour_table("diverging", theme)
    for side in ("left", "right"):
        for vertex in inner + geometry.slices[side].start:
            x, y = (locations[vertex] * 2).astype(int)
            if data[vertex]:
                entry = int((value[vertex] + 2) / 4 * 255 + 0.5)
                assert (picture[y, x] == table[entry]).all()
            else:
                assert np.ptp(picture[y, x].astype(int)) <= 1


def test_what_lies_behind_is_not_drawn(brain):
    geometry, subject = _read(brain)
    n = geometry.slices["right"].stop - geometry.slices["right"].start
    # The far sheet is -1, the near one +1; on the right every vertex has data.
    own = np.where(np.arange(n) < 13 * 13, -1.0, 1.0)
    values = np.concatenate([np.zeros(brain.n_left), own])
    request = StillRequest(640, 334, 2, preset="lateral", surface=0.0)
    picture = _pixels(draw_still([CortexMap("m", values, SCALE)], brain, request, plain=True))
    locations, _ = _spots(brain, request, None)
    table = colour_table("diverging")
    locations = locations[geometry.slices["right"]]
    near = locations[13 * 13 :].reshape(7, 7, 2)
    (left, top), (right, bottom) = near.reshape(-1, 2).min(0), near.reshape(-1, 2).max(0)
    hidden = [
        location for location in locations[: 13 * 13]
        if left + 2 < location[0] < right - 2 and top + 2 < location[1] < bottom - 2
    ]  # fmt: skip
    assert len(hidden) > 10
    for x, y in hidden:
        assert (picture[int(2 * y), int(2 * x)] == table[int(0.75 * 255 + 0.5)]).all()
    # From the other side the far sheet is seen from behind and the near one as well: nothing.
    medial = StillRequest(640, 334, 2, preset="medial", surface=0.0)
    blank = _pixels(draw_still([CortexMap("m", values, SCALE)], brain, medial, plain=True))
    assert (blank == 255).all()


def test_threshold_range_and_reliability_are_as_in_the_viewer(brain):
    geometry, _ = _read(brain)
    locations, _ = _spots(brain, StillRequest(640, 334, 2, preset="lateral", surface=0.0), None)
    x, y = (locations[geometry.slices["right"]][6 * 13 + 2] * 2).astype(int)

    def colour(value, view, trust=None):
        shown = CortexMap(
            "m",
            np.full(brain.n_values, value),
            SCALE,
            reliability=None if trust is None else np.full(brain.n_values, trust),
        )
        request = StillRequest(640, 334, 2, preset="lateral", surface=0.0)
        picture = _pixels(draw_still([shown], brain, request, view=view, plain=True))
        return picture[y, x].tolist()

    table = colour_table("diverging").tolist()
    grey = colour(np.nan, {})
    assert max(grey) - min(grey) <= 1
    assert colour(0.4, {"threshold": 0.5}) == grey
    assert colour(0.6, {"threshold": 0.5}) == table[int(2.6 / 4 * 255 + 0.5)]
    assert colour(0.4, {"threshold": [-0.2, 0.3]}) == table[int(2.4 / 4 * 255 + 0.5)]
    assert colour(0.5, {"range": [-0.5, 0.5]}) == table[255]
    assert colour(-2, {"tables": {"diverging": "purple green"}}) == (
        colour_table("diverging", "light", "purple green")[0].tolist()
    )
    assert colour(2, {"reliability": [0, 0.8]}, trust=0.0) == grey
    assert colour(2, {"reliability": [0, 0.8]}, trust=0.9) == table[255]
    assert colour(2, {}, trust=0.0) == table[255]


def test_a_focused_roi_is_outlined_half_way_and_another_map_changes_only_its_own_view(brain):
    request = StillRequest(640, 334, 2, preset="lateral", surface=0.0)
    flat = CortexMap("m", np.zeros(brain.n_values), SCALE)
    without = _pixels(draw_still([flat], brain, request, view={"groups": []}))
    outlined = _pixels(draw_still([flat], brain, request, view={"groups": []}, focus=("A", None)))
    changed = np.argwhere((without != outlined).any(2))
    assert len(changed)
    # A holds the right far sheet's first 30 vertices: two whole rows and four of the third.
    geometry, _ = _read(brain)
    locations, _ = _spots(brain, request, None)
    right = locations[geometry.slices["right"]][: 13 * 13].reshape(13, 13, 2)
    middle = (right[2, 1] + right[3, 1])[::-1]  # rows, columns; twice the mean, for ratio 2
    assert np.abs(changed - middle).max(1).min() <= 3
    two = [flat, CortexMap("n", np.ones(brain.n_values), SCALE)]
    both = _pixels(draw_still(two, brain, request))
    again = _pixels(draw_still([two[0], two[0]], brain, request))
    differ = np.argwhere((both != again).any(2))
    assert differ[:, 1].min() >= 640


def test_a_focused_roi_dims_the_outlines_and_names_of_the_other_hemisphere(brain):
    request = StillRequest(640, 334, 1, preset="lateral", surface=0.0)
    flat = CortexMap("m", np.zeros(brain.n_values), SCALE)
    geometry, _ = _read(brain)
    locations, _ = _spots(brain, request, None)
    border = int(locations[geometry.slices["left"]][:, 0].max() + 8)
    for view in ({"labels": False}, {"labels": True}):
        plain, bare = (
            _pixels(draw_still([flat], brain, request, view=v))[:, :border]
            for v in (view, {"groups": [], "labels": False})
        )
        focused = _pixels(draw_still([flat], brain, request, view=view, focus=("A", "right")))
        drawn = np.argwhere((plain != bare).any(2))
        assert len(drawn) > 20
        far, near = (
            np.abs(picture[*drawn.T].astype(int) - bare[*drawn.T]).sum()
            for picture in (plain, focused[:, :border])
        )
        assert 0.2 * far < near < 0.6 * far


@pytest.mark.parametrize(
    ("width", "stamp"), [(640, "SIMULATED sim01"), (195, "SIMULATED"), (150, "SIMULATED")]
)
def test_a_narrow_view_keeps_its_title_whole_and_of_the_stamp_its_first_word(
    brain, monkeypatch, width, stamp
):
    written, write = [], Words.write

    def told(self, text, *where, **how):
        written.append(text)
        return write(self, text, *where, **how)

    monkeypatch.setattr(Words, "write", told)
    zero = np.zeros(brain.n_values)
    maps = [CortexMap(t, zero, SCALE, role=t, simulated=True) for t in ("measured", "predicted")]
    draw_still(maps, brain, StillRequest(width, 300, 1), stamp="SIMULATED sim01")
    assert {"measured", "predicted", stamp} <= set(written)
    assert ("SIMULATED sim01" in written) == (stamp == "SIMULATED sim01")


def test_sizes_and_nonsense_from_the_browser_are_checked():
    assert read_request(ASKED) == StillRequest(
        640, 300, 1, "light", (255, 255, 255), (20, 20, 20), (200, 60, 0)
    )
    assert read_request({**ASKED, "width": 1e7, "height": 3}).width == 2000
    for bad in (
        None, [], {**ASKED, "theme": "neon"}, {**ASKED, "width": "wide"}, {**ASKED, "text": [1, 2]},
        {**ASKED, "accent": [1, 2, 900]}, {**ASKED, "height": float("nan")},
    ):  # fmt: skip
        assert read_request(bad) is None
    chosen = read_request({**ASKED, "preset": "inside", "surface": 7, "ratio": 3})
    assert (chosen.preset, chosen.surface, chosen.ratio) == (None, 2.0, 2)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_side_turns_each_hemisphere_as_a_mirror_image(brain, preset):
    geometry, _ = _read(brain)
    placed = place(geometry, camera_of({"preset": preset, "surface": 0.0}))
    left, right = (placed.xyz[geometry.slices[side]] for side in ("left", "right"))
    np.testing.assert_allclose(left * [-1, 1, 1], right, atol=1e-9)
    # Left's inner edge and right's stand 9 mm apart, round the middle.
    assert right[:, 0].min() == pytest.approx(4.5)


def test_the_picture_goes_with_the_message_only_when_asked(brain):
    shown = [CortexMap("m", np.zeros(brain.n_values), SCALE)]
    plain = encode_payload(shown, brain, height=300)
    asked = []
    drawn = encode_payload(
        shown, brain, height=300, draw=lambda name: asked.append(name) or b"picture"
    )
    assert len(asked) == 1
    assert asked[0].encode() in plain
    assert b"picture" in drawn
    assert b"picture" not in plain


def test_drawing_imports_no_heavy_library():
    code = (
        "import sys, cortiscope.cortex_view.still\n"
        "print([m for m in ('torch', 'sklearn', 'nilearn', 'matplotlib') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
