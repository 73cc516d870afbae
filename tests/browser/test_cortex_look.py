"""Legends, several scales, films, small screens, sharp screens: how the viewer looks, measured."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from cortiscope.cortex_view import colour_table

pytestmark = pytest.mark.browser

EXAMPLE = Path(__file__).resolve().parents[2] / "dashboard" / "cortex_view" / "example"
ROOT = (
    "document.querySelector('[data-testid=stBidiComponentIsolated]')"
    "?.shadowRoot?.querySelector('.cortex')"
)
SCALES = ".cortex .scale-menu summary"


@pytest.fixture(scope="module")
def address(start_app, tmp_path_factory):
    pytest.importorskip("nilearn", reason="the example's surfaces come with nilearn")
    folder = tmp_path_factory.mktemp("example")
    return start_app(EXAMPLE / "app.py", env={"CORTEX_EXAMPLE_FOLDER": str(folder)})


def _open(browser, address, query, **context):
    page = browser.new_page(**({"viewport": {"width": 1300, "height": 800}} | context))
    page.set_default_timeout(60_000)
    page.goto(f"{address}/?{query}")
    page.wait_for_function(f"{ROOT}?.dataset.payload")
    return page


@pytest.fixture(scope="module")
def four(browser, address):
    """Four views: three responses on one scale, an accuracy on its own."""
    page = _open(browser, address, "image=3&views=4&height=420")
    yield page
    page.close()


@pytest.fixture
def views(four):
    """The shared page as at first, menus closed."""
    four.evaluate(
        f"{ROOT}.__cortex.restart(),"
        f"{ROOT}.querySelectorAll('details').forEach(menu => {{ menu.open = false }})"
    )
    return four


def _hook(page, name: str, *arguments):
    return page.evaluate(f"args => {ROOT}.__cortex.{name}(...args)", list(arguments))


def _bar(page, scale: int) -> np.ndarray:
    """(rows, columns, 4) of a scale's legend in the toolbar."""
    size, data = page.evaluate(
        f"""scale => {{
            const canvas = {ROOT}.querySelectorAll('.scale-menu canvas.colours')[scale];
            const {{ width, height }} = canvas;
            const all = canvas.getContext('2d').getImageData(0, 0, width, height).data;
            return [[height, width], Array.from(all)];
        }}""",
        scale,
    )
    return np.array(data).reshape(*size, 4)


def test_each_scale_has_its_own_bar_numbers_and_name(views):
    assert views.locator(SCALES).all_inner_texts() == [
        "measured · predicted · difference\n−2.5\n2.5\nz",
        "accuracy\n0\n0.8\nr",
    ]
    middle = _bar(views, 0).shape[0] // 2
    for scale, kind in ((0, "diverging"), (1, "sequential")):
        row = _bar(views, scale)[middle, 4:-4, :3]
        table = colour_table(kind)
        expected = table[np.rint(np.linspace(0, 255, len(row) + 8)).astype(int)][4:-4]
        assert np.abs(row - expected.astype(int)).max() <= 12


