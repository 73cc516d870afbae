"""The cortex viewer measured, not looked at: colours, picking, hover, cameras.

Most tests share one page, which is put back to its first state before each.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cortiscope.cortex_view import colour_table

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
    from cortiscope.cortex_view.example import synthetic

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

    def colours(self, view: int, vertices: list[tuple[str, int]]) -> np.ndarray:
        """(n, 3) colours as drawn, plain."""
        script = f"([view, all]) => all.map(v => {ROOT}.__cortex.colourAt(view, ...v))"
        return np.array(self.page.evaluate(script, [view, vertices]))

    def picks(self, view: int, vertices: list[tuple[str, int]]) -> list[tuple[str, int]]:
        """What is picked at each vertex's own pixel."""
        script = f"""([view, all]) => all.map(([side, vertex]) => {{
            const hook = {ROOT}.__cortex;
            const hit = hook.pick(...hook.screenPosition(view, side, vertex));
            return hit && [hit.side, hit.vertex];
        }})"""
        return [hit and tuple(hit) for hit in self.page.evaluate(script, [view, vertices])]

    def attribute(self, name: str) -> str:
        return self.page.evaluate(f"{ROOT}.dataset.{name}")

    def focus(self) -> None:
        self.page.evaluate(f"{ROOT}.querySelector('canvas').focus()")

    def locate(self, selector: str):
        return self.page.locator(f".cortex {selector}")

    def hover(self, x: float, y: float) -> str:
        left, top = self.call("origin")
        self.page.mouse.move(left + x, top + y)
        return self.page.evaluate(f"{ROOT}.querySelector('.tooltip').innerText")

    def drag(self, x: float, y: float, dx: float, dy: float) -> None:
        left, top = self.call("origin")
        self.page.mouse.move(left + x, top + y)
        self.page.mouse.down()
        self.page.mouse.move(left + x + dx, top + y + dy, steps=3)
        self.page.mouse.up()


@pytest.fixture(scope="module")
def shared(browser, address):
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(60_000)
    yield Cortex(page).open(address, "image=3&views=2&height=340")
    page.close()


@pytest.fixture
def cortex(shared):
    """The shared page, everything as at first."""
    shared.call("restart")
    return shared


@pytest.fixture
def own_cortex(page, address):
    """A page for one test that changes what the app shows, or watches its requests."""
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


def _visible(cortex, synthetic, seed: int, count: int) -> list[tuple[str, int, int]]:
    """(side, vertex, position) of some data vertices that can be seen now."""
    space = synthetic.space()
    inner = {side: _inner(synthetic, side) for side in ("left", "right")}
    sides = [("left", int(v)) for v in space.vertices["left"]]
    sides += [("right", int(v)) for v in space.vertices["right"]]
    order = [
        p
        for p in np.random.default_rng(seed).permutation(len(sides))
        if inner[sides[p][0]][sides[p][1]]
    ]
    seen = cortex.call("visible", [sides[p] for p in order])[:count]
    assert len(seen) == count, f"Only {len(seen)} data vertices are visible."
    return [(*sides[order[i]], int(order[i])) for i in seen]


def _entries(values: np.ndarray, high: float = HIGH) -> np.ndarray:
    return np.rint(np.clip((values + high) / (2 * high), 0, 1) * 255).astype(int)


def test_a_vertex_has_the_colour_table_entry_of_its_value(cortex, synthetic):
    table = colour_table("diverging", "light").astype(int)
    vertices = _visible(cortex, synthetic, 1, 30)
    for view, values in enumerate(_values(synthetic)):
        here = [v for v in vertices if np.isfinite(values[v[2]])]
        found = cortex.colours(view, [v[:2] for v in here])
        expected = table[_entries(values[[v[2] for v in here]])]
        # The pixel's middle is up to a hundredth of a millimetre from the vertex.
        assert np.abs(expected - found).max() <= 3


