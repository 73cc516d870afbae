"""The cortex viewer measured, not looked at: colours, picking, hover, camera."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dashboard.cortex_view import colour_table

pytestmark = pytest.mark.browser

EXAMPLE = Path(__file__).resolve().parents[2] / "dashboard" / "cortex_view" / "example"
ROOT = (
    "document.querySelector('[data-testid=stBidiComponentIsolated]')"
    "?.shadowRoot?.querySelector('.cortex')"
)
HIGH = 2.5  # the example's range of responses


@pytest.fixture(scope="module")
def address(start_app, tmp_path_factory):
    pytest.importorskip("nilearn", reason="the example's surfaces come with nilearn")
    folder = tmp_path_factory.mktemp("example")
    return start_app(EXAMPLE / "app.py", env={"CORTEX_EXAMPLE_FOLDER": str(folder)})


@pytest.fixture(scope="module")
def synthetic():
    pytest.importorskip("nilearn")
    from dashboard.cortex_view.example import synthetic

    return synthetic


class Cortex:
    """The viewer's test hook, from Python."""

    def __init__(self, page):
        self.page = page

    def open(self, address: str, query: str = "") -> Cortex:
        self.page.goto(f"{address}/?{query}")
        self.page.wait_for_function(f"{ROOT}?.dataset.payload")
        return self

    def call(self, name: str, *arguments):
        return self.page.evaluate(f"args => {ROOT}.__cortex.{name}(...args)", list(arguments))

    def attribute(self, name: str) -> str:
        return self.page.evaluate(f"{ROOT}.dataset.{name}")

    def hover(self, x: float, y: float) -> str:
        left, top = self.call("origin")
        self.page.mouse.move(left + x, top + y)
        return self.page.evaluate(f"{ROOT}.querySelector('.tooltip').innerText")


@pytest.fixture
def cortex(page, address):
    return Cortex(page).open(address, "image=3&views=2&height=340")


def _values(synthetic, image: int = 3) -> list[np.ndarray]:
    """The two maps of the example's page, its missing vertices included."""
    measured, predicted = synthetic.responses(image)
    measured = measured.copy()
    measured[np.arange(5) * 211] = np.nan
    return [measured, predicted]


def _inner(synthetic, side: str) -> np.ndarray:
    """(n_vertices,) bool: not on the flat map's rim, where a pixel may show the background."""
    mesh = getattr(synthetic.surfaces(), side)
    counts = [np.bincount(f.ravel(), minlength=10_242) for f in (mesh.faces, mesh.flat_faces)]
    inner: np.ndarray = counts[0] == counts[1]
    return inner


def _visible(cortex, synthetic, rng, count: int) -> list[tuple[str, int, int]]:
    """(side, vertex, position) of some data vertices that can be seen now."""
    found = []
    inner = {side: _inner(synthetic, side) for side in ("left", "right")}
    n_left = len(synthetic.space().vertices["left"])
    for position in rng.permutation(synthetic.space().n_values):
        side = "left" if position < n_left else "right"
        vertex = int(synthetic.space().vertices[side][position - (side == "right") * n_left])
        if inner[side][vertex] and cortex.call("isVisible", side, vertex):
            found.append((side, vertex, int(position)))
        if len(found) == count:
            return found
    pytest.fail(f"Only {len(found)} data vertices are visible.")


def test_a_vertex_has_the_colour_table_entry_of_its_value(cortex, synthetic):
    table = colour_table("diverging", "light").astype(int)
    maps = _values(synthetic)
    for side, vertex, position in _visible(cortex, synthetic, np.random.default_rng(1), 12):
        for view, values in enumerate(maps):
            if np.isnan(values[position]):
                continue
            share = np.clip((values[position] + HIGH) / (2 * HIGH), 0, 1)
            found = cortex.call("colourAt", view, side, vertex)
            # The pixel's middle is up to a hundredth of a millimetre from the vertex.
            assert np.abs(table[round(share * 255)] - found).max() <= 3


def test_nan_and_vertices_outside_the_data_are_grey(cortex, synthetic):
    grey = cortex.call("grey")
    assert np.ptp(grey) <= 1
    cortex.call("setView", {"surface": 2})
    missing = np.flatnonzero(np.isnan(_values(synthetic)[0]))
    left = synthetic.space().vertices["left"]
    inner = _inner(synthetic, "left")
    checked = 0
    for position in missing[missing < len(left)]:
        vertex = int(left[position])
        if inner[vertex]:
            assert cortex.call("colourAt", 0, "left", vertex) == grey
            checked += 1
    outside = np.setdiff1d(np.flatnonzero(inner), left)
    for vertex in np.random.default_rng(2).choice(outside, 12, replace=False):
        assert cortex.call("colourAt", 1, "left", int(vertex)) == grey
    assert checked


def test_a_threshold_hides_small_values_without_the_server(cortex, synthetic):
    sent = []
    cortex.page.on("websocket", lambda socket: sent.append(socket))
    values = _values(synthetic)[1]
    visible = _visible(cortex, synthetic, np.random.default_rng(3), 14)
    before = cortex.attribute("payload")
    cortex.call("setThreshold", 0.6)
    grey = cortex.call("grey")
    seen = set()
    for side, vertex, position in visible:
        if abs(abs(values[position]) - 0.6) < 0.05:
            continue
        hidden = abs(values[position]) < 0.6
        assert (cortex.call("colourAt", 1, side, vertex) == grey) == hidden
        seen.add(bool(hidden))
    assert seen == {True, False}
    assert cortex.attribute("payload") == before
    assert not sent