def test_a_scales_menu_changes_its_own_views_and_the_others_step_back(views):
    views.locator(SCALES).nth(1).click()
    menu = views.locator(".cortex .scale-menu[open]")
    assert menu.locator(".menu-title").inner_text() == "accuracy"
    overlay = f"{ROOT}.querySelector('canvas.overlay')"
    veiled = (
        f"([x, y]) => {overlay}.getContext('2d').getImageData(x * {overlay}.width / "
        f"{overlay}.clientWidth, y * {overlay}.width / {overlay}.clientWidth, 1, 1).data[3]"
    )
    views.wait_for_function(
        f"() => ({veiled})([{ROOT}.__cortex.cells()[0].x + 60, "
        f"{ROOT}.__cortex.cells()[0].y + 80]) > 100"
    )
    cells = _hook(views, "cells")
    corners = [views.evaluate(veiled, [c["x"] + c["w"] / 2, c["y"] + 60]) for c in cells]
    assert [alpha > 100 for alpha in corners] == [True, True, True, False]
    gate = menu.get_by_role("slider", name="Threshold", exact=True)
    gate.focus()
    for _ in range(45):
        views.keyboard.press("ArrowRight")
    menu.get_by_role("radio", name="lagoon").click()
    state = _hook(views, "state")
    assert "threshold" not in state
    assert state["scales"]["1"]["table"] == "lagoon"
    assert state["scales"]["1"]["threshold"] == pytest.approx(0.36, abs=0.03)
    views.keyboard.press("Escape")
    # A value that the accuracy's threshold hides, in both: grey there, coloured in a response.
    from cortiscope.cortex_view.example import synthetic

    accuracy, left = synthetic.accuracy(), synthetic.space().vertices["left"]
    places = [["left", int(v)] for v in left]
    seen = np.array(_hook(views, "visible", places))
    low, high = (int(seen[pick(accuracy[seen])]) for pick in (np.argmin, np.argmax))
    assert accuracy[low] < 0.33
    assert accuracy[high] > 0.4
    grey = _hook(views, "grey")
    assert _hook(views, "colourAt", 3, *places[low]) == pytest.approx(grey, abs=1)
    assert _hook(views, "colourAt", 1, *places[low]) != pytest.approx(grey, abs=1)
    entry = int(accuracy[high] / 0.8 * 255 + 0.5)
    assert _hook(views, "colourAt", 3, *places[high]) == pytest.approx(
        colour_table("sequential", "light", "lagoon")[entry].tolist(), abs=3
    )
    # Written down and read again it is the same.
    _hook(views, "restart")
    assert "scales" not in _hook(views, "state")
    _hook(views, "setView", state)
    assert _hook(views, "state") == state


def test_with_reliability_the_bar_is_a_square_of_value_by_reliability(views):
    line = _bar(views, 0)
    views.locator(SCALES).first.click()
    views.get_by_role("slider", name="Fade values less reliable than").fill("0.5")
    views.wait_for_function(
        f"{ROOT}.querySelector('.scale-menu canvas.colours').hasAttribute('data-square')"
    )
    square = _bar(views, 0)
    assert square.shape[0] > 3 * line.shape[0]
    # Two pixels a unit: 120 x 34 units, two from the top and one from the right.
    block = square[4 : 4 + 68, -2 - 240 : -2, :3].astype(int)
    table, grey = colour_table("diverging").astype(int), np.array(_hook(views, "grey"))
    for column in (20, 120, 220):
        full = table[int(255 * column / 239)]
        for row in (6, 30, 45, 55, 64):
            solid = min(1, (1 - (row + 0.5) / 68) / 0.5)
            expected = grey + (full - grey) * solid
            assert np.abs(block[row, column] - expected).max() <= 14, (row, column)
    views.keyboard.press("Escape")
    # The accuracy's scale has no reliability and stays a line; the picture has room for both.
    assert _bar(views, 1).shape == line.shape
    before = views.evaluate(f"{ROOT}.__cortex.cells()[0].foot")
    _hook(views, "restart")
    assert views.evaluate(f"{ROOT}.__cortex.cells()[0].foot") < before


_FILM = """async ([root, name, seconds, exact]) => {
    const address = await eval(root).__cortex.film(name, seconds, exact);
    const bytes = new Uint8Array(await (await fetch(address)).arrayBuffer());
    let text = '';
    for (let k = 0; k < bytes.length; k += 8192)
        text += String.fromCharCode(...bytes.subarray(k, k + 8192));
    return [address, btoa(text)];
}"""


def _frames(film: bytes) -> tuple[list[float], list[np.ndarray]]:
    """When each frame is shown (s), and its pixels, as FFmpeg reads them."""
    with av.open(io.BytesIO(film)) as opened:
        frames = list(opened.decode(video=0))
    return [f.time for f in frames], [f.to_ndarray(format="rgb24").astype(int) for f in frames]