def test_the_highest_value_gets_the_top_colour_and_a_chosen_table_its_own(cortex, synthetic):
    values = _values(synthetic)[0]
    space = synthetic.space()
    n_left = len(space.vertices["left"])
    inner = _inner(synthetic, "left")
    left = [p for p in range(n_left) if inner[space.vertices["left"][p]] and np.isfinite(values[p])]
    top = max(left, key=lambda p: values[p])
    high = float(values[top])
    vertex = ("left", int(space.vertices["left"][top]))
    for name in ("blue red", "purple green"):
        view = {"surface": 2, "range": [-high, high], "tables": {"diverging": name}}
        cortex.call("setView", view)
        table = colour_table("diverging", "light", name).astype(int)
        assert np.abs(cortex.colours(0, [vertex])[0] - table[255]).max() <= 3


def test_one_value_has_one_colour_in_two_views_of_one_scale(cortex, synthetic):
    cortex.call("setView", {"surface": 2})
    first, second = _values(synthetic)
    vertices = _visible(cortex, synthetic, 4, 400)
    positions = np.array([v[2] for v in vertices])
    order = np.argsort(second[positions])
    pairs = []
    for i, position in enumerate(positions):
        if np.isnan(first[position]):
            continue
        j = order[min(np.searchsorted(second[positions][order], first[position]), len(order) - 1)]
        if abs(second[positions[j]] - first[position]) < 0.004 and abs(first[position]) < HIGH:
            pairs.append((i, j))
    assert len(pairs) > 20
    left = cortex.colours(0, [vertices[i][:2] for i, _ in pairs[:20]])
    right = cortex.colours(1, [vertices[j][:2] for _, j in pairs[:20]])
    assert np.abs(left - right).max() <= 5


def test_nan_and_vertices_outside_the_data_are_grey(cortex, synthetic):
    grey = cortex.call("grey")
    assert np.ptp(grey) <= 1
    cortex.call("setView", {"surface": 2})
    missing = np.flatnonzero(np.isnan(_values(synthetic)[0]))
    left = synthetic.space().vertices["left"]
    inner = _inner(synthetic, "left")
    holes = [("left", int(left[p])) for p in missing[missing < len(left)] if inner[left[p]]]
    assert holes
    assert (cortex.colours(0, holes) == grey).all()
    outside = np.setdiff1d(np.flatnonzero(inner), left)
    some = np.random.default_rng(2).choice(outside, 12, replace=False)
    assert (cortex.colours(1, [("left", int(v)) for v in some]) == grey).all()


def test_threshold_and_reliability_hide_values_without_the_server(cortex, synthetic):
    sent = []
    cortex.page.on("websocket", lambda socket: sent.append(socket))
    values = _values(synthetic)[1]
    visible = _visible(cortex, synthetic, 3, 40)
    before = cortex.attribute("payload")
    at = np.array([v[2] for v in visible])
    grey = cortex.call("grey")

    def hidden() -> np.ndarray:
        return (cortex.colours(1, [v[:2] for v in visible]) == grey).all(axis=1)

    cortex.call("setThreshold", 0.6)
    clear = np.abs(np.abs(values[at]) - 0.6) > 0.05
    np.testing.assert_array_equal(hidden()[clear], (np.abs(values[at]) < 0.6)[clear])
    assert 0 < hidden().sum() < len(at)
    cortex.call("setThreshold", [-0.3, 0.8])
    clear = (np.abs(values[at] + 0.3) > 0.05) & (np.abs(values[at] - 0.8) > 0.05)
    inside = (values[at] > -0.3) & (values[at] < 0.8)
    np.testing.assert_array_equal(hidden()[clear], inside[clear])
    cortex.call("setThreshold", 0)
    cut = float(np.median(synthetic.accuracy()[at]))
    cortex.call("setView", {"reliability": [cut, cut]})
    clear = (np.abs(synthetic.accuracy()[at] - cut) > 0.02) & (np.abs(values[at]) > 0.1)
    np.testing.assert_array_equal(hidden()[clear], (synthetic.accuracy()[at] < cut)[clear])
    assert cortex.attribute("payload") == before
    assert not sent


