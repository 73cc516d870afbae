"""Without WebGL2: the server's picture in the page, and its agreement with the browser's own."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from cortiscope.cortex_view import ColourScale, CortexMap

pytestmark = pytest.mark.browser

EXAMPLE = Path(__file__).resolve().parents[2] / "dashboard" / "cortex_view" / "example"
ROOT = (
    "document.querySelector('[data-testid=stBidiComponentIsolated]')"
    "?.shadowRoot?.querySelector('.cortex')"
)
READY = f"{ROOT}?.dataset.payload"
NO_WEBGL = """const real = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  return kind.startsWith("webgl") ? null : real.call(this, kind, ...rest);
};"""
PAGE = "?image=3&views=2&height=360"


@pytest.fixture(scope="module")
def address(start_app, tmp_path_factory):
    pytest.importorskip("nilearn", reason="the example's surfaces come with nilearn")
    folder = tmp_path_factory.mktemp("example")
    return start_app(EXAMPLE / "app.py", env={"CORTEX_EXAMPLE_FOLDER": str(folder)})


@pytest.fixture(scope="module")
def still(browser, address):
    """A page in a browser without WebGL."""
    page = browser.new_page(viewport={"width": 1300, "height": 800})
    page.add_init_script(NO_WEBGL)
    page.set_default_timeout(60_000)
    page.goto(f"{address}/{PAGE}")
    page.wait_for_function(READY)
    yield page
    page.close()


def _next(page, act) -> None:
    """Wait for the picture after the one that is there."""
    before = page.evaluate(f"{ROOT}.dataset.painted")
    act()
    page.wait_for_function(f"{ROOT}.dataset.painted !== '{before}'")


def _picture(page) -> np.ndarray:
    """(rows, columns, 3) of the picture in the page."""
    image = pytest.importorskip("PIL.Image")
    data = page.evaluate(
        f"""fetch({ROOT}.querySelector('img').src).then(r => r.arrayBuffer())
            .then(b => Array.from(new Uint8Array(b)))"""
    )
    return np.array(image.open(io.BytesIO(bytes(data))).convert("RGB"))


def test_a_browser_without_webgl_gets_a_picture_a_note_and_words(still):
    picture = _picture(still)
    box = still.locator(".cortex img").bounding_box()
    assert picture.shape[1] == pytest.approx(box["width"], abs=12)
    assert np.ptp(picture.reshape(-1, 3), axis=0).min() > 150
    assert "No WebGL2" in still.locator(".cortex .still-note").inner_text()
    words = still.get_by_role("img", name="Both hemispheres").get_attribute("alt")
    assert "measured, image 3 (SIMULATED example), colours from −2.5 to 2.5 z" in words
    assert "inflated surface" in words


def test_side_and_surface_are_chosen_by_button_and_another_image_keeps_them(still):
    first = _picture(still)
    _next(still, still.get_by_role("button", name="ventral view").click)
    ventral = _picture(still)
    assert (first != ventral).any(2).mean() > 0.05
    assert "ventral view" in still.locator(".cortex img").get_attribute("alt")
    _next(still, still.get_by_role("button", name="flat surface").click)
    assert "flat surface" in still.locator(".cortex img").get_attribute("alt")
    # Another side leads back from the flat map.
    _next(still, still.get_by_role("button", name="lateral view").click)
    pressed = still.locator('.cortex .bar [aria-pressed="true"]').all_inner_texts()
    assert pressed == ["inflated", "lat"]
    image = still.get_by_role("spinbutton", name="image")
    image.fill("4")
    _next(still, lambda: image.press("Enter"))
    assert still.locator('.cortex .bar [aria-pressed="true"]').all_inner_texts() == pressed
    image.fill("3")
    _next(still, lambda: image.press("Enter"))


def test_the_table_and_dark_are_there_too(still):
    still.get_by_role("button", name="Means of each ROI as a table").click()
    assert still.locator(".cortex .table-panel tbody tr").count() > 20
    still.keyboard.press("Escape")
    assert still.locator(".cortex .table-panel").is_hidden()
    light = _picture(still)[2, 2]
    assert light.min() > 240
    _next(still, lambda: still.emulate_media(color_scheme="dark"))
    assert _picture(still)[2, 2].max() < 40
    _next(still, lambda: still.emulate_media(color_scheme="light"))


def test_axe_finds_nothing_serious_in_the_still_viewer(still):
    axe = pytest.importorskip("axe_playwright_python")
    script = Path(axe.__file__).with_name("axe.min.js").read_text()
    still.evaluate(f"window.axe || (() => {{ {script} }})()")
    found = still.evaluate(
        """() => axe.run({ fromShadowDom: ['[data-testid=stBidiComponentIsolated]', '.cortex'] },
                         { resultTypes: ['violations'] })
                   .then(({ violations }) => violations.map(v => [v.impact, v.id]))"""
    )
    assert [v for v in found if v[0] in ("serious", "critical")] == []


@pytest.fixture(scope="module")
def drawn(browser, address):
    """The same page where WebGL works."""
    page = browser.new_page(viewport={"width": 1300, "height": 800})
    page.set_default_timeout(60_000)
    page.goto(f"{address}/{PAGE}")
    page.wait_for_function(READY)
    yield page
    page.close()


@pytest.mark.parametrize(
    "view",
    [
        {"preset": "lateral", "surface": 0},
        {"preset": "ventral", "surface": 1},
        {"surface": 2},
        {"rotation": [0.7, -0.7, 0.12, -0.08], "surface": 0.4, "zoom": 1.6, "pan": [0.1, -0.05]},
    ],
    ids=["folded", "ventral", "flat", "free"],
)
def test_the_servers_picture_has_the_browsers_colours_at_known_vertices(drawn, view):
    """Shading, sulci and outlines included; only text is left out."""
    from cortiscope.cortex_view.example import synthetic
    from cortiscope.cortex_view.still import StillRequest, draw_still

    image = pytest.importorskip("PIL.Image")
    choices = {
        "labels": False,
        "threshold": 0.3,
        "reliability": [0, 0.5],
        "zoom": 1,
        "pan": [0, 0],
        **view,
    }
    hook = f"{ROOT}.__cortex"
    drawn.evaluate(f"view => {hook}.setView(view)", choices)
    own = bytes(drawn.evaluate(f"{hook}.png(2)"))
    width, height = drawn.evaluate(f"{hook}.stageSize()")
    theme = drawn.evaluate(f"{hook}.theme()")
    space = synthetic.space()
    places = [[s, int(v)] for s in ("left", "right") for v in space.vertices[s][::5]]
    seen = [places[i] for i in drawn.evaluate(f"p => {hook}.visible(p)", places)]
    locations = np.array(
        drawn.evaluate(f"p => p.map(place => {hook}.screenPosition(0, ...place))", seen)
    )

    measured, predicted = (m.copy() for m in synthetic.responses(3))
    measured[np.arange(5) * 211] = np.nan
    scale = ColourScale("diverging", -2.5, 2.5, "z", "response")
    accuracy = synthetic.accuracy()
    maps = [
        CortexMap("measured", measured, scale, "image 3", "measured", True, accuracy),
        CortexMap("predicted", predicted, scale, "smooth field", "predicted", True, accuracy),
    ]
    theirs = np.array(image.open(io.BytesIO(own)).convert("RGB")).astype(int)
    # Below the brains: the legend of value by reliability.
    request = StillRequest(width, theirs.shape[0] // 2, 2, "light", *(tuple(c) for c in theme))
    picture = draw_still(maps, synthetic.assets(), request, view=choices)
    ours = np.array(image.open(io.BytesIO(picture)).convert("RGB")).astype(int)
    assert ours.shape == theirs.shape
    inside = (locations[:, 0] > 4) & (locations[:, 0] < width / 2 - 4)
    inside &= (locations[:, 1] > 50) & (locations[:, 1] < height - 30)
    x, y = (locations[inside] * 2).astype(int).T
    assert len(x) > 50
    away = np.abs(ours[y, x] - theirs[y, x]).max(1)
    # Normals travel as bytes to the graphics card, and a line's edge may fall on either side.
    assert (away <= 4).mean() > 0.97
    # The second view, at the same places of its own cell.
    again = np.abs(ours[y, x + width] - theirs[y, x + width]).max(1)
    assert (again <= 4).mean() > 0.97
    # And the whole of both pictures, silhouettes and words aside.
    assert (np.abs(ours - theirs).max(2) <= 6).mean() > 0.96
