"""What the browser is sent: layout, colours and checks, without a browser."""

from __future__ import annotations

import asyncio
import errno
import gzip
import os
from dataclasses import replace

import numpy as np
import pytest

from cortiscope.cortex_view import (
    AssetRef,
    ColourScale,
    CortexGeometry,
    CortexMap,
    CortexRoi,
    CortexSpace,
    HemisphereMesh,
    colour_table,
    cortex_asset_route,
    register_assets,
    write_asset,
)
from cortiscope.cortex_view.colour import GREY_LIGHTNESS, KINDS, TABLES, THEMES
from cortiscope.cortex_view.container import pack, unpack
from cortiscope.cortex_view.payload import check_view, encode_payload

SCALE = ColourScale("diverging", -2.0, 2.0, "z")

# Björn Ottosson 2020, "A perceptual color space for image processing": linear sRGB to LMS, and the
# row of OKLab's lightness.
_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LIGHTNESS = np.array([0.2104542553, 0.7936177850, -0.0040720468])


def oklab_lightness(rgb: np.ndarray) -> np.ndarray:
    """OKLab lightness, 0..1, of (..., 3) sRGB in 0..255."""
    encoded = np.asarray(rgb, dtype=np.float64) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return np.cbrt(linear @ _TO_LMS.T) @ _LIGHTNESS


def _mesh(n: int, seed: int) -> HemisphereMesh:
    rng = np.random.default_rng(seed)
    faces = np.array([[i, i + 1, i + 2] for i in range(n - 2)])
    return HemisphereMesh(
        pial=rng.normal(0, 40, (n, 3)),
        inflated=rng.normal(0, 60, (n, 3)),
        flat=rng.normal(0, 80, (n, 3)),
        faces=faces,
        flat_faces=faces[[2, 0]],
        sulcal_depth=rng.normal(size=n),
    )


@pytest.fixture
def geometry() -> CortexGeometry:
    return CortexGeometry(left=_mesh(7, 1), right=_mesh(6, 2))


@pytest.fixture
def space() -> CortexSpace:
    return CortexSpace(
        vertices={"left": np.array([5, 1, 3]), "right": np.array([0, 4])},
        rois=(
            CortexRoi("FFA-1", "faces", "left", np.array([1, 3]), "#c8452f"),
            CortexRoi("FFA-1", "faces", "right", np.array([], dtype=int), "#c8452f"),
        ),
    )


@pytest.fixture
def assets() -> AssetRef:
    return AssetRef(geometry="g" * 32, space="s" * 32, tables="t" * 32, n_left=3, n_right=2)


def test_container_gives_back_header_and_arrays():
    arrays = {
        "bytes": np.arange(5, dtype=np.uint8),
        "floats": np.array([1.5, np.nan], dtype=np.float32),
        "empty": np.zeros(0, dtype=np.uint32),
    }
    data = pack({"title": "naïve · ROI"}, arrays)
    header, found = unpack(data)
    assert header == {"title": "naïve · ROI"}
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_container_aligns_every_array_to_four_bytes():
    data = pack({"x": "é"}, {"a": np.ones(3, np.uint8), "b": np.ones(1, np.float32)})
    length = int.from_bytes(data[:4], "little")
    assert length % 4 == 0
    assert (len(data) - 4 - length) % 4 == 0


def test_container_refuses_a_dtype_the_browser_has_no_array_for():
    with pytest.raises(TypeError, match="float64"):
        pack({}, {"a": np.zeros(2)})


def test_positions_survive_quantisation_to_a_hundredth_of_a_millimetre(geometry):
    header, arrays = unpack(geometry.to_bytes())
    found = arrays["right_pial"].reshape(-1, 3) * header["step"]
    np.testing.assert_allclose(found, geometry.right.pial, atol=0.01)


def test_faces_of_the_flat_map_come_first(geometry):
    header, arrays = unpack(geometry.to_bytes())
    assert header["left"]["n_flat_faces"] == 2
    faces = arrays["left_faces"].reshape(-1, 3)
    assert sorted(map(tuple, faces[:2])) == [(0, 1, 2), (2, 3, 4)]
    assert sorted(map(tuple, faces)) == sorted(map(tuple, geometry.left.faces))


