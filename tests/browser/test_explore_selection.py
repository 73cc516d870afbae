"""Selecting on the app's own pages: a region and picks on Explore, charts that light the cortex."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

pytestmark = pytest.mark.browser

ROOT = (
    "[...document.querySelectorAll('[data-testid=stBidiComponentIsolated]')]"
    ".map(e => e.shadowRoot?.querySelector('.cortex')).find(Boolean)"
)


@pytest.fixture(scope="module")
def app(start_app, demo_home, tmp_path_factory):
    nowhere = tmp_path_factory.mktemp("no-weights")
    env = {"CORTISCOPE_HOME": str(demo_home), "TORCH_HOME": str(nowhere), "CORTISCOPE_DATA": ""}
    return start_app("dashboard/app.py", env=env)


def _open(page, address):
    page.set_default_timeout(60_000)
    page.goto(address)
    page.wait_for_function(f"{ROOT}?.dataset.payload")
    _still(page)


def _still(page):
    page.wait_for_selector('[data-test-script-state="notRunning"]')


def _call(page, name: str, *arguments):
    return page.evaluate(f"args => {ROOT}.__cortex.{name}(...args)", list(arguments))


def _press(page, *keys: str) -> None:
    page.evaluate(f"{ROOT}.querySelector('canvas').focus()")
    for key in keys:
        page.keyboard.press(key)


def _number(text: str) -> float:
    return float(text.replace("−", "-"))


def test_a_brushed_region_is_told_beside_the_chart_and_its_csv_agrees(page, app):
    _open(page, app)
    _press(page, "n", "g", "g", "g", "Enter")
    heading = page.get_by_text("Brushed region", exact=True)
    heading.wait_for()
    _still(page)
    n = len(_call(page, "marks")["region"])
    words = page.locator("dl.cs-facts", has_text="that have data").inner_text()
    assert re.match(rf"{n:,}\s+vertices that have data, all (left|right)", words)
    measured = _number(
        re.search(r"([−\d.]+) z\s+measured, mean over them for image test-1", words)[1]
    )
    r = _number(re.search(r"([−\d.]+) r\s+mean over", words)[1])
    assert "200 held-out test images" in words
    with page.expect_download() as download:
        page.get_by_role("button", name="vertices of the region (CSV)").click()
    lines = Path(download.value.path()).read_text().splitlines()
    assert lines[0].startswith("# SIMULATED")
    rows = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    assert len(rows) == n
    assert np.mean([float(row["measured_z"]) for row in rows]) == pytest.approx(measured, abs=0.006)
    assert np.mean([float(row["r"]) for row in rows]) == pytest.approx(r, abs=0.006)
    # Another image keeps the region and tells of that image; Escape clears it everywhere.
    page.evaluate(f"{ROOT}.querySelector('canvas').blur()")
    page.keyboard.press("ArrowRight")
    page.get_by_text("mean over them for image test-2").first.wait_for()
    assert len(_call(page, "marks")["region"]) == n
    # On another page it is still marked.
    page.get_by_role("link", name="Accuracy").click()
    page.wait_for_function(f"{ROOT}?.__cortex?.marks().region.length === {n}")
    page.get_by_role("link", name="Explore").click()
    heading.wait_for()
    page.wait_for_function(f"{ROOT}?.__cortex?.marks().region.length === {n}")
    _still(page)
    _press(page, "Escape")
    heading.wait_for(state="detached")


def test_an_address_brings_back_numbered_picks(page, app):
    _open(page, f"{app}/?subject=sim01&picks=right~2748.right~7153&vertex=left~7088")
    found = [(p["side"], p["vertex"]) for p in _call(page, "marks")["picks"]]
    assert found == [("right", 2748), ("right", 7153), ("left", 7088)]
    page.get_by_text("3 picked vertices").wait_for()
    cells = page.locator(".cs-table tbody tr td:first-child").all_inner_texts()
    assert [c.split() for c in cells[:3]] == [
        ["1", "right", "2748"], ["2", "right", "7153"], ["3", "left", "7088"],
    ]  # fmt: skip
    _press(page, "n", "Shift+Enter")
    page.get_by_text("4 picked vertices").wait_for()
    assert page.url.count("~") >= 4
    assert len(_call(page, "marks")["picks"]) == 4


def test_pointing_at_an_roi_in_the_chart_lifts_its_outline_on_the_cortex(page, app):
    _open(page, app)
    plot = page.locator(".roi-chart svg.drawing").first
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    for share in np.linspace(0.1, 0.9, 9):
        page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] * 0.4)
        glowing = _call(page, "marks")["glowing"]
        if glowing:
            break
    assert glowing[1] in ("left", "right")
    assert any(
        glowing[0] in text for text in page.locator(".roi-chart .tip, .tip").all_inner_texts()
    )
    page.mouse.move(2, 2)
    page.wait_for_function(f"{ROOT}.__cortex.marks().glowing === null")


def test_dots_brushed_in_a_scatter_light_up_on_the_cortex(page, app):
    _open(page, f"{app}/compare")
    page.get_by_role("tab", name="vertex by vertex").click()
    drag = page.locator('[class*="st-key-compare-scatter"] .js-plotly-plot .nsewdrag').first
    drag.wait_for()
    drag.scroll_into_view_if_needed()
    box = drag.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x - 90, y - 90)
    page.mouse.down()
    for dx, dy in ((90, -90), (90, 90), (-90, 90), (-90, -80)):
        page.mouse.move(x + dx, y + dy, steps=4)
    page.mouse.up()
    words = page.get_by_text(re.compile(r"[\d,]+ vertices brushed"))
    words.wait_for()
    _still(page)
    n = int(re.match(r"([\d,]+) vertices", words.inner_text())[1].replace(",", ""))
    page.wait_for_function(f"{ROOT}.__cortex.marks().lit.length === {n}")
    assert n > 20


def _chart(page):
    """Return the first chart's element, when it is drawn."""
    chart = page.locator('.svg-chart[data-state="ready"]').first
    chart.wait_for()
    chart.scroll_into_view_if_needed()
    _still(page)
    return chart


