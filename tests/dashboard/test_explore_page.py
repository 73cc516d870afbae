"""Explore: what is there is shown, and the picture on screen is the one that was asked for."""

from __future__ import annotations

import re
from html import escape as html_escape
from urllib.parse import urlencode

import pytest

from cortiscope import services, state
from cortiscope.core.brain import Hemisphere
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


def test_what_is_selected_leads_on_to_its_pictures_layers_rois_and_vertices(tiny_app):
    subject = tiny_app.subject()
    left = subject.space.slice_of(subject.space.parts[0])
    vertices = [location.name for location in services.locations("subj01", subject.state)[left]]
    roi = state.RoiName(subject.parcellation.roi_names[0], "left")
    app = tiny_app.open(
        subject="subj01", roi=str(roi), vertex=str(vertices[1]), picks=str(vertices[0])
    )
    page = _html(app)
    assert page.count("<summary>lowest ") == 2
    numbers = re.findall(r"<figcaption>(.[0-9.]+)</figcaption>", page)
    assert len(numbers) == 4 * 6
    # A row of the table of picks leads to its vertex alone.
    asked = urlencode({"vertex": vertices[0], "picks": ""})
    assert html_escape(asked) in page
    assert not app.error


def test_the_layers_of_a_roi_are_links_to_their_models(tiny_app, monkeypatch):
    first, second = tiny_app.runs
    monkeypatch.setattr(
        "cortiscope.subject.model_menu.ModelMenu.layers_like", lambda *_: [first, second]
    )
    page = _html(tiny_app.open(subject="subj01", run=first.id))
    found = re.findall(r'class="cs-go" href="\?run=([^"]+)"', page)
    assert found == [first.id, second.id]


def test_tables_of_data_lead_to_rois_and_subjects(tiny_app):
    page = _html(tiny_app.open("data", subject="subj01"))
    subject = tiny_app.subject()
    for roi in subject.parcellation.roi_names:
        n = len(subject.roi_vertices(roi, Hemisphere.LEFT))
        named = html_escape(urlencode({"roi": state.RoiName(roi, "left")}))
        assert bool(n) == (f'href="./?{named}' in page)
    assert 'href="?subject=subj02' in page
    assert 'href="?subject=subj01' not in page
