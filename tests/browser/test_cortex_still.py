"""Without WebGL2: the picture that the worker draws, in the page."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.browser

ROOT = (
    "[...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')]"
    ".map(each => each.shadowRoot?.querySelector('.cortex')).find(Boolean)"
)
READY = f"{ROOT}?.dataset.payload"
NO_WEBGL = """const real = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  return kind.startsWith("webgl") ? null : real.call(this, kind, ...rest);
};"""
PAGE = "?subject=sim01&image=test-3"


@pytest.fixture(scope="module")
def address(start_app, demo_home):
    return start_app(
        "dashboard/app.py", env={"CORTISCOPE_HOME": str(demo_home), "CORTISCOPE_DATA": ""}
    )


@pytest.fixture(scope="module")
def still(browser, address):
    """A page in a browser without WebGL."""
    page = browser.new_page(viewport={"width": 1300, "height": 800})
    page.add_init_script(NO_WEBGL)
    page.set_default_timeout(120_000)
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
    assert "(SIMULATED sim01), colours from −2 to 2 z; predicted, " in words
    assert "inflated surface, ventral view" in words


def test_side_and_surface_are_chosen_by_button_and_another_image_keeps_them(still):
    first = _picture(still)
    _next(still, still.get_by_role("button", name="posterior view").click)
    posterior = _picture(still)
    assert (first != posterior).any(2).mean() > 0.05
    assert "posterior view" in still.locator(".cortex img").get_attribute("alt")
    _next(still, still.get_by_role("button", name="flat surface").click)
    assert "flat surface" in still.locator(".cortex img").get_attribute("alt")
    # Another side leads back from the flat map.
    _next(still, still.get_by_role("button", name="lateral view").click)
    pressed = still.locator('.cortex .bar [aria-pressed="true"]').all_inner_texts()
    assert pressed == ["inflated", "lat"]
    _next(still, still.get_by_role("button", name="Next picture").click)
    assert still.locator('.cortex .bar [aria-pressed="true"]').all_inner_texts() == pressed


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
