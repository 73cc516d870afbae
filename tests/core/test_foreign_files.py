"""Texts of other systems are read; what stands for content that is elsewhere is named."""

from __future__ import annotations

import os

import pytest

from core.datasets.arrays import load_array
from core.errors import DamagedFile, InvalidImage
from core.stimuli import decode_image
from core.storage.foreign import is_there, read_json, read_text


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
    for kind, read in ((InvalidImage, decode_image), (DamagedFile, load_array)):
        with pytest.raises(kind, match="pointer of git-annex"):
            read(path)
    with pytest.raises(DamagedFile, match="pointer of git-annex"):
        read_text(path)


def test_a_pipe_is_no_text(tmp_path):
    os.mkfifo(tmp_path / "a.txt")
    with pytest.raises(DamagedFile, match="no ordinary file"):
        read_text(tmp_path / "a.txt")
