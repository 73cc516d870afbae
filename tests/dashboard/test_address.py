"""What may stand in the address: any name that a folder can have, and nothing unreadable."""

import shutil
import subprocess
import unicodedata
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urljoin

import pytest
import streamlit as st
from starlette.applications import Starlette
from starlette.testclient import TestClient
from streamlit import config

from cortiscope import state
from cortiscope.navigation import first_page_route, link_with
from cortiscope.pages import PAGES
from cortiscope.state import (
    Draw,
    ImageName,
    RoiName,
    Selection,
    VertexName,
    is_readable,
    joined,
    to_address,
)

NAMES = (
    "subj01",
    "Anna B. (2), Zürich",
    unicodedata.normalize("NFD", "Müller"),
    "被験者 1",
    "a&b=c#d?e%41+f",
    "it's “quoted” <b>",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_subject_of_any_name_may_stand_in_the_address(name):
    assert is_readable(name)
    assert to_address(Selection(subject=name)) == {"subject": name}


@pytest.mark.parametrize("value", ["a\nb", "a\x00b", "\u202eevil", "x" * 301])
def test_what_cannot_be_printed_or_is_endless_may_not(value):
    assert not is_readable(value)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (ImageName, "test-12", ("test", 12)),
        (RoiName, "FFA-1~right", ("FFA-1", "right")),
        (VertexName, "left~4711", ("left", 4711)),
        (VertexName, "voxels~0", ("voxels", 0)),
        (Draw, "train~7", ("train", 7)),
    ],
)
def test_what_an_address_names_comes_back_as_it_was_written(kind, text, value):
    assert kind.parse(text) == value
    assert str(kind.parse(text)) == text


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        *((ImageName, text) for text in ("", "test", "test-", "val-1", "test-x", "test-१")),
        *((RoiName, text) for text in ("", "FFA-1", "~left", "FFA-1~up", "FFA-1~left~right")),
        *((VertexName, text) for text in ("", "left", "up~3", "left~-1", "left~1234567890")),
        *((Draw, text) for text in ("", "train", "~7", "train~1e3", "train~1234567")),
    ],
)
def test_what_names_nothing_is_none(kind, text):
    assert kind.parse(text) is None


def test_a_selection_reads_what_its_fields_name():
    chosen = Selection(image="test-3", roi="V1v~left", vertex="left~5", picks="left~2.up~3.right~9")
    assert chosen.image_name == ("test", 3)
    assert chosen.roi_name == ("V1v", "left")
    assert chosen.vertex_name == ("left", 5)
    assert chosen.picked == (("left", 2), ("right", 9), ("left", 5))
    assert joined(chosen.picked[:2]) == "left~2.right~9"
    assert chosen.drawn is None
    assert Selection(picks="left~2").picked == ()  # nothing is selected without a vertex


class TestWhenTheAddressIsRead:
    """A stand-in for Streamlit: its query, its session, and whether the browser went back."""

    @pytest.fixture
    def browser(self, monkeypatch):
        asked = SimpleNamespace(query={}, is_history_navigation=False)
        asked.told = []
        monkeypatch.setattr(st, "session_state", {})
        monkeypatch.setattr(st, "toast", lambda words, **_: asked.told.append(words))
        monkeypatch.setattr(state, "publish_address", lambda *_, **__: None)
        monkeypatch.setattr(st, "query_params", SimpleNamespace(to_dict=lambda: dict(asked.query)))
        monkeypatch.setattr(state, "get_script_run_ctx", lambda: asked)
        return asked

    def test_a_session_starts_with_it_and_an_older_one_told_later_changes_nothing(self, browser):
        browser.query = {"image": "test-3", "view": "s1"}
        state.read_address()
        state.change(image="test-4")
        state.read_address()  # Streamlit goes on telling what the page began with
        assert state.current().image == "test-4"
        assert state.current_view() == {"surface": 1.0}

    def test_back_takes_all_of_the_entry_over(self, browser):
        state.read_address()
        state.change(image="test-4", roi="V1v~left")
        browser.query, browser.is_history_navigation = {"image": "test-3"}, True
        state.read_address()
        assert state.current() == Selection(image="test-3")

    def test_an_entry_without_an_address_keeps_the_selection(self, browser):
        browser.query = {"image": "test-3", "view": "s1"}
        state.read_address()
        for browser.is_history_navigation in (True, False):
            browser.query = {}
            state.read_address()
            assert state.current() == Selection(image="test-3")
            assert state.current_view() is None  # it belongs to the page that was left

    def test_what_it_cannot_mean_is_told_once(self, browser):
        browser.query = {"colour": "red", "image": "a\nb", "view": "s1~zhuge"}
        state.read_address()
        state.publish()
        told = " ".join(browser.told)
        assert all(word in told for word in ("colour", "image", "zhuge"))
        state.read_address()
        state.publish()
        assert " ".join(browser.told) == told


def test_the_browser_writes_what_the_newest_run_says():
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed; a browser test covers part of this.")
    tests = Path(__file__).with_name("address_bar.test.mjs")
    run = subprocess.run([node, "--test", tests], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stdout + run.stderr


def test_a_link_names_what_it_changes_and_where_it_leads():
    here = link_with("it", image=ImageName("test", 3), search=None)
    assert here == '<a class="cs-go" href="?image=test-3&amp;search=" title="">it</a>'
    assert 'href="./data?subject=a%26b+%3Cb%3E"' in link_with("<b>", page="data", subject="a&b <b>")
    assert "&lt;b&gt;</a>" in link_with("<b>", page="")


@pytest.mark.parametrize("base", ["", "lab/brains"])
def test_the_first_page_answers_to_its_name_too(monkeypatch, base):
    monkeypatch.setattr(config, "get_option", lambda _: base)
    assert PAGES[0].url == "explore"
    route = first_page_route("explore")
    path = f"/{base}/explore".replace("//", "/")
    browser = TestClient(Starlette(routes=[route]), follow_redirects=False)
    answer = browser.get(f"{path}?image=test-3&roi=PPA~left")
    assert answer.is_redirect
    assert urljoin(f"http://proxy/what/ever{path}", answer.headers["location"]) == (
        f"http://proxy/what/ever{path.removesuffix('explore')}?image=test-3&roi=PPA~left"
    )
    assert browser.get(path).headers["location"] == "./"


def test_pictures_are_links_to_their_images(tiny_app):
    app = tiny_app.open(image="test-1")
    drawn = "".join(one.proto.body for one in app.get("html"))
    strip = drawn.partition('<div class="cs-strip">')[2].partition("</div>")[0]
    assert strip.count("<a ") == strip.count("<img ") > 1
    assert 'href="./?image=test-' in strip
