"""Texts of other systems are read; what stands for content that is elsewhere is named."""

from __future__ import annotations

import os

import pytest

from cortiscope.core.datasets.arrays.responses import open_table
from cortiscope.core.datasets.npy import load_array
from cortiscope.core.datasets.restricted_pickle import load_label_names
from cortiscope.core.errors import CoreError, DamagedFile, InvalidImage
from cortiscope.core.pipeline.plan import read_plan
from cortiscope.core.stimuli import decode_image, read_captions
from cortiscope.core.storage.foreign import is_there, read_json, read_text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_says_how_a_text_is_written(tmp_path, encoding):
    (tmp_path / "a.json").write_text('["é"]', encoding=encoding)
    assert read_json(tmp_path / "a.json") == ["é"]


def test_a_link_to_nothing_is_there_and_refused(tmp_path):
    link = tmp_path / "lh.npy"
    link.symlink_to(".git/annex/objects/lh.npy")
    assert is_there(link)
    with pytest.raises(DamagedFile, match="not there") as caught:
        load_array(link)
    assert "git annex get" in caught.value.hint


def test_a_pointer_is_named_whatever_was_expected(tmp_path):
    path = tmp_path / "x.png"
    path.write_text("/annex/objects/SHA256E-s2419--0f343b.png\n")
    for kind, read in (
        (InvalidImage, decode_image),
        (DamagedFile, load_array),
        (DamagedFile, load_label_names),
    ):
        with pytest.raises(kind, match="pointer of git-annex"):
            read(path)
    with pytest.raises(DamagedFile, match="pointer of git-annex"):
        read_text(path)


def test_a_pipe_is_no_text(tmp_path):
    os.mkfifo(tmp_path / "a.txt")
    with pytest.raises(DamagedFile, match="not a regular file"):
        read_text(tmp_path / "a.txt")


@pytest.mark.parametrize("name", ["lh.csv", "lh.func.gii", "lh.mgz", "lh.mgh", "lh.npy"])
def test_a_pipe_in_place_of_responses_is_not_opened(tmp_path, name):
    os.mkfifo(tmp_path / name)
    with pytest.raises(DamagedFile, match="not a regular file"):
        open_table(tmp_path / name, tmp_path / "cache")


def test_absurd_texts_are_told_in_one_short_line(tmp_path):
    for name, content in {
        "a.json": "[" * 200_000,
        "a.toml": "a = " + "[" * 200_000,
        "a.csv": 'image,caption\nimg1.png,"' + "x" * 200_000,
        "b.csv": "\x1b[2J" * 100_000 + "\n",
    }.items():
        path = tmp_path / name
        path.write_text(content)
        with pytest.raises(CoreError) as caught:
            (read_plan if name == "a.toml" else read_captions)(path)
        assert len(str(caught.value)) < 4500
        assert "\x1b" not in str(caught.value)


def test_a_folder_in_place_of_captions_is_told(tmp_path):
    (tmp_path / "a.json").mkdir()
    with pytest.raises(DamagedFile, match="is a folder"):
        read_captions(tmp_path / "a.json")
