"""What can be taken away from the cortex viewer, and who can use it without eyes or mouse."""

from __future__ import annotations

import io
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from tests.browser.accessibility import serious_violations

pytestmark = pytest.mark.browser

EXAMPLE = Path(__file__).resolve().parents[2] / "dashboard" / "cortex_view" / "example"
SVG = "{http://www.w3.org/2000/svg}"
# The viewer's root: in Streamlit's shadow tree, or in a standalone file.
ROOT = (
    "(document.querySelector('[data-testid=stBidiComponentIsolated]')?.shadowRoot ?? document)"
    ".querySelector('.cortex')"
)


@pytest.fixture(scope="module")
def address(start_app, tmp_path_factory):
    pytest.importorskip("nilearn", reason="the example's surfaces come with nilearn")
    folder = tmp_path_factory.mktemp("example")
    return start_app(EXAMPLE / "app.py", env={"CORTEX_EXAMPLE_FOLDER": str(folder)})


@pytest.fixture(scope="module")
def shared(browser, address):
    page = browser.new_page(viewport={"width": 1300, "height": 800})
    page.set_default_timeout(60_000)
    page.goto(f"{address}/?image=3&views=2&height=340")
    page.wait_for_function(f"{ROOT}?.dataset.payload")
    yield page
    page.close()


@pytest.fixture
def page_here(shared):
    """The shared page as at first, menus closed."""
    shared.evaluate(
        f"{ROOT}.__cortex.restart(),"
        f"{ROOT}.querySelectorAll('details').forEach(menu => {{ menu.open = false }})"
    )
    return shared


def _hook(page, name: str, *arguments):
    return page.evaluate(f"args => {ROOT}.__cortex.{name}(...args)", list(arguments))


def _open(page, name: str) -> None:
    page.locator(f'.cortex summary[aria-label="{name}"]').click()


def _saved(page, item: str) -> bytes:
    with page.expect_download() as download:
        page.locator(".cortex .save-menu button", has_text=item).click()
    return Path(download.value.path()).read_bytes()


def test_a_png_has_the_chosen_size_and_may_be_transparent(page_here):
    image = pytest.importorskip("PIL.Image")
    _hook(page_here, "setView", {"preset": "lateral", "framing": "whole"})
    _open(page_here, "Save")
    page_here.get_by_label("Resolution of the PNG").select_option("2")
    solid = image.open(io.BytesIO(_saved(page_here, "PNG")))
    stage = page_here.locator(".cortex .stage").bounding_box()
    assert solid.width == pytest.approx(2 * stage["width"], abs=1)
    assert solid.convert("RGBA").getpixel((3, solid.height - 3))[3] == 255
    page_here.get_by_label("transparent background").check()
    page_here.get_by_label("Caption of the PNG").fill("Responses to one image " * 12)
    clear = image.open(io.BytesIO(_saved(page_here, "PNG")))
    page_here.get_by_label("transparent background").uncheck()
    page_here.get_by_label("Caption of the PNG").fill("")
    assert clear.getpixel((3, clear.height - 3))[3] == 0
    # Whole lines of caption below what the picture had before.
    lines, rest = divmod((clear.height - solid.height) / 2 - 8, 18)
    assert lines >= 2
    assert rest == 0
    # Both hold the same brains.
    places = [["left", vertex] for vertex in range(0, 10_000, 97)]
    seen = [places[i] for i in _hook(page_here, "visible", places)]
    locations = [_hook(page_here, "screenPosition", 0, *place) for place in seen]
    # What the brains leave free above and below is left out of the picture.
    free = stage["height"] + 34 - solid.height / 2
    assert free > 5
    pixels = [(int(2 * x), int(2 * (y - free / 2))) for x, y in locations]
    # The rim's pixels are half background.
    whole = [pixel for pixel in pixels if clear.getpixel(pixel)[3] == 255]
    assert len(whole) > 10
    for pixel in whole:
        assert clear.getpixel(pixel) == solid.convert("RGBA").getpixel(pixel)


def test_the_flat_map_as_svg_has_every_outline_as_a_path(page_here):
    before = _hook(page_here, "camera")
    _open(page_here, "Save")
    drawing = ElementTree.fromstring(_saved(page_here, "SVG"))
    assert _hook(page_here, "camera") == before
    titles = {path.findtext(f"{SVG}title") for path in drawing.iter(f"{SVG}path")}
    assert {"FFA-1 left", "FFA-1 right", "V1v left", "PPA right"} <= titles
    assert all(
        re.fullmatch(r"(M[-\d. L]+Z?)+", path.get("d")) for path in drawing.iter(f"{SVG}path")
    )
    images = [node.get("href") for node in drawing.iter(f"{SVG}image")]
    assert [href[:22] for href in images] == ["data:image/png;base64,"]
    words = {node.text for node in drawing.iter(f"{SVG}text")}
    assert {"measured", "predicted", "left", "right"} <= words


