"""Pictures over HTTP: only what exists, only whole numbers, small and kept for ever."""

from __future__ import annotations

import io
import warnings

import pytest
from PIL import Image

from cortiscope.core.errors import CoreError
from cortiscope.core.stimuli import thumbnail
from cortiscope.stimulus_gallery import (
    UnreadablePictureError,
    stimulus_base_url,
    stimulus_route,
)
from cortiscope.stimulus_gallery.route import ThumbnailCache

starlette_testclient = pytest.importorskip(
    "starlette.testclient", exc_type=(ImportError, RuntimeError), reason="needs an HTTP client"
)


def make_thumbnail(path, size):
    try:
        return thumbnail(path, size)
    except CoreError as error:
        raise UnreadablePictureError(str(error)) from error


@pytest.fixture
def pictures(tmp_path):
    Image.new("RGB", (640, 427), (200, 30, 30)).save(tmp_path / "large.jpg")
    Image.new("RGB", (128, 128), (30, 200, 30)).save(tmp_path / "small.png")
    Image.new("RGBA", (300, 300), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    turned = Image.new("RGB", (100, 60))
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save(tmp_path / "turned.jpg", exif=exif)
    return tmp_path


@pytest.fixture
def client(pictures):
    names = ["large.jpg", "small.png", "clear.png", "broken.jpg", "turned.jpg", "gone.jpg"]

    def resolve(key, split, number):
        known = key == "sim01-ab12" and split == "train" and number < len(names)
        return pictures / names[number] if known else None

    from starlette.applications import Starlette

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # which HTTP client is there is not our matter
        yield starlette_testclient.TestClient(
            Starlette(routes=[stimulus_route(resolve, make_thumbnail)])
        )


def get(client, number, size=96, split="train", key="sim01-ab12"):
    return client.get(f"/{stimulus_base_url(key)}/{split}/{number}?s={size}")


@pytest.mark.parametrize("size", [96, 320])
def test_the_longest_side_is_the_size_asked_for(client, size):
    answer = get(client, 0, size)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert max(Image.open(io.BytesIO(answer.content)).size) == size


def test_a_small_original_is_sent_untouched_where_all_its_pixels_are_wanted(client, pictures):
    answer = get(client, 1, 320)
    assert answer.headers["content-type"] == "image/png"
    assert answer.content == (pictures / "small.png").read_bytes()
    # A strip of these would cost a visit as much as the cortex.
    little = get(client, 1, 96)
    assert little.headers["content-type"] == "image/jpeg"
    assert max(Image.open(io.BytesIO(little.content)).size) == 96


def test_what_is_transparent_shows_grey(client):
    picture = Image.open(io.BytesIO(get(client, 2).content))
    assert all(abs(channel - 128) < 4 for channel in picture.getpixel((48, 48)))


def test_a_turned_photograph_stands_upright(client):
    assert Image.open(io.BytesIO(get(client, 4).content)).size == (58, 96)


@pytest.mark.parametrize(
    "path",
    [
        "sim01-ab12/train/3?s=96",  # broken
        "sim01-ab12/train/5?s=96",  # no file
        "sim01-ab12/train/99?s=96",
        "sim01-ab12/train/0?s=97",
        "sim01-ab12/train/0?s=",
        "sim01-ab12/train/-1",
        "sim01-ab12/train/00",
        "sim01-ab12/train/1e1",
        "sim01-ab12/train/%D9%A1",  # a digit, but not one of ours
        "sim01-ab12/Train/0",
        "other/train/0",
        "..%2f..%2fetc/train/0",
        ".hidden/train/0",
    ],
)
def test_anything_else_is_not_found_and_not_kept(client, path):
    answer = client.get(f"/stimuli/{path}")
    assert answer.status_code == 404
    assert "immutable" not in answer.headers.get("cache-control", "")


def test_streamlit_accepts_the_route(tmp_path):
    st = pytest.importorskip("streamlit")
    script = tmp_path / "page.py"
    script.write_text("")
    st.App(script, routes=[stimulus_route(lambda *_: None, make_thumbnail)])


def test_the_path_begins_with_the_base_path(monkeypatch):
    from streamlit import config

    monkeypatch.setattr(
        config, "get_option", lambda name: "/lab/" if name == "server.baseUrlPath" else None
    )
    assert (
        stimulus_route(lambda *_: None, make_thumbnail).path
        == "/lab/stimuli/{key}/{split}/{number}"
    )


@pytest.mark.parametrize("key", ["", "a/b", "..", "a..b", "-x", "ä"])
def test_a_key_that_is_no_name_is_refused(key):
    with pytest.raises(ValueError, match="letters"):
        stimulus_base_url(key)


def test_the_cache_forgets_the_oldest_and_notices_a_new_file(pictures):
    large, clear = pictures / "large.jpg", pictures / "clear.png"
    room = len(make_thumbnail(large, 320)[0]) + 10
    cache = ThumbnailCache(make_thumbnail, most_bytes=room)
    first = cache.get(large, 320)
    assert cache.get(large, 320) is first
    cache.get(clear, 320)
    assert cache.get(large, 320) is not first
    again = cache.get(large, 320)
    Image.new("RGB", (640, 427), (0, 0, 250)).save(large)
    assert cache.get(large, 320) != again
