"""The gallery in a real browser: steps at once, messages one at a time, keys only when free."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.browser
EXAMPLE = Path(__file__).resolve().parents[2] / "dashboard" / "stimulus_gallery" / "example.py"


@pytest.fixture(scope="module")
def address(start_app):
    return start_app(EXAMPLE)


def show(page, address, query=""):
    page.goto(f"{address}/?{query}")
    page.wait_for_selector('.gallery[data-state="ready"]')
    page.wait_for_selector('.large[data-state="ready"]')
    page.get_by_text("0 changes").wait_for()


def picture(page):
    return page.locator(".gallery").get_attribute("data-picture")


def test_the_picture_has_its_caption_and_its_place(page, address):
    show(page, address)
    assert page.locator(".sharp").get_attribute("alt").endswith("number 112")
    assert page.locator(".position").input_value() == "113"
    assert page.locator(".total").inner_text().strip() == "/ 9841"
    assert page.locator(".thumb[aria-current]").count() == 1


def test_arrow_keys_work_from_anywhere_but_a_text_field(page, address):
    show(page, address)
    page.keyboard.press("ArrowRight")
    page.get_by_text("script: train 113, 1 changes").wait_for()
    page.keyboard.press("ArrowLeft")
    page.get_by_text("script: train 112, 2 changes").wait_for()
    page.get_by_label("search").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(100)
    assert picture(page) == "train 112"


def test_the_picture_changes_before_the_app_answers(page, address):
    show(page, address, "wait=1")
    page.keyboard.press("ArrowRight")
    assert picture(page) == "train 113"


def test_a_held_key_sends_few_messages_and_ends_on_the_last(page, address):
    show(page, address, "wait=0.3")
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    assert picture(page) == "train 142"
    page.get_by_text("script: train 142").wait_for()
    page.wait_for_selector('.gallery[data-told="yes"]')
    changes = int(page.get_by_text("script:").inner_text().split(", ")[1].split()[0])
    assert 2 <= changes < 10


def test_thumbnails_random_and_typing_a_place(page, address):
    show(page, address)
    page.locator(".thumb").nth(0).click()
    page.get_by_text("script: train 108").wait_for()
    page.locator(".position").fill("9001")
    page.keyboard.press("Enter")
    page.get_by_text("script: test 0,").wait_for()
    assert page.locator(".role .mark").get_attribute("data-role") == "h"
    page.locator(".random").click()
    page.get_by_text("4 changes").or_(page.get_by_text("3 changes")).first.wait_for()
    assert picture(page) != "test 0"


def test_end_and_home_from_within_the_gallery(page, address):
    show(page, address)
    page.locator(".next").focus()
    page.keyboard.press("End")
    page.get_by_text("script: test 840").wait_for()
    assert page.locator(".next").is_disabled()
    page.locator(".previous").focus()
    page.keyboard.press("Home")
    page.get_by_text("script: train 0,").wait_for()


def test_a_filtered_set_need_not_hold_the_current_picture(page, address):
    show(page, address, "few=1")
    assert picture(page) == "train 112"
    assert page.locator(".thumb:visible").count() == 10
    page.keyboard.press("ArrowRight")
    assert page.locator(".total").inner_text().strip() == "/ 10"
