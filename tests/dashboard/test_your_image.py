"""Your image: what somebody chose last is on screen, and nothing takes it away."""

from __future__ import annotations

import base64
import io
import re
import shutil
from dataclasses import replace

import pytest
from PIL import Image

from cortiscope.core.encoding import Reduction
from cortiscope.pages.your_image.photograph import _is_secure
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


def _tray(app, title):
    """Return what a strip of the tray holds: name in the address -> words, and the chosen name."""
    (strip,) = [
        one.proto.body
        for one in app.get("html")
        if "cs-tray" in one.proto.body and f">{title}<" in one.proto.body
    ]
    figures = re.findall(r"<figure.*?</figure>", strip)
    names = [re.search(r"photo=([^\"&]*)", one)[1] for one in figures]
    words = [re.search(r"<figcaption>(.*?)</figcaption>", one)[1] for one in figures]
    on = [name for name, one in zip(names, figures, strict=True) if "cs-on" in one]
    return dict(zip(names, words, strict=True)), on


def _choose(app, name):
    """Do what a link of the tray does: change the address, and have the app read it."""
    app.session_state["selection"] = replace(app.session_state["selection"], photo=name)
    app.run()
    assert not app.exception


def _upload(app, *files):
    chooser = app.get("file_uploader")[0]
    chooser.set_value([(name, data, "image/png") for name, data in files]).run()
    assert not app.exception


@pytest.fixture
def page(tiny_app):
    return tiny_app.open("your-image", subject="subj01", photo="temple")


def test_what_was_chosen_last_is_shown_be_it_upload_or_sample(page, tiny_app):
    assert "china.jpg" in _notes(page)
    assert not page.error
    _upload(page, ("my~own.png", _png("red")))
    assert "my~own.png, 40 x 30 px" in _notes(page)
    assert tiny_app.address(page)["photo"] == "own"
    _choose(page, "flower")
    assert "flower.jpg" in _notes(page)
    assert "40 x 30" not in _notes(page)
    assert _tray(page, "samples")[1] == ["flower"]
    _choose(page, "own")
    assert "my~own.png, 40 x 30 px" in _notes(page)


def test_a_file_that_is_no_picture_says_so_and_leaves_what_was_there(page):
    _upload(page, ("mine.png", _png("red")))
    _upload(page, ("notes.png", b"no picture at all"))
    assert "notes.png" in page.error[0].value.replace("\\", "")
    assert "mine.png, 40 x 30 px" in _notes(page)
    _choose(page, "flower")
    assert not page.error


def test_of_several_files_the_bad_one_takes_none_away(page, tiny_app):
    _upload(page, ("a.png", _png("red")), ("b.png", b"no picture"), ("c.png", _png("blue")))
    assert "b.png" in page.error[0].value.replace("\\", "")
    assert _tray(page, "yours") == ({"own": "a.png", "own-2": "c.png"}, ["own-2"])
    assert "c.png, 40 x 30 px" in _notes(page)
    assert tiny_app.address(page)["photo"] == "own-2"


def test_the_tray_keeps_six_and_one_that_is_taken_out_is_gone(page):
    colours = ["red", "blue", "green", "white", "black", "grey", "pink"]
    _upload(page, *((f"{colour}.png", _png(colour)) for colour in colours))
    assert list(_tray(page, "yours")[0].values()) == [f"{colour}.png" for colour in colours[1:]]
    # The same picture again takes no second place.
    _upload(page, ("again.png", _png("blue")))
    assert len(_tray(page, "yours")[0]) == 6
    page.button("photo-remove").click().run()
    assert len(_tray(page, "yours")[0]) == 5
    assert "china.jpg" in _notes(page)


def test_a_crop_is_what_the_network_sees_and_the_whole_comes_back(page):
    stream = io.BytesIO()
    half = Image.new("RGB", (96, 64), "red")
    half.paste("blue", (48, 0, 96, 64))
    half.save(stream, "PNG")
    _upload(page, ("half.png", stream.getvalue()))
    whole = _said(page)
    for name, value in (("zoom", 2.0), ("across", 1.0)):
        slider = next(one for one in page.slider if one.key.startswith(f"photo-crop-{name}"))
        slider.set_value(value).run()
    assert not page.exception
    assert "half.png, 96 x 64 px, RGB, cropped" in _notes(page)
    assert _shown(page).getpixel((10, 10))[2] > 200
    assert _said(page) != whole
    page.button("photo-crop-none").click().run()
    assert _said(page) == whole


def _shown(page):
    body = next(one.proto.body for one in page.get("html") if 'class="cs-photo"' in one.proto.body)
    data = re.search(r"base64,([^\"]*)", body)[1]
    return Image.open(io.BytesIO(base64.b64decode(data)))


def _said(page):
    return next(one.proto.body for one in page.get("html") if 'class="cs-gauge"' in one.proto.body)


def test_maps_of_several_rois_are_drawn_on_one_scale(page):
    _choose(page, "flower")
    page.button("occlusion-go").click().run()
    (choice,) = [one for one in page.multiselect if one.key.startswith("occlusion-rois")]
    choice.set_value(choice.options[:3]).run()
    assert not page.exception
    (maps,) = [one.proto.body for one in page.get("html") if "cs-maps" in one.proto.body]
    assert maps.count("<figure>") == 3
    falls = [float(n.replace("−", "-")) for n in re.findall(r"<small>(\S+),", maps)]
    assert f"{min(falls):.2f}".replace("-", "−") in maps.split("one scale for all")[1]


def test_the_picked_vertex_has_its_percentile(page):
    page.session_state["selection"] = replace(
        page.session_state["selection"], roi="V1d~left", vertex=""
    )
    page.run()
    assert re.search(r"V1d left</p>.*percentile of|V1d left</p>.*any of", _notes(page))


def test_a_camera_needs_a_click_and_https(page):
    assert not page.get("camera_input")
    page.button("photo-camera-go").click().run()
    assert any("https" in one.value for one in page.caption)
    assert [_is_secure(url) for url in ("http://lab.org/", "https://lab.org/")] == [False, True]
    assert [_is_secure(url) for url in ("http://localhost:8501/", "http://[::1]:1/")] == [True] * 2


def test_another_page_keeps_the_upload(page, tiny_app):
    _upload(page, ("mine.png", _png("red")))
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
