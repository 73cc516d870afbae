"""Brushing, several picks, fingers and keys on the cortex, measured in a browser."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.browser

EXAMPLE = Path(__file__).resolve().parents[2] / "dashboard" / "cortex_view" / "example"
ROOT = (
    "document.querySelector('[data-testid=stBidiComponentIsolated]')"
    "?.shadowRoot?.querySelector('.cortex')"
)
PHONE = {"width": 390, "height": 560}  # little more than the viewer: a page that must scroll


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
    """The viewer's test hook, from Python, and the websocket's frames."""

    def __init__(self, page, address: str):
        self.page = page
        self.sent: list[object] = []
        page.on("websocket", lambda socket: socket.on("framesent", lambda d: self.sent.append(d)))
        page.set_default_timeout(90_000)
        page.goto(f"{address}/?image=3&views=2&height=420")
        page.wait_for_function(f"{ROOT}?.dataset.payload")
        self.still()

    def call(self, name: str, *arguments):
        return self.page.evaluate(f"args => {ROOT}.__cortex.{name}(...args)", list(arguments))

    def still(self) -> None:
        self.page.wait_for_selector('[data-test-script-state="notRunning"]')

    def quiet(self) -> None:
        """Wait until all is told: the page hears of a camera a moment after it has moved."""
        before = -1
        while before != (before := len(self.sent)):
            self.page.wait_for_timeout(900)
        self.still()

    def focus(self) -> None:
        self.page.evaluate(f"{ROOT}.querySelector('canvas').focus()")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def draw(self, points: np.ndarray) -> None:
        """Drag along stage pixels (n, 2)."""
        left, top = self.call("origin")
        self.page.mouse.move(left + points[0][0], top + points[0][1])
        self.page.mouse.down()
        for x, y in points[1:]:
            self.page.mouse.move(left + x, top + y)
        self.page.mouse.up()

    def region(self) -> list[int]:
        return self.call("marks")["region"]

    def line(self) -> str:
        return self.page.evaluate(f"{ROOT}.querySelector('.region-line').innerText")


@pytest.fixture(scope="module")
def shared(browser, address):
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    yield Cortex(page, address)
    page.close()


@pytest.fixture
def cortex(shared):
    shared.call("restart")
    shared.quiet()
    shared.focus()
    return shared


def _maps(synthetic) -> list[np.ndarray]:
    measured, predicted = synthetic.responses(3)
    measured = measured.copy()
    measured[np.arange(5) * 211] = np.nan
    return [measured, predicted]


def _seen_in_polygon(cortex, synthetic, polygon: np.ndarray) -> tuple[set[int], set[int]]:
    """Positions surely seen in the polygon, and those in doubt, in the lateral inflated view.

    From the surfaces themselves: the view's own numbers only say where two vertices are on screen.
    """
    space, first = synthetic.space(), 0
    inside, doubtful = set(), set()
    for side, sign in (("left", -1), ("right", 1)):
        surface = getattr(synthetic.surfaces(), side)
        # Lateral: the viewer's x is anterior on the right and posterior on the left; depth is
        # sideways.
        brain = surface.inflated.astype(float)
        x, y, depth = sign * brain[:, 1], brain[:, 2], sign * brain[:, 0]
        here = [cortex.call("screenPosition", 0, side, v) for v in (0, 1)]
        scale = (here[1][0] - here[0][0]) / (x[1] - x[0])
        px = here[0][0] + scale * (x - x[0])
        py = here[0][1] - scale * (y - y[0])
        a, b, c = surface.faces.T
        towards = np.cross(brain[b] - brain[a], brain[c] - brain[a])[:, 0] * sign
        normal = sum(np.bincount(k, towards, len(brain)) for k in (a, b, c))
        points = np.c_[px, py]
        near, edge = _winds_round(polygon, points), _distance(polygon, points) < 0.5
        for k, v in enumerate(space.vertices[side]):
            if not (near[v] or edge[v]):
                continue
            d = (y[b] - y[c]) * (x[a] - x[c]) + (x[c] - x[b]) * (y[a] - y[c])
            with np.errstate(divide="ignore", invalid="ignore"):
                wa = ((y[b] - y[c]) * (x[v] - x[c]) + (x[c] - x[b]) * (y[v] - y[c])) / d
                wb = ((y[c] - y[a]) * (x[v] - x[c]) + (x[a] - x[c]) * (y[v] - y[c])) / d
                wc = 1 - wa - wb
            hit = np.minimum(np.minimum(wa, wb), wc) > -1e-9
            front = (wa * depth[a] + wb * depth[b] + wc * depth[c])[hit].max()
            behind = front - depth[v]
            if edge[v] or abs(behind - 0.6) < 0.1 or abs(normal[v]) < 0.5:
                doubtful.add(first + k)
            elif behind < 0.6 and normal[v] > 0:
                inside.add(first + k)
        first += len(space.vertices[side])
    return inside, doubtful


def _winds_round(polygon: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(n,) bool: whether the polygon turns once round each point, by the sum of its angles."""
    corners = np.vstack([polygon, polygon[:1]])[None] - points[:, None]
    angle = np.arctan2(corners[..., 1], corners[..., 0])
    turns = (np.diff(angle, axis=1) + np.pi) % (2 * np.pi) - np.pi
    return np.asarray(np.abs(turns.sum(axis=1)) > np.pi)


