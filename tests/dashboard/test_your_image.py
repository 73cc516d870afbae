"""Your image: what somebody chose last is on screen, and nothing takes it away."""

from __future__ import annotations

import io
import shutil

import pytest
from PIL import Image

from cortiscope.core.encoding import Reduction
from cortiscope.work import picture_worker
from tests.data.plain_folder import write_plain


@pytest.fixture(autouse=True, scope="module")
def own_worker():
    """A computing process that knows this module's home, as those of others know theirs."""
    _close_worker()
    yield
    _close_worker()


def _close_worker():
    picture_worker.worker().close()
    picture_worker.worker.clear()


def _png(colour):
    stream = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(stream, "PNG")
    return stream.getvalue()


def _notes(app):
    return " ".join(one.proto.body for one in app.get("html"))


def _choice(app):
    return next(one for one in app.get("button_group") if one.key.startswith("menu-photo"))


def _upload(app, name, data):
    app.get("file_uploader")[0].upload(name, data, "image/png").run()
    assert not app.exception


@pytest.fixture
def page(tiny_app):
    return tiny_app.open("your-image", subject="subj01", photo="temple")


def test_what_was_chosen_last_is_shown_be_it_upload_or_sample(page, tiny_app):
    assert "china.jpg" in _notes(page)
    assert not page.error
    _upload(page, "my~own.png", _png("red"))
    assert "my~own.png, 40 x 30 px" in _notes(page)
    assert tiny_app.address(page)["photo"] == "own"
    _choice(page).set_value("flower").run()
    assert "flower.jpg" in _notes(page)
    assert "40 x 30" not in _notes(page)
    _choice(page).set_value("own").run()
    assert "my~own.png, 40 x 30 px" in _notes(page)


def test_a_file_that_is_no_picture_says_so_and_leaves_what_was_there(page):
    _upload(page, "mine.png", _png("red"))
    _upload(page, "notes.png", b"no picture at all")
    assert "notes.png" in page.error[0].value.replace("\\", "")
    assert "mine.png, 40 x 30 px" in _notes(page)


def test_a_bad_file_in_the_place_of_a_photograph_brings_that_back(page, tiny_app):
    """A browser takes the former file out of the widget before it puts the next one in."""
    _upload(page, "mine.png", _png("red"))
    page.get("file_uploader")[0].set_value([]).run()
    assert "china.jpg" in _notes(page)
    _upload(page, "notes.png", b"no picture at all")
    assert page.error
    assert "mine.png, 40 x 30 px" in _notes(page)
    assert tiny_app.address(page)["photo"] == "own"


def test_another_page_keeps_the_upload(page, tiny_app):
    _upload(page, "mine.png", _png("red"))
    for hashed in ("data", "your-image"):
        tiny_app.turn_to(page, hashed)
    assert "mine.png, 40 x 30 px" in _notes(page)


def test_an_address_with_somebody_s_own_photograph_says_that_it_ended(tiny_app):
    app = tiny_app.open("your-image", subject="subj01", photo="own")
    assert "ended with its session" in app.toast[0].value
    assert "china.jpg" in _notes(app)


def test_a_subject_without_test_images_has_the_whole_page(tiny_app):
    folder = write_plain(tiny_app.data / "no-test")
    tiny_app.fit("no-test", reduction=Reduction("pca", 6))
    try:
        app = tiny_app.open("your-image", subject="no-test")
        assert not app.error
        assert "validation images" in _notes(app)
        assert "nearest stimuli" in _notes(app)
    finally:
        shutil.rmtree(folder)
