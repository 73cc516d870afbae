"""Whoever loses a right, or never had it, presses a button of the page that they had in vain."""

from __future__ import annotations

import pytest
import streamlit as st

from cortiscope.access import NotAllowed
from cortiscope.markup import as_text
from cortiscope.serving import KEY_COOKIE, Connection, Gate, Mode
from cortiscope.subject.data_folders import opened_folders
from cortiscope.work.jobs import queue, submit
from tests.data.plain_folder import write_plain


@pytest.fixture
def folder(tmp_path):
    write_plain(tmp_path / "mine" / "fresh")
    return tmp_path / "mine"


@pytest.fixture
def opened(tiny_app):
    """What was opened in the app, and forgotten at the end."""
    yield lambda: opened_folders(tiny_app.home)
    (tiny_app.home.root / "opened-folders.json").unlink(missing_ok=True)


@pytest.fixture
def from_elsewhere(monkeypatch):
    """Return a function after which the session is somebody's from elsewhere."""

    def come(**cookies: str) -> None:
        there = Connection("10.0.0.9", (("Host", "lab.example"),), cookies)
        monkeypatch.setattr("cortiscope.access._connection", lambda: there)

    return come


def _press(page, label):
    return next(b for b in page.button if b.label == label).click().run()


def test_a_folder_is_opened_by_whoever_sits_at_the_machine(tiny_app, folder, opened):
    page = tiny_app.open("data")
    page.text_input("open-folder-path").set_value(str(folder))
    assert not _press(page, "Open").exception
    assert opened() == (folder,)
    assert not _press(page, "Close").exception
    assert opened() == ()


def test_and_by_nobody_else(tiny_app, folder, opened, from_elsewhere):
    page = tiny_app.open("data")
    page.text_input("open-folder-path").set_value(str(folder))
    from_elsewhere()
    assert not _press(page, "Open").exception
    assert opened() == ()
    assert not [b for b in page.button if b.label in ("Open", "Close")]


def test_no_work_is_started_for_who_may_not(tiny_app, from_elsewhere):
    page = tiny_app.open("data")
    known = {job.id for job in queue().jobs()}
    from_elsewhere()
    page.run()
    assert not {b.label for b in page.button} & {"Check again", "Decode every image", "Stop"}
    with pytest.raises(NotAllowed):
        submit("fit", "a fit", ["fit"])
    assert {job.id for job in queue().jobs()} == known


@pytest.fixture
def in_class(monkeypatch, from_elsewhere):
    """Return a function after which the session is a class visitor's, or the presenter's."""
    served = Gate(Mode.CLASS)

    def come(*, presents: bool = False) -> None:
        monkeypatch.setattr("cortiscope.access.gate", lambda: served)
        from_elsewhere(**{KEY_COOKIE: served.key} if presents else {})

    return come


@pytest.fixture
def bar(monkeypatch):
    """Return a function that names what is in the bar as it was drawn last."""
    drawn = []
    navigation = st.navigation

    def noted(pages, **how):
        drawn.append([page.title for page in pages if page.visibility == "visible"])
        return navigation(pages, **how)

    monkeypatch.setattr(st, "navigation", noted)
    return lambda: drawn[-1]


def _links(page) -> set[str]:
    return {link.proto.page for link in page.get("page_link")}


def test_a_class_sees_two_pages_and_is_led_to_the_first_from_others(tiny_app, in_class, bar):
    in_class()
    page = tiny_app.open(subject="subj03")  # has no model: links to what its folder holds
    assert bar() == ["Explore", "Your image"]
    assert not _links(page) & {"data", "accuracy", "compare"}
    for url, title in (("data", "Data"), ("accuracy", "Accuracy"), ("compare", "Compare")):
        led = tiny_app.open(url, subject="subj01")
        word = f"{title} is for whoever presents; this is Explore."
        assert [toast.value for toast in led.toast] == [as_text(word)]
        assert tiny_app.address(led)["subject"] == "subj01"
        assert [one for one in led.get("bidi_component") if "gallery" in one.proto.id]
        led.run()
        assert not led.toast
    opened = tiny_app.open("your-image")
    assert bar() == ["Explore", "Your image"]
    assert not opened.toast
    assert [button.label for button in opened.get("file_uploader")]


def test_whoever_presents_sees_all_pages(tiny_app, in_class, bar):
    in_class(presents=True)
    page = tiny_app.open(subject="subj03")
    assert bar() == ["Explore", "Accuracy", "Compare", "Your image", "Lab", "Data"]
    assert "data" in _links(page)
    assert not tiny_app.open("accuracy").toast