def _distance(polygon: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(n,) distance of each point from the polygon's line."""
    start, step = polygon, np.roll(polygon, -1, axis=0) - polygon
    length = np.maximum((step**2).sum(axis=1), 1e-9)
    along = ((points[:, None] - start) * step).sum(axis=2) / length
    nearest = start + np.clip(along, 0, 1)[..., None] * step
    return np.asarray(np.linalg.norm(points[:, None] - nearest, axis=2).min(axis=1))


def test_the_brushed_set_is_what_numpy_finds_in_the_line_and_python_hears_of_it_once(
    cortex, synthetic
):
    cortex.call("setView", {"preset": "lateral", "surface": 1})
    body = cortex.call("cells")[0]["body"]
    angle = np.linspace(0, 2 * np.pi, 40)
    # Across both hemispheres, dented, so that the line is no convex shape.
    radius = 1 + 0.25 * np.cos(3 * angle)
    middle = np.array([body["x"] + body["w"] / 2, body["y"] + body["h"] * 0.55])
    polygon = (
        middle
        + np.c_[0.33 * body["w"] * radius * np.cos(angle), 0.3 * body["h"] * radius * np.sin(angle)]
    )
    polygon = np.rint(polygon)
    cortex.press("s")
    cortex.page.wait_for_timeout(800)
    cortex.still()
    before = len(cortex.sent)
    cortex.draw(polygon)
    cortex.page.wait_for_function("document.body.innerText.includes('region, message')")
    cortex.page.wait_for_timeout(800)
    cortex.still()
    assert len(cortex.sent) - before == 1
    found = set(cortex.region())
    inside, doubtful = _seen_in_polygon(cortex, synthetic, polygon)
    assert len(inside) > 100
    assert len(doubtful) < len(inside) / 5
    assert found - doubtful == inside - doubtful
    space = synthetic.space()
    n_left = len(space.vertices["left"])
    positions = np.array(sorted(found))
    left = space.vertices["left"][positions[positions < n_left]]
    right = space.vertices["right"][positions[positions >= n_left] - n_left]
    assert len(left)
    assert len(right)
    told = json.loads(_session_region(cortex.page))
    assert told == {"left": left.tolist(), "right": right.tolist()}
    # The line's means are numpy's, to the four digits that are shown.
    for values in _maps(synthetic):
        mean = np.float32(np.nanmean(values[positions].astype(float)))
        assert f" {mean:.4g} " in cortex.line().replace("−", "-")
    assert f"{len(found)} vertices" in cortex.line()


def _session_region(page) -> str:
    """What Python holds, from the page's own print of it."""
    return page.locator(".brushed-region").inner_text()


def _square(cortex, view: int, fx: float, fy: float, size: float) -> np.ndarray:
    body = cortex.call("cells")[view]["body"]
    x, y = body["x"] + body["w"] * fx, body["y"] + body["h"] * fy
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * size
    return corners + [x, y]


def test_shift_adds_alt_and_shift_take_away_and_escape_leaves_then_clears(cortex):
    cortex.call("setView", {"preset": "lateral", "surface": 1})
    cortex.press("s")
    cortex.draw(_square(cortex, 1, 0.65, 0.55, 30))
    first = set(cortex.region())
    cortex.page.keyboard.down("Shift")
    cortex.draw(_square(cortex, 1, 0.62, 0.5, 30))
    both = set(cortex.region())
    assert first < both
    cortex.page.keyboard.down("Alt")
    cortex.draw(_square(cortex, 1, 0.65, 0.55, 30))
    cortex.page.keyboard.up("Alt")
    cortex.page.keyboard.up("Shift")
    assert set(cortex.region()) == both - first
    cortex.draw(_square(cortex, 1, 0.02, 0.04, 8))
    assert set(cortex.region()) == both - first
    assert "no further vertex" in cortex.line()
    rotation = cortex.call("camera")["rotation"]
    cortex.press("Escape")
    assert set(cortex.region()) == both - first
    cortex.draw(_square(cortex, 1, 0.65, 0.55, 30))
    assert cortex.call("camera")["rotation"] != rotation
    cortex.press("Escape")
    assert cortex.region() == []


def test_a_region_outlines_its_border_on_every_view_and_leaves_colours_inside(cortex):
    cortex.call("setView", {"preset": "lateral", "surface": 2, "zoom": 3})
    cortex.press("n", "g", "g", "g")
    positions = cortex.region()
    assert len(positions) > 15
    side, vertex = cortex.call("marks")["hovered"].values()
    for view in (0, 1):
        inside = cortex.call("colourAt", view, side, vertex, {"plain": False})
        cortex.press("Escape")
        assert cortex.region() == []
        assert cortex.call("colourAt", view, side, vertex, {"plain": False}) == inside
        cortex.press("n", "b", "g", "g", "g")


def test_keys_grow_shrink_and_tell_a_region(cortex):
    cortex.press("n", "g")
    assert len(cortex.region()) == 1
    cortex.press("g", "g")
    two_rings = cortex.region()
    assert len(two_rings) > 7
    cortex.press("G")
    assert len(cortex.region()) < len(two_rings)
    assert "Enter" in cortex.line()
    cortex.quiet()
    before = len(cortex.sent)
    cortex.press("Enter")
    cortex.page.wait_for_timeout(800)
    cortex.still()
    assert len(cortex.sent) - before == 1
    assert cortex.call("marks")["picks"] == []
    n = len(cortex.region())
    assert sum(len(part) for part in json.loads(_session_region(cortex.page)).values()) == n


def test_arrows_point_from_vertex_to_vertex_and_across_the_gap(cortex):
    cortex.call("setView", {"preset": "posterior", "surface": 1})
    cortex.press("x")
    first = cortex.call("marks")["hovered"]
    assert first["side"] in ("left", "right")
    camera = cortex.call("camera")["rotation"]
    away = "ArrowLeft" if first["side"] == "right" else "ArrowRight"
    cortex.press(away)
    second = cortex.call("marks")["hovered"]
    assert second != first
    for _ in range(40):
        cortex.press(f"Shift+{away}")
        if cortex.call("marks")["hovered"]["side"] != first["side"]:
            break
    else:
        pytest.fail("The arrows never came to the other hemisphere.")
    assert cortex.call("camera")["rotation"] == camera
    cortex.press("x", away)
    assert cortex.call("camera")["rotation"] != camera


def test_several_picks_keep_their_order_and_a_second_shift_click_lets_one_go(cortex):
    cortex.call("setView", {"preset": "lateral", "surface": 2})
    cortex.press("n", "Enter", "n", "Shift+Enter", "n", "Shift+Enter")
    picks = cortex.call("marks")["picks"]
    assert len({(p["side"], p["vertex"]) for p in picks}) == 3
    cortex.page.wait_for_function("document.body.innerText.includes('picks: 3')")
    cortex.press("b", "Shift+Enter")
    assert cortex.call("marks")["picks"] == [picks[0], picks[2]]
    cortex.page.wait_for_function("document.body.innerText.includes('picks: 2')")
    cortex.press("Escape")
    assert cortex.call("marks")["picks"] == []


def test_help_lists_the_keys_and_gives_the_focus_back(cortex):
    cortex.press("?")
    panel = cortex.page.locator(".cortex .help-panel")
    assert panel.is_visible()
    assert "double click" in panel.inner_text()
    cortex.press("Escape")
    assert panel.is_hidden()
    assert (
        cortex.page.evaluate(
            "document.querySelector('[data-testid=stBidiComponentIsolated]').shadowRoot.activeElement"
            "?.className"
        )
        == "brains"
    )


@pytest.fixture(scope="module")
def phone(browser, address):
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    page = context.new_page()
    found = Cortex(page, address)
    found.fingers = context.new_cdp_session(page)
    yield found
    context.close()


@pytest.fixture
def touched(phone):
    phone.call("restart")
    phone.page.mouse.click(5, 5)  # elsewhere: lets go
    _centre(phone)
    return phone


def _touch(cortex, *paths: list[tuple[float, float]]) -> None:
    """Fingers along paths of stage pixels, all of one length."""
    left, top = cortex.call("origin")

    def send(kind: str, points: list[tuple[float, float]]) -> None:
        touches = [{"x": left + x, "y": top + y, "id": k} for k, (x, y) in enumerate(points)]
        cortex.fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    send("touchStart", [path[0] for path in paths])
    for step in zip(*(path[1:] for path in paths), strict=True):
        send("touchMove", list(step))
    send("touchEnd", [])
    cortex.page.wait_for_timeout(250)
    # A page that still glides would take the next finger for a stop.
    before = None
    while before != (before := _scrolled(cortex)):
        cortex.page.wait_for_timeout(150)


def _along(start: tuple[float, float], end: tuple[float, float], n: int = 10):
    return [tuple(p) for p in np.linspace(start, end, n)]


def _scrolled(cortex) -> float:
    return cortex.page.evaluate(
        "[...document.querySelectorAll('*')].reduce((sum, e) => sum + e.scrollTop, 0)"
    )


def _centre(cortex) -> None:
    cortex.page.evaluate(f"{ROOT}.scrollIntoView({{block: 'center'}})")
    cortex.page.wait_for_timeout(400)


def _brain(cortex) -> tuple[float, float]:
    """A stage pixel on the right hemisphere's data."""
    vertex = cortex.call("marks")
    assert vertex["picks"] == []
    body = cortex.call("cells")[0]["body"]
    x, y = body["x"] + body["w"] * 0.7, body["y"] + body["h"] * 0.5
    assert cortex.call("pick", x, y)
    return x, y


def test_one_finger_scrolls_the_page_or_turns_and_after_a_tap_turns_every_way(touched):
    touched.call("setView", {"framing": "whole"})  # there are places beside the brain
    x, y = _brain(touched)
    rotation, top = touched.call("camera")["rotation"], _scrolled(touched)
    _touch(touched, _along((x, y), (x, y - 120)))
    assert _scrolled(touched) > top
    assert touched.call("camera")["rotation"] == rotation
    _centre(touched)  # a quick machine has glided on, and the page's head may lie over the brain
    top = _scrolled(touched)
    _touch(touched, _along((x, y), (x - 90, y)))
    assert touched.call("camera")["rotation"] != rotation
    assert _scrolled(touched) == top
    touched.page.wait_for_timeout(400)
    _touch(touched, [(x, y)])
    assert len(touched.call("marks")["picks"]) == 1
    assert touched.call("marks")["hovered"]
    touched.still()
    rotation, top = touched.call("camera")["rotation"], _scrolled(touched)
    touched.page.wait_for_timeout(400)
    _touch(touched, _along((x, y), (x, y - 60)))
    assert touched.call("camera")["rotation"] != rotation
    assert _scrolled(touched) == top
    # Beside the brain the page still scrolls: nothing is trapped.
    beside = touched.call("cells")[0]["body"]["x"] + 4
    assert touched.call("pick", beside, y) is None
    _touch(touched, _along((beside, y), (beside, y + 80)))
    assert _scrolled(touched) < top


def test_two_fingers_zoom_and_move_but_never_scroll(touched):
    x, y = _brain(touched)
    top = _scrolled(touched)
    _touch(touched, _along((x - 20, y), (x - 60, y - 30)), _along((x + 20, y), (x + 60, y - 30)))
    camera = touched.call("camera")
    assert camera["zoom"] == pytest.approx(3, rel=0.15)
    assert camera["pan"] != [0, 0]
    assert _scrolled(touched) == top


def test_a_double_tap_centres(touched):
    x, y = _brain(touched)
    hit = touched.call("pick", x, y)
    left, top = touched.call("origin")
    for _ in range(2):
        for kind, points in (("touchStart", [{"x": left + x, "y": top + y}]), ("touchEnd", [])):
            touched.fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    touched.page.wait_for_function(f"{ROOT}.__cortex.camera().zoom === 2.5")
    body = touched.call("cells")[0]["body"]
    place = touched.call("screenPosition", 0, hit["side"], hit["vertex"])
    assert place[0] == pytest.approx(body["x"] + body["w"] / 2, abs=8)
    assert place[1] == pytest.approx(body["y"] + body["h"] / 2, abs=8)


def test_a_finger_draws_a_region_once_and_then_scrolls_again(touched):
    x, y = _brain(touched)
    touched.page.locator('.cortex button[aria-label="More controls"]').tap()
    touched.page.locator('.cortex button[aria-label="Brush a region"]').tap()
    touched.page.evaluate(f"{ROOT}.scrollIntoView({{block: 'center'}})")
    touched.page.wait_for_timeout(300)
    top = _scrolled(touched)
    angle = np.linspace(0, 6, 20)
    _touch(touched, [(x + 30 * np.cos(a), y + 25 * np.sin(a)) for a in angle])
    assert len(touched.region()) > 20
    assert _scrolled(touched) == top
    touched.still()
    _touch(touched, _along((x, y), (x, y - 100)))
    assert _scrolled(touched) != top