def _dot(page, chart, number):
    """Return where the dot of a number is on screen, from the drawing alone."""
    return chart.evaluate(
        """(root, number) => {
          const plot = root.querySelector(".plot").getBoundingClientRect();
          const all = [...root.querySelectorAll("[data-dots] path")]
            .flatMap((path) => [...path.getAttribute("d").matchAll(/M(-?\\d+) (-?\\d+)/g)]);
          const [, x, y] = all[number];
          return [plot.left + (x / 1e5) * plot.width, plot.top + (y / 1e5) * plot.height];
        }""",
        number,
    )


def test_a_dot_says_its_image_and_a_click_shows_it(page, app):
    _open(page, f"{app}/?image=test-1")
    chart = _chart(page)
    x, y = _dot(page, chart, 150)
    page.mouse.move(x, y)
    tip = chart.locator(".tip")
    tip.wait_for()
    said = re.match(r"(test-\d+)\nmeasured (−?[\d.]+)\npredicted (−?[\d.]+)$", tip.inner_text())
    assert said
    page.mouse.click(x, y)
    shown = "name => new URLSearchParams(location.search).get('image') === name"
    page.wait_for_function(shown, arg=said[1])
    _still(page)
    # What is on screen is marked at the very place.
    marked = chart.locator("circle").get_attribute("data-says")
    assert marked == f"{said[1]}, on screen\nmeasured {said[2]}\npredicted {said[3]}"
    # By key: the next dot to the right of that one, and its image.
    chart.locator(".plot").focus()
    page.keyboard.press("ArrowRight")
    name = tip.inner_text().split("\n")[0]
    assert name != said[1]
    page.keyboard.press("Enter")
    page.wait_for_function(shown, arg=name)


def test_a_chart_is_saved_as_it_looks_and_follows_the_page_to_dark(page, app, tmp_path):
    _open(page, f"{app}/accuracy")
    chart = _chart(page)
    assert chart.locator("svg.plot").get_attribute("aria-label").startswith("Histogram of r over")
    bar = chart.locator("svg svg path").first
    shade = "e => getComputedStyle(e).fill"
    before = bar.evaluate(shade)
    chart.hover()
    with page.expect_download() as saved:
        chart.locator(".save").click()
    assert saved.value.suggested_filename == "cortiscope-accuracy-histogram-SIMULATED.svg"
    saved.value.save_as(tmp_path / "chart.svg")
    text = (tmp_path / "chart.svg").read_text()
    root = ElementTree.fromstring(text)
    assert float(root.get("height")) == chart.bounding_box()["height"]
    assert "SIMULATED sim01" in "".join(root.itertext())
    assert "light-dark" not in text
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"([e, b]) => ({shade})(e) !== b", arg=[bar.element_handle(), before])


def test_a_cell_of_the_heatmap_leads_to_its_layer_by_click_and_by_key(page, app):
    _open(page, f"{app}/compare")
    chart = _chart(page)
    links = chart.locator("a")
    assert links.evaluate_all("all => all.filter((a) => a.tabIndex === 0).length") == 1
    links.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    here = "root => root.querySelector('a:focus').getAttribute('href')"
    led = re.search(r"[?&]run=([^&]+)", chart.evaluate(here))[1]
    page.keyboard.press("Enter")
    page.wait_for_function("run => location.search.includes(`run=${run}`)", arg=led)
    _still(page)
    assert "block2" in page.locator(".stSidebar").inner_text()
    # It is no other page: what else the address holds comes along.
    assert "versus=" in page.url
    assert "subject=sim01" in page.url