def test_what_the_flat_map_leaves_out_neither_stretches_the_scale_nor_has_to_be_a_number(geometry):
    # Vertex 5 and 6 of the left are in no flat face (0 1 2 and 2 3 4 are).
    flat = geometry.left.flat.copy()
    flat[5], flat[6] = [1e6, 0, 0], np.nan
    moved = CortexGeometry(replace(geometry.left, flat=flat), geometry.right)
    header, arrays = unpack(moved.to_bytes())
    assert header["step"] == unpack(geometry.to_bytes())[0]["step"]
    np.testing.assert_array_equal(arrays["left_flat"].reshape(-1, 3)[5:], np.zeros((2, 3)))
    found = arrays["left_flat"].reshape(-1, 3)[:5, :2] * header["step"]
    np.testing.assert_allclose(found, geometry.left.flat[:5, :2], atol=0.01)
    flat[3, 0] = np.nan
    with pytest.raises(ValueError, match="'flat' has coordinates that are not finite"):
        CortexGeometry(replace(geometry.left, flat=flat), geometry.right).to_bytes()


def test_the_coarser_mesh_has_its_flat_faces_first_too(geometry):
    coarse = np.array([[0, 2, 4], [1, 3, 6], [0, 2, 6]])
    left = replace(geometry.left, coarse_faces=coarse, coarse_flat_faces=coarse[[2]])
    header, arrays = unpack(CortexGeometry(left, geometry.right).to_bytes())
    np.testing.assert_array_equal(arrays["left_coarse"].reshape(-1, 3), coarse[[2, 0, 1]])
    assert header["left"]["n_coarse_flat_faces"] == 1
    assert "right_coarse" not in arrays
    with pytest.raises(ValueError, match="go together"):
        replace(geometry.left, coarse_faces=coarse)
    with pytest.raises(ValueError, match="coarse_faces refers to vertices 0 to 9"):
        replace(left, coarse_faces=np.array([[0, 1, 9]]))


def test_neighbouring_faces_lie_next_to_each_other():
    # Two far-apart strips whose faces come alternately: a Z-order curve takes one after the other.
    strip = np.array([[i, i + 1, i + 2] for i in range(8)])
    faces = np.stack([strip, strip + 10], axis=1).reshape(-1, 3)
    points = np.zeros((20, 3))
    points[:, 0] = np.tile(np.arange(10), 2)
    points[10:, 2] = 100
    mesh = HemisphereMesh(points, points, points, faces, faces[:0], np.arange(20.0))
    _, arrays = unpack(CortexGeometry(mesh, mesh).to_bytes())
    above = arrays["left_faces"].reshape(-1, 3).min(axis=1) >= 10
    assert (np.diff(above.astype(int)) != 0).sum() == 1
    assert sorted(map(tuple, arrays["left_faces"].reshape(-1, 3))) == sorted(map(tuple, faces))


def test_counts_travel_with_their_map_as_bytes(assets):
    values = np.arange(5.0)
    shown = [CortexMap("a", values, SCALE, counts=np.array([0, 1, 16, 255, 400]))]
    _, arrays = unpack(encode_payload(shown, assets, height=500))
    np.testing.assert_array_equal(arrays["counts0"], [0, 1, 16, 255, 255])
    assert arrays["counts0"].dtype == np.uint8
    with pytest.raises(ValueError, match=r"counts of shape \(4,\).*\(5,\)"):
        encode_payload([CortexMap("a", values, SCALE, counts=np.ones(4))], assets, height=500)


@pytest.mark.parametrize("name", ["a b", "view=1", "ä", ""])
def test_the_address_parameter_is_a_plain_word(assets, name):
    with pytest.raises(ValueError, match="address is"):
        encode_payload([CortexMap("a", np.zeros(5), SCALE)], assets, height=500, address=name)