@pytest.mark.parametrize("surface", [0, 1, 2])
def test_picking_finds_the_nearest_of_200_random_visible_vertices(cortex, synthetic, surface):
    cortex.call("setView", {"preset": "posterior", "surface": surface})
    visible = [v[:2] for v in _visible(cortex, synthetic, surface, 200)]
    found = cortex.picks(1, visible)
    assert not [pair for pair in zip(visible, found, strict=True) if pair[0] != pair[1]]


def test_hover_says_the_value_of_every_view(cortex, synthetic):
    maps = _values(synthetic)
    for side, vertex, position in _visible(cortex, synthetic, 5, 6):
        x, y = cortex.call("screenPosition", 0, side, vertex)
        # The browser reports whole pixels or fractions of them; ask what is under that pixel.
        text = cortex.hover(x, y)
        assert f"{side} hemisphere, vertex {vertex}" in text
        numbers = [
            float(word.replace("−", "-"))
            for word in text.split()
            if word.replace("−", "").replace(".", "", 1).replace("e", "").isdigit()
            and word != str(vertex)
        ]
        expected = [values[position] for values in maps if not np.isnan(values[position])]
        assert numbers[-len(expected) :] == pytest.approx(expected, rel=1e-3)  # four digits


def test_all_views_turn_together_until_one_is_unlocked(cortex):
    def cameras():
        return [cortex.call("camera", view)["rotation"] for view in (0, 1)]

    body = cortex.call("cells")[1]["body"]
    middle = (body["x"] + body["w"] * 0.7, body["y"] + body["h"] / 2)
    first = cameras()
    cortex.drag(*middle, 40, 10)
    together = cameras()
    assert together[0] == together[1] != first[0]
    padlock = cortex.locate(".padlock").nth(1)
    padlock.click()
    assert padlock.get_attribute("aria-pressed") == "true"
    cortex.drag(*middle, -70, 30)
    apart = cameras()
    assert apart[0] == together[0]
    assert apart[1] != together[1]
    cortex.page.wait_for_function("document.body.innerText.includes('own')")
    padlock.click()
    assert cameras() == [together[0]] * 2


@pytest.mark.parametrize("surface", [0, 1, 2])
def test_the_morph_ends_exactly_on_each_surface(cortex, synthetic, surface):
    cortex.focus()
    cortex.page.keyboard.press("pif"[surface])
    name = ("pial", "inflated", "flat")[surface]
    for side in ("left", "right"):
        truth = getattr(getattr(synthetic.surfaces(), side), name)
        for vertex in np.flatnonzero(_inner(synthetic, side))[::1500]:
            found = cortex.call("position", 0, side, int(vertex))
            assert found["now"] == found["surfaces"][surface]
            expected = truth[vertex]
            if name == "flat":
                # The flat map stands upright in the brain's own axes.
                expected = [0, expected[0] * (-1 if side == "left" else 1), expected[1]]
            np.testing.assert_allclose(found["now"], expected, atol=0.006)


def test_camera_and_choices_survive_new_data(own_cortex):
    view = {"preset": "ventral", "surface": 0.5, "zoom": 1.7, "pan": [0.05, -0.02]}
    own_cortex.call("setView", {**view, "own": {"1": {"preset": "medial"}}})
    before, payload = own_cortex.call("camera"), own_cortex.attribute("payload")
    fetched = (
        "performance.getEntriesByType('resource')"
        ".filter(entry => entry.name.includes('cortex-assets')).length"
    )
    assert own_cortex.page.evaluate(fetched) == 3
    field = own_cortex.page.get_by_label("image", exact=True)
    field.fill("4")
    field.press("Enter")
    own_cortex.page.wait_for_function(f"{ROOT}.dataset.payload !== '{payload}'")
    assert own_cortex.call("camera") == before
    assert own_cortex.call("camera", 1)["preset"] == "medial"
    # Geometry, space and tables are in the browser already.
    assert own_cortex.page.evaluate(fetched) == 3