@pytest.mark.parametrize("surface", [0, 1, 2])
def test_picking_finds_the_vertex_that_is_drawn_there(cortex, synthetic, surface):
    cortex.call("setView", {"preset": "posterior", "surface": surface})
    visible = _visible(cortex, synthetic, np.random.default_rng(surface), 40)
    for number, (side, vertex, _) in enumerate(visible):
        x, y = cortex.call("screenPosition", number % 2, side, vertex)
        hit = cortex.call("pick", x, y)
        if hit["vertex"] != vertex:
            # In a fold, something nearer may cover the very point within the tolerance.
            assert surface == 0
            other = cortex.call("screenPosition", number % 2, hit["side"], hit["vertex"])
            assert np.hypot(other[0] - x, other[1] - y) < 8
    exact = sum(
        cortex.call("pick", *cortex.call("screenPosition", 0, side, vertex))["vertex"] == vertex
        for side, vertex, _ in visible
    )
    assert exact >= len(visible) * (0.9 if surface == 0 else 1)


def test_hover_says_the_exact_value_of_every_view(cortex, synthetic):
    maps = _values(synthetic)
    for side, vertex, position in _visible(cortex, synthetic, np.random.default_rng(5), 6):
        x, y = cortex.call("screenPosition", 0, side, vertex)
        # The browser reports whole pixels or fractions of them; ask what is under that pixel.
        text = cortex.hover(x, y)
        assert f"{side} hemisphere, vertex {vertex}" in text
        numbers = [
            np.float32(word.replace("−", "-"))
            for word in text.split()
            if word.replace("−", "-").lstrip("-").replace(".", "", 1).replace("e-", "").isdigit()
            and word != str(vertex)
        ]
        expected = [values[position] for values in maps if not np.isnan(values[position])]
        assert numbers[-len(expected) :] == expected


def test_camera_and_choices_survive_new_data(cortex):
    view = {"preset": "ventral", "surface": 0.5, "zoom": 1.7, "pan": [0.05, -0.02]}
    cortex.call("setView", view)
    before, payload = cortex.call("camera"), cortex.attribute("payload")
    field = cortex.page.get_by_label("image", exact=True)
    field.fill("4")
    field.press("Enter")
    cortex.page.wait_for_function(f"{ROOT}.dataset.payload !== '{payload}'")
    assert cortex.call("camera") == before


def test_a_published_view_does_not_come_back_as_an_order(cortex):
    cortex.page.evaluate(f"{ROOT}.querySelector('canvas').focus()")
    cortex.page.keyboard.press("3")
    cortex.page.wait_for_function("document.body.innerText.includes('ventral')")
    cortex.page.keyboard.press("+")
    assert cortex.call("camera")["preset"] == "ventral"
    assert cortex.call("camera")["zoom"] == pytest.approx(1.2)


def test_a_click_tells_python_which_vertex(cortex, synthetic):
    [(side, vertex, position)] = _visible(cortex, synthetic, np.random.default_rng(6), 1)
    x, y = cortex.call("screenPosition", 1, side, vertex)
    left, top = cortex.call("origin")
    cortex.page.mouse.click(left + x, top + y)
    cortex.page.wait_for_function(
        f"document.body.innerText.includes('vertex={vertex}, position={position}')"
    )


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
def test_every_side_fits_with_a_margin(cortex, size):
    cortex.page.set_viewport_size({"width": size[0], "height": size[1]})
    cortex.page.wait_for_timeout(300)  # the page's own layout settles
    for preset in ("lateral", "medial", "ventral", "dorsal", "anterior", "posterior"):
        for surface in (0, 1, 2):
            cortex.call("setView", {"preset": preset, "surface": surface})
            for view in (0, 1):
                body = cortex.call("cells")[view]["body"]
                left, top, right, bottom = cortex.call("extent", view)
                gaps = (
                    (left - body["x"]) / body["w"],
                    (body["x"] + body["w"] - right) / body["w"],
                    (top - body["y"]) / body["h"],
                    (body["y"] + body["h"] - bottom) / body["h"],
                )
                assert min(gaps) == pytest.approx(0.04, abs=1e-4)


def test_arrows_turn_the_brain_when_it_has_the_focus(cortex):
    before = cortex.call("camera")["rotation"]
    cortex.page.evaluate(f"{ROOT}.querySelector('canvas').focus()")
    cortex.page.keyboard.press("ArrowLeft")
    assert cortex.call("camera")["rotation"] != before


def test_a_lost_context_comes_back(cortex):
    painted = int(cortex.attribute("painted"))
    cortex.page.evaluate(
        f"""async () => {{
            const gl = {ROOT}.querySelector('canvas').getContext('webgl2');
            const extension = gl.getExtension('WEBGL_lose_context');
            extension.loseContext();
            await new Promise((resolve) => setTimeout(resolve, 100));
            extension.restoreContext();
        }}"""
    )
    cortex.page.wait_for_function(f"Number({ROOT}.dataset.painted) > {painted}")
    vertex = int(cortex.page.evaluate("4000"))
    assert cortex.call("colourAt", 0, "left", vertex) != [0, 0, 0]


def test_the_geometry_is_fetched_once(cortex):
    fetched = (
        "performance.getEntriesByType('resource')"
        ".filter(entry => entry.name.includes('cortex-assets')).length"
    )
    assert cortex.page.evaluate(fetched) == 3
    payload = cortex.attribute("payload")
    field = cortex.page.get_by_label("image", exact=True)
    field.fill("5")
    field.press("Enter")
    cortex.page.wait_for_function(f"{ROOT}.dataset.payload !== '{payload}'")
    assert cortex.page.evaluate(fetched) == 3
