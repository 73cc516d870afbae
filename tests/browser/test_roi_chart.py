"""The ROI chart in a real browser: marks, words, picks, links between views, exports."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser
EXAMPLE = Path(__file__).resolve().parents[2] / "dashboard" / "roi_chart" / "example.py"
READY = '.roi-chart[data-state="ready"]'


@pytest.fixture(scope="module")
def address(start_app):
    return start_app(EXAMPLE)


def show(page, address, kind="response"):
    page.goto(f"{address}/?kind={kind}")
    page.wait_for_selector(f"{READY} .drawing circle, {READY} .drawing rect")


def middle(page, cell):
    box = page.locator(f'.drawing [data-cell="{cell}"]').bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_what_is_absent_says_so_and_has_no_mark(page, address):
    show(page, address, "accuracy")
    words = page.locator(".drawing [data-absent]").all_text_contents()
    assert set(words) == {"absent"}
    # 31 ROIs x 2, of which four are absent on both sides and FFA-2 on the left.
    assert page.locator(".drawing [data-cell]").count() == 62 - 9


def test_pointing_tells_the_whole_story_and_the_other_views(page, address):
    show(page, address)
    page.evaluate(
        "() => { window.told = [];"
        " addEventListener('cortiscope:hover-roi', (e) => window.told.push(e.detail)); }"
    )
    page.mouse.move(*middle(page, 1))
    tip = page.locator(".tip")
    tip.wait_for(state="visible")
    said = tip.inner_text()
    assert "V1v, right hemisphere" in said
    assert "vertices" in said
    assert "95 % interval" in said
    page.mouse.move(5, 5)
    tip.wait_for(state="hidden")
    told = page.evaluate("window.told")
    assert (told[0]["roi"], told[0]["hemisphere"]) == ("V1v", "right")
    assert told[-1] is None


def test_a_vertex_pointed_at_marks_its_rois(page, address):
    show(page, address)
    page.evaluate(
        "() => dispatchEvent(new CustomEvent('cortiscope:hover-vertex',"
        " {detail: {rois: ['PPA', 'ventral'], hemisphere: 'left'}}))"
    )
    assert page.locator(".roi-chart").get_attribute("data-marked") == "PPA left, ventral left"
    page.evaluate("() => dispatchEvent(new CustomEvent('cortiscope:hover-vertex', {detail: null}))")
    assert page.locator(".roi-chart").get_attribute("data-marked") == ""


def test_a_click_and_the_enter_key_pick(page, address):
    show(page, address)
    page.mouse.click(*middle(page, 0))
    page.get_by_text("picked V1v left #1").wait_for()
    page.wait_for_selector('.drawing [data-focus="0"]')
    page.locator(".plot").focus()
    page.keyboard.press("Home")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert page.locator("[aria-live]").first.inner_text().startswith("V1d, right hemisphere")
    page.keyboard.press("Enter")
    page.get_by_text("picked V1d right #2").wait_for()


def test_new_values_change_the_same_drawing(page, address):
    show(page, address)
    page.evaluate("() => { const r = document.querySelector('.roi-chart'); window.kept = r; }")
    page.locator(".drawing").evaluate("(node) => { node.kept = true; }")
    before = page.locator(".drawing").inner_html()
    page.get_by_role("button", name="other values").click()
    page.wait_for_function(
        "(before) => { for (const host of document.querySelectorAll('*'))"
        " { const d = host.shadowRoot?.querySelector('.drawing');"
        " if (d) return d.innerHTML !== before; } return false; }",
        arg=before,
    )
    assert page.locator(".drawing").evaluate("(node) => node.kept")


@pytest.mark.parametrize("kind", ["svg", "png", "csv"])
def test_exports_carry_title_definition_and_stamp(page, address, kind, tmp_path):
    show(page, address)
    with page.expect_download() as waiting:
        page.locator(f'.exports [data-as="{kind}"]').focus()
        page.keyboard.press("Enter")
    target = tmp_path / "file"
    waiting.value.save_as(target)
    assert waiting.value.suggested_filename.endswith(f"simulated-sim01.{kind}")
    content = target.read_bytes()
    if kind == "png":
        assert content.startswith(b"\x89PNG")
        return
    said = content.decode()
    if kind == "svg":
        ET.fromstring(said)
        assert "var(" not in said
        said = " ".join(ET.fromstring(said).itertext())
    for words in ("Response of each ROI", "single-trial z", "SIMULATED sim01"):
        assert words in said


def test_on_a_phone_the_chart_lies_down_and_fits(page, address):
    page.set_viewport_size({"width": 390, "height": 844})
    show(page, address)
    page.wait_for_selector('.roi-chart[data-orientation="lying"]')
    drawn, room = page.locator(".plot").evaluate("(p) => [p.scrollWidth, p.clientWidth]")
    assert drawn <= room