@pytest.mark.parametrize("name", ["turntable", "morph"])
def test_a_film_has_every_frame_at_its_time_however_slow_the_machine(views, name):
    if not views.evaluate("Boolean(window.VideoEncoder)"):
        pytest.skip("This Chromium encodes no video.")
    before = _hook(views, "camera")
    address, film = views.evaluate(_FILM, [ROOT, name, 1, True])
    assert _hook(views, "camera") == before
    times, frames = _frames(base64.b64decode(film))
    assert times == pytest.approx([k / 25 for k in range(25)], abs=0.001)
    width, height = _hook(views, "stageSize")
    assert frames[0].shape[:2] == pytest.approx((height + 8, width), abs=2)
    for frame in frames[::6]:
        # A light page with coloured brains on it.
        assert np.median(frame) > 200
        assert np.ptp(frame, axis=(0, 1)).min() > 60
    # It moves in every quarter, and ends next to where it began.
    for k in (0, 6, 12, 18):
        assert (np.abs(frames[k] - frames[k + 6]).max(2) > 40).mean() > 0.01, k
    assert np.abs(frames[0] - frames[-1]).mean() < np.abs(frames[0] - frames[12]).mean()
    # The file tells its length, and the browser goes to any place of it.
    length, place = views.evaluate(
        """async (address) => {
            const video = Object.assign(document.createElement('video'), { muted: true });
            const on = (what) => new Promise((resolve, reject) => {
                video.addEventListener(what, resolve, { once: true });
                video.addEventListener('error', () => reject(video.error), { once: true });
            });
            video.src = address;
            await on('loadeddata');
            video.currentTime = 0.7;
            await on('seeked');
            return [video.duration, video.currentTime];
        }""",
        address,
    )
    assert (length, place) == pytest.approx((1, 0.7), abs=0.02)


def test_without_an_encoder_a_film_is_recorded_in_real_time(views):
    if not views.evaluate("window.MediaRecorder?.isTypeSupported('video/webm') ?? false"):
        pytest.skip("This Chromium records no WebM.")
    before = _hook(views, "camera")
    _, film = views.evaluate(_FILM, [ROOT, "turntable", 2, False])
    assert _hook(views, "camera") == before
    times, frames = _frames(base64.b64decode(film))
    # How many there are depends on the machine.
    assert len(frames) >= 3
    assert times == sorted(times)
    assert all(np.median(frame) > 200 for frame in frames)


def test_a_film_tells_its_progress_and_can_be_cancelled(views):
    if not views.evaluate("window.MediaRecorder?.isTypeSupported('video/webm') ?? false"):
        pytest.skip("This Chromium records no WebM.")
    before = _hook(views, "camera")
    views.locator('.cortex summary[aria-label="Save"]').click()
    downloads: list[object] = []
    views.on("download", lambda download: downloads.append(download))
    views.get_by_role("button", name="Turntable, WebM").click()
    views.wait_for_function(f"{ROOT}.querySelector('progress').value > 0.05")
    views.get_by_role("button", name="cancel").click()
    views.wait_for_function(
        f"{ROOT}.querySelector('.save-menu [role=status]').textContent.includes('cancelled')"
    )
    assert views.locator(".cortex .filming").is_hidden()
    assert _hook(views, "camera") == before
    assert downloads == []


_TARGETS = f"""() => [...{ROOT}.querySelectorAll(
    'button, summary, input, select, .handle, .choice')]
    .filter(element => element.checkVisibility({{ visibilityProperty: true }}))
    .filter(element => !element.closest('.choice') || element.matches('.choice'))
    .filter(element => !element.matches('.tick'))
    .map(element => [element.className || element.tagName, element.getBoundingClientRect()])
    .map(([name, {{ left, top, right, bottom }}]) => [name, left, top, right, bottom])"""


@pytest.mark.parametrize("width", [390, 768])
@pytest.mark.parametrize("n_views", [1, 4])
def test_on_a_touch_screen_the_toolbar_is_low_its_targets_large_and_nothing_is_cut(
    browser, address, width, n_views
):
    page = _open(
        browser,
        address,
        f"image=3&views={n_views}&height=640",
        viewport={"width": width, "height": 844},
        has_touch=True,
        is_mobile=True,
    )
    bar = page.locator(".cortex .bar").bounding_box()
    assert bar["height"] <= 2 * 52
    viewer = page.locator(".cortex").bounding_box()
    menus = ["", SCALES] if width > 640 else ["", ".cortex .more", SCALES]
    for menu in menus:
        if menu:
            page.locator(menu).last.click()
        for name, left, top, right, bottom in page.evaluate(_TARGETS):
            assert right - left >= 39.5, (menu, name, right - left)
            assert bottom - top >= 39.5, (menu, name, bottom - top)
            assert left >= viewer["x"] - 1, (menu, name)
            assert right <= viewer["x"] + viewer["width"] + 1, (menu, name, right)
        if menu:
            page.locator(menu).last.click()
    page.close()


