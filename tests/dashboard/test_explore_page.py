"""Explore: what is there is shown, and the picture on screen is the one that was asked for."""

from __future__ import annotations

import pytest

from cortiscope.pages import PAGES


def _html(app):
    return " ".join(one.proto.body for one in app.get("html"))


def _components(app):
    return str([one.proto for one in app.get("bidi_component")])


def _warnings(app):
    return " ".join(one.value for one in (*app.warning, *app.toast)).replace("\\", "")


def test_a_subject_without_an_encoder_shows_its_measured_cortex_and_its_own_address(tiny_app):
    app = tiny_app.open(subject="subj01")
    next(box for box in app.selectbox if box.label == "subject").set_value("subj03").run()
    assert tiny_app.address(app)["subject"] == "subj03"
    assert "No encoding model has been fitted to subj03" in app.info[0].value
    assert not app.error
    keys = _components(app)
    assert "explore-brain" in keys
    assert "explore-rois" in keys
    for page in PAGES[1:-1]:
        tiny_app.turn_to(app, page.url)
        assert tiny_app.address(app)["subject"] == "subj03"
        assert "No encoding model has been fitted to subj03" in app.info[0].value


def test_a_search_moves_to_what_it_found_and_stands_in_the_address(tiny_app):
    app = tiny_app.open(subject="subj01", image="train-3", search="picture 1")
    assert tiny_app.address(app)["image"] == "train-2"
    assert tiny_app.address(app)["search"] == "picture 1"
    app.text_input[0].set_value("picture 12").run()
    assert tiny_app.address(app)["image"] == "train-13"
    app.text_input[0].set_value("zebra~x").run()
    assert "No caption or category contains “zebra~x”" in _warnings(app)
    app.text_input[0].set_value("").run()
    assert "search" not in tiny_app.address(app)
    assert tiny_app.address(app)["image"] == "train-13"


@pytest.mark.parametrize("image", ["test-②", "test-१", "test-0", "train-99999999999"])
def test_an_image_that_is_none_is_told_and_the_page_stays(tiny_app, image):
    app = tiny_app.open(subject="subj01", image=image)
    assert image in _warnings(app)
    assert tiny_app.address(app)["image"] == "test-1"
    assert not app.error
