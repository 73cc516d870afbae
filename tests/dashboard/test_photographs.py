"""Uploaded pictures: opened by another process, kept for the session alone, their bytes let go."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from cortiscope.core.errors import InvalidImage
from cortiscope.work import photographs
from cortiscope.work.answering import AnsweringProcess
from tests.peak_memory import needs_proc, peak_bytes


@pytest.fixture(scope="module")
def reader():
    process = AnsweringProcess("reader")
    yield process
    process.close()


def png(picture):
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


def test_the_reader_writes_an_upright_picture_and_tells_what_was_done(reader, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (60, 40), "red").save(tmp_path / "a.jpg", exif=exif)
    told = reader.ask(
        ask="photograph",
        image=str(tmp_path / "a.jpg"),
        name="holiday.jpg",
        side=30,
        out=str(tmp_path / "out.png"),
    )
    assert told["original"] == "60 x 40 px, RGB"
    assert "upright" in told["notes"][0]
    with Image.open(tmp_path / "out.png") as picture:
        assert picture.size == (20, 30)


def test_the_reader_tells_what_is_wrong_and_goes_on(reader, tmp_path):
    (tmp_path / "a.png").write_bytes(b"no picture")
    for _ in range(2):
        with pytest.raises(InvalidImage, match=r"a\.png is not a picture"):
            reader.ask(ask="thumbnail", image=str(tmp_path / "a.png"), size=96)


@needs_proc
def test_a_small_file_of_a_large_picture_takes_its_bound_in_the_reader_only(reader, tmp_path):
    path, side = tmp_path / "deep.png", 3500
    Image.fromarray(np.full((side, side), 300, np.uint16)).save(path)
    own = peak_bytes()
    other = peak_bytes(reader.pid)
    reader.ask(ask="thumbnail", image=str(path), size=96)
    assert peak_bytes() - own < 8 * 2**20
    assert peak_bytes(reader.pid) - other < 4 * side * side + 100 * 2**20


def upload_page():
    import streamlit as st

    from cortiscope.core.errors import CoreError
    from cortiscope.work.photographs import take_upload

    upload = st.file_uploader("photo", key="photo")
    if upload is not None:
        try:
            photograph = take_upload(upload)
        except CoreError as error:
            st.text(error.message)
        else:
            st.text(f"{photograph.original} {photograph.path}")
        st.text(f"{len(upload.getvalue())} bytes kept")
    st.button("again")


def test_an_upload_is_decoded_once_and_its_bytes_are_let_go(monkeypatch):
    asked = []

    def read(source, name, side, out):
        asked.append(name)
        Image.open(source).save(out)
        return {"notes": [], "original": "40 x 30 px, RGB"}

    monkeypatch.setattr(photographs, "read_photograph", read)
    # AppTests of one process are one session: others would look for what is removed here in vain.
    monkeypatch.setattr(photographs, "_homes", [])
    visit = photographs._Visit(photographs._home())
    monkeypatch.setattr(photographs, "_visit", lambda: visit)
    page = AppTest.from_function(upload_page).run()
    page.file_uploader[0].upload("cat.png", png(Image.new("RGB", (40, 30))), "image/png").run()
    shown = page.text[0].value
    assert shown.startswith("40 x 30 px, RGB")
    page.button[0].click().run()
    assert page.text[0].value == shown
    assert page.text[1].value == "0 bytes kept"
    assert Path(shown.split()[-1]).is_file()
    photographs.remove_all()
    assert not Path(shown.split()[-1]).exists()
    assert asked == ["cat.png"]


def test_of_many_pictures_of_a_session_the_last_few_are_kept(monkeypatch, tmp_path):
    def read(source, name, side, out):
        if name.endswith("bad"):
            raise InvalidImage("no picture")
        out.write_bytes(source.read_bytes())
        return {"notes": [], "original": name}

    monkeypatch.setattr(photographs, "read_photograph", read)
    visit = photographs._Visit(tmp_path)
    # The first and the last are one picture under two names: its file stays.
    contents = [b"same", *(bytes([k]) for k in range(10)), b"same"]
    taken = [visit.take(f"{k}", f"{k}", lambda c=c: c) for k, c in enumerate(contents)]
    for k in range(10):
        with pytest.raises(InvalidImage):
            visit.take(f"bad {k}", "bad", bytes)
    there = [photograph.path.is_file() for photograph in taken]
    assert there == [True, *[False] * 5, *[True] * 6]
    assert len(list(tmp_path.iterdir())) == 6
    assert visit.take("9", "9", bytes) is taken[9]