def test_flat_faces_from_another_mesh_are_refused():
    mesh = _mesh(7, 1)
    foreign = HemisphereMesh(
        mesh.pial, mesh.inflated, mesh.flat, mesh.faces, np.array([[0, 3, 6]]), mesh.sulcal_depth
    )
    with pytest.raises(ValueError, match="1 of 1 flat faces"):
        CortexGeometry(left=foreign, right=mesh).to_bytes()


def test_fsaverage5_stays_within_700_kilobytes(tmp_path):
    synthetic = pytest.importorskip("cortiscope.cortex_view.example.synthetic")
    assert len(gzip.compress(synthetic.geometry().to_bytes(), 9)) <= 700_000


def test_space_keeps_the_order_of_the_data(space):
    header, arrays = unpack(space.to_bytes({"left": 7, "right": 6}))
    np.testing.assert_array_equal(arrays["left_vertices"], [5, 1, 3])
    assert header["rois"] == [
        ["FFA-1", "faces", "left", 2, "#c8452f"],
        ["FFA-1", "faces", "right", 0, "#c8452f"],
    ]
    np.testing.assert_array_equal(arrays["members"], [1, 3])


def test_space_names_the_vertices_that_do_not_exist(space):
    with pytest.raises(ValueError, match=r"left vertices: numbers 1 to 5 .* 0 to 4"):
        space.to_bytes({"left": 5, "right": 6})


def test_an_image_costs_four_bytes_a_value_and_a_short_header():
    assets = AssetRef("g" * 32, "s" * 32, "t" * 32, n_left=1700, n_right=1732)
    values = np.zeros(3432)
    maps = [CortexMap("measured", values, SCALE), CortexMap("predicted", values, SCALE)]
    assert len(encode_payload(maps, assets, height=500)) < 2 * 4 * 3432 + 1500


def test_values_reach_the_browser_as_given_with_their_nan(assets):
    values = np.array([0.1, np.nan, -3, 4, 5], dtype=np.float32)
    header, arrays = unpack(encode_payload([CortexMap("a", values, SCALE)], assets, height=500))
    np.testing.assert_array_equal(arrays["map0"], values)
    assert header["maps"][0]["scale"]["high"] == 2.0


def test_the_id_follows_what_is_shown(assets):
    def identity(values, **options):
        data = encode_payload(
            [CortexMap("a", np.asarray(values), SCALE)], assets, height=500, **options
        )
        return unpack(data)[0]["id"]

    first = identity(np.zeros(5))
    assert first == identity(np.zeros(5))
    assert first != identity(np.ones(5))
    assert first != identity(np.zeros(5), picks=[("left", 3)])


def test_a_map_of_the_wrong_length_is_told_what_is_right(assets):
    with pytest.raises(ValueError, match=r"shape \(4,\).*\(5,\): 3 left vertices, then 2 right"):
        encode_payload([CortexMap("a", np.zeros(4), SCALE)], assets, height=500)


@pytest.mark.parametrize("count", [0, 7])
def test_one_to_six_views_are_allowed(assets, count):
    with pytest.raises(ValueError, match="1 to 6"):
        encode_payload([CortexMap("a", np.zeros(5), SCALE)] * count, assets, height=500)


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [("diverging", -1, 2), ("sequential", 1, 1), ("sequential", 0, np.inf), ("rainbow", 0, 1)],
)
def test_impossible_scales_are_refused(kind, low, high):
    with pytest.raises(ValueError, match="allowed|symmetric"):
        ColourScale(kind, low, high)


def test_a_view_with_an_unknown_key_or_a_bad_value_is_refused():
    assert check_view({"preset": "ventral", "pan": (0.1, 0)}) == {
        "preset": "ventral",
        "pan": [0.1, 0],
    }
    with pytest.raises(ValueError, match="Unknown view key 'zom'"):
        check_view({"zom": 2})
    with pytest.raises(ValueError, match="surface is 3"):
        check_view({"surface": 3})