def test_a_sharp_screen_a_resized_window_and_a_dark_one_are_drawn_anew(browser, address):
    page = _open(browser, address, "image=3&views=2&height=340", device_scale_factor=2)

    def ratio():
        return page.evaluate(
            f"(c => [c.width / c.clientWidth, c.height / c.clientHeight])"
            f"({ROOT}.querySelector('canvas.brains'))"
        )

    assert ratio() == pytest.approx([2, 2], abs=0.01)
    wide = _hook(page, "stageSize")[0]
    page.set_viewport_size({"width": 1000, "height": 800})
    page.wait_for_function(f"{ROOT}.__cortex.stageSize()[0] < {wide} - 100")
    page.wait_for_function(
        f"(c => Math.abs(c.width - 2 * c.clientWidth) <= 1)({ROOT}.querySelector('canvas.brains'))"
    )
    assert ratio() == pytest.approx([2, 2], abs=0.01)
    vertex = 2000
    light = _hook(page, "grey")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"{ROOT}.dataset.theme === 'dark'")
    assert _hook(page, "grey")[0] < light[0] - 60
    value = _hook(page, "valueAt", 0, "left", vertex)
    if value is not None:
        entry = int(np.clip((value + 2.5) / 5, 0, 1) * 255 + 0.5)
        expected = colour_table("diverging", "dark")[entry].tolist()
        assert _hook(page, "colourAt", 0, "left", vertex) == pytest.approx(expected, abs=2)
    page.close()


def test_a_narrow_view_keeps_its_title_whole_and_of_the_stamp_its_first_word(browser, address):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.set_default_timeout(60_000)
    page.add_init_script(
        "window.written = new Set(); const pen = CanvasRenderingContext2D.prototype;"
        "const fill = pen.fillText;"
        "pen.fillText = function (...all) { written.add(all[0]); return fill.apply(this, all) }"
    )
    found = {}
    for n_views in (1, 4):
        page.goto(f"{address}/?image=3&views={n_views}&height=640")
        page.wait_for_function(f"{ROOT}?.dataset.payload && written.has('measured')")
        found[n_views] = set(page.evaluate("[...written]"))
    page.close()
    assert "SIMULATED example" in found[1]
    assert {"SIMULATED", "predicted"} <= found[4]
    assert "SIMULATED example" not in found[4]


@pytest.mark.parametrize("wish", ["reduce", "no-preference"])
def test_cameras_glide_unless_motion_is_unwanted(browser, address, wish):
    page = browser.new_page(viewport={"width": 1000, "height": 700}, reduced_motion=wish)
    # Automated browsers get no motion at all; this one pretends to be a person's.
    page.add_init_script("Object.defineProperty(navigator, 'webdriver', { get: () => false })")
    page.set_default_timeout(60_000)
    page.goto(f"{address}/?image=3&views=1&height=300")
    page.wait_for_function(f"{ROOT}?.dataset.payload")
    at_once = page.evaluate(
        f"""() => {{
            const root = {ROOT};
            root.querySelector('[aria-label="dorsal view"]').click();
            return root.__cortex.camera().preset;
        }}"""
    )
    assert at_once == ("dorsal" if wish == "reduce" else None)
    page.wait_for_function(f"{ROOT}.__cortex.camera().preset === 'dorsal'")
    page.close()


def _png(page) -> np.ndarray:
    with Image.open(io.BytesIO(bytes(_hook(page, "png", 1)))) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def test_a_roi_brought_forward_dims_all_others_on_both_hemispheres(views):
    def bring(roi):
        views.evaluate(
            "detail => window.dispatchEvent(new CustomEvent('cortiscope:hover-roi', { detail }))",
            roi,
        )

    bring(None)
    before = _png(views)
    bring({"roi": "FFA-1", "hemisphere": "right"})
    forward = _png(views)
    changed = np.abs(forward - before).max(2) > 24
    # Of the first view, whose brains stand side by side: outlines and names of both.
    _, _, view_width, _ = _first_body(views)
    left, right = changed[:, : view_width // 2], changed[:, view_width // 2 : view_width]
    assert left.sum() > 50
    assert right.sum() > 50
    assert _hook(views, "marks")["glowing"] == ["FFA-1", "right"]
    bring(None)
    assert np.abs(_png(views) - before).max() <= 2


def _first_body(page) -> tuple[int, int, int, int]:
    body = _hook(page, "cells")[0]["body"]
    return int(body["x"]), int(body["y"]), int(body["w"]), int(body["h"])