def test_a_published_view_does_not_come_back_as_an_order(cortex):
    cortex.focus()
    cortex.page.keyboard.press("3")
    cortex.page.wait_for_function("document.body.innerText.includes('ventral')")
    cortex.page.keyboard.press("+")
    assert cortex.call("camera")["preset"] == "ventral"
    assert cortex.call("camera")["zoom"] == pytest.approx(1.2)
    before = cortex.call("camera")["rotation"]
    cortex.page.keyboard.press("ArrowLeft")
    assert cortex.call("camera")["rotation"] != before


def test_a_click_tells_python_which_vertex(cortex, synthetic):
    [(side, vertex, position)] = _visible(cortex, synthetic, 6, 1)
    x, y = cortex.call("screenPosition", 1, side, vertex)
    left, top = cortex.call("origin")
    cortex.page.mouse.click(left + x, top + y)
    cortex.page.wait_for_function(
        f"document.body.innerText.includes('vertex={vertex}, position={position}')"
    )


def test_keys_point_pick_and_choose_a_view_as_the_mouse_does(cortex, synthetic):
    cortex.focus()
    cortex.page.keyboard.press("n")
    first = cortex.call("marks")["hovered"]
    assert cortex.call("facts", first["side"], first["vertex"])["rois"]
    assert cortex.locate(".tooltip").is_visible()
    cortex.page.keyboard.press("Enter")
    cortex.page.wait_for_function(f"document.body.innerText.includes('vertex={first['vertex']},')")
    cortex.page.keyboard.press("n")
    assert cortex.call("marks")["hovered"] != first
    cortex.page.keyboard.press("Shift+Enter")
    assert len(cortex.call("marks")["picks"]) == 2
    cortex.page.keyboard.press("v")
    cortex.page.keyboard.press("u")
    cortex.page.keyboard.press("4")
    assert cortex.call("marks")["active"] == 1
    assert cortex.call("camera", 1)["preset"] == "dorsal"
    assert cortex.call("camera", 0)["preset"] != "dorsal"


def test_a_selection_from_a_chart_lights_up(cortex):
    chosen = [{"hemisphere": "right", "vertex": 7}, {"hemisphere": "left", "vertex": 4711}]
    script = "v => dispatchEvent(new CustomEvent('cortiscope:light-vertices', {detail: v}))"
    cortex.page.evaluate(script, {"vertices": chosen})
    lit = [{"side": v["hemisphere"], "vertex": v["vertex"]} for v in chosen]
    assert cortex.call("marks")["lit"] == lit
    cortex.page.evaluate(script, None)
    assert cortex.call("marks")["lit"] == []


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
    assert cortex.call("colourAt", 0, "left", 4000) != [0, 0, 0]


def test_a_hemisphere_of_163842_vertices_is_coloured_and_picked_exactly(page, address, synthetic):
    cortex = Cortex(page).open(address, "image=3&views=2&height=260&template=fine")
    values = synthetic.responses(3, "fine")[1]
    vertices = synthetic.space("fine").vertices["left"]
    # Beyond the 65,535 that sixteen bits can number.
    chosen = np.random.default_rng(8).permutation(np.flatnonzero(vertices > 65_535))[:400]
    places = [("left", int(vertices[p])) for p in chosen]
    seen = cortex.call("visible", places)[:60]
    assert len(seen) == 60
    assert cortex.picks(0, [places[i] for i in seen]) == [places[i] for i in seen]
    table = colour_table("diverging", "light").astype(int)
    found = cortex.colours(1, [places[i] for i in seen[:5]])
    assert np.abs(table[_entries(values[chosen[seen[:5]]])] - found).max() <= 3
    assert cortex.call("valueAt", 1, *places[seen[0]]) == values[chosen[seen[0]]]


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
def test_every_side_fits_with_a_margin(cortex, size):
    cortex.page.set_viewport_size({"width": size[0], "height": size[1]})
    cortex.page.wait_for_timeout(300)  # the page's own layout settles
    for preset in ("lateral", "medial", "ventral", "dorsal", "anterior", "posterior"):
        for surface in (0, 1, 2):
            whole = {"preset": preset, "surface": surface, "framing": "whole"}
            cortex.call("setView", whole)
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
