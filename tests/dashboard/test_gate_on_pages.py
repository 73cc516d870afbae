"""Whoever loses a right, or never had it, presses a button of the page that they had in vain."""

from __future__ import annotations

import pytest

from cortiscope.access import NotAllowed
from cortiscope.serving import Connection
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
    there = Connection("10.0.0.9", (("Host", "lab.example"),), {})
    return lambda: monkeypatch.setattr("cortiscope.access._connection", lambda: there)


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