def test_the_svg_brings_the_focused_roi_forward_as_the_screen_does(page_here):
    bring = "detail => window.dispatchEvent(new CustomEvent('cortiscope:hover-roi', { detail }))"
    page_here.evaluate(bring, {"roi": "FFA-1", "hemisphere": "right"})
    _open(page_here, "Save")
    drawing = ElementTree.fromstring(_saved(page_here, "SVG"))
    page_here.evaluate(bring, None)
    dim = {
        path.findtext(f"{SVG}title"): path.get("stroke-opacity")
        for path in drawing.iter(f"{SVG}path")
    }
    assert dim.pop("FFA-1 right") is None
    assert set(dim.values()) == {"0.3"}
    names = {node.text: node.get("opacity") for node in drawing.iter(f"{SVG}text")}
    assert names["EBA"] == "0.45"


def test_the_standalone_file_opens_offline_and_shows_the_same(page_here, browser, tmp_path):
    _hook(page_here, "setView", {"preset": "ventral", "surface": 0.5, "own": {"1": {"zoom": 2}}})
    _hook(page_here, "setThreshold", 0.4)
    _open(page_here, "Save")
    saved = tmp_path / "cortex.html"
    saved.write_bytes(_saved(page_here, "HTML"))
    assert saved.stat().st_size < 1_500_000
    context = browser.new_context(offline=True)
    asked = []
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(saved.as_uri())
    page.wait_for_function(f"{ROOT}?.dataset.payload")
    page.wait_for_function(f"{ROOT}.__cortex.state().threshold === 0.4")
    assert [url for url in asked if not url.startswith(("data:", "blob:"))] == [saved.as_uri()]
    assert _hook(page, "state") == _hook(page_here, "state")
    for vertex in (200, 3333, 9000):
        assert _hook(page, "facts", "left", vertex) == _hook(page_here, "facts", "left", vertex)
        assert _hook(page, "colourAt", 0, "left", vertex) == _hook(
            page_here, "colourAt", 0, "left", vertex
        )
    context.close()


def test_the_table_holds_the_means_of_the_values_sent(page_here):
    from cortiscope.cortex_view.example import synthetic

    page_here.evaluate(f"{ROOT}.querySelector('canvas').focus()")
    page_here.keyboard.press("t")
    rows = page_here.locator(".cortex .table-panel tbody tr")
    cells = {tuple(r.split("\t")[:2]): r.split("\t")[2:] for r in rows.all_inner_texts()}
    space, predicted = synthetic.space(), synthetic.responses(3)[1]
    roi = next(r for r in space.rois if (r.name, r.hemisphere) == ("FFA-1", "right"))
    at = np.searchsorted(space.vertices["right"], roi.members) + len(space.vertices["left"])
    n, _, mean = cells["FFA-1", "right"]
    assert int(n) == len(roi.members)
    assert float(mean.replace("−", "-")) == pytest.approx(float(predicted[at].mean()), rel=6e-3)
    page_here.keyboard.press("Escape")
    assert page_here.locator(".cortex .table-panel").is_hidden()


def test_the_colour_bar_moves_by_mouse_and_by_keys(page_here):
    _open(page_here, "Colours, range and threshold")
    gate = page_here.get_by_role("slider", name="Threshold", exact=True)
    gate.focus()
    for _ in range(5):
        page_here.keyboard.press("ArrowRight")
    first = _hook(page_here, "state")["threshold"]
    assert first > 0
    page_here.keyboard.press("Shift+ArrowRight")
    below, above = _hook(page_here, "state")["threshold"]
    assert below == pytest.approx(-first)
    assert above > first
    end = page_here.get_by_role("slider", name="Upper end of the range").bounding_box()
    page_here.mouse.move(end["x"] + end["width"] / 2, end["y"] + 6)
    page_here.mouse.down()
    page_here.mouse.move(end["x"] + end["width"] / 2 - 40, end["y"] + 6, steps=3)
    page_here.mouse.up()
    low, high = _hook(page_here, "state")["range"]
    assert low == -high
    assert high < 2.5
    page_here.get_by_role("radio", name="purple green").click()
    assert _hook(page_here, "state")["tables"] == {"diverging": "purple green"}
    page_here.get_by_role("button", name="Colours as given").click()
    assert not {"range", "threshold", "tables"} & set(_hook(page_here, "state"))


@pytest.mark.parametrize("opened", [None, "Colours, range and threshold", "Save", "table"])
def test_axe_finds_nothing_serious_in_the_viewer(page_here, opened):
    if opened == "table":
        page_here.get_by_role("button", name="Means of each ROI as a table").click()
    elif opened:
        _open(page_here, opened)
    shadow = {"fromShadowDom": ["[data-testid=stBidiComponentIsolated]", ".cortex"]}
    found = serious_violations(page_here, shadow)
    if opened == "table":
        page_here.get_by_role("button", name="Means of each ROI as a table").click()
    assert found == []