def test_a_view_may_give_single_views_their_own_camera():
    own = {"own": {"1": {"preset": "medial", "zoom": 2.0}}, "threshold": [-0.5, 1.0]}
    assert check_view(own) == own
    assert check_view({"tables": {"cyclic": "orchard"}, "range": (-1, 1)})["range"] == [-1, 1]
    for wrong in (
        {"own": {"9": {"zoom": 2.0}}},
        {"own": {"1": {"threshold": 1}}},
        {"own": {"1": {"zoom": 0}}},
        {"range": [1, 1]},
        {"tables": {"cyclic": "blue red"}},
        {"opacity": 1.2},
        {"scales": {"0": {"threshold": 1}}},
        {"scales": {"1": {"colour": "red"}}},
        {"scales": {"1": {"table": "rainbow"}}},
        {"reliability": [0.5, 0.1]},
    ):
        with pytest.raises(ValueError, match="not allowed"):
            check_view(wrong)


def test_reliability_travels_with_its_map_and_has_its_shape(assets):
    values, trust = np.arange(5.0), np.linspace(0, 1, 5)
    shown = [CortexMap("a", values, SCALE), CortexMap("b", values, SCALE, reliability=trust)]
    header, arrays = unpack(encode_payload(shown, assets, height=500))
    assert set(arrays) == {"map0", "map1", "reliability1"}
    np.testing.assert_array_equal(arrays["reliability1"], [0, 64, 128, 191, 255])
    assert [m["reliability"] for m in header["maps"]] == [
        None,
        {"array": "reliability1", "label": "reliability"},
    ]
    # Maps that share one send it once; NaN is not relied on, and nothing goes beyond 0 and 1.
    odd = np.array([np.nan, -1, 0.5, 1, 7])
    two = [CortexMap(t, values, SCALE, reliability=odd, reliability_label="r") for t in "ab"]
    header, arrays = unpack(encode_payload(two, assets, height=500))
    assert set(arrays) == {"map0", "map1", "reliability0"}
    np.testing.assert_array_equal(arrays["reliability0"], [0, 0, 128, 255, 255])
    assert {m["reliability"]["array"] for m in header["maps"]} == {"reliability0"}
    wrong = CortexMap("b", values, SCALE, reliability=trust[:4])
    with pytest.raises(ValueError, match=r"reliability of shape \(4,\).*\(5,\)"):
        encode_payload([wrong], assets, height=500)


def _named(kind: str) -> list[tuple[str, str]]:
    return [(theme, name) for theme in THEMES for name in TABLES[kind]]


@pytest.mark.parametrize(("theme", "name"), _named("cyclic"))
def test_a_cyclic_table_closes_and_steps_evenly_in_lightness(theme, name):
    table = colour_table("cyclic", theme, name)
    assert np.abs(table[0].astype(int) - table[-1]).max() <= 6
    lightness = oklab_lightness(table)
    down, up = np.diff(lightness[:128]), np.diff(lightness[128:])
    assert (down < 0.001).all()
    assert (up > -0.001).all()
    np.testing.assert_allclose(lightness, lightness[::-1], atol=0.01)


def test_a_table_of_another_kind_is_refused():
    with pytest.raises(ValueError, match="allowed: blue red, purple green"):
        colour_table("diverging", "light", "ember")


@pytest.mark.parametrize(("theme", "name"), _named("sequential"))
def test_sequential_lightness_runs_one_way_in_even_steps(theme, name):
    steps = np.diff(oklab_lightness(colour_table("sequential", theme, name)))
    assert (steps < 0.001).all() or (steps > -0.001).all()
    # 8-bit rounding moves a step by up to about half its size.
    assert np.abs(np.diff(np.cumsum(steps)[::16])).std() < 0.003


@pytest.mark.parametrize(("theme", "name"), _named("diverging"))
def test_diverging_arms_mirror_each_other_and_meet_in_the_cortex_grey(theme, name):
    table = colour_table("diverging", theme, name)
    lightness = oklab_lightness(table)
    np.testing.assert_allclose(lightness, lightness[::-1], atol=0.006)
    middle = table[127:129].astype(int)
    assert np.ptp(middle, axis=1).max() <= 6
    assert lightness[127:129] == pytest.approx(GREY_LIGHTNESS[theme], abs=0.01)
    away = np.abs(lightness[128:] - GREY_LIGHTNESS[theme])
    assert (np.diff(away) > -0.004).all()


@pytest.mark.parametrize(("theme", "name"), _named("diverging"))
def test_diverging_signs_stay_apart_for_red_green_blindness(theme, name):
    # Viénot, Brettel and Mollon (1999): deuteranopia, in linear sRGB.
    simulate = np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]])
    linear = (colour_table("diverging", theme, name) / 255.0) ** 2.2
    seen = np.clip(linear @ simulate.T, 0, 1) ** (1 / 2.2)
    strong = np.abs(seen[64] - seen[191]).max()
    assert strong > 0.2


@pytest.mark.parametrize("kind", KINDS)
def test_tables_are_256_colours_that_nobody_can_change(kind):
    table = colour_table(kind)
    assert table.shape == (256, 3)
    assert table.dtype == np.uint8
    with pytest.raises(ValueError, match="read-only"):
        table[0] = 0


def test_an_asset_is_named_by_its_content_and_written_once(tmp_path):
    first = write_asset(tmp_path, b"abc" * 100)
    stamp = (tmp_path / f"{first}.bin.gz").stat().st_mtime_ns
    assert write_asset(tmp_path, b"abc" * 100) == first
    assert (tmp_path / f"{first}.bin.gz").stat().st_mtime_ns == stamp
    assert write_asset(tmp_path, b"abd" * 100) != first
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("damage", [b"", b"\x1f\x8b", gzip.compress(b"other", mtime=0)])
def test_a_damaged_asset_is_written_anew(tmp_path, damage):
    path = tmp_path / f"{write_asset(tmp_path, b'abc' * 100)}.bin.gz"
    path.write_bytes(damage)
    write_asset(tmp_path, b"abc" * 100)
    assert gzip.decompress(path.read_bytes()) == b"abc" * 100


def test_a_full_disk_leaves_no_half_asset(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("cortiscope.cortex_view.assets.os.replace", full)
    with pytest.raises(OSError, match="No space"):
        write_asset(tmp_path, b"abc" * 100)
    assert list(tmp_path.iterdir()) == []


def test_registering_stores_three_files(tmp_path, geometry, space):
    assets = register_assets(tmp_path, geometry, space)
    assert (assets.n_left, assets.n_right, assets.n_values) == (3, 2, 5)
    assert len(list(tmp_path.glob("*.bin.gz"))) == 3


def _get(folder, path: str, encoding: str = "gzip") -> tuple[int, dict[str, str], bytes]:
    """Ask the route as a server would, without one."""
    from starlette.applications import Starlette

    messages = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        messages.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"accept-encoding", encoding.encode())],
    }
    asyncio.run(Starlette(routes=[cortex_asset_route(folder)])(scope, receive, send))
    headers = {k.decode(): v.decode() for k, v in messages[0]["headers"]}
    return messages[0]["status"], headers, b"".join(m.get("body", b"") for m in messages[1:])


def test_the_route_serves_an_asset_for_ever(tmp_path):
    name = write_asset(tmp_path, b"abc" * 100)
    for encoding, read in (("gzip", gzip.decompress), ("identity", bytes)):
        status, headers, body = _get(tmp_path, f"/cortex-assets/{name}.bin", encoding)
        assert status == 200
        assert read(body) == b"abc" * 100
        assert headers["cache-control"] == "public, max-age=31536000, immutable"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers.get("content-encoding", "identity") == encoding


@pytest.mark.parametrize(
    "name", ["secret.txt", "../secret.txt", "..", "a" * 32, "A" * 32 + ".bin", "a" * 32 + ".bin"]
)
def test_the_route_serves_nothing_else(tmp_path, name):
    (tmp_path / "secret.txt.gz").write_bytes(gzip.compress(b"x"))
    assert _get(tmp_path, f"/cortex-assets/{name}")[0] == 404
